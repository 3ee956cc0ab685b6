"""Servers that an evaluation starts for itself: ended with it, and missed at once when they end by themselves."""

import os
import signal
import sys
from contextlib import closing
from pathlib import Path

import httpx
import psutil
import pytest

from merge.evaluation.engine_options import Vllm
from merge.evaluation.engines import vllm_server
from merge.evaluation.own_server import OwnServer, running
from trainer.sampling import Prompt
from trainer.sampling.openai_sampler import OpenAISampler

SERVER = """
import http.server, json, os, subprocess, sys

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps({"data": [{"id": "tiny"}], "child": child.pid, "here": os.getcwd()}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        sys.stderr.write("out of memory\\n")
        os._exit(3)

child = subprocess.Popen(["sleep", "600"])
port = sys.argv[sys.argv.index("--port") + 1]
http.server.HTTPServer(("127.0.0.1", int(port)), Handler).serve_forever()
"""


@pytest.fixture
def python(tmp_path: Path) -> str:
    """In place of the interpreter of an environment with vLLM: starts the server above whatever it is told to run."""
    (tmp_path / "server.py").write_text(SERVER)
    path = tmp_path / "python"
    path.write_text(f'#!/bin/sh\nexec {sys.executable} {tmp_path / "server.py"} "$@"\n')
    path.chmod(0o755)
    return str(path)


def test_its_whole_group_ends_with_the_block(python: str, tmp_path: Path) -> None:
    with vllm_server(tmp_path, Vllm(python=python), tmp_path / "logs" / "log") as server:
        told = httpx.get(f"{server.url}/health").json()
        child = psutil.Process(told["child"])
        assert os.getpgid(child.pid) != os.getpgid(0)
        assert told["here"] != str(Path.cwd())
        server.check()
    assert psutil.wait_procs([child], timeout=30)[1] == []


def test_one_that_dies_while_it_samples_is_not_waited_for(python: str, tmp_path: Path) -> None:
    log = tmp_path / "log"
    with vllm_server(tmp_path, Vllm(python=python), log) as server:
        with closing(OpenAISampler(server.url, None, check=server.check)) as sampler:
            with pytest.raises(ConnectionError, match=r"(?s)vLLM server has ended with status 3.*out of memory") as caught:
                list(sampler.sample([Prompt(token_ids=(1,), max_tokens=5, seed=1)]))
    assert f"All of it is in {log}. Fix: " in str(caught.value)


def test_one_that_does_not_start_is_told_with_what_it_said_last(tmp_path: Path) -> None:
    server = OwnServer(
        "the oven", lambda port: ["sh", "-c", f"echo no gas at {port}; exit 5"], "/", tmp_path / "log", "Fix: pay", start_s=60
    )
    with pytest.raises(ConnectionError, match=r"the oven has ended with status 5. It said last:\nno gas at \d+\nFix: pay"):
        with running(server):
            pytest.fail("it did not start")


def test_one_that_never_answers_is_given_up_and_ended(tmp_path: Path) -> None:
    server = OwnServer("the oven", lambda port: ["sh", "-c", "echo $$; exec sleep 600"], "/", tmp_path / "log", "", start_s=0.5)
    with pytest.raises(ConnectionError, match=r"the oven did not answer within 0\.5 s"), running(server):
        pytest.fail("it did not start")
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "log").read_text()), signal.SIG_DFL)


def test_a_server_that_was_named_is_neither_started_nor_known_to_have_ended(tmp_path: Path) -> None:
    with vllm_server(tmp_path, Vllm(url="http://127.0.0.1:9"), tmp_path / "log") as server:
        assert server.url == "http://127.0.0.1:9"
        server.check()
    assert not (tmp_path / "log").exists()
