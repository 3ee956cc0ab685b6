"""The judging policy in real boxes: what is judged, what is asked again, and what is nobody's fault but the judge's."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from sandbox import Pool, PoolConfig
from sandbox.errors import PoolClosed
from service.canceller import Canceller
from service.schemas import Event, Failure, Result, RunRequest, Status, Verdict
from tests.service.judge_kit import DOUBLE, TENS, Judge

A, W, T, N = Verdict.AC, Verdict.WA, Verdict.TLE, None
WRONG_AT = "n = int(input())\nprint(2 * n + (n in [{}]))"
MakeJudge = Callable[..., Judge]


@pytest.fixture(scope="module")
def make_judge(
    pool: Pool, cache_dir: Path, slowness: float, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., Judge]]:
    judges: list[Judge] = []

    def make(**settings: object) -> Judge:
        judges.append(Judge(pool, cache_dir, tmp_path_factory.mktemp("judge"), slowness, **settings))
        return judges[-1]

    yield make
    for judge in judges:
        judge.judging.close()


@pytest.fixture(scope="module")
def judge(make_judge: MakeJudge) -> Judge:
    return make_judge()


def _by_rank(result: Result) -> list[Verdict | None]:
    return [test.verdict for test in result.tests]


# -- order, coverage, stopping ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stop", "by_rank", "tiers"),
    [
        ("first_failure", [A, A, A, W, N, N, N, N, N, N], [A, W, N, N]),
        ("tier", [A, A, A, W, A, N, N, N, N, N], [A, W, N, N]),
        ("never", [A, A, A, W, A, A, A, W, A, A], [A, W, W, A]),
    ],
)
def test_stop_modes(judge: Judge, stop: str, by_rank: list[Verdict | None], tiers: list[Verdict | None]) -> None:
    result = judge(WRONG_AT.format("13, 17"), sent={"stop": stop})
    assert _by_rank(result) == by_rank
    assert [tier.verdict for tier in result.tiers] == tiers
    assert (result.verdict, result.failure, result.coverage_passed) == (W, Failure.CORRECTNESS, 0.3)


def test_coverage_judges_the_smallest_tests_only(judge: Judge) -> None:
    result = judge(WRONG_AT.format("15"), sent={"coverage": 0.5, "stop": "never"})
    assert (result.verdict, result.coverage_passed) == (A, 0.5)
    assert _by_rank(result) == [A] * 5 + [N] * 5
    assert [tier.verdict for tier in result.tiers] == [A, A, N, N]
    assert judge(WRONG_AT.format("15"), sent={"coverage": 0.51, "stop": "never"}).verdict is W


def test_tests_are_judged_by_size_and_named_by_their_place(judge: Judge) -> None:
    tests = [("100\n", "200\n"), ("7\n", "14\n"), ("10\n", "20\n"), ("8\n", "16\n")]
    result = judge(WRONG_AT.format("10"), tests, sent={"stop": "never"}, tiers=2)
    assert [(test.index, test.rank, test.tier, test.input_bytes) for test in result.tests] == [
        (1, 0, 1, 2),
        (3, 1, 1, 2),
        (2, 2, 2, 3),
        (0, 3, 2, 4),
    ]
    assert _by_rank(result) == [A, A, W, A]
    assert [tier.coverage for tier in result.tiers] == [0.5, 1.0]


def test_details_can_be_left_out(judge: Judge) -> None:
    result = judge(DOUBLE, sent={"details": False})
    assert (result.verdict, result.tests) == (A, [])
    assert [tier.passed for tier in result.tiers] == [3, 2, 3, 2]


def test_events_tell_each_step_in_order(judge: Judge) -> None:
    events: list[Event] = []
    judge(WRONG_AT.format("12"), on_event=events.append)
    assert [event.kind for event in events] == ["compiling", "compiled", "test", "test", "test"]
    assert events[1].data["ok"] is True
    assert [event.data["verdict"] for event in events[2:]] == ["AC", "AC", "WA"]


# -- limits ----------------------------------------------------------------------------------------------------------------

BURN = "import time\nend = time.process_time() + {}\nwhile time.process_time() < end: pass\n" + DOUBLE


def test_a_submissions_limits_go_before_the_problems(judge: Judge, slowness: float) -> None:
    source = BURN.format(0.3 * slowness)
    assert judge(source, TENS[:1], time_limit_s=0.1 * slowness).verdict is T
    assert judge(source, TENS[:1], time_limit_s=0.1 * slowness, sent={"time_limit_s": 2 * slowness}).verdict is A
    large = "a = bytearray(100 << 20)\n" + DOUBLE
    assert judge(large, TENS[:1], memory_limit_mb=512, sent={"memory_limit_mb": 64}).verdict is Verdict.MLE
    assert judge(large, TENS[:1], memory_limit_mb=64, sent={"memory_limit_mb": 512}).verdict is A


def test_a_languages_factor_stretches_its_time(make_judge: MakeJudge, slowness: float) -> None:
    slow = make_judge(language_factors={"python": 10})
    assert slow(BURN.format(0.3 * slowness), TENS[:1], time_limit_s=0.1 * slowness).verdict is A


def test_time_just_past_the_limit_is_asked_again_and_stays_too_slow(make_judge: MakeJudge, slowness: float) -> None:
    judge = make_judge(confirm_band=4)
    result = judge(BURN.format(0.3 * slowness), TENS[:1], time_limit_s=0.2 * slowness)
    stats = judge.judging.stats
    assert (result.verdict, result.tests[0].confirmed) == (T, True)
    assert (stats.confirmed, stats.overturned) == (1, 0)
    assert result.tests[0].cpu_s is not None
    assert 0.2 * slowness < result.tests[0].cpu_s < 0.8 * slowness


def test_time_just_past_the_limit_is_forgiven_when_the_second_run_is_fast(make_judge: MakeJudge, slowness: float) -> None:
    judge = make_judge(confirm_band=4, idle_min_s=20)
    turn = time.time() + 1
    source = (
        f"import time\nif time.time() < {turn}:\n    end = time.process_time() + {0.3 * slowness}\n"
        f"    while time.process_time() < end: pass\n    time.sleep(max(0, {turn} - time.time()))\n{DOUBLE}"
    )
    result = judge(source, TENS[:1], time_limit_s=0.2 * slowness)
    assert (result.verdict, result.tests[0].confirmed) == (A, True)
    assert (judge.judging.stats.confirmed, judge.judging.stats.overturned) == (1, 1)


def test_a_program_that_is_far_too_slow_is_run_once(make_judge: MakeJudge, slowness: float) -> None:
    judge = make_judge()
    result = judge("while True: pass", TENS[:1], time_limit_s=0.1 * slowness)
    assert (result.verdict, result.tests[0].confirmed, judge.judging.stats.confirmed) == (T, False, 0)


def test_what_the_wall_clock_ends_is_run_again_and_then_nobodys_verdict(make_judge: MakeJudge, slowness: float) -> None:
    judge = make_judge(idle_min_s=600, wall_min_s=0.3 * slowness, wall_factor=2, retries=1)
    result = judge("import time\ntime.sleep(60)", TENS[:1], time_limit_s=0.1 * slowness)
    assert (result.verdict, judge.judging.stats.starved, judge.judging.stats.retries) == (Verdict.JE, 2, 1)
    assert result.error is not None
    assert "got no processor" in result.error


def test_what_the_wall_clock_ended_once_gets_the_verdict_of_its_second_run(make_judge: MakeJudge, slowness: float) -> None:
    judge = make_judge(idle_min_s=600, wall_min_s=slowness, wall_factor=2)
    turn = time.time() + 0.9 * slowness
    source = f"import time\nif time.time() < {turn}:\n    time.sleep(60)\n{DOUBLE}"
    result = judge(source, TENS[:1], time_limit_s=0.1 * slowness)
    assert (result.verdict, result.error, judge.judging.stats.starved) == (A, None, 1)


def test_statistics_count_tests_and_submissions(make_judge: MakeJudge) -> None:
    judge = make_judge()
    judge(WRONG_AT.format("12"))
    judge(DOUBLE)
    stats = judge.judging.stats
    assert dict(stats.tests) == {A: 12, W: 1}
    assert dict(stats.submissions) == {A: 1, W: 1}
    assert (stats.retries, stats.starved) == (0, 0)


# -- checkers that are programs --------------------------------------------------------------------------------------------

EITHER_SIGN = """
import sys
given, output, answer = (open(name).read().split() for name in sys.argv[1:4])
if len(output) != 1 or abs(int(output[0])) != abs(int(answer[0])) or 2 * int(given[0]) != int(answer[0]):
    print("wrong answer: not", answer[0], file=sys.stderr)
    sys.exit(1)
