"""A worker's speed: measured in a box, kept as a median, and what it does to limits and verdicts."""

import logging
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from sandbox import Pool
from service import calibration
from service.calibration import Speed
from service.clock import Clock
from service.queue import WorkerInfo
from service.run_limits import limits_of_test
from service.schemas import RunRequest, Verdict
from service.settings import Settings
from service.undecided import StepsBack
from tests.service.judge_kit import DOUBLE, TENS, Judge

A, T = Verdict.AC, Verdict.TLE
BURN = "import time\nend = time.process_time() + {}\nwhile time.process_time() < end: pass\n" + DOUBLE
MakeJudge = Callable[..., Judge]


@pytest.fixture
def make_judge(pool: Pool, cache_dir: Path, slowness: float, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MakeJudge]:
    judges: list[Judge] = []

    def make(**settings: object) -> Judge:
        judges.append(Judge(pool, cache_dir, tmp_path_factory.mktemp("judge"), slowness, **settings))
        return judges[-1]

    yield make
    for judge in judges:
        judge.judging.close()


def _clock(pool: Pool, **settings: object) -> Clock:
    return Clock(pool, Settings(**settings))  # type: ignore[arg-type]


def _unsettle(clock: Clock) -> None:
    """Measure until two figures differ, which with next to no tolerance they soon do."""
    for _ in range(100):
        clock.check()
        if not clock.steady:
            return
    raise AssertionError("a hundred figures agree to the fourth digit")


# -- the figure ------------------------------------------------------------------------------------------------------------


def test_work_in_half_the_time_is_twice_the_speed() -> None:
    unit_s = calibration._UNIT_S
    assert Speed.of(unit_s).figure == 1.0
    fast = Speed.of({name: seconds / 2 for name, seconds in unit_s.items()})
    assert (fast.figure, fast.integer, fast.memory, fast.allocation, fast.interpreter) == (2, 2, 2, 2, 2)
    uneven = Speed.of({**unit_s, "memory": unit_s["memory"] / 16})
    assert (uneven.figure, uneven.memory, uneven.integer) == (2, 16, 1)


def test_a_box_is_measured_in_its_own_cpu_time_and_takes_programs_as_before(pool: Pool, slowness: float) -> None:
    with pool.box() as box:
        started = time.monotonic()
        speed = calibration.measure(box)
        wall_s = time.monotonic() - started
    parts = (speed.integer, speed.memory, speed.allocation, speed.interpreter)
    assert speed.figure == pytest.approx(math.prod(parts) ** 0.25, rel=0.001)
    # Three rounds of 48.5 ms at speed 1 must fit into the time that has passed: no figure can be larger than that allows.
    assert 3 * sum(unit_s / part for unit_s, part in zip(calibration._UNIT_S.values(), parts, strict=True)) < wall_s
    assert 0.02 / slowness < speed.figure < 20


