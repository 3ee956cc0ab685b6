"""One submission's way through compiler, tests and checker, in one box after another should boxes fail.

What is known stays known: when a box dies the next one goes on at the test that was running. The policy is DESIGN section 4:

* CPU time decides. A program may run to limit x band; time between the two is asked for again with the machine's other boxes held
  back, and the smaller of both counts.
* Past the limit on a worker whose speed wanders, another worker judges. Where there is none, the speed is measured anew, alone,
  the limit scaled by what came out, and the program run again.
* A run that the wall clock ended while it was waiting for a processor is repeated alone; twice so is Undecided.
* Whatever the judge itself is to blame for is raised (SandboxError, Undecided) and never becomes a verdict about the program.

Expected outputs stay on this side of the box, but for a checker program's own run, before and after which the box is loaded anew.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass

from sandbox.box import Box
from sandbox.compiler import Compiler
from sandbox.errors import NotCompiled
from sandbox.memfile import MemFile
from sandbox.outcome import End, Outcome
from sandbox.pool import Pool
from sandbox.program import Compiled, Program
from service import functions, tiers
from service.canceller import Cancelled
from service.checker_program import check_by_program
from service.checkers import RIGHT, CheckResult, check
from service.clock import Clock
from service.compiling import compile_and_load, compile_result, not_compiled
from service.judging_stats import JudgingStats
from service.loaded_problem import LoadedProblem
from service.queue import Job
from service.run_limits import TestLimits
from service.schemas import CompileResult, Event, ProgramChecker, Result, Status, TestResult, Verdict
from service.undecided import StepsBack, Undecided
from service.verdicts import verdict_of_run


@dataclass(frozen=True, slots=True)
class Means:
    """What every submission is judged with."""

    pool: Pool
    compiler: Compiler
    stats: JudgingStats
    clock: Clock


class Course:
    """The state of one submission while it is judged, and its result in the end."""

    def __init__(
        self,
        means: Means,
        job: Job,
        problem: LoadedProblem,
        limits_at: Callable[[float], TestLimits],
        factor: float,
        on_event: Callable[[Event], None],
        cancelled: threading.Event,
    ) -> None:
        """`limits_at` gives the limits at a factor of the worker's speed; `factor` is the one it has now."""
        self._means = means
        self._job = job
        self._problem = problem
        self._limits_at = limits_at
        self._limits = limits_at(factor)
        self._on_event = on_event
        self._cancelled = cancelled
        self._ranking = problem.ranking
        self._end = tiers.covered(job.submission.coverage, len(problem.tests))
        self._compiled: CompileResult | None = None
        """None: not known yet."""
        self._program: Program | None = None
        self._checker: Program | None = None
        self._loaded: Program | None = None
        self._tests: list[TestResult] = []
        self._error: str | None = None

    # -- in a box --------------------------------------------------------------------------------------------------

    def go_on(self, box: Box) -> None:
        """Judge all that is left to judge, in a fresh box. Raises Cancelled, Undecided, StepsBack, and what a box raises."""
        self._loaded = None
        if self._program is None and not self._compile(box):
            return
        if isinstance(self._problem.settings.checker, ProgramChecker) and self._checker is None:
            self._checker = self._compile_checker(box, self._problem.settings.checker)
        while (rank := len(self._tests)) < self._end:
            if self._cancelled.is_set():
                raise Cancelled
            try:
                test = self._judge(box, rank)
            except NotCompiled as error:
                self._tell_compiled(not_compiled(error, self._cancelled))
                return
            self._record(test)
            if test.verdict is not Verdict.AC:
                self._end = self._ranking.end_after(self._job.submission.stop, rank, self._end)

    def _compile(self, box: Box) -> bool:
        """Make the program ready. False when it does not compile."""
        self._on_event(Event(kind="compiling", data={}))
        submission = self._job.submission
        drives = self._problem.settings.kind == "function"  # then another program is what runs
        compiled = compile_and_load(
            self._means.compiler, box, submission, self._job.language, self._limits, self._cancelled, compile_later=not drives
        )
        self._program = self._loaded = program = compiled.program
        if program is not None and drives:
            self._program = functions.driver(program, submission.source, self._problem.settings)
        if program is None or drives or not program.warm:
            self._tell_compiled(compiled)
        return program is not None

    def _does_compile(self) -> None:
        if self._compiled is None:
            self._tell_compiled(Compiled(self._program))

    def _tell_compiled(self, compiled: Compiled) -> None:
        """How compiling ended. A warm program's first run may be what tells."""
        if self._compiled is not None:
            raise Undecided(f"the program compiled, and now does not: {compiled.log}", again=False)
        self._compiled = compile_result(compiled)
        told = {**self._compiled.model_dump(), "total": len(self._problem.tests)}
        self._on_event(Event(kind="compiled", data=told))

    def _compile_checker(self, box: Box, checker: ProgramChecker) -> Program:
        files = {name: text.encode() for name, text in checker.files.items()}
        # By exec: a warm program has no command line.
        try:
            compiled = self._means.compiler.compile(
                box, checker.language, checker.source, files=files, exec_mode=True, memory_mb=checker.memory_limit_mb
            )
        except KeyError as error:
            raise Undecided(f"the problem's checker: {error.args[0]}", again=False) from error
        self._loaded = None
        if compiled.program is None:
            if self._cancelled.is_set():
                raise Cancelled
            raise Undecided(f"the problem's checker does not compile: {compiled.log}", again=False)
        return compiled.program

    def _load(self, box: Box, program: Program) -> None:
        if self._loaded is program:
            return
        self._loaded = None
        if (log := box.load(program, compile_later=True)) is not None:
            if self._cancelled.is_set():
                raise Cancelled
            what = (
                "the problem's checker does not compile" if program is self._checker else "the program compiled, and now does not"
            )
            raise Undecided(f"{what}: {log}", again=False)
        self._loaded = program

    # -- one test --------------------------------------------------------------------------------------------------

    def _judge(self, box: Box, rank: int) -> TestResult:
        index = self._ranking.order[rank]
        assert self._program is not None
        self._load(box, self._program)
        with self._problem.input(index) as source:
            if self._problem.settings.harness is None:
                return self._judge_run(box, rank, index, source, None)
            nonce = functions.Nonce(source)
            with nonce.stdin as stdin:
                return self._judge_run(box, rank, index, stdin, nonce.expected)

    def _judge_run(self, box: Box, rank: int, index: int, stdin: MemFile, nonce: bytes | None) -> TestResult:
        outcome, confirmed = self._measure(box, stdin)
        try:
            verdict, message = verdict_of_run(outcome, self._limits)
            if confirmed:
                self._means.stats.count_confirmation(overturned=verdict is not Verdict.TLE)
            if verdict is None:
                answer = self._check(box, index, stdin, outcome.stdout, nonce)
                verdict, message = Verdict.AC if answer.ok else Verdict.WA, answer.message
            return self._test(rank, verdict, message, outcome, confirmed=confirmed)
        finally:
            outcome.close()

    def _measure(self, box: Box, stdin: MemFile) -> tuple[Outcome, bool]:
        """The run that decides, and whether it was chosen from two because the first was just past the limit."""
        outcome = self._run(box, stdin)
        if outcome.end is End.WALL:
            outcome.close()
            self._means.stats.count_starved()
            with self._means.pool.alone():
                outcome = self._run(box, stdin)
            if outcome.end is End.WALL:
                outcome.close()
                raise Undecided(f"a test got no processor in {self._limits.run.wall_s:g} s, twice")
            return outcome, False
        if outcome.cpu_s <= self._limits.time_limit_s or outcome.out_of_memory or outcome.output_exceeded:
            return outcome, False
        if outcome.end is End.EXIT or (outcome.end is End.CPU and not self._means.clock.steady):
            return self._confirm(box, stdin, outcome), True
        return outcome, False

    def _confirm(self, box: Box, stdin: MemFile, first: Outcome) -> Outcome:
        """Run again, alone. The smaller time counts of two that came to their end."""
        first.close()  # its output is charged to the program's memory for as long as it is open
        steady = self._means.clock.steady
        if not steady and self._job.elsewhere():
            self._means.stats.count_step_back()
            raise StepsBack(f"{first.cpu_s:.3g} s of CPU time, limit {self._limits.time_limit_s:.4g} s, on an unsteady worker")
        with self._means.pool.alone():
            if not steady:
                self._measure_speed(box)
            outcome = self._run(box, stdin)
        if outcome.end is End.WALL:
            outcome.close()
            raise Undecided(f"a test got no processor in {self._limits.run.wall_s:g} s while it was run alone")
        if first.end is End.EXIT:
            outcome.cpu_s = min(outcome.cpu_s, first.cpu_s)
        return outcome

    def _measure_speed(self, box: Box) -> None:
        """Limits by the speed of this moment. Takes the box's program away for a moment."""
        assert self._program is not None
        self._loaded = None
        self._limits = self._limits_at(self._means.clock.measure_alone(box))
        self._load(box, self._program)

    def _run(self, box: Box, stdin: MemFile) -> Outcome:
        outcome = box.run(stdin, self._limits.run, on_compiled=self._does_compile)
        self._does_compile()
        if outcome.end is End.CANCELLED:
            outcome.close()
            raise Cancelled
        return outcome

    def _check(self, box: Box, index: int, source: MemFile, output: MemFile, nonce: bytes | None) -> CheckResult:
        settings = self._problem.settings
        if nonce is not None:
            return RIGHT if output.read(len(nonce) + 1) == nonce else CheckResult(False, "the harness did not finish")
        expected = self._problem.expected(index)
        if isinstance(settings.checker, ProgramChecker):
            assert self._checker is not None
            self._load(box, self._checker)
            return check_by_program(box, settings.checker, source, output, expected)
        if settings.kind == "function":
            try:
                return functions.check_value(settings, expected, output)
            except ValueError as error:
                raise Undecided(f"test {index}: {error}", again=False) from error
        return check(settings.checker, expected, output)

    # -- the result ------------------------------------------------------------------------------------------------

    def _test(
        self, rank: int, verdict: Verdict | None, message: str, outcome: Outcome | None, *, confirmed: bool = False
    ) -> TestResult:
        index = self._ranking.order[rank]
        return TestResult(
            index=index,
            rank=rank,
            tier=self._ranking.tier[rank],
            input_bytes=self._problem.tests[index].input_bytes,
            verdict=verdict,
            cpu_s=round(outcome.cpu_s, 6) if outcome else None,
            wall_s=round(outcome.wall_s, 6) if outcome else None,
            memory_mb=round(outcome.memory_bytes / (1 << 20), 2) if outcome else None,
            exit_code=outcome.exit_code if outcome else None,
            signal=outcome.signal if outcome else None,
            message=message,
            confirmed=confirmed,
        )

    def _record(self, test: TestResult) -> None:
        self._tests.append(test)
        if test.verdict is not None:
            self._means.stats.count_test(test.verdict, test.cpu_s or 0.0)
        self._on_event(Event(kind="test", data={**test.__dict__, "total": len(self._problem.tests)}))

    def give_up(self, error: str) -> None:
        """The judge cannot tell: JE at the test that was running, if any."""
        self._error = error
        if self._program is not None and len(self._tests) < self._end:
            self._record(self._test(len(self._tests), Verdict.JE, error, None))

    def result(self, *, worker: str, wall: str) -> Result:
        """What became of the submission, as far as it got."""
        judged = len(self._tests)
        result = Result(
            worker=worker,
            wall=wall,
            problem=self._job.problem,
            language=self._job.language,
            limit_factor=round(self._limits.factor, 4),
        )
        if self._compiled is not None:
            result.compile = self._compiled
        if self._error is None and not result.compile.ok:
            tiers.fold_compile_error(result, self._ranking, self._tests)
        else:
            tiers.fold(result, self._ranking, self._tests)
        if self._error is not None:
            result.verdict, result.failure, result.error = Verdict.JE, None, self._error
        elif self._cancelled.is_set() and judged < self._end and result.compile.ok:
            result.verdict, result.failure, result.status = None, None, Status.CANCELLED
        if self._job.submission.details:
            result.tests = self._tests + [self._test(rank, None, "", None) for rank in range(judged, len(self._ranking))]
        return result
