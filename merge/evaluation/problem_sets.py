"""Which problems to evaluate on, by a word."""

from collections.abc import Sequence
from itertools import islice

from service.client import TierlineClient
from trainer.families import Part
from trainer.run_config import FamilyTasks, TaskSource
from trainer.task_order import family_instances, store_instances
from trainer.task_sources import TaskFilter, stored_tasks
from trainer.tasks import Task

_SEARCHED = 50
"""Instances looked at for each distinct one that is wanted."""


def problem_set(text: str, seed: int, client: TierlineClient) -> list[Task]:
    """`frontier:N` or `complementary:N`: so many held-out problems of a family; else the stored problems whose ids begin so.

    Raises ValueError when there are none.
    """
    family, colon, number = text.partition(":")
    if family in ("frontier", "complementary") and colon:
        if not number.isdecimal() or not int(number):
            raise ValueError(f"problems: {text!r}; give a number of at least 1, such as {family}:32")
        source = FamilyTasks.model_validate(
            {"source": family, "hardness": (4, 5), "extra_share": 0.33 if family == "complementary" else 0.0}
        )
        return held_out_tasks(source, int(number), seed, client)
    return stored_tasks(client, TaskFilter(prefix=text))


def held_out_tasks(source: TaskSource, number: int, seed: int, client: TierlineClient) -> list[Task]:
    """So many of them: of a family's held-out part, or the first stored ones by id. Raises ValueError for too few."""
    if isinstance(source, FamilyTasks):
        found = list(dict.fromkeys(islice(family_instances(source, Part.HELD_OUT, seed), _SEARCHED * number)))
        _enough(found, number)
        return store_instances(found[:number], client)
    tasks = stored_tasks(client, source)
    _enough(tasks, number)
    return tasks[:number]


def _enough(found: Sequence[object], number: int) -> None:
    if len(found) < number:
        raise ValueError(f"problems: there are but {len(found)} of these, {number} are asked for")
