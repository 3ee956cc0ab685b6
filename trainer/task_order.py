"""Which task each row of a run has: the same for every coverage with the same seed."""

import random
from collections.abc import Iterator, Sequence
from itertools import islice

from service.client import TierlineClient
from trainer.families import Instance, Part, instances, make_problem
from trainer.families import task_of as family_task
from trainer.families.problems import needs_brute_force
from trainer.run_config import FamilyTasks, TaskSource
from trainer.task_sources import stored_tasks
from trainer.tasks import Task

_SEARCHED = 50
"""Instances looked at for each distinct one that is wanted."""


def task_order(source: TaskSource, rows: int, seed: int, client: TierlineClient) -> list[Task]:
    """Tasks of the train part, one a row; those of the family are stored at the judge, where they are not yet.

    Raises ValueError where the judge has no such problems, and what the client raises.
    """
    if isinstance(source, FamilyTasks):
        return store_instances(list(islice(family_instances(source, Part.TRAIN, seed), rows)), client)
    return list(islice(_epochs(stored_tasks(client, source), seed), rows))


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


def family_instances(source: FamilyTasks, part: Part, seed: int) -> Iterator[Instance]:
    """Without end."""
    low, high = source.hardness
    found = instances(
        part, seed, hardness=range(low, high + 1), size_shares=source.shares, family=source.source, extra_share=source.extra_share
    )
    return (each for each in found if each.composition.extra == "ends_any" or needs_brute_force(each))


def store_instances(chosen: Sequence[Instance], client: TierlineClient) -> list[Task]:
    """Let the judge know these problems; their tasks."""
    known = {summary.id for summary in client.list_problems(f"{chosen[0].family}/")}
    for instance in dict.fromkeys(chosen):
        if instance.name not in known:
            client.put_problem(instance.name, make_problem(instance))
    return [family_task(instance) for instance in chosen]


def _epochs(tasks: Sequence[Task], seed: int) -> Iterator[Task]:
    for epoch in range(1 << 60):
        shuffled = list(tasks)
        random.Random(f"order/{seed}/{epoch}").shuffle(shuffled)
        yield from shuffled
