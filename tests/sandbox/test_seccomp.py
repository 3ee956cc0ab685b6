"""The filter, installed in real processes: what is refused, what is allowed, and that real programs run under it."""

import errno
import json
import platform
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox import seccomp
from sandbox.errors import WallUnavailable

ON_X86 = platform.machine() == "x86_64"

INSTALL = """
import ctypes, json, os, sys
libc = ctypes.CDLL(None, use_errno=True)
class Filter(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("code", ctypes.c_char_p)]
code = bytes.fromhex(sys.argv[1])
assert libc.prctl(38, 1, 0, 0, 0) == 0
assert libc.prctl(22, 2, ctypes.byref(Filter(len(code) // 8, code)), 0, 0) == 0, os.strerror(ctypes.get_errno())
"""
CALL = """
def call(number, *arguments):
    result = libc.syscall(ctypes.c_long(number), *[ctypes.c_long(argument) for argument in arguments])
    return ctypes.get_errno() if result == -1 else 0
"""

NEW_NAMESPACES = {"NEWNS": 0x20000, "NEWUSER": 0x10000000, "NEWPID": 0x20000000, "NEWNET": 0x40000000, "NEWCGROUP": 0x02000000}
ANSWERS: list[tuple[str, tuple[int, ...], int]] = [
    *[("clone", (flag | signal.SIGCHLD, 0, 0, 0, 0), errno.EPERM) for flag in NEW_NAMESPACES.values()],
    ("clone", (0x8000 | signal.SIGCHLD, 0, 0, 0, 0), errno.EPERM),  # CLONE_PARENT
    ("clone3", (0, 0), errno.ENOSYS),
    ("unshare", (0x10000000,), errno.EPERM),
    *[("socket", (family, 1, 0), errno.EPERM) for family in (1, 2, 10, 16, 17, 38)],
    ("socketpair", (2, 1, 0, 0), errno.EPERM),
    ("socketpair", (1, 1, 0, 0), errno.EFAULT),  # AF_UNIX: the kernel is asked
    ("connect", (0, 0, 0), errno.EPERM),
    ("setsockopt", (0, 1, 26, 0, 0), errno.EPERM),
    ("sendto", (0, 0, 0, 1, 0, 0), errno.EPERM),
    ("prctl", (22, 2, 0, 0, 0), errno.EPERM),
    ("prctl", (35, 0, 0, 0, 0), errno.EPERM),
    ("prctl", (16, 0, 0, 0, 0), errno.EFAULT),
    ("seccomp", (1, 0, 0), errno.EPERM),
    ("ioctl", (0, 0x5412, 0), errno.ENOTTY),
    ("ioctl", (-1, 0x541B, 0), errno.EBADF),
    ("prlimit64", (1, 7, 0, 0), errno.EPERM),
    ("prlimit64", (0, 7, 0, 0), 0),
    ("personality", (0x0040000,), errno.EPERM),
    ("personality", (0xFFFFFFFF,), 0),
    ("memfd_create", (0, 4), errno.EPERM),
    ("memfd_secret", (0,), errno.EPERM),
    ("mmap", (0, 4096, 3, 0x40022, -1, 0), errno.ENOMEM),
    ("madvise", (0, 4096, 12), errno.EINVAL),
    ("sched_setaffinity", (0, 8, 0), errno.EPERM),
    ("sched_setscheduler", (0, 0, 0), errno.EPERM),
    ("setpriority", (0, 0, 0), errno.EPERM),
    ("ioprio_set", (1, 0, 0), errno.EPERM),
    ("ptrace", (0, 0, 0, 0), errno.EPERM),
    ("process_vm_readv", (1, 0, 0, 0, 0, 0), errno.EPERM),
    ("pidfd_getfd", (0, 0, 0), errno.EPERM),
    ("io_uring_setup", (1, 0), errno.EPERM),
    ("bpf", (0, 0, 0), errno.EPERM),
    ("perf_event_open", (0, 0, 0, 0, 0), errno.EPERM),
    ("keyctl", (0, 0, 0, 0, 0), errno.EPERM),
    ("userfaultfd", (0,), errno.EPERM),
    ("mount", (0, 0, 0, 0, 0), errno.EPERM),
    ("open_by_handle_at", (0, 0, 0), errno.EPERM),
    ("setuid", (0,), errno.EPERM),
    ("shmget", (0, 4096, 0o1600), errno.ENOSYS),
    ("mq_open", (0, 0, 0, 0), errno.ENOSYS),
    ("io_setup", (1, 0), errno.ENOSYS),
    ("landlock_create_ruleset", (0, 0, 1), errno.ENOSYS),
    ("sync", (), 0),
    ("syncfs", (-1,), 0),
    ("getpid", (), 0),
    ("rseq", (0, 0, 0, 0), errno.EINVAL),
    ("futex_waitv", (0, 0, 0, 0, 0), errno.EINVAL),
]
ONLY_IN_TESTS = {
    "clone3": (435, 435),
    "shmget": (29, 194),
    "mq_open": (240, 180),
    "io_setup": (206, 0),
    "landlock_create_ruleset": (444, 444),
}
NUMBERS = {**seccomp.ALLOWED, **seccomp.IGNORED, **seccomp.REFUSED, **seccomp.CHECKED}


