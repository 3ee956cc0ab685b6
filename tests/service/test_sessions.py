"""Sessions over HTTP, against a real server with real boxes."""

import base64
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox import Pool
from service.settings import Settings
from tests.service.serving import KINDS, Serving, backend_for, boxes_of, serving, settings_for, settings_of_kind

KEYS = ("one" * 8, "two" * 8)


def as_caller(number: int) -> dict[str, str]:
    return {"Authorization": f"Bearer {KEYS[number]}"}


@pytest.fixture(scope="module", params=KINDS)
def server(request: pytest.FixtureRequest, pool: Pool, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    given = {"max_body_mb": 4, "api_keys": KEYS, "sessions_per_key": 6, "session_wall_s": 30, "session_disk_mb": 16}
    settings = settings_of_kind(request, tmp_path_factory.mktemp("data"), **given)
    with serving(backend_for(pool, settings), settings) as running:
        yield running


@pytest.fixture
def http(server: Serving) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, timeout=60, headers=as_caller(0)) as client:
        yield client


class Opened:
    """A session and short ways to ask it."""

    def __init__(self, http: httpx.Client, **sent: Any):
        self.http = http
        response = http.post("/v1/sessions", json={"disk_limit_mb": 8, **sent})
        assert response.status_code == 201, response.text
        self.info = response.json()
        self.url = response.headers["location"]
        assert self.url == f"/v1/sessions/{self.info['id']}"

    def exec(self, command: str, **more: Any) -> dict[str, Any]:
        response = self.http.post(f"{self.url}/exec", json={"command": command, **more})
        assert response.status_code == 200, response.text
        told: dict[str, Any] = response.json()
        return told

    def file(self, method: str, path: str, content: bytes | None = None) -> httpx.Response:
        return self.http.request(method, f"{self.url}/files/{path}", content=content)


@pytest.fixture
def session(http: httpx.Client) -> Iterator[Opened]:
    opened = Opened(http)
    yield opened
    http.delete(opened.url)


def refused(response: httpx.Response, status: int) -> str:
    """The document's detail and the message of its first field."""
    assert (response.status_code, response.headers["content-type"]) == (status, "application/problem+json"), response.text
    told = response.json()
    return f"{told['detail']} {told['errors'][0]['path']}: {told['errors'][0]['message']}" if told["errors"] else told["detail"]


# -- commands --------------------------------------------------------------------------------------------------------------


def test_command_is_answered_with_what_it_wrote_and_used(session: Opened) -> None:
    told = session.exec("cat; echo oh >&2; exit 3", stdin="given\n")
    assert (told["end"], told["exit_code"], told["signal"]) == ("exit", 3, None)
    assert (told["stdout"], told["stderr"], told["stdout_truncated"]) == ("given\n", "oh\n", False)
    assert 0 < told["memory_mb"] < 30
    assert 0 < told["cpu_s"] <= told["wall_s"] + 0.1


def test_files_stay_between_commands_and_calls(session: Opened) -> None:
    assert session.file("PUT", "data/in.txt", b"1 2 3\n").json() == {"path": "data/in.txt", "bytes": 6}
    assert session.exec("wc -w < data/in.txt > out; cp out /tmp/copy")["exit_code"] == 0
    assert session.file("GET", "out").content == b"3\n"
    assert session.exec("cat /tmp/copy; pwd; echo $HOME")["stdout"] == "3\n/work\n/work\n"
    listing = session.http.get(f"{session.url}/files").json()
    assert [(entry["name"], entry["kind"], entry["bytes"]) for entry in listing["entries"]][1:] == [("out", "file", 2)]
    assert session.http.get(f"{session.url}/files", params={"path": "data/"}).json()["entries"][0]["name"] == "in.txt"
    assert session.file("DELETE", "out").status_code == 204
    assert "no such file" in refused(session.file("GET", "out"), 404)
    assert session.http.get(session.url).json()["commands"] == 2


