"""The tests of an instance, and the problem that the judge stores.

Four tests, by rank: two small ones of several short lists, which every right program passes, and two of one list of the
instance's size. So coverage 0.25 and 0.5 ask for a right program, 1.0 for one that is fast enough too.
"""

import random
from collections.abc import Callable

from service.schemas import Problem, Test
from trainer.families.compositions import SIZES, Instance
from trainer.families.programs import Program, brute_force, efficient, text_of
from trainer.tasks import Task

TIME_LIMIT_S = 0.015
"""CPU time of a test. On the reference machine a fork of the interpreter takes 1.8 ms, the linear program on 2,000 numbers 2 to
4, a quadratic one on 300 numbers 4 and on 2,000 at least 48."""
MEMORY_LIMIT_MB = 64
TIERS = (0.25, 0.5, 1.0)
_SMALL = ((3, 8), (6, 16))
_LISTS = 6


def solve_of(instance: Instance) -> Callable[[list[int], int], int]:
    """The answer to one list and number, by the efficient program where that is right, else by brute force."""
    return _function(
        efficient(instance.composition) if instance.composition.extra == "ends_any" else brute_force(instance.composition)
    )


def needs_brute_force(instance: Instance) -> bool:
    """Whether the program that does not look at both ends together fails a small test."""
    ignoring = _function(efficient(instance.composition))
    small = make_problem(instance).tests[: len(_SMALL)]
    given = [list(map(int, line.split())) for test in small for line in test.input.splitlines()]
    wanted = [line for test in small for line in test.output.splitlines()]
    return [str(ignoring(numbers, k)) for k, *numbers in given] != wanted


def _function(program: Program) -> Callable[[list[int], int], int]:
    source = text_of(program).partition("for line in")[0]
    names: dict[str, Callable[[list[int], int], int]] = {}
    exec(source, names)  # noqa: S102 - our own text, from the tables of `programs`
    return names["solve"]


def make_problem(instance: Instance) -> Problem:
    """The same tests each time."""
    rng = random.Random(f"tests/{instance.name}")
    solve = solve_of(instance)
    lengths = [[rng.randint(low, high) for _ in range(_LISTS)] for low, high in _SMALL] + [[SIZES[instance.size]]] * 2
    return Problem(
        title=" ".join(instance.words),
        statement=" ".join(instance.words),
        tests=tuple(_test(found, rank, solve, rng) for rank, found in enumerate(lengths)),
        time_limit_s=TIME_LIMIT_S,
        memory_limit_mb=MEMORY_LIMIT_MB,
        tiers=TIERS,
        tags=(instance.family, instance.composition.part.value),
        difficulty=str(instance.composition.hardness),
    )


def _test(lengths: list[int], rank: int, solve: Callable[[list[int], int], int], rng: random.Random) -> Test:
    lines, answers = [], []
    for length in lengths:
        numbers, k = [rng.randint(-4, 4) for _ in range(length)], rng.randint(0, 3)
        lines.append(" ".join(map(str, (k, *numbers))))
        answers.append(str(solve(numbers, k)))
    return Test(input="\n".join(lines) + "\n", output="\n".join(answers) + "\n", size=rank)


def task_of(instance: Instance) -> Task:
    """What the trainer knows of it."""
    return Task(
        problem=instance.name,
        statement=" ".join(instance.words),
        difficulty=str(instance.composition.hardness),
        group=instance.group,
        tags=(instance.composition.part.value,),
    )
