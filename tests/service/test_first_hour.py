"""What a newcomer reads: help that fits 80 columns, and errors that say what to do. Tried as they are met: by the command."""

import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import click
import pytest
import typer
from typer.testing import CliRunner

from sandbox import Pool
from service.cli import app
from tests.service.serving import Serving, boxes_of, serving, settings_for

COMMAND = Path(sys.executable).with_name("tierline")


def tierline(*arguments: str, columns: int = 300, **environment: str) -> "subprocess.CompletedProcess[str]":
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("TIERLINE_", "DOCKER_"))}
    env = {**clean, "COLUMNS": str(columns), **environment}
    return subprocess.run([str(COMMAND), *arguments], env=env, capture_output=True, text=True, timeout=120)


def refused(*arguments: str, status: int, **environment: str) -> str:
    """The one error that it ends with."""
    done = tierline(*arguments, **environment)
    assert "Traceback" not in done.stderr
    assert (done.returncode, done.stdout) == (status, ""), done.stderr
    said = done.stderr[done.stderr.index("error: ") :]
    assert said.count("Fix: ") == 1, said
    return said


# -- help ------------------------------------------------------------------------------------------------------------------


def commands(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    yield path, command
    if hasattr(command, "list_commands"):
        context = click.Context(command)
        for name in command.list_commands(context):
            yield from commands(command.get_command(context, name), (*path, name))


COMMANDS = dict(commands(typer.main.get_command(app)))


def test_every_command_is_walked() -> None:
    expected = {("serve",), ("judge",), ("doctor",), ("problems", "import"), ("train", "sweep"), ("merge",), ("evaluate",)}
    assert expected <= COMMANDS.keys()


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_help_fits_80_columns_and_leaves_nothing_unsaid(path: tuple[str, ...]) -> None:
    command = COMMANDS[path]
    assert command.help
    assert [option.name for option in command.params if not getattr(option, "help", None)] == []
    done = CliRunner().invoke(app, [*path, "--help"], env={"COLUMNS": "80"})
    assert done.exit_code == 0, done.output
    lines = done.output.splitlines()
    assert 60 < max(map(len, lines)) <= 80
    # A list of choices that is cut in two can be neither read nor copied: give such an option a metavar.
    assert [line for line in lines if re.search(r"<\w[^>]*\|[^>]*$", line.rstrip(" │"))] == []


# -- the judge is not where it is looked for -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("programs") / "sum.py"
    path.write_text("print(sum(map(int, input().split())))\n")
    return str(path)


@pytest.mark.parametrize("command", [("problems", "list"), ("languages",), ("problems", "verify", "a-plus-b")], ids=" ".join)
def test_no_judge_names_the_address_and_how_to_start_one(command: tuple[str, ...]) -> None:
    said = refused(*command, "--server", "http://127.0.0.1:1", status=3)
    assert "no server answers at http://127.0.0.1:1 (" in said
    assert "Fix: start one with `tierline serve`" in said


def test_no_judge_stops_training_before_it_begins(tmp_path: Path) -> None:
    said = refused("train", "sweep", "--out", str(tmp_path / "out"), "--server", "http://127.0.0.1:1", status=2)
    assert "no judge answers at http://127.0.0.1:1. Fix: start one with `tierline serve`, or name it with --server" in said
    assert not (tmp_path / "out").exists()


@contextmanager
def something_else() -> Iterator[str]:
    """A server that is no judge."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_error(404)

        def log_message(self, *_: Any) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Page) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_server_that_is_no_judge_is_said_to_be_none() -> None:
    with something_else() as url:
        said = refused("problems", "list", "--server", url, status=2)
    assert f"HTTP status 404 from {url.removeprefix('http://')}, not as a judge answers" in said
    assert "Fix: see that this is the address of a judge" in said
    assert said.count("\n") == 1


def test_an_address_that_is_none_is_shown_one() -> None:
    assert "Fix: write it as http://HOST:PORT" in refused("problems", "list", "--server", "ftp://judge", status=2)


# -- keys ------------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def locked(pool: Pool, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    settings = settings_for(tmp_path_factory.mktemp("data"), api_keys=["right"])
    with serving(boxes_of(pool, settings), settings) as running:
        yield running


@pytest.mark.parametrize(
    ("key", "why"), [("", "TIERLINE_API_KEYS is not set"), ("wrong", "that in TIERLINE_API_KEYS is none of them")]
)
def test_a_key_that_does_not_fit_names_the_variable(locked: Serving, program: str, key: str, why: str) -> None:
    said = refused("judge", program, "-p", "a-plus-b", "--server", locked.url, status=2, TIERLINE_API_KEYS=key)
    assert why in said
    assert "Fix: set TIERLINE_API_KEYS to one of the judge's keys" in said


def test_a_key_that_does_not_fit_stops_training_before_the_warm_start(locked: Serving, tmp_path: Path) -> None:
    said = refused("train", "sweep", "--out", str(tmp_path / "out"), "--server", locked.url, status=2)
    assert "This judge needs a key" in said
    assert "warm start" not in tierline("train", "sweep", "--out", str(tmp_path / "out"), "--server", locked.url).stderr


def test_https_where_there_is_none_is_told_apart_from_no_judge(locked: Serving) -> None:
    said = refused("problems", "list", "--server", locked.url.replace("http:", "https:"), status=3)
    assert "no TLS at https://127.0.0.1:" in said
    assert "Fix: write http://" in said


def test_an_unknown_problem_says_where_the_known_ones_are(locked: Serving, program: str) -> None:
    done = tierline("judge", program, "-p", "two-smu", "--server", locked.url, TIERLINE_API_KEYS="right")
    assert (done.returncode, done.stdout) == (2, "")
    assert "there is no problem 'two-smu'" in done.stderr
    assert "`tierline problems list` names those that are" in done.stderr


# -- this machine ----------------------------------------------------------------------------------------------------------


def test_a_port_that_is_taken_says_how_to_get_another(locked: Serving) -> None:
    said = refused("serve", "--port", locked.url.rpartition(":")[2], status=2)
    assert "Address already in use. Fix: set another --host or --port (0 takes a free one)" in said


def test_no_docker_says_what_to_start_or_use_instead(program: str, tmp_path: Path) -> None:
    environment = {"TIERLINE_DATA_DIR": str(tmp_path), "TIERLINE_DOCKER_HOST": "unix:///no/socket"}
    for command in (("judge", program, "-p", "a-plus-b"), ("serve", "--port", "0", "--log-level", "error")):
        said = refused(*command, "--wall", "docker", status=3, **environment)
        assert "no Docker engine at unix:///no/socket: No such file or directory. Fix: start Docker" in said
        assert "--wall namespaces" in said


@pytest.mark.parametrize(("python", "why"), [("/no/python", "No such file"), ("/bin/true", "does not answer as a Python does")])
def test_an_interpreter_that_is_none_is_named_with_the_option(tmp_path: Path, python: str, why: str) -> None:
    command = ("serve", "--port", "0", "--log-level", "error", "--python", python)
    said = refused(*command, status=3, TIERLINE_DATA_DIR=str(tmp_path), TIERLINE_WALL="namespaces")
    assert f"cannot run {python}: " in said
    assert why in said
    assert "Fix: name a Python 3 with --python or TIERLINE_PYTHON" in said


def test_a_data_folder_that_cannot_be_made_names_the_variable() -> None:
    said = refused("serve", "--port", "0", "--log-level", "error", "--data-dir", "/proc/nope", status=3)
    assert "/proc/nope. Fix: set TIERLINE_DATA_DIR to a folder that can be written" in said


def test_cpp_without_a_compiler_says_what_to_install(tmp_path: Path) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    for path in Path("/usr/bin").iterdir():
        if not re.search(r"g\+\+|gcc|c\+\+|clang|^cc$|^c[89]", path.name):
            (programs / path.name).symlink_to(path)
    (tmp_path / "a.cpp").write_text("int main() {}\n")
    environment = {"PATH": str(programs), "TIERLINE_DATA_DIR": str(tmp_path / "data")}
    done = tierline("judge", str(tmp_path / "a.cpp"), "-p", "a-plus-b", **environment)
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    assert "C++17 is not installed where this judge runs: g++ not found" in done.stderr
    assert "install g++" in done.stderr
    listed = tierline("languages", **environment).stdout
    assert re.search(r"cpp17.*g\+\+", listed), listed


def test_too_little_permission_names_the_step_and_the_doctor(program: str, tmp_path: Path) -> None:
    if os.geteuid() != 0 or shutil.which("setpriv") is None:
        pytest.skip("only root with setpriv (util-linux) can take its own right to make namespaces away")
    drop = ["setpriv", "--inh-caps=-sys_admin", "--bounding-set=-sys_admin"]
    environment = {
        **os.environ,
        "TIERLINE_DATA_DIR": str(tmp_path),
        "TIERLINE_DOCKER_HOST": "unix:///no/socket",
        "COLUMNS": "300",
    }
    argv = [*drop, str(COMMAND), "judge", program, "-p", "a-plus-b"]
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout) == (3, ""), done.stderr
    assert "no box can be built here" in done.stderr
    assert "Run `tierline doctor` for what is missing" in done.stderr
    assert "Traceback" not in done.stderr


# -- Redis -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", [("serve", "--port", "0", "--log-level", "error"), ("workers",)], ids=" ".join)
def test_no_redis_names_it_and_how_to_name_another(tmp_path: Path, command: tuple[str, ...]) -> None:
    said = refused(*command, "--redis", "redis://:secret@127.0.0.1:1/0", status=2, TIERLINE_DATA_DIR=str(tmp_path))
    assert "does not answer" in said
    assert "start it or name another in TIERLINE_REDIS_URL" in said
    assert "secret" not in said
