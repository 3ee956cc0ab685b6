"""The HTTP contract, asked of a real server with real boxes."""

import io
import socket
import threading
import time
import zipfile
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
import zstandard

from sandbox import Pool
from service.backend import Backend
from service.in_process_queue import InProcessQueue
from service.languages_view import LanguageTable
from service.queue import Observer
from service.server import listen
from service.store import ProblemStore
from tests.service.serving import (
    A_PLUS_B,
    KINDS,
    RIGHT,
    SLEEPER,
    WRONG,
    Serving,
    backend_for,
    boxes_of,
    serving,
    settings_for,
    settings_of_kind,
)


@pytest.fixture(scope="module", params=KINDS)
def server(request: pytest.FixtureRequest, pool: Pool, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    settings = settings_of_kind(request, tmp_path_factory.mktemp("data"), max_body_mb=4)
    with serving(backend_for(pool, settings), settings) as running:
        httpx.put(f"{running.url}/v1/problems/a-plus-b", json=A_PLUS_B).raise_for_status()
        yield running


@pytest.fixture
def http(server: Serving) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, timeout=60) as client:
        yield client


def sent(source: str = RIGHT, **more: Any) -> dict[str, Any]:
    return {"problem": "a-plus-b", "language": "python", "source": source, **more}


def test_submission_is_answered_with_tiers_and_tests_by_rank(http: httpx.Client) -> None:
    told = http.post("/v1/submissions?wait=30", json=sent("print(int(input().split()[0]) % 3 + 1)")).json()
    assert (told["status"], told["verdict"], told["failure"], told["coverage_passed"]) == ("done", "WA", "correctness", 0.75)
    assert [tier["verdict"] for tier in told["tiers"]] == ["AC", "AC", "AC", "WA"]
    assert [test["rank"] for test in told["tests"]] == [0, 1, 2, 3]
    assert (told["problem"], told["language"], told["wall"]) == ("a-plus-b", "python", "namespaces")
    assert http.get(f"/v1/submissions/{told['id']}").json() == told


def test_submission_that_is_not_done_in_time_is_202_with_an_id_to_ask_by(http: httpx.Client) -> None:
    response = http.post("/v1/submissions", json=sent(SLEEPER, cache=False))
    assert response.status_code == 202
    told = response.json()
    assert told["status"] in ("queued", "running")
    assert response.headers["location"] == f"/v1/submissions/{told['id']}"
    again = http.get(f"/v1/submissions/{told['id']}?wait=0.01").json()
    assert (again["id"], again["verdict"]) == (told["id"], None)
    cancelled = http.delete(f"/v1/submissions/{told['id']}").json()
    assert (cancelled["status"], cancelled["verdict"]) == ("cancelled", None)
    assert http.get(f"/v1/submissions/{told['id']}").json()["status"] == "cancelled"


def test_long_poll_answers_when_the_result_comes(http: httpx.Client) -> None:
    slow = "import time; time.sleep(0.3)\n" + RIGHT
    told = http.post("/v1/submissions", json=sent(slow, cache=False)).json()
    started = time.monotonic()
    assert http.get(f"/v1/submissions/{told['id']}?wait=30").json()["verdict"] == "AC"
    assert time.monotonic() - started < 25


def test_cancelling_what_is_done_gives_its_result(http: httpx.Client) -> None:
    told = http.post("/v1/submissions?wait=30", json=sent()).json()
    assert http.delete(f"/v1/submissions/{told['id']}").json()["verdict"] == "AC"


def test_inline_problem_is_judged_and_named_by_its_digest(http: httpx.Client) -> None:
    told = http.post("/v1/submissions?wait=30", json=sent(problem=A_PLUS_B)).json()
    assert told["verdict"] == "AC"
    assert len(told["problem"]) == 64


