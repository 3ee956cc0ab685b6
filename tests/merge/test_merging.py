"""Checkpoints in, checkpoints out: values, files, refusals, interruptions."""

import json
import os
import signal
import subprocess
import sys
from collections import namedtuple
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

import merge.agreement
import merge.blocks
import merge.merging
from merge.checkpoint import Checkpoint
from merge.combination import affine, pair, task_arithmetic
from merge.errors import MergeRefused
from merge.merging import Arithmetic, MergeRequest, Output, merge_checkpoints
from tests import warm
from tests.merge.checkpoints import CONFIG, SHARDS, read, weights, write


@pytest.fixture
def low(tmp_path: Path) -> Path:
    return write(tmp_path / "low", weights(1), shards=SHARDS)


@pytest.fixture
def high(tmp_path: Path) -> Path:
    return write(tmp_path / "high", weights(2))


def merged(low: Path, high: Path, out: Path, *alphas: float, **more: object) -> list[Output]:
    return merge_checkpoints(MergeRequest((low, high), tuple(map(pair, alphas)), out, **more))  # type: ignore[arg-type]


def refused(low: Path, high: Path, out: Path, *alphas: float, **more: object) -> str:
    with pytest.raises(MergeRefused) as caught:
        merged(low, high, out, *(alphas or (0.5,)), **more)
    assert not out.exists()
    return str(caught.value)


# -- values ------------------------------------------------------------------------------------------------------------------


def test_each_alpha_is_the_line_through_both_whatever_their_shards(low: Path, high: Path, tmp_path: Path) -> None:
    outputs = merged(low, high, tmp_path / "out", -0.5, 0.25, 1.5)
    assert [output.folder.name for output in outputs] == ["alpha_-0.5", "alpha_0.25", "alpha_1.5"]
    first, second = read(low), read(high)
    for alpha, output in zip((-0.5, 0.25, 1.5), outputs, strict=True):
        found = read(output.folder)
        assert found.keys() == first.keys()
        for name, tensor in found.items():
            wanted = ((1 - alpha) * first[name].double() + alpha * second[name].double()).float()
            assert torch.equal(tensor, wanted), name


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16, torch.float8_e4m3fn])
def test_alpha_0_and_1_give_the_inputs_back_bit_for_bit(dtype: torch.dtype, tmp_path: Path) -> None:
    tensors = [weights(seed, dtype) for seed in (1, 2)]
    tensors[0]["model.norm.weight"] = torch.tensor([0.0, -0.0, 1, 2, 3, 4, 5, 6]).to(dtype)
    low, high = (write(tmp_path / name, given) for name, given in zip(("low", "high"), tensors, strict=True))
    zero, one = merged(low, high, tmp_path / "out", 0, 1)
    for output, given in ((zero, tensors[0]), (one, tensors[1])):
        for name, tensor in read(output.folder).items():
            assert torch.equal(tensor.view(torch.uint8), given[name].view(torch.uint8)), name


def test_weights_that_do_not_differ_stay_as_they_are(tmp_path: Path) -> None:
    tensors = weights(1, torch.bfloat16)
    nearly = {name: tensor.clone() for name, tensor in tensors.items()}
    nearly["model.norm.weight"][0] += 1
    (output,) = merged(write(tmp_path / "low", tensors), write(tmp_path / "high", nearly), tmp_path / "out", 1.7)
    for name, tensor in read(output.folder).items():
        assert torch.equal(tensor[1:], tensors[name][1:]), name


