"""The judge: takes a submission, borrows a box, follows its course, and tries another box when the judge itself fails.

`Judging` is what the queue's threads call, one per box. It never raises for what a submission does, nor for what goes wrong in
the sandbox: that is a result with verdict JE and `error`. What it raises is PoolClosed, when the judge shuts down under it.
"""

import logging
import os
import socket
import threading
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial

from sandbox.box import Box
from sandbox.compiler import Compiler
from sandbox.errors import NotCompiled, PoolClosed, SandboxError
from sandbox.languages import Language, Languages
from sandbox.memfile import MemFile
from sandbox.outcome import End
from sandbox.pool import Pool
from sandbox.program import Compiled
from service.canceller import Cancelled, Canceller
from service.clock import Clock
from service.compiling import compile_and_load, compile_result, not_compiled
from service.course import Course, Means
from service.errors import Invalid, TierlineError
from service.judging_stats import JudgingStats
from service.loaded_problem import LoadedProblem
from service.queue import Job
from service.run_limits import TestLimits, limits_of_run, limits_of_test
from service.run_results import run_result
from service.schemas import Event, Result, RunRequest, RunResult, Verdict, content_bytes
from service.settings import Settings
from service.store import BlobDamaged, ProblemStore
from service.undecided import Undecided

log = logging.getLogger("tierline.judging")

OnEvent = Callable[[Event], None]
_FAILURES = (SandboxError, Undecided, OSError, BlobDamaged)
_PRIORITY = {"interactive": 0, "batch": 1}


def _ignore(event: Event) -> None:
    pass