def test_repeated_submission_is_answered_from_the_cache_unless_told_not_to(http: httpx.Client) -> None:
    body = sent(RIGHT + "  # cached")
    assert http.post("/v1/submissions?wait=30", json=body).json()["cached"] is False
    assert http.post("/v1/submissions?wait=30", json=body).json()["cached"] is True
    assert http.post("/v1/submissions?wait=30", json={**body, "cache": False}).json()["cached"] is False


def test_a_problem_that_changed_is_judged_anew(http: httpx.Client) -> None:
    http.put("/v1/problems/changing", json=A_PLUS_B)
    assert http.post("/v1/submissions?wait=30", json=sent(problem="changing")).json()["verdict"] == "AC"
    http.put("/v1/problems/changing", json={**A_PLUS_B, "tests": [{"input": "1 1\n", "output": "3\n"}]})
    assert http.post("/v1/submissions?wait=30", json=sent(problem="changing")).json()["verdict"] == "WA"


def test_idempotency_key_again_is_the_same_submission_and_with_another_body_409(http: httpx.Client) -> None:
    first = http.post("/v1/submissions?wait=30", json=sent(idempotency_key="k1")).json()
    assert http.post("/v1/submissions?wait=30", json=sent(idempotency_key="k1")).json()["id"] == first["id"]
    other = http.post("/v1/submissions", json=sent(WRONG, idempotency_key="k1"))
    assert (other.status_code, other.json()["errors"][0]["path"]) == (409, "idempotency_key")


def test_batch_answers_a_line_for_each_as_it_finishes(http: httpx.Client) -> None:
    sources = [RIGHT, WRONG, "1/0", "x = ("] * 5
    seen = {}
    with http.stream("POST", "/v1/submissions/batch", json={"submissions": [sent(source) for source in sources]}) as response:
        assert response.headers["content-type"] == "application/x-ndjson"
        for line in response.iter_lines():
            told = orjson.loads(line)
            seen[told["index"]] = told["result"]["verdict"]
    assert [seen[index] for index in range(20)] == ["AC", "WA", "RTE", "CE"] * 5


def test_batch_with_bad_submissions_is_refused_whole_and_names_them(http: httpx.Client) -> None:
    bodies = [sent(), sent(language="cobol"), sent(), sent(language="klingon")]
    response = http.post("/v1/submissions/batch", json={"submissions": bodies})
    assert response.status_code == 422
    assert [error["path"] for error in response.json()["errors"]] == ["submissions.1.language", "submissions.3.language"]
    response = http.post("/v1/submissions/batch", json={"submissions": [sent()] * 3 + [sent(coverage=7)]})
    assert (response.status_code, response.json()["errors"][0]["path"]) == (422, "submissions.3.coverage")


def test_hanging_up_cancels_what_nobody_can_ask_for_again(server: Serving, http: httpx.Client) -> None:
    with http.stream("POST", "/v1/submissions/batch", json={"submissions": [sent(SLEEPER + f"#{n}") for n in range(8)]}):
        pass
    with pytest.raises(httpx.ReadTimeout):
        http.post("/v1/submissions?wait=30", json=sent(SLEEPER + "# single"), timeout=0.2)
    with pytest.raises(httpx.ReadTimeout):
        http.post("/v1/run", json={"language": "python", "source": "while True: pass", "time_limit_s": 60}, timeout=0.2)
    assert http.post("/v1/submissions?wait=60", json=sent(cache=False)).json()["verdict"] == "AC"  # a box is free
    end = time.monotonic() + 20
    while _gauge(http, "tierline_running") > 0:
        assert time.monotonic() < end, "something still runs"
        time.sleep(0.02)


def _gauge(http: httpx.Client, name: str) -> float:
    return sum(float(line.split()[-1]) for line in http.get("/metrics").text.splitlines() if line.startswith(name))