def number_of(name: str) -> int:
    return (NUMBERS | ONLY_IN_TESTS)[name][0 if ON_X86 else 1]


def run_filtered(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python under the filter."""
    command = [sys.executable, "-c", INSTALL + CALL + script, seccomp.program_filter().hex(), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def run_program_filtered(command: list[str], cwd: Path, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Start any program under the filter."""
    script = INSTALL + "os.execvp(sys.argv[2], sys.argv[2:])"
    full = [sys.executable, "-c", script, seccomp.program_filter().hex(), *command]
    return subprocess.run(full, capture_output=True, text=True, timeout=120, check=False, cwd=cwd, input=stdin)


@pytest.fixture(scope="module")
def answers() -> list[int]:
    calls = json.dumps([(number_of(name), *arguments) for name, arguments, _ in ANSWERS])
    done = run_filtered("print(json.dumps([call(*one) for one in json.loads(sys.argv[2])]))", calls)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("place", range(len(ANSWERS)), ids=lambda i: f"{ANSWERS[i][0]}{ANSWERS[i][1]}")
def test_call_is_answered(place: int, answers: list[int]) -> None:
    name, arguments, expected = ANSWERS[place]
    got = errno.errorcode.get(answers[place], "allowed")
    assert got == errno.errorcode.get(expected, "allowed"), f"{name}{arguments}"


@pytest.mark.skipif(not ON_X86, reason="x32 exists on x86_64 only")
def test_x32_call_kills() -> None:
    assert run_filtered("call(0x40000000 | 39)").returncode == -signal.SIGSYS


@pytest.mark.skipif(not ON_X86, reason="int 0x80 exists on x86_64 only")
def test_32_bit_call_kills() -> None:
    getpid_by_int_0x80 = """
import mmap
code = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
code.write(bytes([0xB8, 20, 0, 0, 0, 0xCD, 0x80, 0xC3]))
ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(code)))()
"""
    done = run_filtered(getpid_by_int_0x80)
    assert done.returncode in (-signal.SIGSYS, -signal.SIGSEGV)  # the latter where the kernel has no 32-bit calls at all


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_filter_is_short_and_every_jump_lands_inside(machine: str) -> None:
    code = seccomp.assemble(seccomp._ARCHITECTURES[machine])
    assert len(code) < 260
    for place, instruction in enumerate(code[:-1]):
        assert place + 1 + max(instruction.if_true, instruction.if_false) < len(code)


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_every_number_is_decided_as_its_table_says(machine: str) -> None:
    architecture = seccomp._ARCHITECTURES[machine]
    code = seccomp.assemble(architecture)
    expected = {
        **{n[architecture.column]: 0x7FFF0000 for n in seccomp.ALLOWED.values()},
        **{n[architecture.column]: 0x00050000 for n in seccomp.IGNORED.values()},
        **{n[architecture.column]: 0x00050000 | errno.EPERM for n in seccomp.REFUSED.values()},
    }
    checked = {n[architecture.column] for n in seccomp.CHECKED.values()}
    for number in range(600):
        if number not in checked:
            assert interpret(code, architecture.audit, number) == expected.get(number, 0x00050000 | errno.ENOSYS), number


def interpret(code: seccomp.Code, audit: int, number: int) -> int:
    """What the kernel would do with `code`, for calls whose arguments do not matter."""
    place, accumulator = 0, 0
    while True:
        instruction = code[place]
        if instruction.code == 0x06:
            return instruction.value
        if instruction.code == 0x20:
            accumulator = {0: number, 4: audit}[instruction.value]
            place += 1
        else:
            holds = accumulator == instruction.value if instruction.code == 0x15 else accumulator >= instruction.value
            place += 1 + (instruction.if_true if holds else instruction.if_false)


def test_no_call_is_in_two_tables_and_no_number_is_used_twice() -> None:
    tables = (seccomp.ALLOWED, seccomp.IGNORED, seccomp.REFUSED, seccomp.CHECKED)
    assert sum(map(len, tables)) == len(NUMBERS)
    for column in (0, 1):
        numbers = [n[column] for n in NUMBERS.values() if n[column] >= 0]
        assert len(numbers) == len(set(numbers))


def test_numbers_agree_with_this_machines_headers() -> None:
    headers = [Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"), Path("/usr/include/asm-generic/unistd.h")]
    if not all(header.exists() for header in headers):
        pytest.skip("no kernel headers here (Debian package linux-libc-dev)")
    for column, header in enumerate(headers):
        found = re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)\s", header.read_text())
        real = {name.replace("fstatat", "newfstatat").replace("newnew", "new"): int(number) for name, number in found}
        for name, numbers in NUMBERS.items():
            if name in real and numbers[column] >= 0:
                assert numbers[column] == real[name], name


def test_unknown_processor_is_refused_with_the_known_ones() -> None:
    with pytest.raises(WallUnavailable, match="x86_64 and aarch64"):
        seccomp.program_filter("riscv64")


PYTHON_FEATURES = {
    "threads": "import threading; t = threading.Thread(target=print, args=('ok',)); t.start(); t.join()",
    "subprocess": "import subprocess; subprocess.run(['echo', 'ok'], check=True)",
    "shell": "import os; os.system('cat /dev/null; echo ok')",
    "asyncio": "import asyncio; asyncio.run(asyncio.sleep(0)); print('ok')",
    "asyncio subprocess": "import asyncio\nasync def main():\n p = await asyncio.create_subprocess_exec('echo', 'ok')\n"
    " await p.wait()\nasyncio.run(main())",
    "process pool": "from concurrent.futures import ProcessPoolExecutor as P\n"
    "with P(2) as p: print(['ok'][sum(p.map(int, '00'))])",
    "spawn": "import multiprocessing as m, os\nif __name__ == '__main__':\n"
    " p = m.get_context('spawn').Process(target=print, args=('ok',)); p.start(); p.join()",
    "mmap": "import mmap; m = mmap.mmap(-1, 4096); m[:2] = b'ok'; print(m[:2].decode())",
    "sqlite": "import sqlite3; print(sqlite3.connect(':memory:').execute('select \"ok\"').fetchone()[0])",
    "files": "import tempfile, shutil, os\nwith tempfile.TemporaryDirectory() as d:\n open(d + '/a', 'w').write('ok')\n"
    " shutil.copy2(d + '/a', d + '/b'); os.rename(d + '/b', d + '/c'); os.mkfifo(d + '/f'); print(open(d + '/c').read())",
    "select": "import select, os\n"
    "r, w = os.pipe(); os.write(w, b'ok'); select.select([r], [], []); print(os.read(r, 2).decode())",
    "timer": "import signal; signal.signal(signal.SIGALRM, lambda *_: print('ok')); signal.setitimer(0, 0.01); signal.pause()",
    "numpy": "import numpy; a = numpy.ones((300, 300)); print('ok' if (a @ a)[0, 0] == 300 else '')",
}


@pytest.mark.parametrize("feature", PYTHON_FEATURES)
def test_python_can(feature: str, tmp_path: Path) -> None:
    (tmp_path / "sol.py").write_text(PYTHON_FEATURES[feature])
    done = run_program_filtered([sys.executable, "sol.py"], tmp_path)
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "ok", "")


