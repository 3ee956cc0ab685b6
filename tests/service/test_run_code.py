"""POST /run_code: SandboxFusion's fields and meanings, from real boxes; and callers of a judge that is full or fails."""

import threading
from base64 import b64encode
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import nullcontext, suppress
from itertools import islice
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox import Pool
from service import routes_run_code
from service.backend import Backend, OpenBackend
from service.in_process_queue import InProcessQueue
from service.languages_view import LanguageTable
from service.queue import Observer
from service.schemas import LanguageInfo, RunRequest, RunResult, Verdict
from service.settings import Settings
from service.store import ProblemStore
from tests.service.serving import Serving, boxes_of, server_fixture, serving, settings_for

RESPONSE = {"status", "message", "compile_result", "run_result", "executor_pod_name", "files"}
COMMAND = {"status", "execution_time", "return_code", "stdout", "stderr"}


server = server_fixture(run_code_memory_mb=128)


def asked(server: Serving, code: str, **more: Any) -> httpx.Response:
    return httpx.post(f"{server.url}/run_code", json={"code": code, "language": "python", **more}, timeout=60)


def told(server: Serving, code: str, **more: Any) -> dict[str, Any]:
    response = asked(server, code, **more)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    assert answer.keys() == RESPONSE
    assert all(part is None or part.keys() == COMMAND for part in (answer["compile_result"], answer["run_result"]))
    return answer


def sent(text: str | bytes) -> str:
    return b64encode(text.encode() if isinstance(text, str) else text).decode()


# -- what a run becomes ----------------------------------------------------------------------------------------------------


def test_program_that_ends_well_is_a_success_with_its_output(server: Serving) -> None:
    answer = told(server, "import sys\nprint(input()[::-1])\nprint('odd', file=sys.stderr)", stdin="abc")
    ran = answer["run_result"]
    assert (answer["status"], answer["message"], answer["compile_result"], answer["files"]) == ("Success", "", None, {})
    assert (ran["status"], ran["return_code"], ran["stdout"], ran["stderr"]) == ("Finished", 0, "cba\n", "odd\n")
    assert ran["execution_time"] > 0


def test_without_stdin_there_is_an_end_of_file(server: Serving) -> None:
    assert told(server, "import sys; print(len(sys.stdin.read()))", stdin=None)["run_result"]["stdout"] == "0\n"


@pytest.mark.parametrize(
    ("code", "status", "return_code"),
    [
        ("import sys; sys.exit(3)", "Finished", 3),
        ("1/0", "Finished", 1),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "Finished", -11),
        ("while True: pass", "TimeLimitExceeded", None),
        ("import time\nwhile True: time.sleep(1)", "TimeLimitExceeded", None),
        ("x = (", "Finished", 1),
    ],
)
def test_program_that_fails_is_failed_with_the_exit_it_had(server: Serving, code: str, status: str, return_code: Any) -> None:
    answer = told(server, code, run_timeout=0.3)
    assert (answer["status"], answer["compile_result"]) == ("Failed", None)
    assert (answer["run_result"]["status"], answer["run_result"]["return_code"]) == (status, return_code)


def test_script_that_does_not_parse_says_so_on_stderr(server: Serving) -> None:
    assert "SyntaxError" in told(server, "x = (")["run_result"]["stderr"]


def test_output_before_the_time_limit_is_there(server: Serving) -> None:
    ran = told(server, "print('begun', flush=True)\nwhile True: pass", run_timeout=0.3)["run_result"]
    assert (ran["status"], ran["stdout"]) == ("TimeLimitExceeded", "begun\n")


FILL = "data = bytearray({mb} << 20)\nfor place in range(0, len(data), 4096): data[place] = 1\nprint('filled')"


@pytest.mark.parametrize(
    ("mb", "limit", "status"),
    [
        (200, {"memory_limit_MB": 64}, "Failed"),
        (200, {"memory_limit_MB": 512}, "Success"),
        (200, {}, "Failed"),
        (40, {}, "Success"),
    ],
)
def test_memory_limit_holds_and_the_setting_where_none_is_sent(
    server: Serving, mb: int, limit: dict[str, int], status: str
) -> None:
    answer = told(server, FILL.format(mb=mb), **limit)
    assert answer["status"] == status
    assert answer["run_result"]["return_code"] == (0 if status == "Success" else -9)
    assert ("memory" in answer["message"]) == (status == "Failed")


