"""Both clients against a real server; and against servers that hang up, refuse, and forget."""

import asyncio
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from sandbox import Pool
from service.backend import Backend, OpenBackend
from service.client import AsyncTierlineClient, Patience, TierlineClient
from service.errors import Conflict, Invalid, JudgeFailed, NotFound, Overloaded, TooLarge, Unauthorized
from service.in_process_queue import InProcessQueue
from service.languages_view import LanguageTable
from service.queue import Job, Observer
from service.schemas import (
    Event,
    LanguageInfo,
    Problem,
    Result,
    RunRequest,
    RunResult,
    Status,
    Submission,
    TokensChecker,
    Verdict,
)
from service.settings import Settings
from service.store import ProblemStore
from tests.service.serving import A_PLUS_B, RIGHT, SLEEPER, WRONG, Serving, boxes_of, server_fixture, serving, settings_for

PROBLEM = Problem.model_validate(A_PLUS_B)
HASTY = Patience(attempts=4, pause_s=0.01, longest_pause_s=0.02, full_s=5)


server = server_fixture()


@pytest.fixture(scope="module")
def client(server: Serving) -> Iterator[TierlineClient]:
    with TierlineClient(server.url, patience=HASTY) as client:
        client.put_problem("a-plus-b", PROBLEM)
        yield client


def sent(source: str = RIGHT, **more: Any) -> Submission:
    return Submission(problem=more.pop("problem", "a-plus-b"), language="python", source=source, **more)