def test_argv_needs_no_shell_and_env_is_handed_on(http: httpx.Client) -> None:
    session = Opened(http, env={"A": "of the session", "B": "x"})
    sent = {"argv": ["python3", "-c", "import os, sys; print(sys.argv[1:], os.environ['A'], os.environ['B'])", "a b", "$A"]}
    told = http.post(f"{session.url}/exec", json={**sent, "env": {"B": "of the command"}}).json()
    assert told["stdout"] == "['a b', '$A'] of the session of the command\n"
    missing = http.post(f"{session.url}/exec", json={"argv": ["no-such-program"]}).json()
    assert (missing["end"], missing["exit_code"]) == ("exit", 127)
    http.delete(session.url)


def test_bytes_go_in_and_out_as_base64(session: Opened) -> None:
    data = bytes(range(256))
    told = session.exec("cat; cat >&2 < /dev/null", stdin={"base64": base64.b64encode(data).decode()}, encoding="base64")
    assert (base64.b64decode(told["stdout"]), told["stderr"], told["encoding"]) == (data, "", "base64")
    assert session.exec("printf 'a\\377'")["stdout"] == "a\ufffd"


def test_output_is_cut_and_said_so(session: Opened) -> None:
    told = session.exec("printf 123456; printf 12 >&2", output_limit_bytes=5)
    assert (told["stdout"], told["stdout_truncated"], told["stderr"], told["stderr_truncated"]) == ("12345", True, "12", False)


@pytest.mark.parametrize(
    ("command", "limits", "end"),
    [
        ("while :; do :; done", {"time_limit_s": 0.1}, "cpu"),
        ("sleep 60", {"wall_limit_s": 0.1}, "wall"),
        ("exec python3 -c 'x = bytearray(300 << 20)'", {"memory_limit_mb": 16}, "memory"),
        ("python3 -c 'x = bytearray(300 << 20)'; echo went on", {"memory_limit_mb": 16}, "memory"),
        ("cat /dev/zero", {"memory_limit_mb": 128}, "output"),
    ],
)
def test_limits_end_the_command_and_not_the_session(session: Opened, command: str, limits: dict[str, Any], end: str) -> None:
    told = session.exec(command, **limits)
    assert told["end"] == end
    assert told["message"]
    assert session.exec("echo fine")["stdout"] == "fine\n"


def test_nothing_survives_its_command_and_there_is_no_network(session: Opened) -> None:
    session.exec("nohup sh -c 'while :; do date >> alive; sleep 0.01; done' > /dev/null 2>&1 & sleep 0.05")
    before = session.exec("cat alive; sleep 0.1")["stdout"]
    assert before
    assert session.exec("cat alive")["stdout"] == before
    told = session.exec("python3 -c 'import socket; socket.create_connection((\"127.0.0.1\", 80))'")
    assert "PermissionError" in told["stderr"]
    assert session.exec("ls /sys/class/net 2>/dev/null | wc -l; cat /proc/net/dev | wc -l")["stdout"].split()[0] == "0"


def test_commands_of_one_session_wait_for_each_other(session: Opened) -> None:
    answers: list[str] = []

    def run() -> None:
        answers.append(session.exec("n=$(cat n 2>/dev/null || echo 0); sleep 0.02; echo $((n+1)) > n; cat n")["stdout"].strip())

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers, key=int) == [str(number) for number in range(1, 9)]


