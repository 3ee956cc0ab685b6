"""Compiling in real boxes: programs run, hostile sources end as compile errors with a bounded log, work is done once."""

import fcntl
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from sandbox import Box, BoxDied, BoxKind, Compiled, End, Limits, MemFile, Mount, Pool, PoolConfig
from sandbox.compile_cache import CacheEntry, CompileCache
from sandbox.compiler import CompileBounds, Compiler
from sandbox.languages import PREPARED, Languages
from sandbox.precompiled import Precompiled

needs_gxx = pytest.mark.skipif(shutil.which("g++") is None, reason="g++ is not installed")

CPP = "#include <bits/stdc++.h>\nusing namespace std;\nint main() { int a, b; cin >> a >> b; cout << a + b << endl; }\n"
SUMS = {
    "python": "a, b = map(int, input().split())\nprint(a + b)",
    "pypy": "a, b = map(int, input().split())\nprint(a + b)",
    "cpp17": CPP,
    "cpp20": CPP + "template <class T> concept Any = true; static_assert(ranges::size(array<int, 2>{}) == 2);",
    "cpp23": CPP + "#include <expected>\nstd::expected<int, int> e = 1;",
    "c": "#include <math.h>\n#include <stdio.h>\n"
    'int main(void) { double a, b; scanf("%lf %lf", &a, &b); printf("%.0f\\n", floor(a + b)); }',
    "java": "import java.util.*;\npublic class Sum { record P(int x) {} public static void main(String[] a) {"
    " Scanner s = new Scanner(System.in); System.out.println(new P(s.nextInt()).x() + s.nextInt()); } }",
    "javascript": "const [a, b] = require('fs').readFileSync(0, 'utf8').split(' ').map(Number); console.log(a + b)",
    "go": 'package main\nimport ("fmt"; "sort")\n'
    "func main() { x := []int{0, 0}; fmt.Scan(&x[0], &x[1]); sort.Ints(x); fmt.Println(x[0] + x[1]) }",
    "rust": "fn main() { let mut s = String::new(); std::io::stdin().read_line(&mut s).unwrap();"
    ' println!("{}", s.split_whitespace().map(|x| x.parse::<i32>().unwrap()).sum::<i32>()); }',
}
BROKEN = {
    "pypy": ("print(1", "SyntaxError"),
    "cpp17": ("int main() { return nothing_like_it; }", "nothing_like_it"),
    "c": ("int main(void) { return nothing_like_it; }", "nothing_like_it"),
    "java": ("public class A { int x = nothing_like_it; }", "A.java:1: error"),
    "javascript": ("let let = (", "SyntaxError"),
    "go": ("package main\nfunc main() { nothing_like_it() }", "nothing_like_it"),
    "rust": ("fn main() { nothing_like_it(); }", "nothing_like_it"),
}


@pytest.fixture(scope="module")
def languages(pool_config: Callable[..., PoolConfig], cache_dir: Path) -> Languages:
    return Languages.probe(pool_config(cache_dir=cache_dir))


@pytest.fixture(scope="module")
def compiling_pool(
    pool_config: Callable[..., PoolConfig], languages: Languages, cache_dir: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Pool]:
    config = pool_config(boxes=2, run_dir=tmp_path_factory.mktemp("run"), cache_dir=cache_dir)
    pool = Pool(replace(config, mounts=languages.mounts))
    pool.start()
    yield pool
    pool.close()


@pytest.fixture(scope="module")
def bounds(slowness: float) -> CompileBounds:
    return CompileBounds(compile_time_s=8 * slowness, compile_memory_mb=768, compile_log_bytes=4096, compile_cache_mb=64)


@pytest.fixture(scope="module")
def compiler(compiling_pool: Pool, languages: Languages, cache_dir: Path, bounds: CompileBounds) -> Compiler:
    return Compiler(compiling_pool, languages, cache_dir / "compiled", bounds)


@pytest.fixture
def box(compiling_pool: Pool) -> Iterator[Box]:
    with compiling_pool.box() as box:
        yield box


