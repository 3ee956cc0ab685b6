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


def task_order(source: TaskSource, rows: int, seed: int, client: TierlineClient) -> list[Task]:
    """Tasks of the train part, one a row; those of the family are stored at the judge, where they are not yet.

    Raises ValueError where the judge has no such problems, and what the client raises.
    """
    if isinstance(source, FamilyTasks):
        return store_instances(list(islice(family_instances(source, Part.TRAIN, seed), rows)), client)
    return list(islice(_epochs(stored_tasks(client, source), seed), rows))


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