def test_caller_who_hangs_up_ends_his_command(session: Opened, server: Serving) -> None:
    with socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2]))) as raw:
        body = b'{"command": "echo started > started; sleep 25; echo slept > slept"}'
        head = f"POST {session.url}/exec HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {KEYS[0]}\r\n"
        raw.sendall(head.encode() + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        while not session.http.get(session.url).json()["busy"]:
            time.sleep(0.01)
        time.sleep(0.1)
    started = time.monotonic()
    assert (
        session.exec("cat started; ls slept 2>&1")["stdout"] == "started\nls: cannot access 'slept': No such file or directory\n"
    )
    assert time.monotonic() - started < 20


# -- files -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["../x", "a/../../x", "%2e%2e/x", "a//b", "/etc/passwd", "%2Fetc/passwd", "a/./b", "x%00y", "d" * 300]
)
@pytest.mark.parametrize("method", ["PUT", "GET", "DELETE"])
def test_paths_out_of_the_folder_are_refused(session: Opened, server: Serving, method: str, path: str) -> None:
    body = b"x" if method == "PUT" else b""
    with socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2]))) as raw:  # clients tidy such paths up
        head = (
            f"{method} {session.url}/files/{path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {KEYS[0]}\r\nConnection: close\r\n"
        )
        raw.sendall(head.encode() + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        answer = b""
        while piece := raw.recv(65536):
            answer += piece
    assert answer.startswith(b"HTTP/1.1 422"), answer
    assert b'"path":"path"' in answer


def test_what_cannot_be_done_with_files_says_what_to_do(session: Opened) -> None:
    session.exec(
        "mkdir d d/e; mkfifo fifo; ln -s loop loop; ln -s /proc/self/mem mem; : > locked; chmod 0 locked; truncate -s 6M large"
    )
    assert "list it" in refused(session.file("GET", "d"), 422)
    assert "fifo" in refused(session.file("GET", "fifo"), 422)
    assert "Input/output error" in refused(session.file("GET", "mem"), 409)
    assert "circles" in refused(session.file("GET", "loop"), 422)
    assert "larger than an answer" in refused(session.file("GET", "large"), 413)
    assert "rm -r" in refused(session.file("DELETE", "d"), 409)
    assert "folder" in refused(session.file("PUT", "d", b"x"), 422)
    assert "file, not a folder" in refused(session.file("PUT", "large/x", b"x"), 422)
    if os.geteuid() == 0:
        assert "chmod" in refused(session.file("GET", "locked"), 409)


def test_full_disk_is_said_and_changes_no_file(session: Opened) -> None:
    session.file("PUT", "kept", b"as it was")
    told = session.exec("cat /dev/zero > big")
    assert (told["end"], "No space left" in told["stderr"]) == ("exit", True)
    assert "disk is full" in refused(session.file("PUT", "kept", bytes(1 << 20)), 413)
    assert session.file("GET", "kept").content == b"as it was"
    session.exec("rm big")
    assert session.file("PUT", "kept", bytes(3 << 20)).status_code == 200
    assert len(session.file("GET", "kept").content) == 3 << 20
    assert "larger than 4194304 bytes" in refused(session.file("PUT", "kept", bytes((4 << 20) + 1)), 413)


def test_names_of_all_kinds_are_listed_and_those_in_utf8_can_be_fetched(session: Opened) -> None:
    told = session.exec("printf 1 > 'a b?#%'; printf 2 > \"$(printf '\\303\\244\\n')\"; printf 3 > \"$(printf 'z\\377')\"")
    assert (told["exit_code"], told["stderr"]) == (0, ""), told
    entries = session.http.get(f"{session.url}/files").json()["entries"]
    assert {entry["name"]: entry["utf8"] for entry in entries} == {"a b?#%": True, "ä": True, "z\ufffd": False}
    assert session.file("GET", "a%20b%3F%23%25").content == b"1"
    assert session.file("GET", "%C3%A4").content == b"2"
    assert refused(session.file("GET", "z%FF"), 404)


def test_many_files_are_listed_in_part(session: Opened) -> None:
    session.exec("for i in $(seq -w 1 300); do : > f$i; done")
    told = session.http.get(f"{session.url}/files", params={"limit": 5}).json()
    assert ([entry["name"] for entry in told["entries"]], told["truncated"]) == ([f"f00{n}" for n in range(1, 6)], True)


# -- whose, how many, how long ---------------------------------------------------------------------------------------------


def test_sessions_of_another_key_are_not_there(session: Opened, server: Serving) -> None:
    session.file("PUT", "secret", b"x")
    with httpx.Client(base_url=server.url, headers=as_caller(1)) as other:
        assert session.info["id"] not in [info["id"] for info in other.get("/v1/sessions").json()]
        for method, path in [
            ("GET", ""),
            ("DELETE", ""),
            ("POST", "/exec"),
            ("GET", "/files"),
            ("GET", "/files/secret"),
            ("PUT", "/files/secret"),
            ("DELETE", "/files/secret"),
        ]:
            body = {"command": "cat secret"} if method == "POST" else None
            assert refused(other.request(method, session.url + path, json=body), 404).startswith("There is no such session.")
    mine = session.http.get("/v1/sessions").json()
    assert [info["id"] for info in mine] == [session.info["id"]]
    session.http.delete(session.url)
    with httpx.Client(base_url=server.url, headers=as_caller(1)) as other:
        assert other.get(session.url).status_code == 404


def test_unknown_and_made_up_ids_are_404(http: httpx.Client, session: Opened) -> None:
    good = session.info["id"]
    forged = good[:-1] + ("0" if good[-1] != "0" else "1")
    for name in ("x", "0" * 56, forged, good + "0", good.upper() if good.upper() != good else "A"):
        assert refused(http.get(f"/v1/sessions/{name}"), 404).startswith("There is no such session.")


def test_quota_of_a_key_is_refused_with_429_and_the_fix(http: httpx.Client, server: Serving) -> None:
    opened = [Opened(http, disk_limit_mb=1) for _ in range(6)]
    response = http.post("/v1/sessions", json={})
    assert "TIERLINE_SESSIONS_PER_KEY" in refused(response, 429)
    assert response.headers["retry-after"] == "2"
    with httpx.Client(base_url=server.url, headers=as_caller(1), timeout=60) as other:
        other.delete(Opened(other).url)
    for session in opened:
        assert http.delete(session.url).status_code == 204
    assert "closed it" in refused(http.get(opened[0].url), 410)
    assert "closed it" in refused(http.delete(opened[0].url), 410)
    http.delete(Opened(http).url)


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"disk_limit_mb": 17}, "disk_limit_mb"),
        ({"memory_limit_mb": 4096}, "memory_limit_mb"),
        ({"idle_timeout_s": 1e6}, "idle_timeout_s"),
        ({"total_lifetime_s": 1e6}, "total_lifetime_s"),
        ({"idle_timeout_s": 0}, "idle_timeout_s"),
        ({"memory": 1}, "memory"),
        ({"env": {"A B": "x"}}, "env"),
        ({"env": {"A": "x\0"}}, "env.A"),
    ],
)
def test_bad_session_request_names_the_field(http: httpx.Client, sent: dict[str, Any], field: str) -> None:
    response = http.post("/v1/sessions", json=sent)
    assert refused(response, 422)
    assert response.json()["errors"][0]["path"] == field


