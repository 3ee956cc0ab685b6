"""What a warm start teaches: a model, and how statements and programs become its tokens."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from trainer.families.compositions import Instance
from trainer.families.programs import Program, text_of
from trainer.run_config import WarmStart
from trainer.settings import ReasoningOptions, SettingOptions
from trainer.settings.prompting import fill_template, plain_tokens, prompt_tokens
from trainer.smollm2 import NAME, write_smollm2
from trainer.tiny_model import completion_ids, make_model, make_tokenizer, prompt_ids


@dataclass(frozen=True, slots=True)
class FreshPupil:
    """A small model of its own vocabulary: the words of statements and the parts of programs."""

    model: Any
    tokenizer: Any

    def lesson(self, instance: Instance, program: Program) -> tuple[list[int], list[int]]:
        """Tokens of the prompt and of the completion, its end included."""
        return prompt_ids(self.tokenizer, instance.words), completion_ids(self.tokenizer, program)


@dataclass(frozen=True, slots=True)
class RealPupil:
    """A language model that knows text: prompts and completions are those of the setting that it is trained in afterwards."""

    model: Any
    tokenizer: Any
    setting: ReasoningOptions

    def lesson(self, instance: Instance, program: Program) -> tuple[list[int], list[int]]:
        """See FreshPupil."""
        statement, text = " ".join(instance.words), text_of(program)
        if self.setting.answer == "whole":
            prompt = plain_tokens(self.tokenizer, statement)
        else:
            filled = fill_template(self.setting.template, statement=statement, language="python")
            prompt = prompt_tokens(self.tokenizer, filled)
            text = f"```python\n{text}```"
        completion = self.tokenizer(text, add_special_tokens=False)["input_ids"]
        return list(prompt), [*completion, self.tokenizer.eos_token_id]


def make_pupil(asked: WarmStart, seed: int, setting: SettingOptions, folder: Path) -> FreshPupil | RealPupil:
    """Weights in fp32. `folder`: where a model that has to be converted first is put (`base` beside it).

    Raises ValueError for a base that cannot be had or has no context for the setting, and a setting that cannot be taught.
    """
    if asked.base is None:
        tokenizer = make_tokenizer()
        return FreshPupil(make_model(asked.model, tokenizer, seed), tokenizer)
    if not isinstance(setting, ReasoningOptions):
        raise ValueError(f"warm_start.base: programs are taught in the setting `reasoning`, not in {setting.name}")
    source = write_smollm2(folder.with_name("base")) if asked.base == NAME else Path(asked.base)
    if not (source / "config.json").is_file():
        raise ValueError(f"warm_start.base: {source} has no config.json; give {NAME}, or the folder of a model")
    tokenizer = AutoTokenizer.from_pretrained(source)
    return RealPupil(AutoModelForCausalLM.from_pretrained(source, dtype=torch.float32), tokenizer, setting)