CPP = "#include <iostream>\n#include <thread>\nint main(){int s=0;std::thread t([&]{std::cin>>s;});t.join();std::cout<<s+1;}"
JAVA = "public class Main{public static void main(String[] a)throws Exception{Thread t=new Thread(()->System.out.print(42));" + (
    "t.start();t.join();}}"
)
GO = 'package main\nimport "fmt"\nfunc main(){c:=make(chan int);go func(){c<-42}();fmt.Print(<-c)}'
NODE = "const {Worker,isMainThread}=require('worker_threads');" + (
    "if(isMainThread){new Worker(__filename)}else{process.stdout.write('42')}"
)
RUST = 'fn main(){let t=std::thread::spawn(||42);print!("{}",t.join().unwrap());}'


@pytest.mark.parametrize(
    ("tool", "name", "source", "build", "run"),
    [
        ("g++", "a.cpp", CPP, ["g++", "-O1", "-pthread", "a.cpp", "-o", "a"], ["./a"]),
        ("g++", "a.cpp", CPP, ["g++", "-O1", "-static", "-pthread", "a.cpp", "-o", "a"], ["./a"]),
        ("javac", "Main.java", JAVA, ["javac", "Main.java"], ["java", "-Xmx64m", "-XX:+UseSerialGC", "Main"]),
        ("node", "a.js", NODE, [], ["node", "a.js"]),
        ("go", "a.go", GO, ["go", "build", "-o", "a", "a.go"], ["./a"]),
        ("rustc", "a.rs", RUST, ["rustc", "-O", "a.rs"], ["./a"]),
        ("pypy3", "a.py", "print(42, end='')", [], ["pypy3", "a.py"]),
    ],
    ids=["c++", "c++ static", "java", "node", "go", "rust", "pypy"],
)
def test_language_builds_and_runs(tool: str, name: str, source: str, build: list[str], run: list[str], tmp_path: Path) -> None:
    if shutil.which(tool) is None:
        pytest.skip(f"{tool} is not installed")
    (tmp_path / name).write_text(source)
    if build:
        built = run_program_filtered(build, tmp_path)
        assert built.returncode == 0, built.stderr
    done = run_program_filtered(run, tmp_path, stdin="41\n")
    assert (done.returncode, done.stdout) == (0, "42"), done.stderr
