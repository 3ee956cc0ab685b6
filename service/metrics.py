"""What Prometheus reads. Counted where things happen, or looked up when somebody asks."""

from collections import Counter as TallyCounter
from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from prometheus_client.samples import Sample

from service.judging_stats import JudgingStats
from service.queue import Job, Load, WorkerInfo
from service.result_cache import Packed
from service.schemas import RunRequest, RunResult
from service.session_schemas import SessionStats

_JUDGING_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)
_HTTP_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)


class Metrics:
    """The judge's own registry, and an `Observer` of the queue."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._stats: JudgingStats | None = None
        self.submissions = Counter(
            "tierline_submissions", "Submissions that ended", ["verdict", "language", "cached"], registry=self._registry
        )
        self.judge_errors = Counter("tierline_judge_errors", "Submissions and runs that ended as JE", registry=self._registry)
        self.runs = Counter("tierline_runs", "Single runs that ended", ["verdict", "language"], registry=self._registry)
        self.waited = Histogram(
            "tierline_queue_wait_seconds", "Time in the queue", ["priority"], registry=self._registry, buckets=_JUDGING_S
        )
        self.judged = Histogram(
            "tierline_judging_seconds", "Time in a box, compiling and checking included", registry=self._registry
        )
        self.requests = Histogram(
            "tierline_http_request_seconds",
            "Time to the first byte of the answer",
            ["method", "route", "status"],
            registry=self._registry,
            buckets=_HTTP_S,
        )

    def watch(self, stats: JudgingStats | None) -> None:
        """Show these counters too."""
        self._stats = stats

    def submission_done(
        self, job: Job, packed: Packed, *, submission_id: str, cached: bool, waited_s: float, judged_s: float
    ) -> None:
        """Count a submission."""
        verdict = packed.verdict.value if packed.verdict else packed.status.value
        self.submissions.labels(verdict, job.language, "yes" if cached else "no").inc()
        if verdict == "JE":
            self.judge_errors.inc()
        if not cached:
            self.waited.labels(job.priority).observe(waited_s)
            self.judged.observe(judged_s)

    def run_done(self, request: RunRequest, result: RunResult, *, waited_s: float, judged_s: float) -> None:
        """Count a run."""
        self.runs.labels(result.verdict.value, request.language).inc()
        if result.verdict.value == "JE":
            self.judge_errors.inc()
        self.waited.labels("interactive").observe(waited_s)

    @property
    def verdicts(self) -> dict[str, int]:
        """Submissions that ended, by verdict or, where there is none, by status."""
        found: TallyCounter[str] = TallyCounter()
        for sample in _totals(self.submissions):
            found[sample.labels["verdict"]] += int(sample.value)
        return dict(found)

    @property
    def failures(self) -> int:
        """Submissions and single runs that ended as JE."""
        return sum(int(sample.value) for sample in _totals(self.judge_errors))

    @property
    def judging(self) -> JudgingStats | None:
        """Of the judging in this process, where there is any."""
        return self._stats

    def render(self, load: Load, workers: list[WorkerInfo], sessions: SessionStats | None = None) -> bytes:
        """All metrics in Prometheus' text form."""
        now = CollectorRegistry()
        now.register(_Now(load, workers, self._stats, sessions))
        return generate_latest(self._registry) + generate_latest(now)


def _totals(counter: Counter) -> Iterator[Sample]:
    return (sample for metric in counter.collect() for sample in metric.samples if sample.name.endswith("_total"))


def serve_worker_metrics(host: str, port: int, stats: JudgingStats, info: Callable[[], WorkerInfo]) -> Callable[[], None]:
    """A worker's own /metrics, which has what only it can count. Returns what ends it. Raises OSError when the port is taken."""

    class Worker(Collector):
        def collect(self) -> Iterator[Metric]:
            yield from _boxes([info()])
            yield from _judging(stats)

    registry = CollectorRegistry()
    registry.register(Worker())
    server, thread = start_http_server(port, host, registry)

    def close() -> None:
        server.shutdown()
        server.server_close()
        thread.join()

    return close


