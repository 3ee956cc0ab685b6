"""The reward code of verl and SandboxFusion's own client, unchanged from PyPI, against a real server."""

import importlib
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from sandbox import Pool
from service import routes_run_code
from service.client import verl_score
from service.schemas import RunRequest, RunResult, Verdict
from tests.service import wheels
from tests.service.serving import Serving, boxes_of, server_fixture, serving, settings_for
from tests.service.test_run_code import running_by

CASES = {"inputs": [f"{n}\n1\n" for n in range(12)], "outputs": [f"{n + 1}\n" for n in range(12)]}
RIGHT = "print(int(input()) + int(input()))"
HALF = "n = int(input())\nprint(n + int(input()) if n < 5 else 0)"
"""Right in 5 of the first ten."""


server = server_fixture()


# -- verl ------------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def verl(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = wheels.unpacked("verl", tmp_path_factory.mktemp("verl"))
    return wheels.package("verl_sandbox_fusion", folder / "verl" / "utils" / "reward_score" / "sandbox_fusion")


def score(verl: Any, server: Serving, program: str, *, cases: Any = CASES, **more: Any) -> tuple[float, list[dict[str, Any]]]:
    url, completion = f"{server.url}/run_code", f"Here it is:\n```python\n{program}\n```\n"
    found, about = verl.compute_score(url, threading.Semaphore(64), 1024, completion, json.dumps(cases), **more)
    return found, about


@pytest.mark.parametrize(
    ("program", "wanted", "statuses"),
    [
        (RIGHT, 1.0, {"success"}),
        ("print(0)", 0.0, {"wrong_answer"}),
        (HALF, 0.5, {"success", "wrong_answer"}),
        ("1/0", 0.0, {"runtime_error"}),
        ("x = (", 0.0, {"runtime_error"}),
        ("data = bytearray(3 << 30)\nfor place in range(0, len(data), 4096): data[place] = 1", 0.0, {"runtime_error"}),
    ],
)
def test_verl_scores_programs_as_they_deserve(
    verl: Any, server: Serving, program: str, wanted: float, statuses: set[str]
) -> None:
    found, about = score(verl, server, program, continuous=True)
    assert (found, {case["status"] for case in about}) == (wanted, statuses)


def test_verl_scores_a_program_that_never_ends_as_timed_out(verl: Any, server: Serving) -> None:
    found, about = score(verl, server, "while True: pass", cases={"inputs": ["1\n"], "outputs": ["1\n"]}, timeout=0.3)
    assert (found, [case["status"] for case in about]) == (0.0, ["timeout"])


def test_verl_calls_functions(verl: Any, server: Serving) -> None:
    cases = {"fn_name": "plus", "inputs": ["1\n2", "3\n4"], "outputs": ["3", "7"]}
    assert score(verl, server, "def plus(a, b): return a + b", cases=cases)[0] == 1.0
    assert score(verl, server, "class Solution:\n    def plus(self, a, b): return a * b", cases=cases)[0] == 0.0


@pytest.mark.parametrize(
    ("source", "results"),
    [
        ("#include <iostream>\nint main() { int a, b; std::cin >> a >> b; std::cout << a + b; }", [True, True]),
        ("#include <iostream>\nint main() { std::cout << 1; }", [True, False]),
        ("int main() { return x; }", [-4, -4]),
        ("int main() { return 1; }", [-2, -2]),
    ],
)
def test_verl_checks_cpp(verl: Any, server: Serving, source: str, results: list[Any]) -> None:
    cases = {"inputs": ["0 1\n", "1 1\n"], "outputs": ["1\n", "2\n"]}
    assert verl.check_correctness(f"{server.url}/run_code", cases, source, language="cpp")[0] == results


def test_verl_scores_no_right_program_wrong_while_the_queue_is_full(verl: Any, pool: Pool, tmp_path: Path) -> None:
    settings = settings_for(tmp_path, queue_size=1)
    with serving(boxes_of(pool, settings), settings) as running, ThreadPoolExecutor(8) as threads:
        scores = list(threads.map(lambda number: score(verl, running, f"{RIGHT}  # {number}")[0], range(8)))
    assert scores == [1.0] * 8