def run(box: Box, compiled: Compiled, stdin: bytes = b"", *, memory_mb: int = 512) -> str:
    assert compiled.program is not None, compiled.log
    assert box.load(compiled.program) is None
    with MemFile.sealed(stdin) as source:
        outcome = box.run(source, Limits(cpu_s=10, memory_mb=memory_mb))
    said, complained = outcome.stdout.read().decode(), outcome.stderr.read(2000)
    assert (outcome.end, outcome.exit_code) == (End.EXIT, 0), complained
    outcome.close()
    return said


@pytest.mark.parametrize("language", SUMS)
def test_program_compiles_and_runs(language: str, compiler: Compiler, languages: Languages, box: Box) -> None:
    if language in languages.missing:
        pytest.skip(languages.missing[language].reason)
    assert run(box, compiler.compile(box, language, SUMS[language]), b"20 22\n").strip() == "42"


@pytest.mark.parametrize("language", BROKEN)
def test_broken_source_has_no_program_and_a_log_that_says_where(
    language: str, compiler: Compiler, languages: Languages, box: Box
) -> None:
    if language in languages.missing:
        pytest.skip(languages.missing[language].reason)
    source, said = BROKEN[language]
    compiled = compiler.compile(box, language, source)
    assert compiled.program is None
    assert said in compiled.log
    assert "/box/" not in compiled.log


def test_python_is_warm_and_needs_no_work(compiler: Compiler, box: Box) -> None:
    compiled = compiler.compile(box, "python", "print(1)")
    assert compiled.program is not None
    assert compiled.program.warm
    assert compiled.cpu_s == 0


def test_exec_mode_starts_an_interpreter(compiler: Compiler, box: Box) -> None:
    compiled = compiler.compile(box, "python", "import sys\nprint(sys.argv)", exec_mode=True)
    assert compiled.program is not None
    assert not compiled.program.warm
    assert run(box, compiled) == "['/box/sol.py']\n"


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("import numpy as np", BoxKind.NUMPY),
        ("if 1:\n    import sys, numpy", BoxKind.NUMPY),
        ("x = 1; from numpy.linalg import det", BoxKind.NUMPY),
        ("import pandas", BoxKind.NUMPY),
        ("import math\nnumpy = 1", BoxKind.STANDARD),
        ("import numpyro_like", BoxKind.STANDARD),
    ],
)
def test_numpy_programs_get_numpy_boxes(source: str, kind: BoxKind, compiler: Compiler) -> None:
    assert compiler.kind("python", source) is kind


@needs_gxx
def test_same_source_is_compiled_once(compiler: Compiler, box: Box) -> None:
    source = CPP + "// once\n"
    first, second = compiler.compile(box, "cpp", source), compiler.compile(box, "cpp17", source)
    assert (first.cached, second.cached) == (False, True)
    assert first.program == second.program


@needs_gxx
def test_other_flags_or_files_are_another_program(compiler: Compiler, box: Box) -> None:
    source = '#include "n.h"\n#include <cstdio>\nint main() { std::printf("%d", N); }'
    for number in (1, 2):
        compiled = compiler.compile(box, "cpp17", source, files={"n.h": f"#define N {number}".encode()})
        assert run(box, compiled) == str(number)


@needs_gxx
def test_same_source_at_the_same_time_is_compiled_once(compiler: Compiler, compiling_pool: Pool) -> None:
    source = CPP + "// at the same time\n"

    def compile_in_own_box(_: int) -> Compiled:
        with compiling_pool.box() as box:
            return compiler.compile(box, "cpp17", source)

    with ThreadPoolExecutor(2) as threads:
        both = list(threads.map(compile_in_own_box, range(2)))
    assert sorted(one.cached for one in both) == [False, True]


@needs_gxx
def test_precompiled_header_is_used_and_halves_the_time(compiler: Compiler, languages: Languages, box: Box) -> None:
    language = languages.get("cpp17")
    assert compiler.prepare(box, "cpp17"), compiler.precompiled.failures
    sources = {"sol.cpp": CPP.encode()}
    place = compiler.precompiled.place(box, language, "slim")
    quick = compiler._try(box, language, language.fill(language.entry.prepared[0].compile, CPP, prepared=place), sources, 30)
    plain = compiler._try(box, language, language.fill(language.entry.compile, CPP), sources, 30)
    assert 0 < quick.cpu_s < 0.5 * plain.cpu_s


