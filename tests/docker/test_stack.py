"""The whole stack in containers: right verdicts on the problem set, and nothing lost or doubled when parts of it die."""

import json
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest

from service import problem_set
from service.problem_set.submissions import ExpectedSubmission
from service.schemas import Result, Verdict
from tests.docker.stack import Stack

pytestmark = pytest.mark.timeout(1200)


def is_slow(program: ExpectedSubmission) -> bool:
    """Judged to its first failure only, for it fails by taking its time on every larger test."""
    return program.file_name.startswith("brute.")


def stream(stack: Stack, submissions: list[dict[str, Any]]) -> Iterator[tuple[int, Result]]:
    """Lines of a batch as they come."""
    with stack.client() as client, client.stream("POST", "/v1/submissions/batch", json={"submissions": submissions}) as answer:
        assert answer.status_code == 200, answer.read()
        for line in answer.iter_lines():
            row = json.loads(line)
            yield row["index"], Result.model_validate(row["result"])


def test_three_workers_stand_behind_namespaces_and_measure_with_control_groups(stack: Stack) -> None:
    workers = stack.wait_for_workers(3)
    assert {worker["wall"] for worker in workers} == {"namespaces"}
    for container in stack.containers("worker"):
        done = stack.run_in(container, "tierline", "doctor", "--json")
        assert done.returncode == 0, done.stdout
        states = {(check["name"], check["state"]): check["found"] for check in json.loads(done.stdout)["checks"]}
        assert states[("control groups", "ok")] in ("v1", "v2", "hybrid")
        assert "SYS_ADMIN" in states[("container", "ok")]


def test_the_api_is_an_ordinary_user_that_can_write_nothing_but_its_data(stack: Stack) -> None:
    (api,) = stack.containers("api")
    assert stack.run_in(api, "id", "-u").stdout.strip() == "10001"
    status = stack.run_in(api, "cat", "/proc/self/status").stdout
    assert "CapEff:\t0000000000000000" in status
    assert "CapBnd:\t0000000000000000" in status
    assert stack.run_in(api, "touch", "/opt/tierline/x").returncode != 0
    assert stack.run_in(api, "touch", "/data/x").returncode == 0
    assert stack.run_in(api, "sh", "-c", "command -v g++ gcc cc").returncode != 0


def test_without_the_key_nothing_is_answered(stack: Stack) -> None:
    with stack.client() as client:
        assert client.get("/v1/workers").status_code == 200
        client.headers["Authorization"] = "Bearer wrong"
        assert client.get("/v1/workers").status_code == 401


def test_a_session_keeps_its_files_and_reaches_nothing(stack: Stack) -> None:
    with stack.client() as client:
        session = client.post("/v1/sessions", json={"disk_limit_mb": 64}).json()["id"]
        said = client.post(
            f"/v1/sessions/{session}/exec", json={"command": "echo kept > a; cat a; ls /problems /data /run"}
        ).json()
        assert said["stdout"] == "kept\n", said
        assert client.get(f"/v1/sessions/{session}/files/a").content == b"kept\n"
        reach = "import socket; socket.create_connection(('redis', 6379), 2)"
        tried = client.post(f"/v1/sessions/{session}/exec", json={"command": f'python3 -c "{reach}"'}).json()
        assert tried["exit_code"] != 0, tried
        assert client.delete(f"/v1/sessions/{session}").is_success


def test_the_problem_set_is_judged_as_expected(stack: Stack) -> None:
    """A batch for each problem and some at once: one whole batch would wait until the API has made the tests of all problems."""
    with ThreadPoolExecutor(4) as threads:
        objections = dict(pair for found in threads.map(partial(objections_of, stack), problem_set.names()) for pair in found)
    assert len(objections) == sum(len(problem_set.load(name).submissions) for name in problem_set.names())
    assert {program: objection for program, objection in objections.items() if objection} == {}


def objections_of(stack: Stack, name: str) -> list[tuple[str, str | None]]:
    """What is not as expected of each program of a problem."""
    programs = problem_set.load(name).submissions
    submissions = [
        {
            "problem": name,
            "language": program.language,
            "source": program.source,
            "stop": "first_failure" if is_slow(program) else "never",
        }
        for program in programs
    ]
    judged = [(programs[index], result) for index, result in stream(stack, submissions)]
    return [(f"{name}/{program.file_name}", objection_to(program, result)) for program, result in judged]