def test_blocks_join_without_a_seam(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("merge.blocks.BLOCK", 7)
    low, high = write(tmp_path / "low", weights(1)), write(tmp_path / "high", weights(2))
    (output,) = merged(low, high, tmp_path / "out", 1.5)
    monkeypatch.undo()
    (whole,) = merged(low, high, tmp_path / "whole", 1.5)
    assert (output.folder / "model.safetensors").read_bytes() == (whole.folder / "model.safetensors").read_bytes()


def test_several_checkpoints_are_summed_and_a_base_is_taken_off(low: Path, high: Path, tmp_path: Path) -> None:
    third = write(tmp_path / "third", weights(3))
    given = [read(folder) for folder in (low, high, third)]
    folders = (low, high, third)
    (summed,) = merge_checkpoints(MergeRequest(folders, (affine([0.5, 0.75, -0.25]),), tmp_path / "sum"))
    (task,) = merge_checkpoints(MergeRequest(folders, (task_arithmetic([0.8, 0.6]),), tmp_path / "task"))
    for name in given[0]:
        a, b, c = (tensors[name].double() for tensors in given)
        torch.testing.assert_close(read(summed.folder)[name].double(), 0.5 * a + 0.75 * b - 0.25 * c, rtol=1e-6, atol=1e-7)
        torch.testing.assert_close(read(task.folder)[name].double(), a + 0.8 * (b - a) + 0.6 * (c - a), rtol=1e-6, atol=1e-7)
    assert len(summed.report.cosines) == 2
    delta = [torch.cat([(given[i][name] - given[0][name]).flatten().double() for name in given[0]]) for i in (1, 2)]
    wanted = float(torch.dot(*delta) / delta[0].norm() / delta[1].norm())
    assert summed.report.cosines[0][1] == pytest.approx(wanted, rel=1e-6)


def test_a_pattern_has_its_own_alpha(low: Path, high: Path, tmp_path: Path) -> None:
    combination = pair(1.0, [("layers.*.mlp", 0.0), ("layers.1", 0.5)])
    (output,) = merge_checkpoints(MergeRequest((low, high), (combination,), tmp_path / "out"))
    found, first, second = read(output.folder), read(low), read(high)
    assert torch.equal(found["model.layers.0.mlp.up_proj.weight"], first["model.layers.0.mlp.up_proj.weight"])
    assert torch.equal(found["model.layers.0.self_attn.q_proj.weight"], second["model.layers.0.self_attn.q_proj.weight"])
    halfway = (first["model.layers.1.mlp.up_proj.weight"].double() + second["model.layers.1.mlp.up_proj.weight"].double()) / 2
    assert torch.equal(found["model.layers.1.mlp.up_proj.weight"], halfway.float())


def test_another_dtype_is_rounded_once_and_said_in_the_config(low: Path, high: Path, tmp_path: Path) -> None:
    (output,) = merged(low, high, tmp_path / "out", 1.5, dtype=torch.bfloat16, arithmetic=Arithmetic.FLOAT64)
    first, second = read(low), read(high)
    for name, tensor in read(output.folder).items():
        exact = -0.5 * first[name].double() + 1.5 * second[name].double()
        assert tensor.dtype == torch.bfloat16
        assert ((tensor.double() - exact).abs() <= exact.abs() * 2**-8).all()
    assert json.loads((output.folder / "config.json").read_text())["torch_dtype"] == "bfloat16"


def test_mergekit_gives_the_same_bits(tmp_path: Path) -> None:
    mergekit = os.environ.get("MERGEKIT_PYTHON") or pytest.skip(
        "mergekit 0.1.5 is not here: MERGEKIT_PYTHON names a Python that has it"
    )
    config = {
        **CONFIG,
        "vocab_size": 11,
        "num_hidden_layers": 2,
        "intermediate_size": 16,
        "num_attention_heads": 1,
        "torch_dtype": "bfloat16",
    }
    tensors = [llama(seed) for seed in (1, 2)]
    low, high = (write(tmp_path / name, given, config=config) for name, given in zip(("low", "high"), tensors, strict=True))
    models = [{"model": str(folder), "parameters": {"weight": w}} for folder, w in ((low, -0.3), (high, 1.3))]
    recipe = {
        "merge_method": "linear",
        "models": models,
        "dtype": "float32",
        "out_dtype": "bfloat16",
        "parameters": {"normalize": False},
    }
    (tmp_path / "recipe.yml").write_text(json.dumps(recipe))
    tool = str(Path(mergekit).with_name("mergekit-yaml"))
    subprocess.run([tool, str(tmp_path / "recipe.yml"), str(tmp_path / "theirs"), "--no-copy-tokenizer"], check=True)
    (output,) = merged(low, high, tmp_path / "out", 1.3)
    theirs = read(tmp_path / "theirs")
    for name, tensor in read(output.folder).items():
        assert torch.equal(tensor, theirs[name]), name


def llama(seed: int) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    shapes = {"model.embed_tokens": (11, 8), "lm_head": (11, 8), "model.norm": (8,)}
    for layer in range(2):
        inner = {"self_attn.q_proj": (8, 8), "self_attn.k_proj": (8, 8), "self_attn.v_proj": (8, 8), "self_attn.o_proj": (8, 8)}
        inner |= {"mlp.gate_proj": (16, 8), "mlp.up_proj": (16, 8), "mlp.down_proj": (8, 16)}
        inner |= {"input_layernorm": (8,), "post_attention_layernorm": (8,)}
        shapes |= {f"model.layers.{layer}.{name}": shape for name, shape in inner.items()}
    return {f"{name}.weight": torch.randn(shape, generator=generator).bfloat16() for name, shape in shapes.items()}


# -- files -------------------------------------------------------------------------------------------------------------------


def test_what_lies_beside_the_weights_is_carried_along_and_shards_stay_shards(low: Path, high: Path, tmp_path: Path) -> None:
    (output,) = merged(low, high, tmp_path / "out", 0.5)
    assert output.folder == tmp_path / "out"
    names = {path.name for path in output.folder.iterdir()}
    assert names == {path.name for path in low.iterdir()} | {"merge.json"}
    assert (output.folder / "chat_template.jinja").read_text() == "{{ messages }}"
    assert Checkpoint(output.folder).tensors.keys() == weights(1).keys()
    assert load_file(output.folder / "model-00001-of-00002.safetensors").keys() == set(SHARDS[0])


def test_merge_json_says_what_went_in_and_what_became_of_it(low: Path, high: Path, tmp_path: Path) -> None:
    merged(low, high, tmp_path / "out", 1.5)
    said = json.loads((tmp_path / "out" / "merge.json").read_text())
    assert (said["label"], said["weights"], said["dtypes"]) == ("alpha_1.5", [-0.5, 1.5], ["F32"])
    first, second = (torch.cat([tensor.flatten().double() for tensor in read(folder).values()]) for folder in (low, high))
    assert said["differing"] == [1.0]
    assert said["relative_delta"][0] == pytest.approx(float((second - first).norm() / first.norm()), rel=1e-6)
    assert 0 < said["rounding_error_to_step"] < 1e-6
    assert set(said["layers"]) == {"model.embed_tokens", "model.layers.0", "model.layers.1", "model.norm"}


def test_a_digest_is_that_of_the_weights_and_not_of_their_shards(low: Path, high: Path, tmp_path: Path) -> None:
    single = write(tmp_path / "single", weights(1))
    merged(low, high, tmp_path / "a", 0.5)
    merged(single, high, tmp_path / "b", 0.5)
    digests = [[given["digest"] for given in json.loads((tmp_path / out / "merge.json").read_text())["inputs"]] for out in "ab"]
    assert digests[0] == digests[1]
    assert digests[0][0] != digests[0][1]


def test_a_step_smaller_than_the_rounding_is_warned_of(tmp_path: Path) -> None:
    tensors = weights(1)
    nearly = {name: tensor + tensor * 1e-6 * torch.randn(tensor.shape).sign() for name, tensor in tensors.items()}
    low, high = write(tmp_path / "low", tensors), write(tmp_path / "high", nearly)
    (output,) = merged(low, high, tmp_path / "out", 1.5, dtype=torch.bfloat16)
    assert output.report.rounding is not None
    assert output.report.rounding > 100
    assert any("swallows the step" in warning for warning in output.report.warnings)
    assert any("same weights" in warning for warning in merged(low, low, tmp_path / "same", 1.5)[0].report.warnings)


# -- refusals ----------------------------------------------------------------------------------------------------------------


def changed(low: Path, tmp_path: Path, **changes: object) -> Path:
    return write(tmp_path / "changed", weights(1) | changes.pop("tensors", {}), **changes)  # type: ignore[arg-type, operator]


def test_other_architectures_sizes_and_tokenizers_are_refused(low: Path, tmp_path: Path) -> None:
    other = write(tmp_path / "a", weights(1), config={**CONFIG, "architectures": ["Qwen2ForCausalLM"]})
    assert "architectures differ" in refused(low, other, tmp_path / "out")
    other = write(tmp_path / "b", weights(1), config={**CONFIG, "hidden_size": 9})
    assert "config.json differs in 'hidden_size'" in refused(low, other, tmp_path / "out")
    other = write(tmp_path / "c", weights(1), tokenizer='{"model": {"vocab": {"b": 0}}}')
    assert "tokenizers differ" in refused(low, other, tmp_path / "out")
    for folder, content in ((low, b"one"), (other := write(tmp_path / "e", weights(1)), b"two")):
        (folder / "tokenizer.model").write_bytes(content)
    assert "tokenizers differ" in refused(low, other, tmp_path / "out")
    (low / "tokenizer.model").unlink()
    other = write(tmp_path / "d", weights(1), tokenizer='{"padding": {"length": 3}, "model": {"vocab": {"a": 0}}}')
    merged(low, other, tmp_path / "fine", 0.5)


def test_a_tokenizer_of_one_alone_is_refused(low: Path, tmp_path: Path) -> None:
    other = write(tmp_path / "other", weights(1))
    (other / "tokenizer.json").unlink()
    for first, second in ((low, other), (other, low)):
        assert f"{other} has no tokenizer.json" in refused(first, second, tmp_path / "out")


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        ("config.json", "{", "is not JSON"),
        ("config.json", "[]", "is no JSON object"),
        ("tokenizer.json", "{", "is not JSON"),
        ("model.safetensors.index.json", "{}", "has no weight_map"),
        ("model.safetensors.index.json", '{"weight_map": {"a": 1}}', "has no weight_map"),
    ],
)
def test_files_that_do_not_hold_what_they_should_are_refused(
    low: Path, tmp_path: Path, file: str, content: str, said: str
) -> None:
    other = write(tmp_path / "other", weights(1))
    (other / file).write_text(content)
    assert said in refused(low, other, tmp_path / "out")