class Judging:
    """The policy of DESIGN section 4, over a pool of boxes. All methods may be called from many threads."""

    def __init__(
        self,
        pool: Pool,
        compiler: Compiler,
        languages: Languages,
        store: ProblemStore,
        settings: Settings,
        *,
        worker: str = "",
    ) -> None:
        self.stats = JudgingStats()
        self.clock = Clock(pool, settings)
        self._means = Means(pool, compiler, self.stats, self.clock)
        self._languages = languages
        self._store = store
        self._settings = settings
        self._worker = worker or f"{socket.gethostname()}:{os.getpid()}"
        self._wall = pool.wall.name
        self._canceller = Canceller()

    def close(self) -> None:
        """End the threads that watch for cancelled submissions and over the clock."""
        self.clock.close()
        self._canceller.close()

    # -- judging ---------------------------------------------------------------------------------------------------

    def judge(self, job: Job, on_event: OnEvent = _ignore, cancelled: threading.Event | None = None) -> Result:
        """Judge a submission; blocks until it is done, cancelled, or JE.

        Raises PoolClosed, and StepsBack if this worker's speed wanders, the verdict hangs on it, and `job.elsewhere` says yes.
        """
        cancelled = cancelled or threading.Event()
        try:
            problem = job.loaded or self._load(job)
            language, factor = self._language(job.language), self.clock.factor()
        except PoolClosed:
            raise
        except (TierlineError, SandboxError, BlobDamaged, OSError) as error:
            return self._failed(job, str(error))

        def limits_at(factor: float) -> TestLimits:
            return limits_of_test(job.submission, problem.settings, language, self._settings, factor)

        course = Course(self._means, job, problem, limits_at, factor, on_event, cancelled)
        reason = self._in_boxes(course.go_on, job.language, job.submission.source, _PRIORITY[job.priority], cancelled)
        if reason is not None:
            course.give_up(reason)
        result = course.result(worker=self._worker, wall=self._wall)
        if result.verdict is not None:
            self.stats.count_submission(result.verdict)
        return result

    def _load(self, job: Job) -> LoadedProblem:
        """The problem of a job from another process, maybe replaced since. Raises NotFound, Invalid, BlobDamaged."""
        sent = job.submission.problem
        loaded = self._store.load(sent) if isinstance(sent, str) else self._store.inline(sent)
        if loaded.digest != job.digest:
            raise Invalid(f"Problem {job.problem} was replaced while this submission waited. Fix: send it again.")
        return loaded

    def _language(self, name: str) -> Language:
        """Raises Invalid for one that is not here: jobs may come from where it is."""
        try:
            return self._languages.get(name)
        except KeyError as error:
            raise Invalid(f"{self._worker}: {error.args[0]}") from None

    def _failed(self, job: Job, error: str) -> Result:
        self.stats.count_submission(Verdict.JE)
        return Result(
            verdict=Verdict.JE, error=error, worker=self._worker, wall=self._wall, language=job.language, problem=job.problem
        )

    def _in_boxes(
        self, work: Callable[[Box], None], language: str, source: str, priority: int, cancelled: threading.Event
    ) -> str | None:
        """Do `work` in a box, and again in another while the judge is to blame. Returns why it was given up, or None."""
        kind = self._means.compiler.kind(language, source)
        reason = ""
        for attempt in range(self._settings.retries + 1):
            if cancelled.is_set():
                return None
            if attempt:
                self.stats.count_retry()
            try:
                with self._means.pool.box(kind, priority=priority) as box, self._canceller.over(box, cancelled):
                    work(box)
                return None
            except Cancelled:
                return None
            except PoolClosed:
                raise
            except _FAILURES as error:
                reason = str(error) or type(error).__name__
                log.warning("try %d of %d failed: %s", attempt + 1, self._settings.retries + 1, reason)
                if isinstance(error, Undecided) and not error.again:
                    break
        return None if cancelled.is_set() else reason

    # -- a single run ----------------------------------------------------------------------------------------------

    def run_once(self, request: RunRequest, cancelled: threading.Event | None = None) -> RunResult:
        """Run a program once on a given stdin. Blocks. `language` is a canonical name. Raises PoolClosed only."""
        cancelled = cancelled or threading.Event()
        try:
            limits = limits_of_run(request, self._language(request.language), self._settings, self.clock.factor())
        except PoolClosed:
            raise
        except (TierlineError, SandboxError, OSError) as error:
            return RunResult(verdict=Verdict.JE, stdout="", error=str(error))
        results: list[RunResult] = []

        def run(box: Box) -> None:
            results.append(self._run_in(box, request, limits, cancelled))

        reason = self._in_boxes(run, request.language, request.source, 0, cancelled)
        return results[0] if results else RunResult(verdict=Verdict.JE, stdout="", error=reason or "cancelled by its caller")

    def _not_compiled(self, compiled: Compiled, limits: TestLimits) -> RunResult:
        return RunResult(verdict=Verdict.CE, stdout="", compile=compile_result(compiled), limit_factor=round(limits.factor, 4))

    def _run_in(self, box: Box, request: RunRequest, limits: TestLimits, cancelled: threading.Event) -> RunResult:
        compiled = compile_and_load(self._means.compiler, box, request, request.language, limits, cancelled, compile_later=True)
        if compiled.program is None:
            return self._not_compiled(compiled, limits)
        with ExitStack() as stack:
            stdin = stack.enter_context(MemFile.sealed(content_bytes(request.stdin)))
            files = {name: stack.enter_context(MemFile.sealed(content_bytes(file))) for name, file in request.files.items()}
            run = partial(box.run, stdin, limits.run, attach=files, hand_over=True, collect=request.collect)
            try:
                outcome = run()
            except NotCompiled as error:
                return self._not_compiled(not_compiled(error, cancelled), limits)
            if outcome.end is End.WALL:
                outcome.close()
                self.stats.count_starved()
                with self._means.pool.alone():
                    outcome = run()
        try:
            if outcome.end is End.CANCELLED:
                raise Cancelled
            if outcome.end is End.WALL:
                raise Undecided(f"the program got no processor in {limits.run.wall_s:g} s, twice")
            return run_result(outcome, limits, compile_result(compiled), request, self._settings.max_body_mb << 20)
        finally:
            outcome.close()