def test_a_box_that_cannot_do_the_work_is_an_error_and_no_figure(
    pool: Pool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.py"
    broken.write_text("raise MemoryError('none left')")
    monkeypatch.setattr(calibration.calibration_work, "__file__", str(broken))
    with pool.box() as box, pytest.raises(calibration.CalibrationFailed, match="none left"):
        calibration.measure(box)


# -- limits ----------------------------------------------------------------------------------------------------------------


def test_limits_stay_as_they_are_without_a_reference(pool: Pool) -> None:
    clock = _clock(pool)
    assert (clock.factor(), clock.speed) == (1.0, None)  # nothing had to be measured
    clock.check()
    assert clock.speed is not None
    assert clock.factor() == 1.0


def test_a_machine_half_as_fast_gets_twice_the_time(pool: Pool) -> None:
    clock = _clock(pool, reference_speed=1.0)
    clock.factor()
    assert clock.speed is not None
    reference = 2 * clock.speed.figure
    slow = _clock(pool, reference_speed=reference)
    factor = slow.factor()
    assert slow.speed is not None
    assert factor == pytest.approx(reference / slow.speed.figure)
    assert slow.factor() == factor  # measured once


def test_the_factor_stretches_cpu_idle_and_wall_time(make_judge: MakeJudge) -> None:
    judge = make_judge()
    settings = Settings(idle_min_s=0.1, wall_min_s=0.1)
    job = judge.job(DOUBLE, time_limit_s=1.0)
    assert job.loaded is not None
    language = judge.languages.get("python")
    plain = limits_of_test(job.submission, job.loaded.settings, language, settings)
    slow = limits_of_test(job.submission, job.loaded.settings, language, settings, 2.0)
    assert (plain.factor, slow.factor, slow.time_limit_s) == (1.0, 2.0, 2 * plain.time_limit_s)
    assert (slow.run.cpu_s, slow.run.idle_s, slow.run.wall_s) == (2 * plain.run.cpu_s, 2 * plain.run.idle_s, 2 * plain.run.wall_s)
    assert slow.run.memory_mb == plain.run.memory_mb


@pytest.mark.parametrize(("need", "verdict"), [(0.7, A), (1.4, T)])
def test_a_limit_means_the_same_work_on_a_slower_machine(
    make_judge: MakeJudge, slowness: float, need: float, verdict: Verdict
) -> None:
    """On a machine half as fast as the reference, a program takes twice its CPU time. Times in results are those measured."""
    plain = make_judge()
    plain.judging.clock.check()
    assert plain.judging.clock.speed is not None
    judge = make_judge(reference_speed=2 * plain.judging.clock.speed.figure)
    limit_s, factor = 0.3 * slowness, judge.judging.clock.factor()
    result = judge(BURN.format(need * limit_s * factor), TENS[:1], time_limit_s=limit_s)
    assert (result.verdict, result.limit_factor) == (verdict, round(factor, 4))
    assert result.tests[0].cpu_s is not None
    if verdict is A:
        assert result.tests[0].cpu_s > 0.7 * limit_s * factor
    else:
        assert f"x {factor:.3g} for this worker's speed" in result.tests[0].message


def test_a_single_run_is_scaled_as_well(make_judge: MakeJudge, slowness: float) -> None:
    judge = make_judge(reference_speed=100)
    request = RunRequest(language="python", source=BURN.format(0.3 * slowness), stdin="1", time_limit_s=0.1 * slowness)
    result = judge.judging.run_once(request)
    assert (result.verdict, result.limit_factor) == (A, round(judge.judging.clock.factor(), 4))
    assert result.limit_factor > 5


def test_results_say_that_limits_were_not_scaled(make_judge: MakeJudge) -> None:
    assert make_judge()(DOUBLE).limit_factor == 1.0


# -- drift -----------------------------------------------------------------------------------------------------------------


def test_a_speed_that_wanders_is_said_and_so_is_its_end(pool: Pool, caplog: pytest.LogCaptureFixture) -> None:
    clock = _clock(pool, calibration_tolerance=1e-9)
    clock.check()
    assert clock.steady
    with caplog.at_level(logging.WARNING, "tierline.clock"):
        _unsettle(clock)
        clock._tolerance = 1.0
        clock.check()
    assert clock.steady
    assert [record.message.split(":")[0] for record in caplog.records] == [
        "this worker is unsteady",
        "this worker is steady again",
    ]


def test_the_usual_speed_follows_what_lasts(pool: Pool) -> None:
    clock = _clock(pool, calibration_tolerance=0.8)
    with pool.box() as box, pool.alone():
        clock.measure_alone(box)
        usual = clock.speed
        assert usual is not None
        clock._figures.extend([usual.model_copy(update={"figure": 10 * usual.figure})] * 2)  # it was ten times as fast
        assert clock.speed is not None
        assert clock.speed.figure == 10 * usual.figure
        steady = []
        for _ in range(2):
            clock.measure_alone(box)
            steady.append(clock.steady)
    assert steady == [False, True]  # at first the old figures are half of all
    assert clock.speed.figure < 2 * usual.figure


def test_an_unsteady_worker_leaves_time_past_the_limit_to_others(make_judge: MakeJudge, slowness: float) -> None:
    judge = make_judge(confirm_band=4, calibration_tolerance=1e-9)
    _unsettle(judge.judging.clock)
    slow = judge.job(BURN.format(0.3 * slowness), TENS[:1], time_limit_s=0.2 * slowness)
    killed = judge.job("while True: pass", TENS[:1], time_limit_s=0.05 * slowness)
    for job in (slow, killed):
        with pytest.raises(StepsBack, match="unsteady"):
            judge.judging.judge(replace(job, elsewhere=lambda: True))
    assert (judge.judging.stats.stepped_back, judge.judging.stats.confirmed) == (2, 0)
    assert judge.judging.judge(replace(judge.job(DOUBLE), elsewhere=lambda: True)).verdict is A


def test_a_steady_worker_confirms_whoever_else_there_is(make_judge: MakeJudge, slowness: float) -> None:
    judge = make_judge(confirm_band=4)
    job = judge.job(BURN.format(0.3 * slowness), TENS[:1], time_limit_s=0.2 * slowness)
    result = judge.judging.judge(replace(job, elsewhere=lambda: True))
    assert (result.verdict, result.tests[0].confirmed) == (T, True)


def test_a_lone_unsteady_worker_measures_anew_and_decides(make_judge: MakeJudge, slowness: float) -> None:
    judge = make_judge(confirm_band=4, calibration_tolerance=1e-9)
    clock = judge.judging.clock
    _unsettle(clock)
    before = list(clock._figures)
    result = judge(BURN.format(0.3 * slowness), TENS[:1], time_limit_s=0.2 * slowness)
    assert (result.verdict, result.tests[0].confirmed, result.error) == (T, True, None)
    assert list(clock._figures)[-1] is not before[-1]


def test_a_worker_that_has_become_slower_does_not_blame_the_program(make_judge: MakeJudge, slowness: float) -> None:
    """Its figures say that it was five times as fast as it is, and so its limits mean a fifth of the work."""
    judge = make_judge(reference_speed=1.0)
    clock = judge.judging.clock
    clock.factor()
    assert clock.speed is not None
    clock._figures.extend([clock.speed.model_copy(update={"figure": 5 * clock.speed.figure})] * 5)
    stale = clock.factor()
    source, limit_s = BURN.format(0.5 * slowness), 1.5 * slowness / (5 * stale)  # a third of what a right limit allows
    assert judge(source, TENS[:1], time_limit_s=limit_s).verdict is T  # nobody knows yet
    clock.check()
    assert not clock.steady
    result = judge(source, TENS[:1], time_limit_s=limit_s)
    assert (result.verdict, result.tests[0].confirmed) == (A, True)
    assert result.limit_factor > 2 * stale


# -- watching --------------------------------------------------------------------------------------------------------------


def test_a_watched_clock_measures_again_and_again_until_it_is_closed(pool: Pool, slowness: float) -> None:
    clock = _clock(pool, calibration_every_s=0.01, calibration_tolerance=1e-9)
    runs = sum(box.runs for box in pool.status())
    clock.watch()
    until = time.monotonic() + 60 * slowness
    while sum(box.runs for box in pool.status()) < runs + 3 and time.monotonic() < until:
        time.sleep(0.01)
    clock.close()
    assert clock._thread is not None
    clock._thread.join(60 * slowness)
    assert not clock._thread.is_alive()
    assert sum(box.runs for box in pool.status()) >= runs + 3


def test_measuring_waits_for_a_box_that_nobody_else_wants(pool: Pool) -> None:
    clock = _clock(pool, calibration_every_s=0)
    boxes = [pool.acquire() for _ in range(pool.size)]
    clock.watch()
    while len(pool._waiters) < 1:
        time.sleep(0.001)
    pool.release(boxes.pop())
    while clock.speed is None:
        time.sleep(0.01)
    for box in boxes:
        pool.release(box)
    clock.close()


def test_a_worker_tells_its_speed(pool: Pool) -> None:
    clock = _clock(pool)
    clock.check()
    info = WorkerInfo(name="w", wall="namespaces", boxes=[], speed=clock.speed, steady=clock.steady)
    told = WorkerInfo.model_validate_json(info.model_dump_json())
    assert clock.speed is not None
    assert (told.speed, told.steady, told.limit_factor) == (clock.speed, True, 1.0)