@pytest.mark.parametrize(
    "header", ["[]", '{"w": 3}', '{"w": {"dtype": "F32"}}', '{"w": {"dtype": "F32", "shape": [-1], "data_offsets": [0, 4]}}']
)
def test_a_header_that_does_not_describe_tensors_is_refused(low: Path, tmp_path: Path, header: str) -> None:
    other = write(tmp_path / "other", weights(1))
    (other / "model.safetensors").write_bytes(len(header).to_bytes(8, "little") + header.encode() + bytes(4))
    assert "header" in refused(low, other, tmp_path / "out")


def test_missing_and_misshapen_tensors_are_named(low: Path, tmp_path: Path) -> None:
    fewer = weights(1)
    del fewer["model.norm.weight"]
    assert "no tensor 'model.norm.weight'" in refused(low, write(tmp_path / "a", fewer), tmp_path / "out")
    assert "no tensor 'model.norm.weight'" in refused(write(tmp_path / "b", fewer), low, tmp_path / "out")
    shaped = write(tmp_path / "c", weights(1) | {"model.norm.weight": torch.ones(9)})
    assert "has shape [8]" in refused(low, shaped, tmp_path / "out")


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_number_that_is_none_is_refused_by_its_tensors_name(low: Path, tmp_path: Path, value: float) -> None:
    broken = weights(2)
    broken["model.layers.1.mlp.up_proj.weight"][3, 4] = value
    message = refused(low, write(tmp_path / "broken", broken), tmp_path / "out")
    assert "'model.layers.1.mlp.up_proj.weight' has NaN or Inf" in message


