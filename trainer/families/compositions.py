"""What a problem of the family asks.

Given a list `a` and a number `k`: over all subarrays, or all pairs, of b = [T(x) for x in a] that meet a condition and whose
left and right ends pass a filter, aggregate their lengths. A short brute force is easy and quadratic or worse; a longer program
with a dictionary is linear and easy to get wrong. How large the largest tests are decides which of them is fast enough.

Two families are made of this. In `frontier` the statement says how large the tests are. In `complementary` it does not, and some
problems also ask for something of both ends together, which no linear program of the language can do: their tests are loose
enough for brute force, those of most others are not. Whoever trains on the others alone learns one answer for both.

Train and held-out parts share no composition, hence no instance: which part a composition belongs to follows from its name.
"""

import hashlib
import random
from collections.abc import Iterator, Mapping
from dataclasses import astuple, dataclass, replace
from enum import StrEnum

STRUCTURES = ("subarrays", "pairs")
TRANSFORMS = ("as_is", "negated", "absolute", "squared", "plus_one", "doubled", "mod_five", "halved")
CONDITIONS = ("sum_is_k", "sum_mod_3_is_0", "sum_mod_3_is_1", "sum_is_odd", "xor_is_k", "average_is_k")
AGGREGATES = ("count", "longest", "shortest", "total_length")
LEFTS = ("left_any", "left_even_index", "left_positive")
RIGHTS = ("right_any", "right_odd_index", "right_positive")
OUTPUTS = ("plain", "mod_7", "n_minus")
EXTRAS = ("ends_any", "ends_differ", "ends_equal", "right_larger", "left_larger", "ends_sum_even", "ends_sum_odd")
SIZES = {"small": 60, "medium": 300, "large": 2000, "loose": 128, "tight": 2000}
"""Length of the longest list. Within the time limit a cubic program does the small one, a quadratic one the medium and the loose
one, a linear one all."""
SIZES_OF = {"frontier": ("small", "medium", "large"), "complementary": ("loose", "tight")}
WORDS = (*STRUCTURES, *TRANSFORMS, *CONDITIONS, *AGGREGATES, *LEFTS, *RIGHTS, *OUTPUTS, *SIZES_OF["frontier"], *EXTRAS)


class Part(StrEnum):
    """Which compositions are trained on."""

    TRAIN = "train"
    HELD_OUT = "held_out"


@dataclass(frozen=True, slots=True)
class Composition:
    """Seven choices, and what is asked of both ends together."""

    structure: str
    transform: str
    condition: str
    aggregate: str
    left: str
    right: str
    output: str
    extra: str = "ends_any"

    @property
    def body(self) -> tuple[str, ...]:
        """The seven choices."""
        return astuple(self)[:7]

    @property
    def part(self) -> Part:
        """Three in ten are held out."""
        digest = hashlib.blake2b("-".join(self.body).encode(), digest_size=8).digest()
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
    family: str = "frontier"

    @property
    def words(self) -> tuple[str, ...]:
        """What the model reads."""
        return (*self.composition.body, self.size if self.family == "frontier" else self.composition.extra)

    @property
    def name(self) -> str:
        """The problem's id at the judge."""
        hidden = () if self.family == "frontier" else (self.size,)
        return f"{self.family}/" + "-".join((*self.words, *hidden))

    @property
    def group(self) -> str:
        """What results are broken down by."""
        return self.size if self.composition.extra == "ends_any" else "extra"


def instances(
    part: Part,
    seed: int,
    *,
    hardness: range = range(6),
    size_shares: Mapping[str, float] | None = None,
    family: str = "frontier",
    extra_share: float = 0.0,
) -> Iterator[Instance]:
    """Without end, those of one part whose hardness lies in the range; the same ones for the same seed. Sizes by their shares.

    `extra_share` (complementary): of problems that ask for something of both ends; these are always loose, and of any hardness.
    """
    shares = size_shares or dict.fromkeys(SIZES_OF[family], 1.0)
    rng = random.Random(f"{part}/{seed}")
    while True:
        choices = (STRUCTURES, TRANSFORMS, CONDITIONS, AGGREGATES, LEFTS, RIGHTS, OUTPUTS)
        composition = Composition(*(rng.choice(values) for values in choices))
        size = rng.choices(tuple(shares), tuple(shares.values()))[0]
        if composition.part is not part:
            continue
        if extra_share and rng.random() < extra_share:
            yield Instance(replace(composition, extra=rng.choice(EXTRAS[1:])), "loose", family)
        elif composition.hardness in hardness:
            yield Instance(composition, size, family)