def objection_to(program: ExpectedSubmission, result: Result) -> str | None:
    """With what there is to know of the result."""
    if is_slow(program):
        objection = None if result.verdict in program.required else f"is {result.verdict}: {result.error}"
    else:
        objection = program.objection(result)
    if objection is None:
        return None
    tests = [(str(test.verdict), test.memory_mb, test.message) for test in result.tests]
    return f"{objection}; {result.verdict} by {result.worker}, {result.error}, {tests}"


RIGHT = "a, b = map(int, input().split())\nprint(a + b)\n"
KINDS = [
    (Verdict.AC, "python", RIGHT),
    (Verdict.WA, "python", "a, b = map(int, input().split())\nprint(a + b + (a > 5))\n"),
    (Verdict.AC, "cpp17", "#include <bits/stdc++.h>\nint main() { long long a, b; std::cin >> a >> b; std::cout << a + b; }\n"),
    (Verdict.AC, "python", f"import time\ntime.sleep(0.05)\n{RIGHT}"),
    (Verdict.RTE, "python", f"{RIGHT}assert a < 5\n"),
]
PROBLEM = {
    "tests": [{"input": f"{a} {a + 1}\n", "output": f"{2 * a + 1}\n"} for a in range(10)],
    "time_limit_s": 2.0,
    "memory_limit_mb": 256,
}


def test_500_submissions_survive_the_death_of_a_worker_and_of_redis(stack: Stack) -> None:
    marks = {"python": "#", "cpp17": "//"}
    submissions = [
        # Each source is another, or equal ones would be judged once.
        {"problem": PROBLEM, "language": language, "source": f"{source}{marks[language]} {index}\n"}
        for index in range(500)
        for _, language, source in [KINDS[index % len(KINDS)]]
    ]
    worker, redis = stack.containers("worker")[1], stack.containers("redis")[0]
    crashes = {60: worker, 200: redis}
    seen: Counter[int] = Counter()
    wrong = {}
    for index, result in stream(stack, submissions):
        seen[index] += 1
        if result.verdict != KINDS[index % len(KINDS)][0]:
            wrong[index] = (result.verdict, result.error)
        if (victim := crashes.pop(seen.total(), None)) is not None:
            stack.crash(victim)
    assert not crashes, "the batch ended before both had died"
    assert wrong == {}
    assert seen == Counter(range(500)), f"doubled: {[index for index, times in seen.items() if times > 1]}"
    stack.wait_for_workers(3)
    assert [container["RestartCount"] for container in stack.containers("redis")] == [1]
    assert sorted(container["RestartCount"] for container in stack.containers("worker")) == [0, 0, 1]


def test_what_was_let_in_is_judged_after_redis_died_before_anybody_could(stack: Stack) -> None:
    """The append-only file has it, or the API that let it in: not the client, which asks again only for results."""
    (redis,) = stack.containers("redis")
    with stack.client() as client:
        sent = [
            client.post(
                "/v1/submissions", json={"problem": PROBLEM, "language": "python", "source": f"{RIGHT}# after {number}\n"}
            )
            for number in range(30)
        ]
        stack.crash(redis)
        assert {answer.status_code for answer in sent} <= {200, 202}
        results = {}
        for answer in sent:
            name = answer.json()["id"]
            results[name] = _wait(stack, name)
    assert {result.verdict for result in results.values()} == {Verdict.AC}


def _wait(stack: Stack, submission: str) -> Result:
    """Poll through Redis's absence."""
    for _ in range(60):
        with stack.client() as client:
            answer = client.get(f"/v1/submissions/{submission}", params={"wait": 5})
        if answer.status_code == 200 and answer.json()["status"] == "done":
            return Result.model_validate(answer.json())
        threading.Event().wait(0.5)
    raise AssertionError(f"{submission}: {answer.status_code} {answer.text[:500]}")


def test_a_worker_that_is_told_to_stop_hands_back_and_ends_in_good_order(stack: Stack) -> None:
    stack.compose("stop", "--timeout", "75", "worker")
    codes = {container["State"]["ExitCode"] for container in stack.containers("worker")}
    assert codes == {0}
    stack.compose("start", "worker")
    stack.wait_for_workers(3)
