"""Submissions while everything dies: SIGKILLs of workers, boxes and servers, Redis killed and restarted, a worker's disk full.

Programs of every verdict, each with a source of its own, are sent in batches by clients that send again, with the same
idempotency keys, what a dead server has not answered. In the end every submission must have exactly one result, the right one.
"""

import argparse
import os
import random
import shutil
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil
import redis

from bench.cluster import Cluster, Part, cluster
from bench.report import OUT, Row, console, finish
from bench.soak import PROBLEM, stream
from service.client import Patience, TierlineClient
from service.errors import JudgeFailed, TierlineError
from service.schemas import Problem, Submission, Test

Batches = Iterator[list[tuple[int, Submission]]]
_BATCH = 50
_CLIENTS = 4
_PROBLEMS = 60
_TAIL_BYTES = 100_000
_DISK_MB = 24


@dataclass
class Tally:
    """What came back."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    results: dict[int, list[str]] = field(default_factory=dict)
    ids: dict[int, set[str]] = field(default_factory=dict)
    judge_errors: list[str] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)
    sent_again: int = 0

    def came(self, number: int, submission_id: str, verdict: str) -> None:
        """A result."""
        with self.lock:
            self.results.setdefault(number, []).append(verdict)
            self.ids.setdefault(number, set()).add(submission_id)


def _problem(number: int) -> Problem:
    """Its tests fill a disk: each input has a tail that no program reads."""
    tail = "".join(random.Random(number).choices("abcdefgh ", k=_TAIL_BYTES))
    tests = tuple(Test(input=f"{a} {number}\n{tail}\n", output=f"{a + number}\n") for a in range(3))
    return Problem.model_validate({**PROBLEM, "tests": tests})


def _submissions(count: int, seed: int) -> list[tuple[str, Submission]]:
    """(expected verdict, submission). Nine in ten against stored problems, the rest bring theirs."""
    made = []
    for number, (expected, body) in zip(range(count), stream(seed), strict=False):
        which = number % _PROBLEMS
        problem = _problem(which).model_dump() if number % 10 == 0 else f"faults/{which}"
        sent = {**body, "problem": problem, "idempotency_key": f"{seed}-{number}"}
        made.append((expected, Submission.model_validate(sent)))
    return made


class Client(threading.Thread):
    """Sends batches until there are none left."""

    def __init__(self, urls: list[str], batches: Batches, lock: threading.Lock, tally: Tally) -> None:
        super().__init__(daemon=True)
        self._urls, self._batches, self._lock, self._tally = urls, batches, lock, tally
        self.error: BaseException | None = None

    def run(self) -> None:
        """Until all is judged."""
        try:
            while True:
                with self._lock:
                    batch = next(self._batches, None)
                if batch is None:
                    return
                self._judge(dict(batch))
        except BaseException as error:
            self.error = error

    def _judge(self, batch: dict[int, Submission]) -> None:
        """Any server will do: when one is lost the rest goes to the next, under the same keys."""
        while batch:
            url = random.choice(self._urls)
            numbers = list(batch)
            with TierlineClient(url, patience=Patience(attempts=2, full_s=60), raise_on_judge_error=False) as client:
                try:
                    for place, result in client.batch([batch[number] for number in numbers]):
                        number = numbers[place]
                        self._tally.came(number, result.id, str(result.verdict or result.status))
                        if result.verdict == "JE":
                            with self._tally.lock:
                                self._tally.judge_errors.append(f"{number}: {result.error}")
                        del batch[number]
                except (httpx.HTTPError, JudgeFailed, TierlineError):
                    with self._tally.lock:
                        self._tally.sent_again += len(batch)
                    time.sleep(0.2)


class Mayhem(threading.Thread):
    """Breaks something every so often, and mends it soon after."""

    def __init__(self, made: Cluster, tally: Tally, seed: int, every_s: float) -> None:
        super().__init__(daemon=True)
        self._made, self._tally, self._every_s = made, tally, every_s
        self._random = random.Random(seed)
        self.over = threading.Event()

    def run(self) -> None:
        """Until it is over."""
        kinds: list[tuple[str, Callable[[], bool]]] = [
            ("workers killed", self._kill_worker),
            ("workers killed", self._kill_worker),
            ("boxes killed", self._kill_box),
            ("boxes killed", self._kill_box),
            ("servers killed", self._kill_server),
            ("Redis killed and restarted", self._kill_redis),
            ("worker's disk filled", self._fill_disk),
        ]
        while not self.over.wait(self._random.uniform(0.5, 1.5) * self._every_s):
            name, fault = self._random.choice(kinds)
            if fault():
                self._tally.faults[name] += 1

    def _down(self, part: Part, seconds: float) -> bool:
        part.kill()
        self.over.wait(self._random.uniform(0.1, seconds))
        part.start()
        return True

    def _kill_worker(self) -> bool:
        return self._down(self._random.choice(self._made.workers), 3)

    def _kill_server(self) -> bool:
        return self._down(self._random.choice(self._made.servers), 2)

    def _kill_box(self) -> bool:
        part = self._random.choice(self._made.workers)
        try:
            boxes = part.boxes()
            if boxes:
                self._random.choice(boxes).kill()
            return bool(boxes)
        except psutil.NoSuchProcess:
            return False

    def _kill_redis(self) -> bool:
        self._made.redis.kill()
        self.over.wait(self._random.uniform(0.05, 1.0))
        self._made.redis.start()
        return True

    def _fill_disk(self) -> bool:
        part = self._random.choice(self._made.workers)
        folder = self._made.folder / part.name
        if not folder.is_mount():
            return False
        big = folder / "fills-the-disk"
        try:
            with big.open("wb") as file:
                while True:
                    file.write(bytes(1 << 20))
        except OSError:
            self.over.wait(self._random.uniform(1.0, 3.0))
        big.unlink()
        return True


@contextmanager
def _small_disks(parts: list[Part], folder: Path) -> Iterator[None]:
    """Each worker's data folder on a disk of its own that can be filled. Needs root; otherwise that fault is left out."""
    mounted: list[Path] = []
    try:
        for part in parts if os.geteuid() == 0 else []:
            place = folder / part.name
            place.mkdir(exist_ok=True)
            options = f"size={_DISK_MB}m"
            if (
                subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tierline-faults", str(place)], check=False).returncode
                == 0
            ):
                mounted.append(place)
        yield
    finally:
        for place in mounted:
            subprocess.run(["umount", "-l", str(place)], check=True)