@needs_gxx
@pytest.mark.parametrize(
    "body",
    [
        'regex_match(string("aa"), regex("a+"))',  # a word that asks for the full header
        "launch::deferred == launch::deferred",  # no such word: the slim header fails, the full one decides
        "[]{ mt19937_64 r(5); return r() != 0; }()",
    ],
)
def test_all_of_the_standard_library_is_there(body: str, compiler: Compiler, box: Box) -> None:
    source = f"#include <bits/stdc++.h>\nusing namespace std;\nint main() {{ cout << ({body}); }}"
    assert run(box, compiler.compile(box, "cpp17", source)) == "1"


@needs_gxx
def test_online_judge_is_defined_and_int128_has_limits(compiler: Compiler, box: Box) -> None:
    source = "#include <bits/stdc++.h>\n#ifndef ONLINE_JUDGE\n#error\n#endif\n"
    source += "int main() { std::cout << (std::numeric_limits<__int128>::max() > 0); }"
    assert run(box, compiler.compile(box, "cpp17", source)) == "1"


@needs_gxx
@pytest.mark.parametrize(
    ("source", "said"),
    [
        ('#include "/dev/zero"\nint main() {}', ""),
        ('#include "sol.cpp"\n#include "sol.cpp"\nint main() {}', "include"),
        (
            "template <int N> struct A { static const int x = A<N - 1>::x + A<N - 2>::x; };\n" * 1
            + "template <class T, int N> struct B { B<B<T, N>, N - 1> l; B<B<T, -N>, N - 1> r; };\nB<int, 400> b; int main() {}",
            "",
        ),
        ("char big[1u << 30] = {1}; int main() { return big[5]; }", ""),
        ('asm(".rept 1000000000\\n.quad 1\\n.endr"); int main() {}', ""),
        ('asm(".incbin \\"/dev/zero\\""); int main() {}', ""),
        ("#define A(x) x x x x x x x x\n#define B(x) A(A(A(A(x))))\nint main() { B(B(B(nonsense;))) }", ""),
    ],
    ids=["dev zero", "includes itself", "template bomb", "large array", "assembler repeat", "assembler zero", "macro bomb"],
)
def test_hostile_source_is_a_compile_error_with_a_bounded_log(
    source: str, said: str, compiler: Compiler, box: Box, bounds: CompileBounds
) -> None:
    compiled = compiler.compile(box, "cpp17", source)
    assert compiled.program is None
    assert compiled.log
    assert said in compiled.log
    assert len(compiled.log) < bounds.compile_log_bytes + 500
    assert run(box, compiler.compile(box, "python", "print('next')")) == "next\n"


@needs_gxx
def test_log_that_is_cut_keeps_head_and_tail_and_says_so(compiler: Compiler, box: Box) -> None:
    lines = "\n".join(f"#warning number {i} of many" for i in range(400))
    compiled = compiler.compile(box, "cpp17", f"{lines}\nint main() {{ return last_of_all; }}")
    assert "number 0 of many" in compiled.log
    assert "bytes cut" in compiled.log
    assert "last_of_all" in compiled.log


@needs_gxx
def test_compile_time_limit_is_said(compiling_pool: Pool, languages: Languages, tmp_path: Path, box: Box) -> None:
    compiler = Compiler(compiling_pool, languages, tmp_path, CompileBounds(compile_time_s=0.05))
    compiled = compiler.compile(box, "cpp20", "#include <regex>\nint main() { std::regex r; }")
    assert compiled.program is None
    assert "0.05 s of CPU time" in compiled.log


@needs_gxx
def test_box_that_dies_is_no_compile_error(compiler: Compiler, compiling_pool: Pool) -> None:
    with compiling_pool.box() as box:
        timer = threading.Timer(0.15, box.destroy)
        timer.start()
        endless = "constexpr int f(int n) { int s = 0; for (int i = 0; i < n; i++) s += i % 3; return s; }\n" + "\n".join(
            f"static_assert(f(200000 + {i}) >= 0);" for i in range(400)
        )
        with pytest.raises(BoxDied):
            compiler.compile(box, "cpp17", endless + "int main() {}")
        timer.join()