def test_importing_the_client_brings_no_server_no_sandbox_no_torch() -> None:
    code = (
        "import sys, service.client, service.schemas, service.errors\n"
        "bad = {'fastapi', 'starlette', 'uvicorn', 'redis', 'rq', 'torch', 'sandbox', 'structlog', 'prometheus_client'}\n"
        "print(sorted(bad & {name.partition('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_judge_waits_for_the_result(client: TierlineClient) -> None:
    result = client.judge(sent("print(int(input().split()[0]) % 3 + 1)"))
    assert (result.verdict, result.coverage_passed, result.tiers[3].verdict) == (Verdict.WA, 0.75, Verdict.WA)


def test_inline_problem_can_be_judged(client: TierlineClient) -> None:
    assert client.judge(sent(problem=PROBLEM)).verdict is Verdict.AC


def test_submit_result_cancel(client: TierlineClient) -> None:
    standing = client.submit(sent(SLEEPER, cache=False))
    assert standing.status in (Status.QUEUED, Status.RUNNING)
    assert client.result(standing.id, wait_s=0.01).verdict is None
    assert client.cancel(standing.id).status is Status.CANCELLED
    assert client.submit(sent(), wait_s=30).verdict is Verdict.AC


def test_batch_yields_every_result_with_its_index(client: TierlineClient) -> None:
    sources = [RIGHT, WRONG, "1/0"] * 4
    verdicts = {index: result.verdict for index, result in client.batch(sent(source) for source in sources)}
    assert [verdicts[index] for index in range(12)] == ["AC", "WA", "RTE"] * 4


def test_empty_batch_is_no_call(client: TierlineClient) -> None:
    assert list(client.batch([])) == []


def test_events_end_with_the_result(client: TierlineClient) -> None:
    standing = client.submit(sent("import time; time.sleep(0.05)\n" + RIGHT, cache=False))
    events = list(client.events(standing.id))
    assert [event.kind for event in events] == ["queued", "compiling", "compiled", *["test"] * 4, "done"]
    assert events[-1].data["verdict"] == "AC"


def test_run_gives_the_output(client: TierlineClient) -> None:
    assert client.run(RunRequest(language="python", source="print(input() * 2)", stdin="ab")).stdout == "abab\n"


def test_a_checker_keeps_its_type_on_the_way(client: TierlineClient) -> None:
    folded = PROBLEM.model_copy(update={"checker": TokensChecker(case_sensitive=False)})
    client.put_problem("folded", folded)
    assert client.get_problem("folded") == folded
    assert client.judge(sent(problem=folded)).verdict is Verdict.AC
    assert [result.verdict for _, result in client.batch([sent(problem=folded)])] == [Verdict.AC]
    client.delete_problem("folded")


def test_problems_are_stored_listed_and_forgotten(client: TierlineClient) -> None:
    client.put_problem("set/one", PROBLEM)
    assert client.get_problem("set/one").tests == PROBLEM.tests
    assert [problem.id for problem in client.list_problems("set/")] == ["set/one"]
    client.delete_problem("set/one")
    with pytest.raises(NotFound):
        client.get_problem("set/one")


def test_languages_and_ready(client: TierlineClient) -> None:
    assert "python" in [language.name for language in client.languages() if language.available]
    assert client.ready()
    with TierlineClient("http://127.0.0.1:9", patience=HASTY) as nobody:
        assert not nobody.ready()


def test_errors_are_those_of_the_service_with_fields(client: TierlineClient) -> None:
    with pytest.raises(NotFound) as unknown:
        client.judge(sent(problem="nobody"))
    assert unknown.value.errors[0].path == "problem"
    with pytest.raises(Invalid) as invalid:
        client.judge(Submission(problem="a-plus-b", language="cobol", source=""))
    assert invalid.value.errors[0].path == "language"
    with pytest.raises(TooLarge):
        client.judge(sent("#" * 200_000))
    client.judge(sent(idempotency_key="used"))
    with pytest.raises(Conflict):
        client.judge(sent(WRONG, idempotency_key="used"))
    with pytest.raises(Invalid) as batch:
        list(client.batch([sent(), Submission(problem="a-plus-b", language="cobol", source="")]))
    assert batch.value.errors[0].path == "submissions.1.language"


def test_async_client_says_the_same(server: Serving, client: TierlineClient) -> None:
    async def ask() -> None:
        async with AsyncTierlineClient(server.url, patience=HASTY) as judge:
            results = await asyncio.gather(*[judge.judge(sent(source, cache=False)) for source in (RIGHT, WRONG)])
            assert [result.verdict for result in results] == ["AC", "WA"]
            batch = {index: result.verdict async for index, result in judge.batch([sent(WRONG), sent(RIGHT)])}
            assert batch == {0: "WA", 1: "AC"}
            standing = await judge.submit(sent())
            assert [event.kind async for event in judge.events(standing.id)][-1] == "done"
            assert (await judge.result(standing.id, wait_s=10)).verdict is Verdict.AC
            assert (await judge.cancel(standing.id)).verdict is Verdict.AC
            assert (await judge.run(RunRequest(language="python", source="print(1)"))).stdout == "1\n"
            await judge.put_problem("async", PROBLEM)
            assert (await judge.get_problem("async")).tests == PROBLEM.tests
            assert [problem.id for problem in await judge.list_problems("async")] == ["async"]
            await judge.delete_problem("async")
            assert any(language.available for language in await judge.languages())
            assert await judge.ready()
            with pytest.raises(NotFound):
                await judge.result("nobody")

    asyncio.run(ask())


def test_key_is_sent(pool: Pool, tmp_path: Path) -> None:
    settings = settings_for(tmp_path, api_keys=("secret",))
    with serving(boxes_of(pool, settings), settings) as running:
        with TierlineClient(running.url, key="secret") as good, TierlineClient(running.url, key="wrong") as bad:
            assert good.list_problems() == []
            with pytest.raises(Unauthorized):
                bad.list_problems()


# -- a judge that fails --------------------------------------------------------------------------------------------------


def failing(settings: Settings) -> OpenBackend:
    """A backend that cannot tell about sources with `?`."""

    def judge(job: Job, on_event: Callable[[Event], None], cancelled: threading.Event) -> Result:
        broken = "?" in job.submission.source
        return Result(verdict=Verdict.JE if broken else Verdict.AC, error="the box died" if broken else None)

    def run(request: RunRequest, cancelled: threading.Event) -> RunResult:
        return RunResult(verdict=Verdict.JE, error="the box died")

    def opened(observer: Observer) -> Any:
        languages = LanguageTable([LanguageInfo(name="python", title="Python", available=True)])
        queue = InProcessQueue(judge, run, settings, threads=1, observer=observer)
        return nullcontext(Backend(queue, ProblemStore(settings.data_dir), languages))

    return opened


def test_judge_error_is_raised_and_never_a_verdict_unless_asked_for(tmp_path: Path) -> None:
    settings = settings_for(tmp_path)
    with serving(failing(settings), settings) as running:
        with TierlineClient(running.url) as strict, TierlineClient(running.url, raise_on_judge_error=False) as lenient:
            strict.put_problem("a-plus-b", PROBLEM)
            with pytest.raises(JudgeFailed, match="the box died"):
                strict.judge(sent("?"))
            assert lenient.judge(sent("?")).verdict is Verdict.JE
            came = []

            def take_all() -> None:
                for index, result in strict.batch([sent("1"), sent("?"), sent("2")]):
                    came.append(index)
                    assert result.verdict is Verdict.AC

            with pytest.raises(JudgeFailed, match=r"1 submissions of the batch have no verdict: 1 \(the box died\)"):
                take_all()
            assert sorted(came) == [0, 2]
            assert {index: result.verdict for index, result in lenient.batch([sent("1"), sent("?")])} == {0: "AC", 1: "JE"}


# -- a network that fails ------------------------------------------------------------------------------------------------


class Proxy:
    """Passes bytes between client and server, and cuts each connection after as many bytes of answer as the list says."""

    def __init__(self, port: int, cuts: list[int]) -> None:
        self._port, self._cuts = port, cuts
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self.connections = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                ours, _ = self._listening.accept()
            except OSError:
                return
            self.connections += 1
            left = self._cuts.pop(0) if self._cuts else 1 << 40
            theirs = socket.create_connection(("127.0.0.1", self._port))
            threading.Thread(target=self._pass, args=(ours, theirs, 1 << 40), daemon=True).start()
            threading.Thread(target=self._pass, args=(theirs, ours, left), daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket, left: int) -> None:
        try:
            while left > 0 and (data := source.recv(min(1 << 16, left))):
                target.sendall(data)
                left -= len(data)
        except OSError:
            pass
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        source.close()  # the other end is the other thread's to close

    def close(self) -> None:
        self._listening.close()


@contextmanager
def cutting(server: Serving, *cuts: int) -> Iterator[Proxy]:
    proxy = Proxy(int(server.url.rpartition(":")[2]), list(cuts))
    try:
        yield proxy
    finally:
        proxy.close()


def judged_so_far(server: Serving) -> float:
    lines = httpx.get(f"{server.url}/metrics").text.splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.startswith("tierline_judging_seconds_count"))


