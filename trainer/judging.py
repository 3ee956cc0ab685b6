"""Verdicts on rollouts, over HTTP, while the sampler goes on.

Programs are sent in batches as they come. The same program for the same problem is sent once. What the judge could not judge is
unknown: never wrong, never a reward of 0.
"""

from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from enum import StrEnum
from time import perf_counter

from service.client import Patience, TierlineClient
from service.schemas import Failure, Result, Submission, Verdict
from trainer.rollout import Rollout
from trainer.settings import AnswerKind

PATIENCE = Patience(attempts=20)
"""About five minutes for a judge that restarts."""


@dataclass(frozen=True, slots=True)
class Judge:
    """Where the judge is."""

    url: str
    key: str | None = None

    def client(self) -> TierlineClient:
        """Patient, and one that hands out failures of the judge rather than raising them."""
        return TierlineClient(self.url, key=self.key, patience=PATIENCE, raise_on_judge_error=False)

    def check(self) -> None:
        """Raises ConnectionError when it does not answer, Unauthorized when it wants another key; before what takes long."""
        with TierlineClient(self.url, key=self.key) as client:
            if not client.ready():
                raise ConnectionError(
                    f"no judge answers at {self.url}. Fix: start one with `tierline serve`, or name it with --server"
                )
            client.languages()  # which needs a key where there are any; being ready needs none


class TooManyUnknown(RuntimeError):
    """The judge failed on more rollouts of a generation than the run may lose."""


class RewardKind(StrEnum):
    """`passed`: 1 when every test up to the coverage passes, else 0. `share`: the share of those tests that pass before the
    first that does not."""

    PASSED = "passed"
    SHARE = "share"


@dataclass(frozen=True, slots=True)
class Judged:
    """What became of a rollout. `verdict` is None where there was no program, and where nothing is known (`unknown`).

    `coverage_passed`: share of all tests of the problem that passed before the first that did not. `known_before`: answered by an
    earlier judgement of the same program.
    """

    verdict: Verdict | None = None
    failure: Failure | None = None
    coverage_passed: float = 0.0
    known_before: bool = False
    unknown: bool = False
    error: str = ""
    tiers: tuple[Verdict | None, ...] = ()
    """None: not judged."""
    cpu_s: float | None = None
    memory_mb: float | None = None
    """The largest of its tests."""

    def reward(self, kind: RewardKind, coverage: float) -> float | None:
        """None: nothing is known."""
        if self.unknown:
            return None
        if kind is RewardKind.PASSED:
            return float(self.verdict is Verdict.AC)
        return 1.0 if self.verdict is Verdict.AC else min(1.0, self.coverage_passed / coverage)

    @property
    def solved(self) -> bool:
        """AC up to the coverage asked for."""
        return self.verdict is Verdict.AC


Program = tuple[str, str]
"""Problem and source."""
Known = dict[Program, Judged]
"""Answers to who asks again: `known_before`."""
_Verdicts = Future[dict[Program, Judged]]
UNKNOWN = Judged(unknown=True)
_NO_PROGRAM = Judged()


class Judging:
    """Judges rollouts at one coverage: `put` each as it comes, then `verdicts` waits for all of them; or `seal` what was put and
    go on with the next. From one thread. Context manager."""

    def __init__(
        self, client: TierlineClient, coverage: float, *, batch: int = 48, threads: int = 4, known: Known | None = None
    ) -> None:
        """`client` must not raise on a failure of the judge (`raise_on_judge_error=False`).

        `known`: what is known of programs already at this coverage, added to as verdicts come; None: remembered is only what has
        been put and is not answered yet.
        """
        self._client = client
        self._known = known
        self._coverage = coverage
        self._batch = batch
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="judging")
        self._group = Group(self)
        self._waiting: list[Submission] = []
        self._flying: dict[Program, _Verdicts] = {}
        self.waited_s = 0.0
        """Time that was spent waiting for verdicts so far, in all."""

    def __enter__(self) -> "Judging":
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    def put(self, place: int, rollout: Rollout) -> None:
        """Judge it; `place` is what `verdicts` names it by."""
        places = self._group.places
        if rollout.answer is None:
            places[place] = Judged(unknown=True, error=rollout.error)
            return
        if rollout.answer.kind is not AnswerKind.PROGRAM:
            places[place] = _NO_PROGRAM
            return
        program = (rollout.task.problem, rollout.answer.source)
        if self._known is not None and (judged := self._known.get(program)):
            places[place] = judged
            return
        places[place] = program
        if program in self._flying:
            self._group.under_way.add(self._flying[program])
        elif program not in self._group.own:
            self._group.own.add(program)
            self._waiting.append(
                Submission(
                    problem=program[0], source=program[1], language=rollout.task.language, coverage=self._coverage, details=False
                )
            )
            if len(self._waiting) >= self._batch:
                self._send()

    def seal(self) -> "Group":
        """What was put since the last time, to be asked for its verdicts; in the order of sealing."""
        self._send()
        group, self._group = self._group, Group(self)
        return group

    def verdicts(self) -> dict[int, Judged]:
        """Of all that was put since the last time. Raises as `Group.verdicts` does."""
        return self.seal().verdicts()

    def _send(self) -> None:
        if self._waiting:
            sent, self._waiting = self._waiting, []
            verdicts = self._pool.submit(self._judge, sent)
            self._group.under_way.add(verdicts)
            self._flying.update((_program(submission), verdicts) for submission in sent)

    def _judge(self, sent: list[Submission]) -> dict[Program, Judged]:
        return {_program(sent[number]): _judged(result) for number, result in self._client.batch(sent)}

    def landed(self, own: set[Program], again: Mapping[Program, Judged]) -> None:
        """A group knows what became of the programs that it has sent."""
        for program in own:
            self._flying.pop(program, None)
        if self._known is not None:
            self._known.update(again)


