"""Two checkpoints at many alphas in one model in memory, and what the judge says at each. Seconds on a CPU.

    python examples/trl_reward.py --coverage 0.5 --out runs/low
    python examples/trl_reward.py --coverage 1.0 --out runs/high
    python examples/alpha_sweep_in_place.py runs/low runs/high

It needs a judge (`tierline serve`) and `pip install 'tierline[train]'`. The models of `trl_reward.py` answer with one token, so
the chance of each answer is read off the model rather than sampled; each answer is judged once. It prints, for each alpha, the
chances to pass all tests, to be right but too slow, and to be wrong:

    alpha        pass  too slow     wrong
    -0.50       0.186     0.812     0.002
     0.00       0.387     0.596     0.017
     0.25       0.625     0.338     0.037
     0.50       0.854     0.096     0.050
     0.75       0.941     0.018     0.041
     1.00       0.971     0.004     0.025
     1.50       0.994     0.000     0.006

Nothing is written: `dial.set_alpha` gives the bits that `tierline merge` would write. For models that must be sampled there is
`tierline evaluate`, which does the same at full size.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from merge.in_place import InPlace
from service.client import DEFAULT_URL, TierlineClient
from service.client.rollouts import program_of
from service.schemas import Failure, Submission, Verdict

PROBLEM = "two-sum"
KINDS = ("pass", "too slow", "wrong")


def kind_of(judge: TierlineClient, answer: str) -> str:
    """What becomes of an answer. A judge that fails raises."""
    program = program_of(answer)
    if program is None:
        return "wrong"
    result = judge.judge(Submission(problem=PROBLEM, language="python", source=program, details=False))
    if result.verdict is Verdict.AC:
        return "pass"
    return "too slow" if result.failure is Failure.OPTIMIZATION else "wrong"


def main(arguments: Sequence[str] | None = None) -> None:
    """Sweep and print."""
    parser = argparse.ArgumentParser(description="alpha sweep of two checkpoints, in place")
    parser.add_argument("low", type=Path, help="the checkpoint trained at low coverage: alpha 0")
    parser.add_argument("high", type=Path, help="the one trained at high coverage: alpha 1")
    parser.add_argument("--alphas", default="-0.5,0,0.25,0.5,0.75,1,1.5", help="with a comma between them")
    parser.add_argument("--server", default=DEFAULT_URL)
    parser.add_argument("--key", help="one of the judge's keys, where it has any")
    options = parser.parse_args(arguments)
    tokenizer = AutoTokenizer.from_pretrained(options.low)
    model = AutoModelForCausalLM.from_pretrained(options.low, dtype="auto").eval()
    dial = InPlace(model, options.low, options.high)
    question = torch.tensor([tokenizer(PROBLEM)["input_ids"]])
    with TierlineClient(options.server, key=options.key) as judge:
        kinds = [kind_of(judge, tokenizer.decode([token])) for token in range(len(tokenizer))]
    print("alpha    " + "  ".join(f"{kind:>8}" for kind in KINDS))
    for alpha in map(float, options.alphas.split(",")):
        dial.set_alpha(alpha)
        with torch.no_grad():
            likely = model(question).logits[0, -1].softmax(-1).tolist()
        shares = [sum(chance for chance, kind in zip(likely, kinds, strict=True) if kind == wanted) for wanted in KINDS]
        print(f"{alpha:5.2f}    " + "  ".join(f"{share:8.3f}" for share in shares))


if __name__ == "__main__":
    main()