def _rows(tally: Tally, expected: list[str], seconds: float, left: dict[str, int]) -> list[Row]:
    lost = [number for number in range(len(expected)) if number not in tally.results]
    wrong = [
        f"{number}: {told} instead of {expected[number]}"
        for number, results in tally.results.items()
        for told in results
        if told not in (expected[number], "JE")
    ]
    doubled = [number for number, results in tally.results.items() if len(results) > 1 or len(tally.ids[number]) > 1]
    faults = [Row(name, count, note="faults") for name, count in sorted(tally.faults.items())]
    return [
        *faults,
        Row("submissions", len(expected), note=f"{seconds:.0f} s; {tally.sent_again} sent again because a server was lost"),
        Row("lost", len(lost), 0, note=", ".join(map(str, lost[:5]))),
        Row("wrong", len(wrong), 0, note="; ".join(wrong[:3])),
        Row("two results, or two ids for one key", len(doubled), 0, note=", ".join(map(str, doubled[:5]))),
        Row("without a verdict (JE, said so)", len(tally.judge_errors), 0, note="; ".join(tally.judge_errors[:3])),
        Row("left in Redis: works, waiting, running, slices", sum(left.values()), 0, note=str(left)),
    ]


def _left_in_redis(made: Cluster) -> dict[str, int]:
    """What of the queue is not done although all results came: soon nothing."""
    with redis.Redis(port=made.redis.port) as client:
        end = time.monotonic() + 30
        while True:
            undone = sum(client.hget(key, "state") != b"done" for key in client.scan_iter("tierline:work:*", 1000))
            names = ("waiting:interactive", "waiting:batch", "running", "slices", "deadlines")
            left = {"undone": undone, **{name: int(client.zcard(f"tierline:{name}")) for name in names}}
            if not sum(left.values()) or time.monotonic() > end:
                return left
            time.sleep(0.5)


def main() -> None:
    """Measure, print, write bench/out/faults.json."""
    parser = argparse.ArgumentParser(prog="python -m bench.faults", description=__doc__)
    parser.add_argument("--submissions", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--every", type=float, default=2.0, help="seconds between faults, on average")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--cache", type=Path, help="what languages prepare on a machine is looked for and kept here")
    parser.add_argument("--logs", type=Path, help="keep the logs of all parts here")
    parser.add_argument("--out", type=Path, default=OUT, help="folder of faults.json")
    options = parser.parse_args()
    tally = Tally()
    numbered = _submissions(options.submissions, options.seed)
    pairs = [(number, submission) for number, (_, submission) in enumerate(numbered)]
    batches = iter([pairs[start : start + _BATCH] for start in range(0, len(pairs), _BATCH)])
    with (
        console.status("starting") as status,
        cluster(servers=2, workers=options.workers, boxes=1, around=_small_disks, cache=options.cache, store_cache_mb=16) as made,
    ):
        with TierlineClient(made.urls[0]) as client:
            for number in range(_PROBLEMS):
                client.put_problem(f"faults/{number}", _problem(number))
        started = time.monotonic()
        mayhem = Mayhem(made, tally, options.seed, options.every)
        lock = threading.Lock()
        clients = [Client(made.urls, batches, lock, tally) for _ in range(_CLIENTS)]
        for thread in (*clients, mayhem):
            thread.start()
        while any(client.is_alive() for client in clients):
            status.update(f"{len(tally.results)} of {options.submissions} judged; faults: {dict(tally.faults)}")
            time.sleep(0.5)
        seconds = time.monotonic() - started
        mayhem.over.set()
        mayhem.join()
        left = _left_in_redis(made)
        if options.logs:
            options.logs.mkdir(parents=True, exist_ok=True)
            for part in made.parts:
                shutil.copy(part.log, options.logs)
    for client_thread in clients:
        if client_thread.error is not None:
            raise client_thread.error
    rows = _rows(tally, [expected for expected, _ in numbered], seconds, left)
    finish(
        "faults",
        "nothing lost, nothing wrong, nothing twice",
        rows,
        out=options.out,
        seed=options.seed,
        faults=dict(tally.faults),
    )


if __name__ == "__main__":
    main()
