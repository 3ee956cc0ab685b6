"""What a problem of the family asks.

Given a list `a` and a number `k`: over all subarrays, or all pairs, of b = [T(x) for x in a] that meet a condition and whose
left and right ends pass a filter, aggregate their lengths. A short brute force is easy and quadratic or worse; a longer program
with a dictionary is linear and easy to get wrong. How large the largest tests are decides which of them is fast enough.

Train and held-out parts share no composition, hence no instance: which part a composition belongs to follows from its name.
"""

import hashlib
import random
from collections.abc import Iterator
from dataclasses import astuple, dataclass
from enum import StrEnum

STRUCTURES = ("subarrays", "pairs")
TRANSFORMS = ("as_is", "negated", "absolute", "squared", "plus_one", "doubled", "mod_five", "halved")
CONDITIONS = ("sum_is_k", "sum_mod_3_is_0", "sum_mod_3_is_1", "sum_is_odd", "xor_is_k", "average_is_k")
AGGREGATES = ("count", "longest", "shortest", "total_length")
LEFTS = ("left_any", "left_even_index", "left_positive")
RIGHTS = ("right_any", "right_odd_index", "right_positive")
OUTPUTS = ("plain", "mod_7", "n_minus")
SIZES = {"small": 60, "medium": 300, "large": 2000}
"""Length of the longest list. Within the time limit a cubic program does the small one, a quadratic one the medium, a linear one
all."""
WORDS = (*STRUCTURES, *TRANSFORMS, *CONDITIONS, *AGGREGATES, *LEFTS, *RIGHTS, *OUTPUTS, *SIZES)


class Part(StrEnum):
    """Which compositions are trained on."""

    TRAIN = "train"
    HELD_OUT = "held_out"


@dataclass(frozen=True, slots=True)
class Composition:
    """Seven choices."""

    structure: str
    transform: str
    condition: str
    aggregate: str
    left: str
    right: str
    output: str

    @property
    def part(self) -> Part:
        """Three in ten are held out."""
        digest = hashlib.blake2b("-".join(astuple(self)).encode(), digest_size=8).digest()
        return Part.HELD_OUT if int.from_bytes(digest) % 10 < 3 else Part.TRAIN

    @property
    def hardness(self) -> int:
        """How many of its features are easy to get wrong in an efficient program: 0 to 5."""
        return sum(
            (
                self.condition in ("sum_mod_3_is_1", "xor_is_k", "average_is_k"),
                self.aggregate != "count",
                self.left != "left_any",
                self.right != "right_any",
                self.output != "plain",
            )
        )


@dataclass(frozen=True, slots=True)
class Instance:
    """A composition and how large its tests are."""

    composition: Composition
    size: str

    @property
    def words(self) -> tuple[str, ...]:
        """What the model reads."""
        return (*astuple(self.composition), self.size)

    @property
    def name(self) -> str:
        """The problem's id at the judge."""
        return "frontier/" + "-".join(self.words)


def instances(
    part: Part, seed: int, *, hardness: range = range(6), size_shares: tuple[float, float, float] = (0.1, 0.2, 0.7)
) -> Iterator[Instance]:
    """Without end, those of one part whose hardness lies in the range; the same ones for the same seed. Sizes by their shares."""
    rng = random.Random(f"{part}/{seed}")
    while True:
        choices = (STRUCTURES, TRANSFORMS, CONDITIONS, AGGREGATES, LEFTS, RIGHTS, OUTPUTS)
        composition = Composition(*(rng.choice(values) for values in choices))
        size = rng.choices(tuple(SIZES), size_shares)[0]
        if composition.part is part and composition.hardness in hardness:
            yield Instance(composition, size)
