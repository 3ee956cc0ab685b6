"""From what a caller sent to a job that can be judged, or to an error that names the field."""

from service import functions
from service.errors import FieldError, Invalid, NotFound, TierlineError, TooLarge
from service.languages_view import LanguageTable
from service.queue import Job, Priority
from service.schemas import Batch, Problem, RunRequest, Submission, content_bytes
from service.settings import Settings
from service.store import LoadedProblem, ProblemStore

_PAGE = 4096
"""What the smallest file takes in memory."""


class Admission:
    """Checks what the types alone cannot: that the problem and the language are there, and the bounds of the settings. Blocks."""

    def __init__(self, settings: Settings, store: ProblemStore, languages: LanguageTable) -> None:
        self._settings = settings
        self._store = store
        self._languages = languages

    def submission(self, sent: Submission, caller: str) -> Job:
        """One job."""
        return self._job(sent, caller, "interactive", "", {})

    def batch(self, sent: Batch, caller: str) -> list[Job]:
        """All jobs of a batch. One bad submission refuses the whole; each bad one is named."""
        loaded: dict[str, LoadedProblem] = {}
        jobs: list[Job] = []
        refused: list[TierlineError] = []
        for index, submission in enumerate(sent.submissions):
            try:
                jobs.append(self._job(submission, caller, "batch", f"submissions.{index}.", loaded))
            except TierlineError as error:
                refused.append(error)
        if refused:
            first = refused[0]
            raise type(first)(first.detail, errors=[field for error in refused for field in error.errors])
        return jobs

    def run(self, sent: RunRequest) -> RunRequest:
        """A run, with the language's own name."""
        language = self._language(sent.language, "")
        self._check_source(sent.source, "")
        self._check_files(sent)
        return sent if language == sent.language else sent.model_copy(update={"language": language})

    def _job(self, sent: Submission, caller: str, priority: Priority, path: str, known: dict[str, LoadedProblem]) -> Job:
        language = self._language(sent.language, path)
        self._check_source(sent.source, path)
        loaded = self._problem(sent.problem, path, known)
        name = loaded.id or loaded.digest
        if loaded.settings.kind == "function" and language not in functions.LANGUAGES:
            fix = f"this problem asks for a function; send one in {' or '.join(functions.LANGUAGES)}"
            raise Invalid(f"{language} cannot solve function problems.", errors=[FieldError(f"{path}language", fix)])
        return Job(sent, loaded.digest, name, language, sent.priority or priority, caller, path, loaded)

    def _problem(self, sent: str | Problem, path: str, known: dict[str, LoadedProblem]) -> LoadedProblem:
        try:
            if isinstance(sent, Problem):
                return self._store.inline(sent)
            if sent not in known:
                known[sent] = self._store.load(sent)
            return known[sent]
        except NotFound as error:
            fields = [FieldError(f"{path}problem", error.errors[0].message if error.errors else "store it first")]
            raise NotFound(error.detail, errors=fields) from None
        except TierlineError as error:
            inner = [FieldError(f"{path}problem.{field.path}", field.message) for field in error.errors]
            raise type(error)(error.detail, errors=inner) from None

    def _language(self, name: str, path: str) -> str:
        info = self._languages.find(name)
        if info is None:
            fix = f"take one of {', '.join(self._languages.available)}"
            raise Invalid(f"There is no language {name!r}.", errors=[FieldError(f"{path}language", fix)])
        if not info.available:
            why = f"{info.title or info.name} is not installed where this judge runs" + (
                f": {info.reason}" if info.reason else ""
            )
            fix = f"install {info.package}" if info.package else f"take one of {', '.join(self._languages.available)}"
            raise Invalid(f"{why}.", errors=[FieldError(f"{path}language", f"{fix}, then start the judge again")])
        return info.name

    def _check_files(self, sent: RunRequest) -> None:
        bound_mb = min(self._settings.run_files_mb, self._settings.scratch_mb - 1)
        if sum(-(-len(content_bytes(file)) // _PAGE) * _PAGE for file in sent.files.values()) > bound_mb << 20:
            fix = "send less, or raise TIERLINE_RUN_FILES_MB and TIERLINE_SCRATCH_MB"
            raise TooLarge(f"The files are larger than {bound_mb} MiB together.", errors=[FieldError("files", fix)])

    def _check_source(self, source: str, path: str) -> None:
        bound = self._settings.max_source_bytes
        if len(source) > bound or (len(source) * 4 > bound and len(source.encode()) > bound):
            raise TooLarge(
                f"The source is larger than {bound} bytes.",
                errors=[FieldError(f"{path}source", f"send at most {bound} bytes, or raise TIERLINE_MAX_SOURCE_BYTES")],
            )