def test_parent_that_outlives_its_child_past_the_memory_limit_is_failed(server: Serving) -> None:
    code = f"import os\nif os.fork() == 0:\n    exec({FILL.format(mb=300)!r})\n    os._exit(0)\nos.wait()\nprint('fine')"
    answer = told(server, code, memory_limit_MB=128)
    assert (answer["status"], answer["run_result"]["return_code"]) == ("Failed", -9)


def test_output_of_megabytes_comes_whole(server: Serving) -> None:
    answer = told(server, "print('x' * (5 << 20))", memory_limit_MB=256)
    assert (answer["status"], len(answer["run_result"]["stdout"])) == ("Success", (5 << 20) + 1)


def test_output_past_the_bound_is_a_failure_that_says_so_and_never_a_shorter_success(server: Serving) -> None:
    code = "import os\ntry:\n    while True: os.write(1, b'x' * (1 << 20))\nexcept OSError: pass"
    answer = told(server, code, memory_limit_MB=1024)
    assert (answer["status"], answer["message"]) == ("Failed", "stdout was cut at 64 MiB")
    assert answer["run_result"]["return_code"] != 0


# -- compiled languages ----------------------------------------------------------------------------------------------------

HELLO = "#include <iostream>\nint main() { int x; std::cin >> x; std::cout << x * 2; }"


def test_compiled_program_has_a_compile_result_too(server: Serving) -> None:
    answer = told(server, HELLO, language="cpp", stdin="21")
    made = answer["compile_result"]
    assert (answer["status"], made["status"], made["return_code"]) == ("Success", "Finished", 0)
    assert answer["run_result"]["stdout"] == "42"


def test_program_that_does_not_compile_has_only_a_compile_result(server: Serving) -> None:
    answer = told(server, "int main() { return x; }", language="cpp")
    made = answer["compile_result"]
    assert (answer["status"], answer["run_result"]) == ("Failed", None)
    assert (made["status"], made["return_code"]) == ("Finished", 1)
    assert "not declared" in made["stderr"]


def test_compiler_is_stopped_at_the_compile_timeout(server: Serving) -> None:
    answer = told(server, HELLO + "// slow", language="cpp", compile_timeout=0.005)
    assert (answer["status"], answer["run_result"]) == ("Failed", None)
    assert (answer["compile_result"]["status"], answer["compile_result"]["return_code"]) == ("TimeLimitExceeded", None)
    assert told(server, HELLO + "// slow", language="cpp", stdin="1")["status"] == "Success"


# -- files -----------------------------------------------------------------------------------------------------------------


def test_files_go_in_and_out_as_base64(server: Serving) -> None:
    code = "data = open('in/a.bin', 'rb').read()\nopen('out.bin', 'wb').write(data[::-1])"
    files = {"in/a.bin": sent(b"\x00\xff\x01"), "left/out": None}
    answer = told(server, code, files=files, fetch_files=["out.bin", "in/a.bin", "nowhere"])
    assert answer["files"] == {"out.bin": sent(b"\x01\xff\x00"), "in/a.bin": sent(b"\x00\xff\x01")}


def test_files_come_back_from_a_program_that_failed(server: Serving) -> None:
    answer = told(server, "open('log', 'w').write('so far')\n1/0", fetch_files=["log"])
    assert (answer["status"], answer["files"]) == ("Failed", {"log": sent("so far")})


def test_python_files_that_are_sent_can_be_imported(server: Serving) -> None:
    files = {"helper.py": sent("x = 5"), "kit/__init__.py": sent(""), "kit/part.py": sent("y = 6")}
    answer = told(server, "import helper\nfrom kit.part import y\nprint(helper.x * y)", files=files)
    assert answer["run_result"]["stdout"] == "30\n"


