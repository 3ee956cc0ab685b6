"""The command line: what it prints and how it ends. Real boxes, a real server."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from bench.server import Served, data_folder, serve
from service.cli_judge import exit_status, language_of, render
from service.cli_output import Exit, megabytes, seconds, size
from service.schemas import Result, TierResult, Verdict

COMMAND = Path(sys.executable).with_name("tierline")
RIGHT = "print(sum(map(int, input().split())))\n"
PROBLEM = {
    "title": "Sum",
    "statement": "Print the **sum**.",
    "tests": [{"input": f"{'0 ' * zeros}1 2\n", "output": "3\n"} for zeros in range(4)],
    "time_limit_s": 1.0,
}


@dataclass(frozen=True)
class Place:
    """A data folder and a folder with a problem and programs."""

    folder: Path
    data_dir: Path

    def run(self, *args: str, **env: str) -> subprocess.CompletedProcess[str]:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("TIERLINE_")}
        env = {**clean, "TIERLINE_DATA_DIR": str(self.data_dir), "COLUMNS": "200", **env}
        return subprocess.run([COMMAND, *args], cwd=self.folder, env=env, capture_output=True, text=True, timeout=240)

    def write(self, name: str, text: str) -> str:
        (self.folder / name).write_text(text)
        return name


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, cache_dir: Path) -> Place:
    place = Place(tmp_path_factory.mktemp("work"), data_folder(tmp_path_factory.mktemp("place") / "data", cache_dir))
    place.write("sum.json", json.dumps(PROBLEM))
    place.write("right.py", RIGHT)
    place.write("wrong.py", "print(4)\n")
    return place


@pytest.fixture(scope="module")
def server(cache_dir: Path) -> Iterator[Served]:
    with serve(boxes=1, cache=cache_dir) as served:
        served.put_problem("sum", PROBLEM)
        yield served


def test_right_program_exits_0_and_prints_each_tier(place: Place) -> None:
    done = place.run("judge", "right.py", "-p", "sum.json")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "right.py · python · sum  AC"
    assert lines[1].split() == ["tier", "coverage", "verdict", "passed", "time", "memory"]
    assert [line.split()[:4] for line in lines[2:]] == [[str(k), f"{25 * k}%", "AC", "1/1"] for k in (1, 2, 3, 4)]


def test_wrong_program_exits_1_and_says_where(place: Place) -> None:
    done = place.run("judge", "wrong.py", "-p", "sum.json")
    assert done.returncode == 1
    assert "wrong.py · python · sum  WA (correctness)" in done.stdout
    assert "first failing test: index 0, 4 B of input" in done.stdout


def test_json_is_a_result_and_nothing_else(place: Place) -> None:
    done = place.run("judge", "right.py", "-p", "sum.json", "--coverage", "0.5", "--json")
    result = Result.model_validate_json(done.stdout)
    assert [test.verdict for test in result.tests] == [Verdict.AC, Verdict.AC, None, None]
    assert result.coverage_passed == 0.5


def test_no_colours_where_there_is_no_terminal(place: Place) -> None:
    assert "\x1b" not in place.run("judge", "wrong.py", "-p", "sum.json").stdout


def test_colours_where_they_are_asked_for(place: Place) -> None:
    assert "\x1b[1;31mWA" in place.run("judge", "wrong.py", "-p", "sum.json", FORCE_COLOR="1").stdout


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("judge", "right.py", "-p", "nope"), "there is no problem 'nope'"),
        (("judge", "absent.py", "-p", "sum.json"), "cannot read absent.py: No such file"),
        (("judge", "right.py", "-p", "absent.json"), "cannot read absent.json: No such file"),
        (("judge", "right.py", "-p", "sum.json", "-l", "cobol"), "There is no language 'cobol'"),
        (("judge", "right.py", "-p", "sum.json", "-c", "1.5"), "coverage: Input should be less than or equal to 1"),
        (("judge", "sum.json", "-p", "sum.json"), "Fix: add --language"),
        (("problems", "show", "nope"), "there is no problem 'nope'"),
        (("problems", "verify", "nope"), "there is no problem of our own called nope"),
        (("serve", "--host", "0.0.0.0"), "Fix: set TIERLINE_API_KEYS"),  # noqa: S104
        (("serve", "--port", "70000"), "port: Input should be less than or equal to 65535"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_mistakes_exit_2_and_name_the_fix(place: Place, args: tuple[str, ...], says: str) -> None:
    done = place.run(*args)
    assert (done.returncode, done.stdout) == (2, "")
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_unknown_variable_is_an_error(place: Place) -> None:
    done = place.run("judge", "right.py", "-p", "sum.json", TIERLINE_BOXXES="2")
    assert done.returncode == 2
    assert "TIERLINE_BOXXES" in done.stderr


def test_no_server_exits_3(place: Place) -> None:
    done = place.run("judge", "right.py", "-p", "sum", "--server", "http://127.0.0.1:1")
    assert done.returncode == 3
    assert "Fix: start one with `tierline serve`" in done.stderr


def test_server_judges_as_this_machine_does(place: Place, server: Served) -> None:
    here = json.loads(place.run("judge", "wrong.py", "-p", "sum.json", "--json", "--stop", "never").stdout)
    done = place.run("judge", "wrong.py", "-p", "sum", "--json", "--stop", "never", "--server", server.url)
    there = json.loads(done.stdout)
    assert done.returncode == 1
    assert [test["verdict"] for test in there["tests"]] == ["WA"] * 4 == [test["verdict"] for test in here["tests"]]
    assert there["problem"] == "sum"


def test_problems_can_be_exported_imported_listed_and_deleted(place: Place, server: Served) -> None:
    listed = json.loads(place.run("problems", "list", "--json", "--server", server.url).stdout)
    assert [(row["id"], row["tests"]) for row in listed] == [("sum", 4)]
    shown = place.run("problems", "show", "sum", "--server", server.url).stdout
    assert re.search(r"tests +4, 4 B to 10 B of input", shown)
    exported = json.loads(place.run("problems", "export", "sum", "--server", server.url).stdout)
    assert [test["output"] for test in exported["tests"]] == ["3\n"] * 4
    rows = [{"task_id": "HumanEval/0", "prompt": "def one():\n", "entry_point": "one", "canonical_solution": "    return 1\n"}]
    rows = [{**rows[0], "test": "def check(candidate):\n    assert candidate() == 1\n"}, {"task_id": "HumanEval/1"}]
    place.write("set.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    done = place.run("problems", "import", "humaneval", "set.jsonl", "--prefix", "he")
    assert (done.returncode, done.stdout.split("  ")[0]) == (1, "1 imported, 1 left out")
    assert "left out: row 1 (HumanEval/1): there is no field" in done.stderr
    stored = [row["id"] for row in json.loads(place.run("problems", "list", "he", "--json").stdout)]
    assert len(stored) == 1
    place.write("one.py", "def one():\n    return 1\n")
    assert place.run("judge", "one.py", "-p", stored[0]).returncode == 0
    assert place.run("problems", "delete", stored[0], "--yes").returncode == 0
    assert json.loads(place.run("problems", "list", "he", "--json").stdout) == []
    cleaned = place.run("problems", "clean")  # what it needs stays for a week: it may be judged somewhere
    assert (cleaned.returncode, cleaned.stderr.strip()) == (0, "0 files removed, 0 B")
    for kept in (place.data_dir / "manifests").iterdir():
        os.utime(kept, (0, 0))
    assert re.match(r"[1-9]\d* files removed, ", place.run("problems", "clean").stderr)


def test_list_shows_our_own_problems_before_they_are_made(place: Place) -> None:
    rows = json.loads(place.run("problems", "list", "two-s", "--json").stdout)
    assert [row["id"] for row in rows] == ["two-sum"]


def test_verify_judges_the_solutions_of_a_problem(place: Place) -> None:
    done = place.run("problems", "verify", "a-plus-b", "--json")
    report = json.loads(done.stdout)
    assert report["programs"] >= 4
    assert {row["file"] for row in report["rows"]} >= {"sum.py", "sum.cpp"}
    assert (done.returncode, report["failed"]) == (0, 0), [row["why"] for row in report["rows"] if not row["ok"]]


def test_languages_say_what_is_here_and_what_brings_the_rest(place: Place) -> None:
    rows = {row["name"]: row for row in json.loads(place.run("languages", "--json").stdout)}
    assert set(rows) == {"python", "pypy", "cpp17", "cpp20", "cpp23", "c", "java", "javascript", "go", "rust"}
    assert rows["python"]["available"]
    assert all(row["package"] for row in rows.values() if not row["available"])


def test_doctor_makes_a_box_and_says_this_machine_can_judge(place: Place) -> None:
    done = place.run("doctor", "--json")
    report = json.loads(done.stdout)
    assert (done.returncode, report["able"]) == (0, True), report
    found = {check["name"]: check for check in report["checks"]}
    assert re.fullmatch(r"namespaces, .*; a\+b in Python takes [\d.]+ ms in a box", found["wall"]["found"])
    assert re.match(
        r"\d+\.\d\d \(integer [\d.]+, memory [\d.]+, allocation [\d.]+, interpreter [\d.]+\)$", found["speed"]["found"]
    )
    assert set(found) >= {"clock", "CPU noise", "memory", "disk", "seccomp", "control groups", "other judges"}
    assert all(check["lost"] or check["name"] == "control groups" for check in report["checks"] if check["state"] != "ok")


def test_doctor_fails_where_nothing_can_be_stored(place: Place) -> None:
    done = place.run("doctor", "--json", "--data-dir", "/proc/tierline")
    checks = {check["name"]: check["state"] for check in json.loads(done.stdout)["checks"]}
    assert (done.returncode, checks["disk"]) == (1, "fail")


def test_version_is_the_distribution_s(place: Place) -> None:
    assert re.fullmatch(r"tierline \d+\.\d+\.\d+\S*\n", place.run("--version").stdout)


PLUGIN = """
import typer

