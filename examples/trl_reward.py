"""TRL's GRPOTrainer with tierline's reward, on a model that is made on the spot. Seconds on a CPU, no download.

    python examples/trl_reward.py --coverage 0.5 --out runs/low
    python examples/trl_reward.py --coverage 1.0 --out runs/high

It needs a judge (`tierline serve`) and `pip install 'tierline[train]'`. The model answers "two-sum" with one token, and five of
its tokens are whole programs: fast, brute force, wrong, crashing, and no program at all. Brute force passes the smaller half of
the tests and is too slow for the rest, so what is learned depends on the coverage. It prints how likely each answer is before and
after:

    coverage 0.5, 30 steps: mean reward 0.281 -> 1.000
    answer    before   after
    fast       0.131   0.386
    brute      0.153   0.597
    wrong      0.129   0.003
    crash      0.123   0.003
    none       0.104   0.002

At coverage 1.0 `fast` ends at 0.971 and `brute` at 0.004.

With a model of your own all that is left of this is `coverage_reward` and a data set with a column `problem`.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast
from transformers.trainer_callback import PrinterCallback
from trl import GRPOConfig, GRPOTrainer

from service.client import DEFAULT_URL
from service.client.trl_reward import coverage_reward

READ = "import sys\n_, t, *a = map(int, sys.stdin.buffer.read().split())\n"
ANSWERS = {
    "fast": READ + "d = {}\nfor i, x in enumerate(a, 1):\n  if t - x in d: print(d[t - x], i)\n  d[x] = i\n",
    "brute": READ + "n = len(a)\nprint(*next((i + 1, j + 1) for i in range(n) for j in range(i) if a[i] + a[j] == t)[::-1])\n",
    "wrong": READ + "print(1, len(a))\n",
    "crash": READ + "print(a.index(t - a[0]) / 0)\n",
    "none": "",
}
TOKENS = [f"```python\n{program}```" if program else "I do not know." for program in ANSWERS.values()]
PROMPT = "two-sum"


def make_tokenizer() -> PreTrainedTokenizerFast:
    """One token for the question, and one for each answer."""
    words = {word: number for number, word in enumerate(("<pad>", "<end>", PROMPT, *TOKENS))}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token=""))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.decoder = decoders.Fuse()
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="<pad>", eos_token="<end>", padding_side="left")  # noqa: S106


def make_model(tokenizer: Any, seed: int) -> LlamaForCausalLM:
    """Random weights, the same for the same seed: both runs must start from one model to have something to merge."""
    torch.manual_seed(seed)
    size = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
    ids = {"pad_token_id": tokenizer.pad_token_id, "eos_token_id": tokenizer.eos_token_id, "bos_token_id": None}
    return LlamaForCausalLM(LlamaConfig(vocab_size=len(tokenizer), max_position_embeddings=8, **size, **ids))


def chances(model: Any, tokenizer: Any) -> dict[str, float]:
    """How likely the model gives each answer: exact, for an answer is one token."""
    with torch.no_grad():
        likely = model(torch.tensor([tokenizer(PROMPT)["input_ids"]])).logits[0, -1].softmax(-1)
    return {name: float(likely[tokenizer.convert_tokens_to_ids(token)]) for name, token in zip(ANSWERS, TOKENS, strict=True)}


def train(model: Any, tokenizer: Any, options: argparse.Namespace) -> list[float]:
    """Train in place; the mean reward of each step."""
    arguments = GRPOConfig(
        output_dir=str(options.out),
        per_device_train_batch_size=options.group,
        num_generations=options.group,
        max_completion_length=1,
        max_steps=options.steps,
        learning_rate=options.learning_rate,
        lr_scheduler_type="constant",
        beta=0.0,
        logging_steps=1,
        save_strategy="no",
        report_to="none",
        disable_tqdm=True,
        use_cpu=True,
        seed=options.seed,
    )
    reward = coverage_reward(options.server, coverage=options.coverage, key=options.key)
    rows = Dataset.from_list([{"prompt": PROMPT, "problem": "two-sum"}] * options.group)
    trainer = GRPOTrainer(model, reward_funcs=reward, args=arguments, train_dataset=rows, processing_class=tokenizer)
    trainer.remove_callback(PrinterCallback)  # which prints twenty figures a step
    trainer.train()
    return [entry["reward"] for entry in trainer.state.log_history if "reward" in entry]


def main(arguments: Sequence[str] | None = None) -> None:
    """Train, print, save."""
    parser = argparse.ArgumentParser(description="TRL's GRPOTrainer with tierline's reward")
    parser.add_argument("--server", default=DEFAULT_URL)
    parser.add_argument("--key", help="one of the judge's keys, where it has any")
    parser.add_argument("--coverage", type=float, default=1.0, help="the smallest part of the tests that must pass")
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--group", type=int, default=32, help="completions of a step")
    parser.add_argument("--learning-rate", type=float, default=3e-3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("runs/trl"), help="where the model is saved")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    tokenizer = make_tokenizer()
    model = make_model(tokenizer, options.seed)
    before = chances(model, tokenizer)
    rewards = train(model, tokenizer, options)
    after = chances(model, tokenizer)
    print(f"coverage {options.coverage:g}, {options.steps} steps: mean reward {rewards[0]:.3f} -> {rewards[-1]:.3f}")
    print("answer    before   after")
    for name in ANSWERS:
        print(f"{name:8} {before[name]:7.3f} {after[name]:7.3f}")
    model.save_pretrained(options.out)
    tokenizer.save_pretrained(options.out)
    print(f"saved to {options.out}")


if __name__ == "__main__":
    main()
