"""What a model is asked to solve: a problem of the judge, and the text that the model sees of it."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class PublicTest:
    """An example that the statement shows: the model may see it and run against it."""

    input: str
    output: str


@dataclass(frozen=True, slots=True)
class Task:
    """One problem as the trainer knows it. Its tests stay with the judge, where `problem` names it.

    `statement` is the text for the model. `language` is that of the judge. `group` is what results are broken down by beside
    `difficulty`: the data set, or the kind of problem within a generated family.
    """

    problem: str
    statement: str
    language: str = "python"
    difficulty: str = ""
    group: str = ""
    public_tests: tuple[PublicTest, ...] = ()
    tags: tuple[str, ...] = field(default=())
