"""Who judges for the command line: a server that runs somewhere, or boxes made here for the length of the command."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Annotated, Protocol

import typer
from pydantic import ValidationError

from service.cli_output import describe, err, fail
from service.schemas import Event, LanguageInfo, Problem, ProblemSummary, Result, Submission
from service.settings import Settings, unknown_variables

if TYPE_CHECKING:
    from service.cli_remote import Remote

Server = Annotated[
    str | None,
    typer.Option("--server", metavar="URL", help="Ask this server, with the first of TIERLINE_API_KEYS. Default: work here."),
]
Wall = Annotated[str | None, typer.Option("--wall", help="What boxes are made of: namespaces, docker or auto.")]
Watch = Callable[[Event], None]
JudgeOne = Callable[[Submission, Watch | None], Result]


class Library(Protocol):
    """Problems, here or on a server. Raises NotFound for unknown ids."""

    def list(self, *, prefix: str = "") -> Sequence[ProblemSummary]:
        """Summaries by id."""
        ...

    def get(self, id: str) -> Problem:
        """A whole problem."""
        ...

    def delete(self, id: str) -> None:
        """Forget a problem."""
        ...


def read_settings(**given: object) -> Settings:
    """Settings from the environment and from options that were given. Ends the command when one is unknown or out of bounds."""
    unknown = unknown_variables()
    if unknown:
        fail(f"no setting is called {', '.join(unknown)}. Fix: unset it, or look the name up in docs/reference/settings.md")
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]
    except ValidationError as error:
        fail(describe(error))


@contextmanager
def judge_here_or_there(server: str | None, wall: str | None = None) -> Iterator[JudgeOne]:
    """A function that judges one submission and tells its events. `wall` is what boxes are made of here."""
    if server is not None:
        with remote(server) as there:
            yield there.judge
        return
    from service.admission import Admission
    from service.languages_view import LanguageTable
    from service.machine import language_infos, open_machine

    settings = read_settings(boxes=1, wall=wall)
    with ExitStack() as stack:
        with err.status("making a box"):
            machine = stack.enter_context(open_machine(settings))
        admission = Admission(settings, machine.store, LanguageTable(language_infos(machine.languages)))

        def judge(submission: Submission, watch: Watch | None) -> Result:
            with err.status("reading the problem"):  # one of our own is made when it is first asked for, which takes seconds
                job = admission.submission(submission, caller="")
            return machine.judging.judge(job, watch or (lambda event: None))

        yield judge


@contextmanager
def library(server: str | None) -> Iterator[Library]:
    """The problems here, or on a server."""
    if server is not None:
        with remote(server) as there:
            yield there
    else:
        from service.machine import open_store

        yield open_store(read_settings())


@contextmanager
def remote(server: str) -> Iterator["Remote"]:
    """A running server."""
    from service.cli_remote import Remote

    keys = read_settings().api_keys
    with Remote(server, keys[0] if keys else None) as there:
        yield there


def list_languages(server: str | None) -> Sequence[LanguageInfo]:
    """The languages here, or on a server."""
    if server is not None:
        with remote(server) as there:
            return there.languages()
    with err.status("looking for languages"):
        return languages_here(read_settings())


def languages_here(settings: Settings) -> Sequence[LanguageInfo]:
    """The languages that boxes here have. Raises OSError when the data folder cannot be written, and WallUnavailable."""
    from sandbox.languages import Languages
    from service.machine import language_infos, pool_config

    return language_infos(Languages.probe(pool_config(settings)))