app = typer.Typer()


@app.command()
def hello(name: str) -> None:
    typer.echo(f"hello {name}")
"""


def test_other_packages_add_commands(place: Place) -> None:
    site = place.folder / "site"
    info = site / "greeter-1.dist-info"
    info.mkdir(parents=True)
    (site / "greeter.py").write_text(PLUGIN)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: greeter\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[tierline.commands]\ngreet = greeter:app\n")
    assert place.run("greet", "you", PYTHONPATH=str(site)).stdout == "hello you\n"
    assert "greet" in place.run("--help", PYTHONPATH=str(site)).stdout


@pytest.mark.parametrize(
    ("verdict", "status"),
    [(Verdict.AC, Exit.OK), (Verdict.TLE, Exit.NO), (Verdict.CE, Exit.NO), (Verdict.JE, Exit.JUDGE_FAILED), (None, 3)],
)
def test_exit_status_says_the_verdict(verdict: Verdict | None, status: int) -> None:
    assert exit_status(Result(verdict=verdict)) == status


def test_units_are_short() -> None:
    assert [seconds(value) for value in (None, 0.0071, 0.9994, 1.25)] == ["-", "7 ms", "999 ms", "1.25 s"]
    assert [size(value) for value in (0, 999, 1000, 1_640_000, 2_000_000_000)] == ["0 B", "999 B", "1.0 kB", "1.6 MB", "2.0 GB"]
    assert megabytes(9.14) == "9.1 MB"


def test_suffix_tells_the_language() -> None:
    assert [language_of(Path(name)) for name in ("a.py", "a.CPP", "a.rs", "a.mjs")] == ["python", "cpp17", "rust", "javascript"]


def test_message_of_a_program_is_not_read_as_markup() -> None:
    from rich.console import Console

    console = Console(width=200, record=True, file=open(os.devnull, "w"))  # noqa: SIM115
    hostile = Result(verdict=Verdict.JE, error="[red]x[/red] [link=file:///]", tiers=[TierResult(tier=1, coverage=1.0)])
    console.print(render(hostile, title="[bold]t"))
    console.file.close()
    text = console.export_text()
    assert "[bold]t  JE" in text
    assert "judge: [red]x[/red] [link=file:///]" in text


def test_commands_whose_packages_are_missing_say_what_to_install() -> None:
    code = "import sys; sys.modules['torch'] = None; sys.modules['trainer.cli'] = None; from service.cli import main; main()"
    for arguments, status in (
        (("train", "sweep"), 2),
        (("--help",), 0),
        (("merge", "--low", "a", "--high", "b", "--alpha", "1", "--out", "c"), 2),
    ):
        done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True)
        assert done.returncode == status, done.stderr
        assert "pip install 'tierline[train]'" in " ".join((done.stdout + done.stderr).split()), done.stderr
