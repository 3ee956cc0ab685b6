"""The system call profile of worker containers."""

from deploy import make_seccomp
from sandbox import seccomp


def test_the_file_is_what_the_tables_make() -> None:
    assert make_seccomp.FILE.read_text() == make_seccomp.text(), "run `make docs`"


def test_everything_that_a_program_may_call_passes_the_container_too() -> None:
    allowed = set(make_seccomp.profile()["syscalls"][0]["names"])
    assert allowed >= {*seccomp.ALLOWED, *seccomp.IGNORED, *seccomp.CHECKED}


def test_what_neither_judge_nor_programs_need_is_refused() -> None:
    *_, refused = make_seccomp.profile()["syscalls"]
    assert refused["action"] == "SCMP_ACT_ERRNO"
    assert set(refused["names"]) >= {"ptrace", "bpf", "kexec_load", "init_module", "io_uring_setup", "open_by_handle_at"}


def test_no_call_is_both_allowed_and_refused() -> None:
    rules = make_seccomp.profile()["syscalls"]
    assert not set(rules[0]["names"]) & set(rules[-1]["names"])
    assert all("socket" not in rule["names"] or rule.get("args") for rule in rules)