def test_events_are_told_from_the_start_and_go_on_after_a_break(http: httpx.Client) -> None:
    told = http.post("/v1/submissions?wait=30", json=sent(RIGHT + "  # events")).json()
    with http.stream("GET", f"/v1/submissions/{told['id']}/events") as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        text = "".join(response.iter_text())
    kinds = [line.removeprefix("event: ") for line in text.splitlines() if line.startswith("event: ")]
    assert kinds == ["queued", "compiling", "compiled", *["test"] * 4, "done"]
    done = orjson.loads([line for line in text.splitlines() if line.startswith("data: ")][-1].removeprefix("data: "))
    assert (done["id"], done["verdict"]) == (told["id"], "AC")
    rest = http.get(f"/v1/submissions/{told['id']}/events", headers={"Last-Event-ID": "test-2"}).text
    assert [line for line in rest.splitlines() if line.startswith("id: ")] == ["id: test-3", "id: done"]
    assert http.get(f"/v1/submissions/{told['id']}/events", headers={"Last-Event-ID": "done"}).status_code == 204


def test_events_come_while_the_program_is_judged(http: httpx.Client) -> None:
    source = "import time; time.sleep(0.3)\n" + RIGHT
    told = http.post("/v1/submissions", json=sent(source, cache=False)).json()
    with http.stream("GET", f"/v1/submissions/{told['id']}/events") as response:
        for line in response.iter_lines():
            if line == "id: test-0":
                assert http.get(f"/v1/submissions/{told['id']}").json()["status"] == "running"
                break
        else:
            pytest.fail("no event of a test")


def test_run_gives_what_the_program_wrote(http: httpx.Client) -> None:
    source = "import sys; print(input()[::-1]); sys.stderr.write('oh'); sys.exit(3)"
    told = http.post("/v1/run", json={"language": "python", "source": source, "stdin": "abc"}).json()
    assert (told["verdict"], told["stdout"], told["stderr"], told["exit_code"]) == ("RTE", "cba\n", "oh", 3)


def test_problem_is_stored_fetched_listed_and_forgotten(http: httpx.Client) -> None:
    body = {**A_PLUS_B, "title": "Sum", "tiers": [0.5, 1.0], "tags": ["easy"]}
    first = http.put("/v1/problems/set/sum", json=body).json()
    assert (first["id"], first["tests"], first["tiers"], first["tags"]) == ("set/sum", 4, [0.5, 1.0], ["easy"])
    assert http.put("/v1/problems/set/sum", json=body).json() == first
    fetched = http.get("/v1/problems/set/sum").json()
    assert (fetched["title"], fetched["tests"][3]["output"]) == ("Sum", "4\n")
    assert [problem["id"] for problem in http.get("/v1/problems?prefix=set/").json()] == ["set/sum"]
    assert http.delete("/v1/problems/set/sum").status_code == 204
    assert http.get("/v1/problems/set/sum").status_code == 404
    assert http.delete("/v1/problems/set/sum").status_code == 404


def test_problem_may_come_as_zstd(http: httpx.Client) -> None:
    tests = [{"input": "1 1\n" * 500_000, "output": "2\n"}]
    body = zstandard.compress(orjson.dumps({**A_PLUS_B, "tests": tests}))
    response = http.put("/v1/problems/packed", content=body, headers={"Content-Encoding": "zstd"})
    assert response.json()["input_bytes"] == 2_000_000


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"no zstd", 400),
        (zstandard.compress(b"{}")[:-3], 400),
        (zstandard.compress(b" " * (5 << 20)), 413),
    ],
    ids=["not zstd", "cut off", "grows past the bound"],
)
def test_bad_zstd_is_refused(http: httpx.Client, body: bytes, status: int) -> None:
    response = http.put("/v1/problems/packed", content=body, headers={"Content-Encoding": "zstd"})
    assert (response.status_code, response.json()["errors"][0]["path"]) == (status, "body")


def package(**files: str) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return written.getvalue()


