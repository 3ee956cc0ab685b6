"""A small decoder and its tokenizer, in Hugging Face's format: the same files load in transformers and vLLM.

Its words are those of the family's statements and the fragments of the family's programs, one token each; a completion decodes
to the program by joining them. Text that is neither cannot be encoded and raises, so nothing is lost in silence.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from trainer.families.compositions import WORDS
from trainer.families.programs import FRAGMENTS, Program
from trainer.run_config import TinyModel

PAD, BEGIN, ANSWER, END = SPECIAL = ("<pad>", "<begin>", "<answer>", "<end>")


def make_tokenizer() -> PreTrainedTokenizerFast:
    """The same each time."""
    words = {word: number for number, word in enumerate((*SPECIAL, *WORDS, *FRAGMENTS))}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token=""))  # which is no word: what is unknown raises
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.decoder = decoders.Fuse()
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{BEGIN} $A {ANSWER}", special_tokens=[(BEGIN, words[BEGIN]), (ANSWER, words[ANSWER])]
    )
    tokenizer.add_special_tokens(list(SPECIAL))
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token=PAD,
        bos_token=BEGIN,
        eos_token=END,
        padding_side="left",
        clean_up_tokenization_spaces=False,
    )


def make_model(size: TinyModel, tokenizer: Any, seed: int) -> LlamaForCausalLM:
    """Random weights, fp32."""
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=size.width,
        intermediate_size=size.inner,
        num_hidden_layers=size.layers,
        num_attention_heads=size.heads,
        max_position_embeddings=size.context,
        tie_word_embeddings=True,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        initializer_range=0.02,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return LlamaForCausalLM(config).float()


def completion_ids(tokenizer: Any, program: Program) -> list[int]:
    """The tokens of a program and the end."""
    fragments = [fragment for _, fragment in program]
    return [*tokenizer.convert_tokens_to_ids(fragments), tokenizer.eos_token_id]


def prompt_ids(tokenizer: Any, words: Sequence[str]) -> list[int]:
    """The tokens of a statement, ready for the answer."""
    return list(tokenizer(" ".join(words))["input_ids"])


def save(model: Any, tokenizer: Any, folder: Path) -> None:
    """Weights, config and tokenizer."""
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
