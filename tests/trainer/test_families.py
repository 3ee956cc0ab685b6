"""The generated family: programs that are right, slow and wrong where they should be."""

import random
from collections.abc import Callable
from itertools import islice

import pytest

from service.client import TierlineClient
from service.schemas import Submission, Verdict
from trainer.families import Instance, Part, brute_force, efficient, instances, make_problem, task_of
from trainer.families.compositions import WORDS
from trainer.families.programs import FRAGMENTS, Program, text_of, tricky_slots, with_mistakes


def solve_of(program: Program) -> Callable[[list[int], int], int]:
    names: dict[str, Callable[[list[int], int], int]] = {}
    exec(text_of(program).partition("for line in")[0], names)  # noqa: S102 - from our own tables
    return names["solve"]


@pytest.mark.parametrize("part", list(Part))
def test_efficient_and_brute_force_programs_agree(part: Part) -> None:
    rng = random.Random(7)
    for instance in islice(instances(part, 3), 150):
        solves = [solve_of(program) for program in (
            efficient(instance.composition), brute_force(instance.composition), brute_force(instance.composition, cubic=True)
        )]  # fmt: skip
        for _ in range(6):
            numbers, k = [rng.randint(-4, 4) for _ in range(rng.randint(1, 12))], rng.randint(0, 3)
            assert len({solve(list(numbers), k) for solve in solves}) == 1, (instance, numbers, k)


def test_parts_share_no_composition_and_seeds_give_the_same_instances() -> None:
    train, held_out = ({each.composition for each in islice(instances(part, 1), 2000)} for part in Part)
    assert train
    assert not train & held_out
    assert list(islice(instances(Part.TRAIN, 5), 20)) == list(islice(instances(Part.TRAIN, 5), 20))
    assert list(islice(instances(Part.TRAIN, 5), 20)) != list(islice(instances(Part.TRAIN, 6), 20))
    assert all(each.composition.hardness == 5 for each in islice(instances(Part.HELD_OUT, 1, hardness=range(5, 6)), 50))


def test_every_fragment_is_one_word_and_no_two_are_alike() -> None:
    assert len({*WORDS, *FRAGMENTS}) == len(WORDS) + len(FRAGMENTS)


def test_mistakes_stay_within_their_slot_and_come_as_often_as_asked() -> None:
    (instance,) = islice(instances(Part.TRAIN, 1, hardness=range(5, 6)), 1)
    program, tricky = efficient(instance.composition), tricky_slots(instance.composition)
    assert with_mistakes(program, tricky, random.Random(1), rate=0, tricky_rate=0) == program
    everywhere = with_mistakes(program, tricky, random.Random(1), rate=0, tricky_rate=1)
    assert {slot for (slot, right), (_, made) in zip(program, everywhere, strict=True) if right != made} == tricky
    rng, wrong = random.Random(2), 0
    for _ in range(400):
        wrong += sum(
            made != right
            for made, right in zip(with_mistakes(program, tricky, rng, rate=0, tricky_rate=0.25), program, strict=True)
        )
    assert 0.2 < wrong / 400 / len(tricky) < 0.3


def verdict(client: TierlineClient, instance: Instance, program: Program, coverage: float) -> Verdict | None:
    submission = Submission(problem=instance.name, language="python", source=text_of(program), coverage=coverage)
    return client.judge(submission).verdict


@pytest.mark.parametrize("size", ["small", "medium", "large"])
def test_size_decides_which_program_is_fast_enough(client: TierlineClient, size: str) -> None:
    found = (each for each in instances(Part.TRAIN, 9) if each.size == size and each.composition.structure == "subarrays")
    instance = next(each for each in found if each.composition.condition == "sum_is_k")
    client.put_problem(instance.name, make_problem(instance))
    quadratic, cubic = brute_force(instance.composition), brute_force(instance.composition, cubic=True)
    for program in (efficient(instance.composition), quadratic, cubic):
        assert verdict(client, instance, program, 0.5) is Verdict.AC
    assert verdict(client, instance, efficient(instance.composition), 1.0) is Verdict.AC
    assert verdict(client, instance, quadratic, 1.0) is (Verdict.TLE if size == "large" else Verdict.AC)
    assert verdict(client, instance, cubic, 1.0) is (Verdict.AC if size == "small" else Verdict.TLE)


def test_a_task_has_the_words_and_no_tests() -> None:
    (instance,) = islice(instances(Part.TRAIN, 1), 1)
    task = task_of(instance)
    assert task.statement == " ".join(instance.words) == make_problem(instance).statement
    assert task.public_tests == ()
    assert make_problem(instance) == make_problem(instance)