def test_problem_may_come_as_a_problem_package(http: httpx.Client) -> None:
    files = {
        "sum/problem.yaml": "name: Sum\nlimits: {time_limit: 3}\n",
        "sum/data/sample/1.in": "1 1\n",
        "sum/data/sample/1.ans": "2\n",
        "sum/data/secret/1.in": "20 1\n",
        "sum/data/secret/1.ans": "21\n",
    }
    headers = {"Content-Type": "application/zip"}
    told = http.put("/v1/problems/icpc/sum", content=package(**files), headers=headers).json()
    assert (told["id"], told["title"], told["tests"], told["time_limit_s"]) == ("icpc/sum", "Sum", 2, 3)
    assert http.post("/v1/submissions?wait=30", json=sent(problem="icpc/sum")).json()["verdict"] == "AC"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"PK no zip", "no zip archive"),
        (package(**{"sum/problem.yaml": "name: Sum\n"}), "secret"),
        (package(**{"../../evil": "x"}), ""),
    ],
    ids=["no zip", "no tests", "path that leaves"],
)
def test_bad_problem_package_is_refused_and_nothing_is_stored(http: httpx.Client, body: bytes, words: str) -> None:
    response = http.put("/v1/problems/icpc/bad", content=body, headers={"Content-Type": "application/zip"})
    assert (response.status_code, response.json()["errors"][0]["path"]) == (422, "body")
    assert words in response.json()["detail"]
    assert http.get("/v1/problems/icpc/bad").status_code == 404


def test_languages_tell_what_is_here_and_what_brings_the_rest(http: httpx.Client) -> None:
    told = {language["name"]: language for language in http.get("/v1/languages").json()}
    assert told["python"]["available"]
    assert told["python"]["version"]
    assert all(language["available"] or (language["reason"] and language["package"]) for language in told.values())


def test_workers_tell_their_boxes(http: httpx.Client) -> None:
    (worker,) = http.get("/v1/workers").json()
    assert (worker["wall"], len([box for box in worker["boxes"] if box["kind"] == "standard"])) == ("namespaces", 2)
    assert sum(box["runs"] for box in worker["boxes"]) > 0


def test_workers_tell_their_speed(http: httpx.Client) -> None:
    until = time.monotonic() + 60
    while (worker := http.get("/v1/workers").json()[0])["speed"] is None:  # measured when the boxes have nothing else to do
        assert time.monotonic() < until
        time.sleep(0.1)
    assert set(worker["speed"]) == {"figure", "integer", "memory", "allocation", "interpreter"}
    assert all(part > 0 for part in worker["speed"].values())
    assert (worker["limit_factor"], worker["steady"]) == (1.0, True) or not worker["steady"]
    metrics = http.get("/metrics").text
    assert f'tierline_worker_speed{{worker="{worker["name"]}"}}' in metrics
    assert f'tierline_worker_unsteady{{worker="{worker["name"]}"}}' in metrics


def test_metrics_count_what_was_judged(http: httpx.Client, server: Serving) -> None:
    def value(text: str, name: str) -> float:
        return sum(float(line.split()[-1]) for line in text.splitlines() if line.startswith(name))

    def grown(name: str) -> float:
        return value(after, name) - value(before, name)

    while value(before := http.get("/metrics").text, "tierline_running") or value(before, "tierline_queue_depth"):
        pass  # what earlier tests left to be judged
    http.post("/v1/submissions?wait=30", json=sent(WRONG, cache=False, stop="never"))
    after = http.get("/metrics").text

    assert grown('tierline_submissions_total{cached="no",language="python",verdict="WA"}') == 1
    if not server.settings.redis_url:  # else the worker counts them, in metrics of its own
        assert grown('tierline_tests_total{verdict="WA"}') == 3
        assert grown('tierline_tests_total{verdict="AC"}') == 1
    assert grown("tierline_judge_errors_total") == 0