@pytest.mark.parametrize(
    ("sent", "status", "field"),
    [
        ({}, 422, "body"),
        ({"command": "x", "argv": ["x"]}, 422, "body"),
        ({"argv": []}, 422, "argv"),
        ({"command": "a\0b"}, 422, "command"),
        ({"command": "x", "wall_limit_s": 31}, 422, "wall_limit_s"),
        ({"command": "x", "memory_limit_mb": 60000}, 422, "memory_limit_mb"),
        ({"command": "x", "stdin": {"base64": "?"}}, 422, "stdin.base64"),
        ({"command": "x", "encoding": "hex"}, 422, "encoding"),
        ({"command": "x" * 60_000}, 413, "command"),
    ],
)
def test_bad_command_names_the_field(session: Opened, sent: dict[str, Any], status: int, field: str) -> None:
    response = session.http.post(f"{session.url}/exec", json=sent)
    assert refused(response, status)
    assert response.json()["errors"][0]["path"] == field


def test_longest_command_runs(session: Opened) -> None:
    assert session.exec(": " + "x" * 48_000 + "; echo fine")["stdout"] == "fine\n"


def until(what: Callable[[], bool], within_s: float = 30) -> None:
    end = time.monotonic() + within_s
    while not what():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.01)


def test_idle_session_is_gone_with_the_reason(http: httpx.Client, server: Serving) -> None:
    session = Opened(http, idle_timeout_s=0.2)
    assert session.exec("sleep 0.3; echo busy is not idle")["stdout"] == "busy is not idle\n"
    until(lambda: not http.get("/v1/sessions").json())
    assert "nothing was asked of it for 0.2 s" in refused(http.post(f"{session.url}/exec", json={"command": "true"}), 410)
    assert "nothing was asked" in refused(session.file("PUT", "x", b"x"), 410)


def test_lifetime_ends_a_session_and_the_command_in_it(http: httpx.Client) -> None:
    session = Opened(http, total_lifetime_s=0.5)
    response = http.post(f"{session.url}/exec", json={"command": "sleep 25"})
    assert "its lifetime of 0.5 s was over" in refused(response, 410)