def test_a_sum_that_overflows_is_refused(tmp_path: Path) -> None:
    low = write(tmp_path / "low", {"w": torch.full((4,), 60000.0).half()})
    high = write(tmp_path / "high", {"w": torch.full((4,), -60000.0).half()})
    assert "overflows F16" in refused(low, high, tmp_path / "out", -0.5)


@pytest.mark.parametrize(("dtype", "float64"), [(torch.float32, False), (torch.bfloat16, False), (torch.bfloat16, True)])
def test_a_sum_that_only_its_dtype_cannot_hold_is_refused(tmp_path: Path, dtype: torch.dtype, float64: bool) -> None:
    low = write(tmp_path / "low", {"w": torch.full((4,), -3e38).to(dtype)})
    high = write(tmp_path / "high", {"w": torch.full((4,), 3e38).to(dtype)})
    arithmetic = Arithmetic.FLOAT64 if float64 else Arithmetic.FLOAT32
    assert "overflows" in refused(low, high, tmp_path / "out", 1.5, arithmetic=arithmetic)


@pytest.mark.parametrize("keep", [0, 5, 40, -1])
def test_a_file_that_is_cut_off_is_refused(low: Path, high: Path, tmp_path: Path, keep: int) -> None:
    file = high / "model.safetensors"
    file.write_bytes(file.read_bytes()[:keep])
    assert "cut off" in refused(low, high, tmp_path / "out")


def test_a_missing_shard_and_a_folder_without_weights_are_refused(low: Path, high: Path, tmp_path: Path) -> None:
    (low / "model-00002-of-00002.safetensors").unlink()
    assert "shard model-00002-of-00002.safetensors is missing" in refused(low, high, tmp_path / "out")
    (tmp_path / "empty").mkdir()
    assert "it has no weights" in refused(tmp_path / "empty", high, tmp_path / "out")
    assert "is no folder" in refused(tmp_path / "nowhere", high, tmp_path / "out")