def test_server_is_alive_and_ready_and_says_who_it_is(http: httpx.Client) -> None:
    assert http.get("/healthz").json() == {"status": "ok"}
    assert http.get("/readyz").json() == {"status": "ready"}
    assert "<title>tierline</title>" in http.get("/").text
    assert http.get("/healthz", headers={"X-Request-ID": "mine-1"}).headers["x-request-id"] == "mine-1"


def test_openapi_knows_the_bodies_and_the_errors(http: httpx.Client) -> None:
    told = http.get("/openapi.json").json()
    submit = told["paths"]["/v1/submissions"]["post"]
    assert submit["requestBody"]["content"]["application/json"]["schema"]["$ref"].endswith("/Submission")
    assert "application/problem+json" in submit["responses"]["429"]["content"]
    assert told["components"]["schemas"]["Submission"]["properties"]["coverage"]["maximum"] == 1


def test_a_bug_of_ours_is_a_problem_document_with_the_request_to_look_for(tmp_path: Path) -> None:
    settings = settings_for(tmp_path)

    def broken(*_: Any) -> Any:
        raise RuntimeError("a bug with a secret in it")

    def opened(observer: Observer) -> Any:
        queue = InProcessQueue(broken, broken, settings, threads=1, workers=broken, observer=observer)
        return nullcontext(Backend(queue, ProblemStore(tmp_path), LanguageTable([])))

    with serving(opened, settings) as running:
        told = httpx.get(f"{running.url}/v1/workers", headers={"X-Request-ID": "look-for-me"})
        assert (told.status_code, told.headers["content-type"]) == (500, "application/problem+json")
        assert "look-for-me" in told.json()["detail"]
        assert "secret" not in told.text
        assert httpx.get(f"{running.url}/healthz").status_code == 200


def test_damaged_problem_is_a_failure_of_the_judge_and_no_verdict(server: Serving, http: httpx.Client) -> None:
    http.put("/v1/problems/damaged", json={**A_PLUS_B, "tests": [{"input": "damaged\n", "output": "x"}]})
    blobs = [path for path in (server.settings.data_dir / "blobs").rglob("*") if path.is_file()]
    newest = max(blobs, key=lambda path: path.stat().st_mtime_ns)
    newest.write_bytes(b"no longer what it was")
    told = http.get("/v1/problems/damaged")
    assert (told.status_code, told.headers["content-type"]) == (500, "application/problem+json")
    assert "put the problem again" in told.json()["detail"]
    assert http.post("/v1/submissions?wait=30", json=sent("print(input())", problem="damaged")).json()["verdict"] == "JE"
    http.delete("/v1/problems/damaged")


# -- who may call ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "evil.example"}, 403),
        ({"Host": "evil.example:8077"}, 403),
        ({"Host": "localhost.evil.example"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Host": "localhost:8077", "Origin": "http://localhost:8077"}, 200),
        ({"Host": "[::1]:8077"}, 200),
        ({}, 200),
    ],
    ids=str,
)
def test_without_keys_web_pages_of_others_are_refused(http: httpx.Client, headers: dict[str, str], status: int) -> None:
    response = http.get("/v1/languages", headers=headers)
    assert response.status_code == status
    if status == 403:
        assert response.headers["content-type"] == "application/problem+json"


def test_with_keys_all_but_health_needs_one(pool: Pool, tmp_path: Path) -> None:
    settings = settings_for(tmp_path, api_keys=("one", "two"))
    with serving(boxes_of(pool, settings), settings) as running, httpx.Client(base_url=running.url) as http:
        good, bad = {"Authorization": "Bearer two"}, {"Authorization": "Bearer tw"}
        for path in ("/v1/languages", "/v1/problems", "/metrics", "/v1/workers"):
            assert [http.get(path, headers=headers).status_code for headers in ({}, bad, good)] == [401, 401, 200]
        refused = http.post("/v1/run", json={})
        assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
        assert refused.headers["content-type"] == "application/problem+json"
        assert [http.get(path).status_code for path in ("/healthz", "/readyz")] == [200, 200]
        assert http.get("/v1/languages", headers={"Authorization": "Basic two"}).status_code == 401
        assert http.get("/v1/languages", headers={**good, "Host": "judge.example"}).status_code == 200
        assert "one" not in http.get("/metrics", headers=good).text.split()