# -- what is refused -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"language": "lua"}, ["language"]),
        ({"language": "pytest"}, ["language"]),
        ({"language": 3}, ["language"]),
        ({"code": None}, ["code"]),
        ({"run_timeout": 0}, ["run_timeout"]),
        ({"compile_timeout": 601}, ["compile_timeout"]),
        ({"memory_limit_MB": 3}, ["memory_limit_MB"]),
        ({"files": {"../x": sent("")}}, ["files", "../x", "[key]"]),
        ({"files": {"x": "no base64"}}, ["files", "x", "base64"]),
        ({"fetch_files": ["/etc/shadow"]}, ["fetch_files", 0]),
        ({"args": ["-k", "some"]}, ["args"]),
    ],
)
def test_bad_field_is_422_in_the_form_of_fastapi(server: Serving, body: dict[str, Any], place: list[str | int]) -> None:
    response = httpx.post(f"{server.url}/run_code", json={"code": "print(1)", "language": "python", **body}, timeout=60)
    assert response.status_code == 422
    assert [item["loc"] for item in response.json()["detail"]] == [["body", *place]]
    assert all(item["msg"] and item["type"] for item in response.json()["detail"])


def test_body_that_is_no_json_is_422(server: Serving) -> None:
    response = httpx.post(f"{server.url}/run_code", content=b"{")
    assert (response.status_code, response.json()["detail"][0]["type"]) == (422, "json_invalid")


def test_unknown_field_is_ignored_as_there_and_named(server: Serving) -> None:
    answer = told(server, "print(1)", memory_limit_mb=1)
    assert (answer["status"], answer["message"]) == ("Success", "not known here and ignored: memory_limit_mb")


def test_key_goes_as_bearer_or_before_the_at_of_the_url(pool: Pool, tmp_path: Path) -> None:
    settings = settings_for(tmp_path, api_keys=("secret",))
    body = {"code": "print(1)", "language": "python"}
    with serving(boxes_of(pool, settings), settings) as running:
        url = running.url.replace("//", "//anybody:{key}@") + "/{path}"
        assert httpx.post(f"{running.url}/run_code", json=body).status_code == 401
        assert httpx.post(url.format(key="wrong", path="run_code"), json=body).status_code == 401
        assert httpx.post(url.format(key="secret", path="run_code"), json=body).json()["status"] == "Success"
        bearer = {"Authorization": "Bearer secret"}
        assert httpx.post(f"{running.url}/run_code", json=body, headers=bearer).json()["status"] == "Success"
        assert httpx.get(url.format(key="secret", path="v1/problems")).status_code == 401


# -- a judge that is full, or fails ----------------------------------------------------------------------------------------

Run = Callable[[RunRequest, threading.Event], RunResult]


def running_by(run: Run, settings: Settings) -> OpenBackend:
    """A backend with one judging thread, which does `run`."""

    def no_judge(*_: Any) -> Any:
        raise AssertionError("nothing is judged here")

    def opened(observer: Observer) -> Any:
        languages = LanguageTable([LanguageInfo(name="python", title="Python", available=True)])
        queue = InProcessQueue(no_judge, run, settings, threads=1, observer=observer)
        return nullcontext(Backend(queue, ProblemStore(settings.data_dir), languages))

    return opened


def test_callers_wait_while_the_queue_is_full_and_all_get_their_own_result(pool: Pool, tmp_path: Path) -> None:
    settings = settings_for(tmp_path, queue_size=1)
    with serving(boxes_of(pool, settings), settings) as running, ThreadPoolExecutor(40) as threads:
        answers = list(threads.map(lambda number: told(running, "print(input())", stdin=str(number)), range(80)))
    assert [answer["run_result"]["stdout"] for answer in answers] == [f"{number}\n" for number in range(80)]