def newest_box(pool: Pool) -> int:
    """Process of the runner of the session that was opened last."""
    box, _ = list(pool.own._open.values())[-1]
    return box.pid


def test_session_whose_box_died_is_gone_with_the_reason(http: httpx.Client, pool: Pool) -> None:
    first = Opened(http)
    box_of_first = newest_box(pool)
    second = Opened(http)
    box_of_second = newest_box(pool)
    os.kill(box_of_first, signal.SIGKILL)
    until(lambda: len(http.get("/v1/sessions").json()) == 1)
    assert "its box died" in refused(http.get(first.url), 410)

    threading.Timer(0.2, os.kill, (box_of_second, signal.SIGKILL)).start()
    assert "its box died" in refused(http.post(f"{second.url}/exec", json={"command": "sleep 25"}), 410)
    assert "its box died" in refused(http.get(second.url), 410)


def test_metrics_count_sessions_and_commands(session: Opened) -> None:
    session.exec("true")
    text = session.http.get("/metrics").text
    assert "tierline_sessions_open 1.0" in text
    assert 'tierline_session_commands_total{end="exit"}' in text
    assert 'tierline_sessions_ended_total{reason="closed"}' in text


def test_judging_goes_on_beside_sessions(session: Opened) -> None:
    sent = {
        "problem": {"tests": [{"input": "1 2\n", "output": "3\n"}], "time_limit_s": 5},
        "language": "python",
        "source": "print(sum(map(int, input().split())))",
    }
    thread = threading.Thread(target=session.exec, args=("sleep 1",))
    thread.start()
    assert session.http.post("/v1/submissions?wait=30", json=sent).json()["verdict"] == "AC"
    assert thread.is_alive()
    thread.join()


def test_restarted_judge_says_that_its_sessions_are_gone(pool: Pool, tmp_path: Path) -> None:
    settings = settings_for(tmp_path)
    with serving(boxes_of(pool, settings), settings) as running, httpx.Client(base_url=running.url) as http:
        url = Opened(http).url
        pid = next(iter(running.state.ready.sessions._register.all)).box.pid  # type: ignore[union-attr]
    assert not Path(f"/proc/{pid}").exists()
    with serving(boxes_of(pool, settings), settings) as running, httpx.Client(base_url=running.url) as http:
        assert "started anew" in refused(http.get(url), 410)
        assert http.get(url[:-1] + "x").status_code == 404
    forgetful = Settings.model_validate({**settings.model_dump(), "session_gone_s": 0, "session_lifetime_s": 0.001})
    with serving(boxes_of(pool, forgetful), forgetful) as running, httpx.Client(base_url=running.url) as http:
        assert http.get(url).status_code == 404


def test_sessions_can_be_turned_off_and_the_machine_bounded(pool: Pool, tmp_path: Path) -> None:
    settings = settings_for(tmp_path, sessions_max=0)
    with serving(boxes_of(pool, settings), settings) as running, httpx.Client(base_url=running.url) as http:
        assert "TIERLINE_SESSIONS_MAX" in refused(http.post("/v1/sessions"), 429)
    settings = settings_for(tmp_path, sessions_disk_mb=20)
    with serving(boxes_of(pool, settings), settings) as running, httpx.Client(base_url=running.url) as http:
        Opened(http)
        Opened(http)
        assert "TIERLINE_SESSIONS_DISK_MB" in refused(http.post("/v1/sessions", json={"disk_limit_mb": 5}), 429)


def test_draining_judge_opens_none_and_finishes_what_runs(pool: Pool, tmp_path: Path) -> None:
    settings = settings_for(tmp_path, drain_s=30)
    answers: list[str] = []
    with serving(boxes_of(pool, settings), settings) as running:
        with httpx.Client(base_url=running.url, timeout=60) as http:
            session = Opened(http)
            thread = threading.Thread(target=lambda: answers.append(session.exec("sleep 0.5; echo done")["stdout"]))
            thread.start()
            until(lambda: http.get(session.url).json()["busy"])
            running.drain()
            until(lambda: http.get("/readyz").status_code == 503)
            assert refused(http.post("/v1/sessions"), 503)
            thread.join()
    assert answers == ["done\n"]