class Group:
    """Rollouts that are on their way to their verdicts together."""

    def __init__(self, judging: Judging) -> None:
        self._judging = judging
        self.places: dict[int, Program | Judged] = {}
        self.own: set[Program] = set()
        """What it has sent; other programs of it fly with an earlier group."""
        self.under_way: set[_Verdicts] = set()

    @property
    def is_judged(self) -> bool:
        """Whether `verdicts` need not wait."""
        return all(verdicts.done() for verdicts in self.under_way)

    def verdicts(self) -> dict[int, Judged]:
        """Raises TierlineError where the judge refuses what it is sent, and httpx.HTTPError or TierlineError when it stayed away
        for longer than the client's patience: the run can go on later from its checkpoint."""
        before = perf_counter()
        found: dict[Program, Judged] = {}
        for verdicts in self.under_way:
            found |= verdicts.result()
        again = {program: replace(judged, known_before=True) for program, judged in found.items() if not judged.unknown}
        self._judging.landed(self.own, again)
        self._judging.waited_s += perf_counter() - before
        return dict(self._named(found, again))

    def _named(self, found: Mapping[Program, Judged], again: Mapping[Program, Judged]) -> Iterator[tuple[int, Judged]]:
        first = set(self.own)
        for place, said in self.places.items():
            if isinstance(said, Judged):
                yield place, said
            elif said in first:
                first.discard(said)
                yield place, found.get(said, UNKNOWN)
            else:
                yield place, again.get(said, found.get(said, UNKNOWN))


def _program(submission: Submission) -> Program:
    assert isinstance(submission.problem, str)
    return submission.problem, submission.source


def _judged(result: Result) -> Judged:
    if result.verdict in (None, Verdict.JE):
        return Judged(unknown=True, error=result.error or "")
    return Judged(
        result.verdict,
        result.failure,
        result.coverage_passed,
        known_before=result.cached,
        tiers=tuple(tier.verdict for tier in result.tiers),
        cpu_s=max((tier.cpu_s for tier in result.tiers if tier.cpu_s is not None), default=None),
        memory_mb=max((tier.memory_mb for tier in result.tiers if tier.memory_mb is not None), default=None),
    )


class Counts:
    """Shares over rollouts that were judged, as the log has them."""

    def __init__(self) -> None:
        self.rollouts = self.unknown = self.solved = self.known_before = 0
        self.coverage_passed = 0.0
        self.failures = dict.fromkeys(Failure, 0)
        self.verdicts = dict.fromkeys(Verdict, 0)
        self.endings = {kind.value: 0 for kind in AnswerKind}

    def add(self, rollout: Rollout, judged: Judged) -> None:
        """Count one."""
        self.rollouts += 1
        if judged.unknown:
            self.unknown += 1
            return
        self.solved += judged.solved
        self.known_before += judged.known_before
        self.coverage_passed += judged.coverage_passed
        self.endings[rollout.ending] += 1
        if judged.failure is not None:
            self.failures[judged.failure] += 1
        if judged.verdict is not None:
            self.verdicts[judged.verdict] += 1

    @property
    def known(self) -> int:
        """Rollouts that something is known of: what shares are of."""
        return self.rollouts - self.unknown

    def shares(self) -> dict[str, float]:
        """By name; of known rollouts, but for `unknown`, which is of all."""
        known = max(1, self.known)
        return {
            "solve_rate": self.solved / known,
            **{f"failures/{failure.value}": count / known for failure, count in self.failures.items()},
            "coverage_passed": self.coverage_passed / known,
            **{f"answers/{kind}": count / known for kind, count in self.endings.items()},
            "judge/known_before": self.known_before / known,
            "judge/unknown": self.unknown / max(1, self.rollouts),
        }