def test_batch_goes_on_after_lost_connections_and_judges_nothing_twice(server: Serving, client: TierlineClient) -> None:
    before = judged_so_far(server)
    batch = [sent(f"{RIGHT}  # resumed {number}", cache=False) for number in range(12)]
    with cutting(server, 0, 600, 4000, 9000) as proxy, TierlineClient(proxy.url, patience=HASTY) as unlucky:
        verdicts = [(index, result.verdict) for index, result in unlucky.batch(batch)]
        assert proxy.connections >= 4
    assert sorted(verdicts) == [(index, Verdict.AC) for index in range(12)]
    assert judged_so_far(server) - before == 12


def test_async_batch_goes_on_after_lost_connections(server: Serving, client: TierlineClient) -> None:
    async def ask(url: str) -> list[int]:
        async with AsyncTierlineClient(url, patience=HASTY) as unlucky:
            return [index async for index, _ in unlucky.batch([sent(f"{RIGHT}  # async {number}") for number in range(6)])]

    with cutting(server, 0, 3000) as proxy:
        assert sorted(asyncio.run(ask(proxy.url))) == list(range(6))


def test_single_submission_survives_lost_connections_and_is_judged_once(server: Serving, client: TierlineClient) -> None:
    before = judged_so_far(server)
    with cutting(server, 0, 50) as proxy, TierlineClient(proxy.url, patience=HASTY) as unlucky:
        assert unlucky.judge(sent("import time; time.sleep(0.05)\n" + RIGHT, cache=False)).verdict is Verdict.AC
    assert judged_so_far(server) - before == 1


