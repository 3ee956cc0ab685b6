"""Boxes of one's own: what they keep between runs, and what a program's files can make of the calls on them."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from sandbox import Box, BoxDied, Disk, End, Limits, MemFile, Outcome, Pool, PoolClosed, PoolConfig, Program, disk_files
from sandbox.disk_files import FileRefused

Shell = Callable[..., str]


@pytest.fixture
def box(pool: Pool) -> Iterator[Box]:
    box = pool.own.open(Disk(size_mb=8, files=500))
    yield box
    pool.own.close(box)


def execute(box: Box, command: str, **limits: object) -> Outcome:
    assert box.load(Program({}, argv=("/bin/sh", "-c", command))) is None
    with MemFile.sealed(b"") as nothing:
        return box.run(nothing, Limits(**{"cpu_s": 20, "memory_mb": 64, "idle_s": 20, **limits}))  # type: ignore[arg-type]


@pytest.fixture
def shell(box: Box) -> Shell:
    def shell(command: str, **limits: object) -> str:
        outcome = execute(box, command, **limits)
        said = outcome.stdout.read().decode() + outcome.stderr.read().decode()
        outcome.close()
        return said.strip()

    return shell


def refusal(call: Callable[[], object]) -> str:
    with pytest.raises(FileRefused) as caught:
        call()
    return caught.value.code


def test_work_and_tmp_are_kept_and_everything_else_is_fresh(shell: Shell) -> None:
    assert shell("pwd; echo one > a; echo two > /tmp/b; echo three > /dev/shm/c; mkdir d") == "/work"
    assert shell("cat a /tmp/b; ls /dev/shm; ls; rm a; rmdir d; ls") == "one\ntwo\na\nd"
    assert shell("ls; cat /tmp/b") == "two"


def test_python_runs_there_with_its_packages(shell: Shell) -> None:
    assert shell("echo 'print(6 * 7)' > m.py; python3 -c 'import m, numpy; print(numpy.arange(3).sum())'") == "42\n3"


def test_process_left_by_a_command_is_killed_before_it_is_answered(shell: Shell) -> None:
    shell("(setsid sh -c 'trap \"\" TERM HUP; while :; do echo x >> alive; sleep 0.01; done' >/dev/null 2>&1 &) ; sleep 0.05")
    size = shell("stat -c %s alive")
    assert int(size) > 0
    assert shell("sleep 0.1; stat -c %s alive; ls /proc | grep -c '^[0-9]'") == f"{size}\n3"  # sh, ls, grep; the runner is hidden


def test_disk_is_bounded_in_bytes_and_in_files(shell: Shell) -> None:
    said = shell("head -c 20000000 /dev/zero > big; stat -c %s big; rm big; i=0; while true > f$i; do i=$((i+1)); done; echo $i")
    assert "No space left on device" in said
    assert str(8 << 20) in said.splitlines()
    assert "500" in said.splitlines()
    assert shell("rm -f f*; echo fine > again; cat again") == "fine"


def test_files_do_not_count_as_memory_of_later_commands(box: Box) -> None:
    execute(box, "head -c 7000000 /dev/zero > big").close()
    outcome = execute(box, "python3 -c 'x = bytearray(20 << 20)'", memory_mb=40)
    assert (outcome.exit_code, outcome.out_of_memory) == (0, False)
    assert outcome.memory_bytes < 40 << 20
    outcome.close()


def test_memory_is_bounded_all_the_same(box: Box) -> None:
    outcome = execute(box, "exec python3 -c 'x = bytearray(300 << 20)'", memory_mb=40)
    assert (outcome.out_of_memory, outcome.signal) == (True, signal.SIGKILL)
    outcome.close()
    again = execute(box, "echo fine")
    assert again.stdout.read() == b"fine\n"
    again.close()


def test_files_are_put_fetched_listed_and_deleted(box: Box, shell: Shell) -> None:
    data = os.urandom(3 << 20)
    disk_files.put(box, "a/b/c.bin", data)
    assert disk_files.get(box, "a/b/c.bin", 4 << 20) == data
    assert shell("stat -c '%U %a' a a/b a/b/c.bin; printf x >> a/b/c.bin; stat -c %s a/b/c.bin").split() == [
        *(["user", "755", "user", "755", "user", "644"] if os.geteuid() == 0 else ["root", "755", "root", "755", "root", "644"]),
        str(len(data) + 1),
    ]
    entries, more = disk_files.list_folder(box, "a/b", 10)
    assert ([(entry.name, entry.kind, entry.bytes) for entry in entries], more) == ([("c.bin", "file", len(data) + 1)], False)
    disk_files.put(box, "a/b/c.bin", b"")
    assert disk_files.get(box, "a/b/c.bin", 10) == b""
    assert refusal(lambda: disk_files.delete(box, "a/b")) == "ENOTEMPTY"
    disk_files.delete(box, "a/b/c.bin")
    disk_files.delete(box, "a/b")
    assert [entry.name for entry in disk_files.list_folder(box, "", 10)[0]] == ["a"]


def test_what_cannot_be_done_says_why(box: Box, shell: Shell) -> None:
    shell("mkdir folder; : > file; ln -s loop loop; mkfifo fifo; truncate -s 50M sparse; mkdir shut; echo > no; chmod 0 shut no")
    for path, code in {
        "absent": "ENOENT",
        "folder": "EISDIR",
        "file/x": "ENOTDIR",
        "loop": "ELOOP",
        "fifo": "no_file",
        "sparse": "too_large",
        "x" * 300: "ENAMETOOLONG",
        "shut/x": "EACCES",
        "no": "EACCES",
    }.items():
        if code != "EACCES" or os.geteuid() == 0:
            assert refusal(lambda path=path: disk_files.get(box, path, 100)) == code, path  # type: ignore[misc]
    assert refusal(lambda: disk_files.put(box, "folder", b"x")) == "EISDIR"
    assert refusal(lambda: disk_files.put(box, "file/x", b"x")) == "ENOTDIR"
    assert refusal(lambda: disk_files.list_folder(box, "file", 5)) == "ENOTDIR"
    assert refusal(lambda: disk_files.delete(box, "absent")) == "ENOENT"


def test_put_that_finds_the_disk_full_leaves_what_was_there(box: Box, shell: Shell) -> None:
    disk_files.put(box, "kept", b"as it was")
    assert refusal(lambda: disk_files.put(box, "kept", bytes(9 << 20))) == "ENOSPC"
    assert disk_files.get(box, "kept", 100) == b"as it was"
    assert shell("ls -A") == "kept"


def test_links_lead_nowhere_a_program_could_not_go(box: Box, shell: Shell) -> None:
    shell("ln -s /proc/1/environ a; ln -s /proc/1/mem b; ln -s /opt/runner c; ln -s / d; ln -s /etc/passwd e; ln -s /dev/zero f")
    assert refusal(lambda: disk_files.get(box, "a", 1000)) in ("EACCES", "ENOENT")  # hidepid hides it
    assert refusal(lambda: disk_files.get(box, "b", 1000)) in ("EACCES", "ENOENT")
    assert refusal(lambda: disk_files.put(box, "c/start.py", b"evil")) in ("EACCES", "EROFS")
    assert refusal(lambda: disk_files.put(box, "d/box/x", b"evil")) in ("EACCES", "EROFS")
    assert refusal(lambda: disk_files.delete(box, "d/etc/passwd")) in ("EACCES", "EROFS")
    assert disk_files.get(box, "e", 1000).startswith(b"root:x:0:0:root:/tmp")  # the box's own
    assert refusal(lambda: disk_files.get(box, "f", 1000)) == "no_file"
    disk_files.put(box, "e", b"mine")  # takes the link's place
    assert shell("cat e; head -c 4 /etc/passwd") == "mineroot"


def test_links_to_the_calls_own_streams_do_no_harm(box: Box, shell: Shell) -> None:
    shell("ln -s /proc/self/fd d; ln -s /proc/self/fd/2 err; ln -s /proc/self/mem mem")
    assert refusal(lambda: disk_files.put(box, "d/9", b"x")) in ("ENOENT", "EACCES", "EPERM")
    assert refusal(lambda: disk_files.get(box, "mem", 1000)) == "EIO"
    assert disk_files.get(box, "err", 1000) == b""
    disk_files.put(box, "err", b'{"ok": true}')
    assert disk_files.get(box, "err", 1000) == b'{"ok": true}'


def test_names_that_are_not_utf8_are_listed_as_such(box: Box, shell: Shell) -> None:
    shell("touch \"$(printf 'a\\377b')\"; touch 'new\nline'; mkdir sub; ln -s sub link; mkfifo fifo")
    listed = {entry.name: (entry.utf8, entry.kind) for entry in disk_files.list_folder(box, "", 10)[0]}
    assert listed == {
        "a\ufffdb": (False, "file"),
        "new\nline": (True, "file"),
        "sub": (True, "folder"),
        "link": (True, "link"),
        "fifo": (True, "other"),
    }


def test_folder_of_many_names_is_listed_in_part(box: Box, shell: Shell) -> None:
    shell("i=0; while [ $i -lt 400 ]; do : > $(printf 'f%03d' $i); i=$((i+1)); done")
    entries, more = disk_files.list_folder(box, "", 100)
    assert ([entries[0].name, entries[-1].name], len(entries), more) == (["f000", "f099"], 100, True)


def test_deep_folders_can_be_made_and_listed(box: Box) -> None:
    path = "/".join(["d"] * 400)
    disk_files.put(box, f"{path}/x", b"deep")
    assert disk_files.get(box, f"{path}/x", 10) == b"deep"
    assert [entry.name for entry in disk_files.list_folder(box, path, 10)[0]] == ["x"]


def test_python_left_in_the_folder_is_not_loaded_by_calls_on_files(box: Box, shell: Shell) -> None:
    shell("for name in os stat json heapq errno sitecustomize; do echo 'import sys; sys.exit(\"owned\")' > $name.py; done")
    disk_files.put(box, "x", b"1")
    assert disk_files.get(box, "x", 10) == b"1"


def test_boxes_share_no_files_and_no_uid(pool: Pool) -> None:
    first, second = pool.own.open(Disk(4)), pool.own.open(Disk(4))
    try:
        disk_files.put(first, "secret", b"of the first")
        assert disk_files.list_folder(second, "", 10)[0] == []
        outcome = execute(second, "cat /work/secret; ls /tmp")
        assert (outcome.exit_code, outcome.stdout.read()) == (0, b"")
        outcome.close()
        with pool.box() as judging:
            assert (
                judging.load(Program({"x.py": b"import os; print(os.listdir('/work'), os.listdir('/tmp'))"}, warm=True)) is None
            )
            with MemFile.sealed(b"") as nothing:
                outcome = judging.run(nothing, Limits(cpu_s=5))
            assert outcome.stdout.read() == b"[] []\n"
            outcome.close()
            if os.geteuid() == 0:
                runners = [Path(f"/proc/{box.pid}/status").read_text() for box in (first, second, judging)]
                assert len({text.partition("Uid:")[2].split()[0] for text in runners}) == 3
    finally:
        pool.own.close(first)
        pool.own.close(second)


def test_command_passes_the_pools_gate(pool: Pool, box: Box) -> None:
    ended: list[bytes] = []

    def run() -> None:
        outcome = execute(box, "echo ran")
        ended.append(outcome.stdout.read())
        outcome.close()

    with pool.alone():
        thread = threading.Thread(target=run)
        thread.start()
        thread.join(0.3)
        assert not ended
    thread.join()
    assert ended == [b"ran\n"]


def test_command_that_runs_is_paused_while_somebody_is_alone(pool: Pool, box: Box) -> None:
    disk_files.put(box, "count.py", b"import time\nfor i in range(300): time.sleep(0.001)\nprint(i)")
    done: list[Outcome] = []
    thread = threading.Thread(target=lambda: done.append(execute(box, "python3 count.py", wall_s=20)))
    thread.start()
    while not states_in(box):
        time.sleep(0.001)
    with pool.alone():
        while states_in(box) != {"T"}:
            time.sleep(0.001)
        time.sleep(0.5)
        assert states_in(box) == {"T"}
        assert thread.is_alive()
    thread.join()
    assert (done[0].end, done[0].exit_code, done[0].stdout.read()) == (End.EXIT, 0, b"299\n")
    done[0].close()


def states_in(box: Box) -> set[str]:
    """Of the processes in the box, the runner left out."""
    states = set()
    for child in psutil.Process(box.pid).children(recursive=True):
        try:
            states.add(Path(f"/proc/{child.pid}/stat").read_text().rpartition(")")[2].split()[0])
        except OSError:
            continue
    return states


def test_paused_time_is_not_the_commands(pool: Pool, box: Box, slowness: float) -> None:
    done: list[Outcome] = []
    limit_s = 0.8 * slowness
    thread = threading.Thread(target=lambda: done.append(execute(box, "sleep 0.3", wall_s=limit_s, idle_s=limit_s)))
    thread.start()
    while not states_in(box):
        time.sleep(0.001)
    with pool.alone():
        time.sleep(1.5 * limit_s)
    thread.join()
    assert (done[0].end, done[0].exit_code) == (End.EXIT, 0)
    assert done[0].wall_s < limit_s
    done[0].close()


def test_being_paused_at_any_moment_harms_no_command(pool: Pool, box: Box) -> None:
    stop = threading.Event()

    def pause_often() -> None:
        while not stop.wait(0.0005):
            with pool.alone():
                pass

    thread = threading.Thread(target=pause_often)
    thread.start()
    try:
        for number in range(150):
            outcome = execute(box, f"echo {number}")
            assert (outcome.end, outcome.exit_code, outcome.stdout.read()) == (End.EXIT, 0, b"%d\n" % number)
            outcome.close()
            disk_files.put(box, "n", b"%d" % number)
            assert disk_files.get(box, "n", 10) == b"%d" % number
    finally:
        stop.set()
        thread.join()


def test_no_child_stays_stopped_that_was_being_forked_while_its_parent_was_paused(box: Box) -> None:
    stop = threading.Event()

    def pause_and_resume() -> None:
        while not stop.wait(0.0005):
            box.pause()
            box.resume()  # so soon that a fork may take longer: it waits while any process changes its control group

    thread = threading.Thread(target=pause_and_resume)
    thread.start()
    try:
        for _ in range(400):
            outcome = execute(box, "echo $(echo $(echo $(echo $(echo fine))))", wall_s=10)
            assert (outcome.end, outcome.stdout.read()) == (End.EXIT, b"fine\n")
            outcome.close()
    finally:
        stop.set()
        thread.join()


def test_paused_command_can_be_cancelled_and_its_box_used_again(pool: Pool, box: Box) -> None:
    done: list[Outcome] = []
    thread = threading.Thread(target=lambda: done.append(execute(box, "sleep 50", wall_s=60)))
    thread.start()
    while not states_in(box):
        time.sleep(0.001)
    with pool.alone():
        while states_in(box) != {"T"}:
            time.sleep(0.001)
        box.cancel()
        thread.join()
    assert done[0].end is End.CANCELLED
    done[0].close()
    again = execute(box, "echo fine")
    assert again.stdout.read() == b"fine\n"
    again.close()


def test_box_that_died_hangs_up(pool: Pool) -> None:
    box = pool.own.open(Disk(4))
    assert not box.hung_up()
    os.kill(box.pid, signal.SIGKILL)
    while not box.hung_up():
        time.sleep(0.001)
    with pytest.raises(BoxDied):
        execute(box, "true")
    pool.own.close(box)
    assert box.hung_up()


def test_closed_pool_takes_its_own_boxes_with_it(tmp_path: Path, cache_dir: Path) -> None:
    pool = Pool(PoolConfig(boxes=1, run_dir=tmp_path, cache_dir=cache_dir))
    pool.start()
    box = pool.own.open(Disk(4))
    pid = box.pid
    pool.close()
    assert not Path(f"/proc/{pid}").exists()
    with pytest.raises(PoolClosed):
        pool.own.open(Disk(4))


def test_attached_files_may_lie_in_folders_and_be_handed_over(pool: Pool) -> None:
    program = Program(
        {"x.py": b"open('a/b/c', 'ab').write(b'!'); open('a/d', 'w').write('new'); print(open('plain').read())"}, warm=True
    )
    with pool.box() as box, MemFile.sealed(b"") as nothing, MemFile.sealed(b"deep") as deep, MemFile.sealed(b"flat") as flat:
        assert box.load(program) is None
        outcome = box.run(
            nothing, Limits(cpu_s=5), attach={"a/b/c": deep, "plain": flat}, hand_over=True, collect=["a/b/c", "a/d", "a/e"]
        )
    assert outcome.end is End.EXIT
    assert (outcome.exit_code, outcome.stdout.read(), outcome.stderr.read()) == (0, b"flat\n", b"")
    assert {name: file.read() for name, file in outcome.files.items()} == {"a/b/c": b"deep!", "a/d": b"new"}
    outcome.close()


@pytest.mark.parametrize("name", ["link/passwd", "a/../b", "/etc/passwd", "../etc/passwd", "a//b", "."])
def test_collecting_follows_no_link_and_leaves_tmp_by_no_path(pool: Pool, name: str) -> None:
    source = b"import os; os.symlink('/etc', 'link'); os.mkdir('a'); open('b', 'w').close(); open('a/b', 'w').close()"
    with pool.box() as box, MemFile.sealed(b"") as nothing:
        assert box.load(Program({"x.py": source}, warm=True)) is None
        outcome = box.run(nothing, Limits(cpu_s=5), collect=[name])
    assert (outcome.exit_code, outcome.files) == (0, {})
    outcome.close()