class _Now(Collector):
    """What is known at the moment of asking."""

    def __init__(self, load: Load, workers: list[WorkerInfo], stats: JudgingStats | None, sessions: SessionStats | None) -> None:
        self._load, self._workers, self._stats, self._sessions = load, workers, stats, sessions

    def collect(self) -> Iterator[Metric]:
        """One family after the other."""
        depth = GaugeMetricFamily("tierline_queue_depth", "Submissions and runs that wait", labels=["priority"])
        depth.add_metric(["interactive"], self._load.queued_interactive)
        depth.add_metric(["batch"], self._load.queued_batch)
        yield depth
        yield GaugeMetricFamily("tierline_running", "Submissions and runs that are being judged", self._load.running)
        yield GaugeMetricFamily("tierline_draining", "1 while the server shuts down", int(self._load.draining))
        yield from _boxes(self._workers)
        if self._stats is not None:
            yield from _judging(self._stats)
        if self._sessions is not None:
            yield from _sessions(self._sessions)


def _boxes(workers: list[WorkerInfo]) -> Iterator[Metric]:
    boxes = GaugeMetricFamily("tierline_boxes", "Boxes that stand", labels=["worker", "kind"])
    busy = GaugeMetricFamily("tierline_boxes_busy", "Boxes that run something", labels=["worker"])
    restarts = CounterMetricFamily("tierline_box_restarts", "Boxes that did not reset and were replaced", labels=["worker"])
    for worker in workers:
        for kind in sorted({box.kind for box in worker.boxes}):
            boxes.add_metric([worker.name, kind], sum(box.kind == kind for box in worker.boxes))
        busy.add_metric([worker.name], len({box.core for box in worker.boxes if box.busy}))
        by_place = {box.name.split("-")[0]: box.restarts for box in worker.boxes}
        restarts.add_metric([worker.name], sum(by_place.values()))
    yield from (boxes, busy, restarts)
    yield from _clocks(workers)


def _clocks(workers: list[WorkerInfo]) -> Iterator[Metric]:
    speed = GaugeMetricFamily(
        "tierline_worker_speed", "Work for each CPU second: docs/explanation/cpu-time.md", labels=["worker"]
    )
    unsteady = GaugeMetricFamily("tierline_worker_unsteady", "1 while a worker's speed is not what it was", labels=["worker"])
    for worker in workers:
        if worker.speed is not None:
            speed.add_metric([worker.name], worker.speed.figure)
        unsteady.add_metric([worker.name], int(not worker.steady))
    yield from (speed, unsteady)


def _sessions(stats: SessionStats) -> Iterator[Metric]:
    yield GaugeMetricFamily("tierline_sessions_open", "Sessions that are open", stats.open)
    yield GaugeMetricFamily("tierline_sessions_running", "Sessions in which something runs or waits for its turn", stats.running)
    commands = CounterMetricFamily("tierline_session_commands", "Commands of sessions that ended", labels=["end"])
    for end, count in sorted(stats.commands.items()):
        commands.add_metric([end], count)
    ended = CounterMetricFamily("tierline_sessions_ended", "Sessions that ended", labels=["reason"])
    for reason, count in sorted(stats.ended.items()):
        ended.add_metric([reason], count)
    yield from (commands, ended)


def _judging(stats: JudgingStats) -> Iterator[Metric]:
    tests = CounterMetricFamily("tierline_tests", "Tests judged", labels=["verdict"])
    for verdict, count in sorted(stats.tests.items()):
        tests.add_metric([verdict.value], count)
    yield tests
    yield CounterMetricFamily("tierline_test_cpu_seconds", "CPU time of judged programs", stats.cpu_s)
    confirmations = CounterMetricFamily(
        "tierline_confirmations", "Second runs, alone, of programs just past their time limit", labels=["outcome"]
    )
    confirmations.add_metric(["confirmed"], stats.confirmed - stats.overturned)
    confirmations.add_metric(["overturned"], stats.overturned)
    yield confirmations
    yield CounterMetricFamily("tierline_starved_runs", "Runs repeated because no processor took them in time", stats.starved)
    yield CounterMetricFamily("tierline_stepped_back", "Submissions left to steadier workers", stats.stepped_back)
    yield CounterMetricFamily("tierline_judging_retries", "Submissions that went on in another box", stats.retries)