"""
AS_VALIDATOR = """
import sys
answer, output = open(sys.argv[2]).read().split(), sys.stdin.read().split()
open(sys.argv[3] + "judgemessage.txt", "w").write("said " + " ".join(output) + " " + " ".join(sys.argv[4:]))
sys.exit(42 if output == answer else 43)
"""


def _checker(source: str, **more: object) -> dict[str, object]:
    return {"type": "program", "language": "python", "source": source, **more}


def test_a_testlib_style_checker_decides(judge: Judge) -> None:
    assert judge("print(-2 * int(input()))", checker=_checker(EITHER_SIGN)).verdict is A
    result = judge(WRONG_AT.format("11"), checker=_checker(EITHER_SIGN))
    assert (_by_rank(result)[:3], result.tests[1].message) == ([A, W, N], "wrong answer: not 22")


def test_an_output_validator_decides_and_its_message_comes_back(judge: Judge) -> None:
    checker = _checker(AS_VALIDATOR, style="validator", flags=("-x", "y"))
    assert judge(DOUBLE, checker=checker).verdict is A
    result = judge(WRONG_AT.format("10"), checker=checker)
    assert (result.verdict, result.tests[0].message) == (W, "said 21 -x y")


def test_a_cpp_checker_with_a_header_of_its_own_decides(judge: Judge) -> None:
    if "cpp17" not in judge.languages.available:
        pytest.skip("no C++ compiler: install g++")
    source = """
        #include <fstream>
        #include "reading.h"
        int main(int argc, char **argv) { return argc == 4 && number(argv[2]) == -number(argv[3]) ? 0 : 2; }
    """
    header = "inline int number(const char *name) { int n; std::ifstream(name) >> n; return n; }"
    checker = _checker(source, language="cpp17", files={"reading.h": header})
    assert judge("print(-2 * int(input()))", checker=checker).verdict is A
    assert judge(DOUBLE, checker=checker).verdict is W


CHECKER_FAILURES = [
    ("raise RuntimeError('broken')", "testlib", "RuntimeError: broken"),
    ("import sys\nsys.exit(3)", "testlib", "ended with status 3"),
    ("import sys\nsys.exit(7)", "testlib", "ended with status 7"),
    ("import os\nos.kill(os.getpid(), 11)", "testlib", "killed by SIGSEGV"),
    ("while True: pass", "testlib", "ran out of time"),
    ("a = bytearray(100 << 20)", "testlib", "ran out of memory"),
    ("pass", "validator", "ended with status 0"),
    ("import sys\nsys.exit(1)", "validator", "ended with status 1"),
]


@pytest.mark.parametrize(("source", "style", "words"), CHECKER_FAILURES)
def test_a_checker_that_fails_is_no_verdict_about_the_program(
    judge: Judge, slowness: float, source: str, style: str, words: str
) -> None:
    checker = _checker(source, style=style, time_limit_s=0.2 * slowness, memory_limit_mb=64)
    result = judge(DOUBLE, checker=checker)
    assert (result.verdict, result.failure, result.status) == (Verdict.JE, None, Status.DONE)
    assert result.error is not None
    assert words in result.error
    assert _by_rank(result) == [Verdict.JE] + [N] * 9


def test_a_checker_is_not_asked_about_a_program_that_failed_by_itself(judge: Judge) -> None:
    result = judge("raise SystemExit(9)", checker=_checker("raise RuntimeError"))
    assert (result.verdict, result.error) == (Verdict.RTE, None)


def test_nothing_of_a_checkers_run_is_left_for_the_program(judge: Judge) -> None:
    source = "import glob\nprint(sorted(glob.glob('/tmp/*') + glob.glob('/box/*') + glob.glob('/dev/shm/*')))"
    says = "import sys\nprint(open(sys.argv[2]).read(), file=sys.stderr)\nsys.exit(open(sys.argv[1]).read() == 'b')"
    result = judge(source, [("a", "secret"), ("b", "secret")], checker=_checker(says))
    assert (_by_rank(result), result.tests[1].message) == ([A, W], "['/box/sol.py']")


# -- the judge's own failures ----------------------------------------------------------------------------------------------


def _kill(runners: set[int]) -> None:
    for pid in runners:
        os.kill(pid, signal.SIGKILL)


def _runners(pool: Pool, older_than_s: float) -> set[int]:
    now, found = time.time(), set()
    for pid in [box.pid for place in pool._places for box in place.boxes.values() if box.alive]:
        with suppress(psutil.NoSuchProcess):
            found |= {pid} if now - psutil.Process(pid).create_time() >= older_than_s else set()
    return found


@pytest.fixture
def own_pool(
    pool_config: Callable[..., PoolConfig], tmp_path: Path, cache_dir: Path, slowness: float
) -> Iterator[tuple[Pool, Callable[[], set[int]]]]:
    """A pool of one box, and the pids of its runners that are warm by now."""
    pool = Pool(pool_config(boxes=1, run_dir=tmp_path / "run", cache_dir=cache_dir))
    pool.start()
    yield pool, lambda: _runners(pool, 0.5 * slowness)
    pool.close()


def test_a_box_killed_in_mid_run_costs_a_retry_and_no_verdict(
    own_pool: tuple[Pool, Callable[[], set[int]]], cache_dir: Path, tmp_path: Path, slowness: float
) -> None:
    pool, runners = own_pool
    judge = Judge(pool, cache_dir, tmp_path / "data", slowness, idle_min_s=60)

    def kill_once(event: Event) -> None:
        if event.kind == "test" and event.data["rank"] == 2 and not judge.judging.stats.retries:
            threading.Timer(0.5 * slowness, lambda: _kill(runners())).start()

    source = f"import time\nn = int(input())\nif n == 13: time.sleep({slowness})\nprint(2 * n)"
    result = judge(source, on_event=kill_once)
    judge.judging.close()
    assert (result.verdict, result.error) == (A, None)
    assert _by_rank(result) == [A] * 10
    assert judge.judging.stats.retries == 1
    assert judge.judging.stats.tests == {A: 10}
    assert pool.status()[0].restarts == 1


def test_a_judge_whose_boxes_keep_dying_says_je_and_recovers(
    own_pool: tuple[Pool, Callable[[], set[int]]], cache_dir: Path, tmp_path: Path, slowness: float
) -> None:
    pool, runners = own_pool
    judge = Judge(pool, cache_dir, tmp_path / "data", slowness, idle_min_s=60)
    over = threading.Event()

    def keep_killing() -> None:
        while not over.wait(0.1):
            _kill(runners())

    killer = threading.Thread(target=keep_killing)
    killer.start()
    try:
        result = judge("import time\ntime.sleep(30)\n" + DOUBLE)
    finally:
        over.set()
        killer.join()
    assert (result.verdict, result.failure) == (Verdict.JE, None)
    assert result.error
    assert judge.judging.stats.retries == 2
    assert judge(DOUBLE).verdict is A
    judge.judging.close()


def test_an_expected_output_that_is_no_json_is_the_judges_failure(judge: Judge) -> None:
    result = judge("def f(n):\n    return n", [("1", "nope")], kind="function", function_name="f")
    assert (result.verdict, result.tests[0].verdict) == (Verdict.JE, Verdict.JE)
    assert result.error is not None
    assert "test 0: the expected output is not JSON" in result.error


def test_a_checker_that_does_not_compile_is_the_judges_failure(judge: Judge) -> None:
    before = judge.judging.stats.retries
    result = judge(DOUBLE, checker=_checker("int main() { return nothing; }", language="cpp17"))
    assert result.verdict is Verdict.JE
    assert judge.judging.stats.retries == before


def test_a_closed_pool_is_told_to_the_queue(
    pool_config: Callable[..., PoolConfig], tmp_path: Path, cache_dir: Path, slowness: float
) -> None:
    pool = Pool(pool_config(boxes=1, run_dir=tmp_path / "run", cache_dir=cache_dir))
    judge = Judge(pool, cache_dir, tmp_path / "data", slowness)
    pool.close()
    with pytest.raises(PoolClosed):
        judge(DOUBLE)


def test_a_problem_that_was_replaced_in_the_meantime_is_not_judged_against(judge: Judge) -> None:
    job = judge.job(DOUBLE)
    loaded = judge.judging.judge(type(job)(job.submission, job.digest, "p", "python"))
    assert loaded.verdict is A
    stale = judge.judging.judge(type(job)(job.submission, "another", "p", "python"))
    assert (stale.verdict, stale.error) == (
        Verdict.JE,
        "Problem p was replaced while this submission waited. Fix: send it again.",
    )


# -- cancelling ------------------------------------------------------------------------------------------------------------


def test_cancelling_ends_the_test_that_runs(judge: Judge) -> None:
    cancelled = threading.Event()

    def cancel_later(event: Event) -> None:
        if event.kind == "test":
            threading.Timer(0.1, cancelled.set).start()

    began = time.monotonic()
    source = "n = int(input())\nwhile n > 10: pass\nprint(20)"
    result = judge(source, time_limit_s=60, on_event=cancel_later, cancelled=cancelled)
    assert time.monotonic() - began < 20
    assert (result.status, result.verdict, result.failure) == (Status.CANCELLED, None, None)
    assert _by_rank(result) == [A] + [N] * 9


def test_what_was_cancelled_before_is_not_begun(judge: Judge) -> None:
    cancelled = threading.Event()
    cancelled.set()
    events: list[Event] = []
    result = judge(DOUBLE, on_event=events.append, cancelled=cancelled)
    assert (result.status, result.verdict, events) == (Status.CANCELLED, None, [])


def test_a_canceller_reaches_a_box_only_while_it_is_watched() -> None:
    class Box:
        calls = 0

        def cancel(self) -> None:
            self.calls += 1

    canceller, box, cancelled = Canceller(), Box(), threading.Event()
    with canceller.over(box, cancelled):
        cancelled.set()
        until = time.monotonic() + 10
        while not box.calls and time.monotonic() < until:
            time.sleep(0.01)
    calls = box.calls
    canceller.close()
    assert calls > 0
    assert box.calls == calls


# -- single runs -----------------------------------------------------------------------------------------------------------


def test_run_once_gives_back_what_the_program_said(judge: Judge) -> None:
    source = "import sys\nprint(input()[::-1])\nprint('oh', file=sys.stderr)\nsys.exit(3)"
    result = judge.judging.run_once(RunRequest(language="python", source=source, stdin="ab\u00e9\n"))
    assert (result.verdict, result.exit_code) == (Verdict.RTE, 3)
    assert (result.stdout, result.stderr, result.stdout_truncated) == ("\u00e9ba\n", "oh\n", False)
    assert result.cpu_s > 0
    assert result.memory_mb > 0


def test_run_once_cuts_output_and_says_so(judge: Judge) -> None:
    request = RunRequest(language="python", source="print('x' * 5000)", output_limit_bytes=100)
    result = judge.judging.run_once(request)
    assert (result.verdict, result.stdout, result.stdout_truncated) == (A, "x" * 100, True)


@pytest.mark.parametrize(
    ("source", "verdict"),
    [("while True: pass", "TLE"), ("bytearray(200 << 20)", "MLE"), ("print(1", "CE"), ("print(1)", "AC")],
)
def test_run_once_names_the_verdict(judge: Judge, slowness: float, source: str, verdict: str) -> None:
    request = RunRequest(language="python", source=source, time_limit_s=0.2 * slowness, memory_limit_mb=64)
    assert judge.judging.run_once(request).verdict == verdict


def test_run_once_can_be_cancelled(judge: Judge) -> None:
    cancelled = threading.Event()
    threading.Timer(0.2, cancelled.set).start()
    began = time.monotonic()
    result = judge.judging.run_once(RunRequest(language="python", source="while True: pass", time_limit_s=60), cancelled)
    assert time.monotonic() - began < 20
    assert (result.verdict, result.error) == (Verdict.JE, "cancelled by its caller")