def test_integers_must_agree(tmp_path: Path) -> None:
    low = write(tmp_path / "low", weights(1) | {"ids": torch.arange(4)})
    same = write(tmp_path / "same", weights(2) | {"ids": torch.arange(4)})
    (output,) = merged(low, same, tmp_path / "fine", 0.5)
    assert read(output.folder)["ids"].tolist() == [0, 1, 2, 3]
    other = write(tmp_path / "other", weights(2) | {"ids": torch.arange(1, 5)})
    assert "'ids' holds I64 and differs" in refused(low, other, tmp_path / "out")


def test_quantised_weights_are_refused(tmp_path: Path) -> None:
    tensors = {"w": torch.ones(4).to(torch.float8_e4m3fn), "w_scale_inv": torch.ones(1)}
    low, high = write(tmp_path / "low", tensors), write(tmp_path / "high", tensors)
    assert "quantised" in refused(low, high, tmp_path / "out")


def test_a_folder_with_something_in_it_is_left_alone(low: Path, high: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").write_text("kept")
    with pytest.raises(MergeRefused, match="is not empty"):
        merged(low, high, tmp_path / "out", 0.5)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["mine"]


def test_too_little_disk_is_seen_before_anything_is_written(
    low: Path, high: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(merge.agreement.shutil, "disk_usage", lambda path: usage(2000, 1000, 1000))
    assert "GB free" in refused(low, high, tmp_path / "out")
    assert not (tmp_path / "out.partial").exists()


def test_requests_that_make_no_sense_are_refused(low: Path, high: Path, tmp_path: Path) -> None:
    assert "asked for twice" in refused(low, high, tmp_path / "out", 0.5, 0.5)
    with pytest.raises(MergeRefused, match="must be a finite number"):
        pair(float("nan"))
    with pytest.raises(MergeRefused, match=r"sum to 0\.9"):
        affine([0.5, 0.4])
    assert affine([0.5, 0.4], any_sum=True).weights == (0.5, 0.4)
    with pytest.raises(MergeRefused, match="matches no tensor"):
        merge_checkpoints(MergeRequest((low, high), (pair(1.0, [("layer.*", 0.5)]),), tmp_path / "out"))


def test_tied_tensors_need_the_same_alpha(tmp_path: Path) -> None:
    config = {**CONFIG, "tie_word_embeddings": True}
    tied = [weights(seed) | {"lm_head.weight": weights(seed)["model.embed_tokens.weight"].clone()} for seed in (1, 2)]
    low, high = (write(tmp_path / name, given, config=config) for name, given in zip(("low", "high"), tied, strict=True))
    (output,) = merged(low, high, tmp_path / "fine", 1.5)
    found = read(output.folder)
    assert torch.equal(found["lm_head.weight"], found["model.embed_tokens.weight"])
    with pytest.raises(MergeRefused, match="are tied"):
        merge_checkpoints(MergeRequest((low, high), (pair(1.0, [("lm_head", 0.5)]),), tmp_path / "out"))


# -- interruptions -----------------------------------------------------------------------------------------------------------


def _killed(low: Path, high: Path, out: Path, after: int) -> None:
    """Merge in a process that dies after so many writes."""
    left, real = after, merge.merging.ShardWriter._write_at

    def write(self: Any, place: int, data: Any) -> None:
        nonlocal left
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)
        left -= 1
        real(self, place, data)

    merge.merging.ShardWriter._write_at = write  # type: ignore[method-assign]
    merge.merging.processes_to_use = lambda: 1
    merge_checkpoints(MergeRequest((low, high), (pair(-0.5), pair(1.5)), out))


def kill(low: Path, high: Path, out: Path, after: int) -> None:
    assert warm.ended(_killed, low, high, out, after)[0] == -signal.SIGKILL


@pytest.mark.parametrize("after", [0, 3, 7, 9, 11])
def test_a_merge_that_was_killed_goes_on_and_ends_with_the_same_bytes(low: Path, high: Path, tmp_path: Path, after: int) -> None:
    merged(low, high, tmp_path / "whole", -0.5, 1.5)
    kill(low, high, tmp_path / "out", after)
    assert not (tmp_path / "out").exists()
    merged(low, high, tmp_path / "out", -0.5, 1.5)
    assert not (tmp_path / "out.partial").exists()
    assert same_files(tmp_path / "whole", tmp_path / "out")


def in_processes(low: Path, high: Path, out: Path, killed: str = "") -> tuple[int | None, str]:
    """Merge in three processes, of which one may die: exit status and output."""
    return warm.ended(_in_processes, low, high, out, killed)


def _in_processes(low: Path, high: Path, out: Path, killed: str) -> None:
    merge.blocks.BLOCK = merge.blocks.PART = 7
    merge.merging.processes_to_use = lambda: 3
    main, real = os.getpid(), merge.merging.ShardWriter._write_at

    def write(self: Any, place: int, data: Any) -> None:
        if place > 900 and killed:
            os.kill({"parent": main, "worker": os.getpid()}[killed], signal.SIGKILL)
        real(self, place, data)

    merge.merging.ShardWriter._write_at = write  # type: ignore[method-assign]
    merge_checkpoints(MergeRequest((low, high), (pair(-0.5), pair(1.5)), out))


def test_many_processes_make_what_one_makes(low: Path, high: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("merge.blocks.BLOCK", 7)
    monkeypatch.setattr("merge.blocks.PART", 7)
    merged(low, high, tmp_path / "one", -0.5, 1.5)
    assert in_processes(low, high, tmp_path / "three")[0] == 0
    assert same_files(tmp_path / "one", tmp_path / "three")


@pytest.mark.parametrize(("killed", "status"), [("parent", -9), ("worker", 1)])
def test_a_killed_process_costs_what_it_had_not_finished(
    low: Path, high: Path, tmp_path: Path, killed: str, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, said = in_processes(low, high, tmp_path / "out", killed)
    assert found == status
    assert ("ended with -9" in said) == (killed == "worker")
    assert not (tmp_path / "out").exists()
    monkeypatch.setattr("merge.blocks.BLOCK", 7)
    monkeypatch.setattr("merge.blocks.PART", 7)
    merged(low, high, tmp_path / "whole", -0.5, 1.5)
    assert in_processes(low, high, tmp_path / "out")[0] == 0
    assert same_files(tmp_path / "whole", tmp_path / "out")


def same_files(one: Path, other: Path) -> bool:
    """Whether two folders hold the same names and bytes."""
    found = [{path.relative_to(top): path.read_bytes() for path in top.rglob("*") if path.is_file()} for top in (one, other)]
    return found[0] == found[1] and len(found[0]) > 0


def test_what_is_left_of_another_request_is_not_gone_on_with(low: Path, high: Path, tmp_path: Path) -> None:
    kill(low, high, tmp_path / "out", after=9)
    tensors = read(low)
    tensors["model.norm.weight"] += 1
    save_file({name: tensors[name] for name in SHARDS[1]}, low / "model-00002-of-00002.safetensors", {"format": "pt"})
    outputs = merged(low, high, tmp_path / "out", -0.5, 1.5)
    wanted = 1.5 * read(low)["model.norm.weight"].double() - 0.5 * read(high)["model.norm.weight"].double()
    assert torch.equal(read(outputs[0].folder)["model.norm.weight"], wanted.float())


def test_a_finished_shard_is_not_read_again(low: Path, high: Path, tmp_path: Path) -> None:
    kill(low, high, tmp_path / "out", after=9)
    told: list[tuple[int, int]] = []
    merged(low, high, tmp_path / "out", -0.5, 1.5, told=lambda done, total: told.append((done, total)))
    assert told[-1] == (2 * 4 * (64 + 128 + 8),) * 2  # both inputs, 4 bytes a weight, the second shard only


def test_a_finished_shard_that_the_disk_lost_is_made_again(low: Path, high: Path, tmp_path: Path) -> None:
    merged(low, high, tmp_path / "whole", -0.5, 1.5)
    kill(low, high, tmp_path / "out", after=9)
    (shard,) = (tmp_path / "out.partial" / "alpha_1.5").glob("*.safetensors")
    shard.write_bytes(shard.read_bytes()[:-1])
    merged(low, high, tmp_path / "out", -0.5, 1.5)
    assert same_files(tmp_path / "whole", tmp_path / "out")


# -- imports -----------------------------------------------------------------------------------------------------------------


def test_merging_needs_neither_transformers_nor_vllm() -> None:
    code = "import sys, merge.merging, merge.lora, merge.cli; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "torch" in loaded
    assert {"transformers", "vllm", "trl", "fastapi"} & set(loaded) == set()
