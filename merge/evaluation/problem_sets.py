"""Which problems to evaluate on, by a word."""

from service.client import TierlineClient
from trainer.run_config import FamilyTasks
from trainer.task_order import held_out_tasks
from trainer.task_sources import TaskFilter, stored_tasks
from trainer.tasks import Task


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