# -- overload and draining ---------------------------------------------------------------------------------------------


def test_full_queue_is_429_with_retry_after_and_healthz_answers(pool: Pool, tmp_path: Path) -> None:
    settings = settings_for(tmp_path, queue_size=3, drain_s=0)
    with serving(boxes_of(pool, settings), settings) as running, httpx.Client(base_url=running.url) as http:
        http.put("/v1/problems/a-plus-b", json=A_PLUS_B)
        taken = [http.post("/v1/submissions", json=sent(SLEEPER, cache=False)) for _ in range(8)]
        refused = [response for response in taken if response.status_code == 429]
        assert {response.status_code for response in taken} == {202, 429}
        assert 3 <= len(taken) - len(refused) <= 5
        assert all(int(response.headers["retry-after"]) >= 1 for response in refused)
        batch = http.post("/v1/submissions/batch", json={"submissions": [sent(), sent(WRONG)]})
        assert (batch.status_code, "retry-after" in batch.headers) == (429, True)
        assert http.get("/healthz").status_code == 200


def test_draining_refuses_new_work_and_finishes_streams(pool: Pool, tmp_path: Path) -> None:
    settings = settings_for(tmp_path, drain_s=30)
    source = "import time; time.sleep(0.15)\n" + RIGHT
    with serving(boxes_of(pool, settings), settings) as running, httpx.Client(base_url=running.url, timeout=60) as http:
        http.put("/v1/problems/a-plus-b", json=A_PLUS_B)
        batch = {"submissions": [sent(source, cache=False) for _ in range(3)]}
        with http.stream("POST", "/v1/submissions/batch", json=batch) as response:
            running.drain()
            end = time.monotonic() + 10
            while httpx.get(f"{running.url}/readyz").status_code != 503:
                assert time.monotonic() < end
            late = httpx.post(f"{running.url}/v1/submissions", json=sent())
            assert (late.status_code, "retry-after" in late.headers) == (503, True)
            assert httpx.get(f"{running.url}/healthz").status_code == 200
            verdicts = [orjson.loads(line)["result"]["verdict"] for line in response.iter_lines()]
        assert verdicts == ["AC"] * 3


def test_what_is_not_done_when_the_drain_ends_is_handed_back_as_je(pool: Pool, tmp_path: Path) -> None:
    settings = settings_for(tmp_path, drain_s=0.1)
    answers: list[dict[str, Any]] = []
    with serving(boxes_of(pool, settings), settings) as running:
        httpx.put(f"{running.url}/v1/problems/a-plus-b", json=A_PLUS_B)

        def ask(number: int) -> None:
            body = sent(SLEEPER + f"# {number}", cache=False)
            answers.append(httpx.post(f"{running.url}/v1/submissions?wait=60", json=body, timeout=60).json())

        callers = [threading.Thread(target=ask, args=(number,)) for number in range(5)]
        for caller in callers:
            caller.start()
        end = time.monotonic() + 10
        while httpx.get(f"{running.url}/metrics").text.count('tierline_queue_depth{priority="interactive"} 3.0') == 0:
            assert time.monotonic() < end
        running.drain()
        for caller in callers:
            caller.join(30)
    assert [answer["verdict"] for answer in answers] == ["JE"] * 5
    assert all("send it again" in answer["error"] for answer in answers)


def test_answers_in_two_writes_are_not_held_back(tmp_path: Path) -> None:
    """asyncio turns Nagle's algorithm off for sockets that say they are TCP's, and only for those."""
    with listen(settings_for(tmp_path, port=0)) as listening:
        with socket.create_connection(listening.getsockname()), listening.accept()[0] as accepted:
            assert accepted.proto == socket.IPPROTO_TCP