@needs_gxx
def test_cancelled_preparation_is_cancelled_and_made_by_the_next(
    compiling_pool: Pool, languages: Languages, tmp_path: Path, box: Box
) -> None:
    mounts = (Mount(str(tmp_path), PREPARED),)
    pool = Pool(replace(compiling_pool.config, mounts=mounts))  # only its settings are read
    compiler = Compiler(pool, languages, tmp_path / "compiled")
    timer = threading.Timer(0.1, box.cancel)
    timer.start()
    compiled = compiler.compile(box, "cpp17", CPP)
    timer.join()
    assert (compiled.program, compiled.log) == (None, "cancelled")
    assert compiler.precompiled.failures == {}


@needs_gxx
def test_judges_that_share_a_folder_prepare_one_after_the_other(tmp_path: Path) -> None:
    first, second = Precompiled(tmp_path / "precompiled"), Precompiled(tmp_path / "precompiled")
    with first.alone():
        with (tmp_path / "precompiled.lock").open() as file, pytest.raises(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    with second.alone():
        pass
    assert not (tmp_path / "precompiled").exists()


def test_preparation_that_fails_costs_time_only(compiling_pool: Pool, languages: Languages, tmp_path: Path, box: Box) -> None:
    language = languages.get("cpp17")
    broken = replace(language, entry=replace(language.entry, prepare="echo no such header >&2; exit 1"))
    compiler = Compiler(compiling_pool, Languages({"cpp17": broken}, {}, languages.mounts), tmp_path)
    assert run(box, compiler.compile(box, "cpp17", CPP), b"1 2") == "3\n"
    assert "no such header" in compiler.precompiled.failures["cpp17-slim"]


@needs_gxx
def test_cancelled_compilation_gives_nothing_and_is_not_kept(compiler: Compiler, box: Box) -> None:
    slow = "#include <regex>\n" + "\n".join(f"template <int> int f{i}() {{ return {i}; }}" for i in range(100)) + "int main() {}"
    timer = threading.Timer(0.2, box.cancel)
    timer.start()
    compiled = compiler.compile(box, "cpp23", slow + '\nstatic std::regex r("a");')
    timer.join()
    assert (compiled.program, compiled.log) == (None, "cancelled")
    assert compiler.compile(box, "cpp23", slow + '\nstatic std::regex r("a");').program is not None


def test_runtime_hears_of_the_memory_limit(compiler: Compiler, languages: Languages, box: Box) -> None:
    if "java" in languages.missing:
        pytest.skip(languages.missing["java"].reason)
    program = compiler.compile(box, "java", SUMS["java"], memory_mb=333).program
    assert program is not None
    assert "-Xmx333m" in program.argv


def test_entry_comes_back_as_it_was_put(tmp_path: Path) -> None:
    entry = CacheEntry(b"\0program", "warning: ü", 0.25)
    CompileCache(tmp_path, 1 << 20).put("ab" * 32, entry)
    assert CompileCache(tmp_path, 1 << 20).get("ab" * 32) == entry


def test_damaged_entry_is_dropped(tmp_path: Path) -> None:
    cache = CompileCache(tmp_path, 1 << 20)
    cache.put("ab" * 32, CacheEntry(b"program", "", 0.0))
    next(tmp_path.glob("*/*.bin")).write_bytes(b"prograM")
    assert cache.get("ab" * 32) is None
    assert not list(tmp_path.glob("*/*.*"))


def test_cache_keeps_what_was_used_last_and_stays_in_its_bound(tmp_path: Path) -> None:
    cache = CompileCache(tmp_path, 100_000)
    keys = [f"{i:064x}" for i in range(30)]
    for key in keys:
        cache.put(key, CacheEntry(b"x" * 10_000, "", 0.0))
        assert cache.get(keys[0]) is not None  # in use all the time
        time.sleep(0.002)
    assert sum(path.stat().st_size for path in tmp_path.glob("*/*")) <= 100_000
    assert cache.get(keys[-1]) is not None
    assert cache.get(keys[5]) is None
