"""Writes deploy/seccomp.json, the profile of worker containers: `make docs`. A test fails when the file is out of date.

Engines' default profiles forbid what boxes are built with (pivot_root always, namespaces without CAP_SYS_ADMIN). This one is an
allow-list all the same: what a program in a box may call (sandbox/seccomp.py filters programs again, more strictly), and what
the judge itself needs on top. Everything else is answered ENOSYS, as an old kernel would.
"""

import errno
import json
from pathlib import Path
from typing import Any

from sandbox import seccomp

FILE = Path(__file__).parent / "seccomp.json"

_BOXES = ("unshare", "mount", "umount2", "mount_setattr", "pivot_root", "sethostname", "seccomp", "clone3", "sched_setaffinity")
_IDENTITY = ("setuid", "setgid", "setreuid", "setregid", "setresuid", "setresgid", "setgroups", "capset")
_NETWORK = ("connect", "bind", "listen", "accept", "accept4")
_FAMILIES = {"AF_UNIX": 1, "AF_INET": 2, "AF_INET6": 10, "AF_NETLINK": 16}
_COMPILERS = ("get_mempolicy", "setpriority")


def profile() -> dict[str, Any]:
    """The profile in the form that Docker, Podman, containerd and CRI-O read."""
    programs = {*seccomp.ALLOWED, *seccomp.IGNORED, *seccomp.CHECKED}
    names = sorted(programs | {*_BOXES, *_IDENTITY, *_NETWORK, *_COMPILERS})
    refused = sorted(set(seccomp.REFUSED) - set(names) - {"socket"})
    return {
        "defaultAction": "SCMP_ACT_ERRNO",
        "defaultErrnoRet": errno.ENOSYS,
        "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_AARCH64"],
        "syscalls": [
            {"names": names, "action": "SCMP_ACT_ALLOW"},
            *(_socket(number) for number in _FAMILIES.values()),
            {"names": refused, "action": "SCMP_ACT_ERRNO", "errnoRet": errno.EPERM},
        ],
    }


def _socket(family: int) -> dict[str, Any]:
    return {"names": ["socket"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "value": family, "op": "SCMP_CMP_EQ"}]}


def text() -> str:
    """The file's content."""
    return json.dumps(profile(), indent=1) + "\n"


if __name__ == "__main__":
    FILE.write_text(text())