def test_caller_for_whom_there_is_no_room_to_wait_is_told_504(tmp_path: Path) -> None:
    settings, go = settings_for(tmp_path, queue_size=1, run_code_waiting=1), threading.Event()

    def run(request: RunRequest, cancelled: threading.Event) -> RunResult:
        go.wait(60)
        return RunResult(verdict=Verdict.AC)

    with serving(running_by(run, settings), settings) as running, ThreadPoolExecutor(8) as threads:
        sending = [threads.submit(asked, running, "") for _ in range(8)]  # one runs, one is queued, one may wait
        refused = [done.result() for done in islice(as_completed(sending), 5)]
        go.set()
        assert [response.status_code for response in refused] == [504] * 5
        assert sorted(done.result().status_code for done in sending) == [200] * 3 + [504] * 5
        assert refused[0].headers["retry-after"] == "1"
        assert "queue is full" in refused[0].json()["detail"]


def test_failure_of_the_judge_is_504_and_never_a_status_of_the_program(tmp_path: Path) -> None:
    settings = settings_for(tmp_path)

    def run(request: RunRequest, cancelled: threading.Event) -> RunResult:
        if request.source == "bug":
            raise RuntimeError("no such box")
        return RunResult(verdict=Verdict.JE, error="the box died")

    with serving(running_by(run, settings), settings) as running:
        response = asked(running, "")
        assert (response.status_code, response.json()["detail"]) == (504, "the box died")
        assert asked(running, "bug").status_code == 504


def test_drained_judge_hands_callers_back_with_504(tmp_path: Path) -> None:
    settings = settings_for(tmp_path, drain_s=0)
    begun = threading.Event()

    def run(request: RunRequest, cancelled: threading.Event) -> RunResult:
        begun.set()
        cancelled.wait(60)
        return RunResult(verdict=Verdict.JE, error="cancelled")

    with ThreadPoolExecutor(1) as threads:
        with serving(running_by(run, settings), settings) as running:
            waiting = threads.submit(asked, running, "")
            assert begun.wait(30)
        assert waiting.result(30).status_code == 504


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    """Responses begin at once. The fields of a request that go with it."""
    monkeypatch.setattr(routes_run_code, "SILENT_S", 0.0)
    monkeypatch.setattr(routes_run_code, "BEAT_S", 0.01)
    return {"compile_timeout": 0.01, "run_timeout": 0.01}


def test_response_that_takes_long_begins_and_is_still_one_json_document(tmp_path: Path, impatient: dict[str, float]) -> None:
    settings, begun, go = settings_for(tmp_path), threading.Event(), threading.Event()

    def run(request: RunRequest, cancelled: threading.Event) -> RunResult:
        go.wait(60)
        return RunResult(verdict=Verdict.JE if request.source == "?" else Verdict.AC, stdout="late", error="the box died")

    with serving(running_by(run, settings), settings) as running, httpx.Client(timeout=60) as http:
        for code, status in (("", "Success"), ("?", "SandboxError")):
            go.clear()
            begun.clear()
            body = {"code": code, "language": "python", **impatient}
            with http.stream("POST", f"{running.url}/run_code", json=body) as response:
                pieces = response.iter_raw()
                assert next(pieces).isspace()
                go.set()
                rest = b"".join(pieces)
            answer = httpx.Response(200, content=b" " + rest).json()
            assert (response.status_code, answer["status"]) == (200, status)
        assert answer["message"] == "the box died"


@pytest.mark.parametrize("late", [False, True], ids=["silent", "begun"])
def test_caller_that_hangs_up_ends_the_run(tmp_path: Path, late: bool, request: pytest.FixtureRequest) -> None:
    more = request.getfixturevalue("impatient") if late else {}
    settings, begun, ended = settings_for(tmp_path), threading.Event(), threading.Event()

    def run(request: RunRequest, cancelled: threading.Event) -> RunResult:
        begun.set()
        if cancelled.wait(60):
            ended.set()
        return RunResult(verdict=Verdict.JE, error="cancelled")

    with serving(running_by(run, settings), settings) as running:
        body = {"code": "", "language": "python", **more}
        with httpx.Client(timeout=60 if late else 0.5) as http, suppress(httpx.ReadTimeout):
            with http.stream("POST", f"{running.url}/run_code", json=body) as response:
                assert late
                assert next(response.iter_raw()).isspace()
        assert begun.is_set()
        assert ended.wait(30)