def test_events_go_on_where_they_broke_off(server: Serving, client: TierlineClient) -> None:
    standing = client.submit(sent(RIGHT + "  # broken events"), wait_s=30)
    with cutting(server, 700) as proxy, TierlineClient(proxy.url, patience=HASTY) as unlucky:
        kinds = [event.kind for event in unlucky.events(standing.id)]
        assert proxy.connections == 2
    assert kinds == ["queued", "compiling", "compiled", *["test"] * 4, "done"]


def test_patience_ends(server: Serving) -> None:
    with cutting(server, *[0] * 50) as proxy, TierlineClient(proxy.url, patience=HASTY) as unlucky:
        with pytest.raises(httpx.TransportError):
            unlucky.judge(sent())
        with pytest.raises(httpx.TransportError):
            list(unlucky.batch([sent()]))
        assert proxy.connections == 2 * HASTY.attempts


class _Refusing(BaseHTTPRequestHandler):
    refusals: list[tuple[int, dict[str, str]]] = []  # noqa: RUF012 - set by each test on a class of its own
    seen: list[dict[str, Any]] = []  # noqa: RUF012

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.seen.append(orjson.loads(body))
        if self.refusals:
            status, headers = self.refusals.pop(0)
            answer = b'{"detail": "full", "errors": []}'
        else:
            status, headers = 200, {}
            answer = Result(id="x", verdict=Verdict.AC).model_dump_json().encode()
            if "batch" in self.path:
                answer = b'{"index": 0, "result": ' + answer + b"}\n"
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(answer))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextmanager
def refusing(*refusals: tuple[int, dict[str, str]]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    handler = type("Handler", (_Refusing,), {"refusals": list(refusals), "seen": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", handler.seen
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.parametrize("status", [429, 502, 503])
def test_full_judge_is_asked_again_with_the_same_key(status: int) -> None:
    with refusing((status, {"Retry-After": "0"}), (status, {"Retry-After": "0"})) as (url, seen):
        with TierlineClient(url, patience=HASTY) as client:
            assert client.judge(sent()).verdict is Verdict.AC
        assert len(seen) == 3
        assert len({body["idempotency_key"] for body in seen}) == 1


def test_full_judge_refuses_a_batch_and_takes_it_later() -> None:
    with refusing((429, {"Retry-After": "0"})) as (url, seen):
        with TierlineClient(url, patience=HASTY) as client:
            assert [index for index, _ in client.batch([sent()])] == [0]
        assert [len(body["submissions"]) for body in seen] == [1, 1]


def test_retry_after_longer_than_the_patience_is_raised() -> None:
    with refusing((429, {"Retry-After": "100"})) as (url, _), TierlineClient(url, patience=HASTY) as client:
        with pytest.raises(Overloaded) as caught:
            client.judge(sent())
        assert caught.value.retry_after_s == 100


def test_answers_that_are_no_problem_documents_are_errors_all_the_same() -> None:
    with refusing((418, {})) as (url, _), TierlineClient(url, patience=HASTY) as client:
        with pytest.raises(Exception, match="full") as caught:
            client.judge(sent())
        assert caught.value.status == 418  # type: ignore[attr-defined]
