"""`tierline serve` as a process: starting, refusing, signals, and what is left afterwards."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import orjson
import psutil
import pytest

TIERLINE = (sys.executable, "-c", "from service.cli import main; main()")
PROBLEM = {"tests": [{"input": f"{n} 1\n", "output": f"{n + 1}\n"} for n in range(4)], "time_limit_s": 5}
RIGHT = "print(sum(map(int, input().split())))"
SLEEPER = "import time\nprint(sum(map(int, input().split())), flush=True)\nwhile True: time.sleep(0.01)"


class Served:
    """A running `tierline serve`."""

    def __init__(self, process: "subprocess.Popen[str]", url: str, log: list[str]) -> None:
        self.process, self.url, self.log = process, url, log
        self.http = httpx.Client(base_url=url, timeout=60)


@contextmanager
def served(data_dir: Path, port: int = 0, **environment: str) -> Iterator[Served]:
    env = {**os.environ, "TIERLINE_DATA_DIR": str(data_dir), "TIERLINE_LOG_FORMAT": "json", "TIERLINE_BOXES": "1", **environment}
    command = [*TIERLINE, "serve", "--port", str(port)]
    process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    log: list[str] = []
    server: Served | None = None
    try:
        server = _started(process, log)
        yield server
    finally:
        if server is not None:
            server.http.close()
        process.kill()
        process.wait()
        assert process.stderr is not None
        process.stderr.close()


def _started(process: "subprocess.Popen[str]", log: list[str]) -> Served:
    assert process.stderr is not None
    for line in process.stderr:
        log.append(line)
        if found := re.search(r"http://[0-9.]+:[0-9]+", line):
            break
    else:
        pytest.fail("the server did not say where it listens: " + "".join(log))
    threading.Thread(target=_read, args=(process, log), daemon=True).start()
    server = Served(process, found[0], log)
    end = time.monotonic() + 60
    while server.http.get("/readyz").status_code != 200:
        assert time.monotonic() < end, log
        time.sleep(0.02)
    server.http.put("/v1/problems/p", json=PROBLEM).raise_for_status()
    return server


def _read(process: "subprocess.Popen[str]", log: list[str]) -> None:
    assert process.stderr is not None
    with suppress(ValueError):  # closed
        log.extend(process.stderr)


def sent(source: str = RIGHT, **more: Any) -> dict[str, Any]:
    return {"problem": "p", "language": "python", "source": source, **more}


def test_sigterm_finishes_what_runs_answers_it_and_exits_with_0(data_dir: Path) -> None:
    with served(data_dir) as server:
        children = psutil.Process(server.process.pid).children(recursive=True)
        slow = "import time; time.sleep(0.2)\n" + RIGHT
        batch = {"submissions": [sent(f"{slow}#{number}") for number in range(3)]}
        with server.http.stream("POST", "/v1/submissions/batch", json=batch) as response:
            server.process.send_signal(signal.SIGTERM)
            verdicts = [orjson.loads(line)["result"]["verdict"] for line in response.iter_lines()]
        assert verdicts == ["AC"] * 3
        assert server.process.wait(30) == 0
        assert children
        assert not psutil.wait_procs(children, timeout=5)[1], "processes of boxes are left"
        lines = [orjson.loads(line) for line in server.log if line.startswith("{")]
        finished = [line for line in lines if line["event"] == "submission"]
        assert [line["verdict"] for line in finished] == ["AC"] * 3
        assert {"id", "problem", "language", "waited_s", "judged_s"} <= finished[0].keys()
        assert RIGHT not in "".join(server.log)


def test_drain_that_takes_too_long_hands_back_and_exits_with_0(data_dir: Path) -> None:
    with served(data_dir, TIERLINE_DRAIN_S="0.2") as server:
        told = []

        def ask() -> None:
            told.append(server.http.post("/v1/submissions?wait=60", json=sent(SLEEPER, time_limit_s=60)).json())

        caller = threading.Thread(target=ask)
        caller.start()
        end = time.monotonic() + 20
        while "tierline_running 1.0" not in server.http.get("/metrics").text:
            assert time.monotonic() < end
        server.process.send_signal(signal.SIGTERM)
        caller.join(30)
        assert told[0]["verdict"] == "JE"
        assert "send it again" in told[0]["error"]
        assert server.process.wait(30) == 0


def test_second_sigterm_ends_it_at_once_and_its_boxes_with_it(data_dir: Path) -> None:
    with served(data_dir) as server:
        children = psutil.Process(server.process.pid).children(recursive=True)
        server.http.post("/v1/submissions", json=sent(SLEEPER, time_limit_s=60))
        server.process.send_signal(signal.SIGTERM)
        while server.http.get("/readyz").status_code != 503:
            time.sleep(0.01)
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(5) == 130
        assert not psutil.wait_procs(children, timeout=5)[1], "processes of boxes are left"


def test_without_keys_it_refuses_any_address_but_loopback() -> None:
    command = [*TIERLINE, "serve", "--host", "0.0.0.0", "--port", "0"]  # noqa: S104
    env = {name: value for name, value in os.environ.items() if name != "TIERLINE_API_KEYS"}
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode not in (0, None)
    assert "TIERLINE_API_KEYS" in done.stderr


def test_address_in_use_is_said_with_the_fix(data_dir: Path) -> None:
    with served(data_dir) as server:
        port = server.url.rpartition(":")[2]
        command = [*TIERLINE, "serve", "--port", port]
        env = {**os.environ, "TIERLINE_DATA_DIR": str(data_dir)}
        done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode != 0
        assert "--port" in done.stderr
        assert "Traceback" not in done.stderr
