"""Single runs with files: what goes in, what comes back, and what is said of what does not."""

import base64
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.service.serving import Serving, server_fixture

server = server_fixture(max_body_mb=4, run_files_mb=2)


@pytest.fixture
def http(server: Serving) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, timeout=60) as client:
        yield client


def run(http: httpx.Client, source: str, verdict: str = "AC", **more: Any) -> dict[str, Any]:
    response = http.post("/v1/run", json={"language": "python", "source": source, **more})
    assert response.status_code == 200, response.text
    told: dict[str, Any] = response.json()
    assert told["verdict"] == verdict, told
    return told


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


@pytest.mark.parametrize("mode", ["auto", "exec"])
def test_files_go_in_and_come_back(http: httpx.Client, mode: str) -> None:
    source = "open('out/sum', 'w').write(str(sum(map(int, open('in/a').read().split())) + len(open('b', 'rb').read())))"
    files = {"in/a": "1 2 3\n", "b": {"base64": encoded(b"\xff\x00")}, "out/keep": ""}
    told = run(http, source, mode=mode, files=files, collect=["out/sum", "in/a", "b", "absent"])
    assert told["files"] == {
        "out/sum": {"found": True, "too_large": False, "bytes": 1, "text": "8", "base64": None},
        "in/a": {"found": True, "too_large": False, "bytes": 6, "text": "1 2 3\n", "base64": None},
        "b": {"found": True, "too_large": False, "bytes": 2, "text": None, "base64": encoded(b"\xff\x00")},
        "absent": {"found": False, "too_large": False, "bytes": 0, "text": None, "base64": None},
    }


def test_files_can_be_changed_by_the_program_and_are_new_for_the_next(http: httpx.Client) -> None:
    source = "import os; open('a', 'a').write('!'); os.mkdir('d/e'); os.remove('d/x'); print(open('a').read(), os.listdir('.'))"
    for _ in range(2):
        assert run(http, source, files={"a": "one", "d/x": ""})["stdout"] in ("one! ['a', 'd']\n", "one! ['d', 'a']\n")
    assert run(http, "import os; print(os.listdir('.'))")["stdout"] == "[]\n"


def test_bytes_of_any_kind_go_through_stdin_and_stdout(http: httpx.Client) -> None:
    data = bytes(range(256))
    source = "import sys; d = sys.stdin.buffer.read(); sys.stdout.buffer.write(d); sys.stderr.buffer.write(d[::-1])"
    told = run(http, source, stdin={"base64": encoded(data)}, encoding="base64")
    assert (told["stdout"], told["stderr"], told["encoding"]) == (encoded(data), encoded(data[::-1]), "base64")


def test_file_past_its_bound_is_said_and_left(http: httpx.Client) -> None:
    source = "open('small', 'w').write('x' * 10); open('large', 'w').write('x' * 11)"
    told = run(http, source, collect=["large", "small"], collect_limit_bytes=10, encoding="base64")
    assert told["files"]["large"] == {"found": True, "too_large": True, "bytes": 11, "text": None, "base64": None}
    assert told["files"]["small"]["base64"] == encoded(b"x" * 10)


def test_files_together_past_what_an_answer_may_hold_are_said(http: httpx.Client) -> None:
    source = "for name in 'abc': open(name, 'w').write('x' * (3 << 20 >> (name == 'c')))"
    told = run(http, source, collect=["a", "b", "c"], collect_limit_bytes=64 << 20)
    assert [told["files"][name]["too_large"] for name in "abc"] == [False, True, True]
    assert len(told["files"]["a"]["text"]) == 3 << 20


def test_links_and_pipes_do_not_come_back(http: httpx.Client) -> None:
    source = """
import os
os.symlink('/etc/passwd', 'link')
os.symlink('/etc', 'folder')
os.mkfifo('pipe')
os.mkdir('real')
"""
    told = run(http, source, collect=["link", "folder/passwd", "pipe", "real"])
    assert [file["found"] for file in told["files"].values()] == [False] * 4


def test_files_come_back_from_a_program_that_failed(http: httpx.Client) -> None:
    told = run(http, "open('log', 'w').write('so far'); 1 / 0", collect=["log"], verdict="RTE")
    assert told["files"]["log"]["text"] == "so far"


def test_files_reach_a_compiled_program(http: httpx.Client) -> None:
    source = '#include <fstream>\nint main() { int x; std::ifstream("n") >> x; std::ofstream("m") << x * 2; }'
    response = http.post("/v1/run", json={"language": "cpp17", "source": source, "files": {"n": "21"}, "collect": ["m"]})
    assert response.json()["files"]["m"]["text"] == "42", response.text


@pytest.mark.parametrize(
    ("sent", "status", "field"),
    [
        ({"files": {"../a": "x"}}, 422, "files.../a"),
        ({"files": {"/a": "x"}}, 422, "files./a"),
        ({"files": {"a": "x", "a/b": "x"}}, 422, "body"),
        ({"files": {"a": {"base64": "x"}}}, 422, "files.a.base64"),
        ({"files": {"a": 1}}, 422, "files.a"),
        ({"files": {str(n): "" for n in range(101)}}, 422, "files"),
        ({"files": {"x" * 256: ""}}, 422, f"files.{'x' * 256}"),
        ({"files": {f"{n}" + "x" * 250 + "/" + "x" * 250: "" for n in range(50)}}, 422, "body"),
        ({"files": {"a": "x" * (2 << 20), "b": "x"}}, 413, "files"),
        ({"collect": ["a/../b"]}, 422, "collect.0"),
        ({"collect": ["a"] * 101}, 422, "collect"),
        ({"collect_limit_bytes": 1 << 30}, 422, "collect_limit_bytes"),
        ({"stdin": {"base64": "x"}}, 422, "stdin.base64"),
        ({"encoding": "latin"}, 422, "encoding"),
    ],
)
def test_bad_files_are_refused_by_name(http: httpx.Client, sent: dict[str, Any], status: int, field: str) -> None:
    response = http.post("/v1/run", json={"language": "python", "source": "", **sent})
    assert (response.status_code, response.json()["errors"][0]["path"]) == (status, field), response.text


def test_a_hundred_files_go_in_and_out(http: httpx.Client) -> None:
    names = [f"d{n % 7}/{n}" for n in range(100)]
    source = "import os\nfor d, _, names in os.walk('.'):\n for n in names: open(os.path.join(d, n), 'a').write(n)"
    told = run(http, source, files=dict.fromkeys(names, "x"), collect=names)
    assert {name: file["text"] for name, file in told["files"].items()} == {name: "x" + name.split("/")[1] for name in names}