def test_verl_waits_for_a_judge_that_takes_longer_than_its_own_timeout(
    verl: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, looked = settings_for(tmp_path), threading.Event()
    monkeypatch.setattr(verl.utils, "API_TIMEOUT", 0.5)
    monkeypatch.setattr(routes_run_code, "SILENT_S", 0.1)
    monkeypatch.setattr(routes_run_code, "BEAT_S", 0.1)

    def run(request: RunRequest, cancelled: threading.Event) -> RunResult:
        cancelled.wait(3)  # verl would hang up after 0.7 s without a byte
        looked.set()
        return RunResult(verdict=Verdict.AC, stdout="1\n")

    with serving(running_by(run, settings), settings) as running:
        found, _ = score(verl, running, RIGHT, cases={"inputs": ["0\n1\n"], "outputs": ["1\n"]}, timeout=0.1)
    assert looked.is_set()
    assert found == 1.0


def test_verl_asks_again_where_the_judge_failed(verl: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings, calls = settings_for(tmp_path), []
    monkeypatch.setattr(verl.utils, "INITIAL_RETRY_DELAY", 0.01)

    def run(request: RunRequest, cancelled: threading.Event) -> RunResult:
        calls.append(request)
        return RunResult(verdict=Verdict.JE if len(calls) < 3 else Verdict.AC, stdout="1\n", error="the box died")

    with serving(running_by(run, settings), settings) as running:
        found, _ = score(verl, running, RIGHT, cases={"inputs": ["0\n1\n"], "outputs": ["1\n"]})
    assert (found, len(calls)) == (1.0, 3)


def test_verl_can_bring_a_key_in_the_url(verl: Any, pool: Pool, tmp_path: Path) -> None:
    settings = settings_for(tmp_path, api_keys=("secret",))
    with serving(boxes_of(pool, settings), settings) as running:
        good, bad = (
            Serving(running.url.replace("//", f"//verl:{key}@"), running.server, running.state, settings)
            for key in ("secret", "wrong")
        )
        assert score(verl, good, RIGHT)[0] == 1.0
        found, about = score(verl, bad, RIGHT)
        assert (found, {case["status"] for case in about}) == (0.0, {"api_error"})


def test_verl_loads_our_score_by_its_name(tmp_path: Path) -> None:
    folder = wheels.unpacked("verl", tmp_path)
    utils = wheels.module("verl_import_utils", folder / "verl" / "utils" / "import_utils.py")
    assert utils.load_extern_object("pkg://service.client.verl_score", "compute_score") is verl_score.compute_score


# -- SandboxFusion's own client -------------------------------------------------------------------------------------------

pydantic_1 = pytest.mark.filterwarnings("ignore:The `dict` method is deprecated")


@pytest.fixture(scope="module")
def fusion(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = wheels.unpacked("sandbox_fusion", tmp_path_factory.mktemp("fusion"))
    wheels.bare_package("sandbox_fusion", folder / "sandbox_fusion")  # its __init__ wants aiohttp, for the other client
    return importlib.import_module("sandbox_fusion.client")


@pydantic_1
@pytest.mark.parametrize(
    ("body", "summary"),
    [
        ({"code": "print(1)", "language": "python"}, "Success"),
        ({"code": "1/0", "language": "python"}, "run failed"),
        ({"code": "while True: pass", "language": "python", "run_timeout": 0.3}, "run timed out"),
        ({"code": "int main() { return x; }", "language": "cpp"}, "compile failed"),
        ({"code": "int main() { return 0; } // !", "language": "cpp", "compile_timeout": 0.005}, "compile timed out"),
        ({"code": "int main() { return 0; }", "language": "cpp"}, "Success"),
    ],
)
def test_sandbox_fusion_client_reads_every_ending(fusion: Any, server: Serving, body: dict[str, Any], summary: str) -> None:
    models = importlib.import_module("sandbox_fusion.models")
    mapping = models.SummaryMapping(
        CompileFailed="compile failed", CompileTimeout="compile timed out", RunFailed="run failed", RunTimeout="run timed out"
    )
    answer = fusion.run_code(models.RunCodeRequest(**body), endpoint=server.url, max_attempts=1)
    assert str(getattr(found := fusion.summary_run_code_result(answer, mapping), "value", found)) == summary


@pydantic_1
def test_sandbox_fusion_client_asks_again_where_the_judge_failed(fusion: Any, tmp_path: Path) -> None:
    settings, calls = settings_for(tmp_path), []

    def run(request: RunRequest, cancelled: threading.Event) -> RunResult:
        calls.append(request)
        return RunResult(verdict=Verdict.JE if len(calls) < 2 else Verdict.AC, stdout="1\n", error="the box died")

    models = importlib.import_module("sandbox_fusion.models")
    with serving(running_by(run, settings), settings) as running:
        answer = fusion.run_code(models.RunCodeRequest(code="print(1)", language="python"), endpoint=running.url)
    assert (answer.status, answer.run_result.stdout, len(calls)) == ("Success", "1\n", 2)
