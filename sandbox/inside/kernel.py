"""The few system calls that Python has no name for, through ctypes. Failures raise OSError with the call's name."""

from __future__ import annotations

import ctypes
import os
import platform

libc = ctypes.CDLL(None, use_errno=True)

CLONE_NEWNS = 0x00020000
CLONE_NEWCGROUP = 0x02000000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT = 1, 2, 4, 8, 32
MS_BIND, MS_REC, MS_PRIVATE = 4096, 16384, 1 << 18
MNT_DETACH = 2

PR_SET_DUMPABLE = 4
PR_SET_SECCOMP = 22
PR_CAPBSET_DROP = 24
PR_SET_CHILD_SUBREAPER = 36
PR_SET_NO_NEW_PRIVS = 38
PR_GET_TID_ADDRESS = 40
SECCOMP_MODE_FILTER = 2

_AT_FDCWD = -100
_AT_RECURSIVE = 0x8000
_ATTR_RDONLY_NOSUID_NODEV = 1 | 2 | 4
_SYS_MOUNT_SETATTR = 442
_SYS_CLOSE_RANGE = 436
_SYS_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}.get(platform.machine(), -1)


def _check(result: int, what: str) -> int:
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{what}: {os.strerror(error)}")
    return result


def _path(path: str | None) -> bytes | None:
    return None if path is None else os.fsencode(path)


def unshare(flags: int) -> None:
    """Move this process into new namespaces."""
    _check(libc.unshare(flags), f"unshare({flags:#x})")


def mount(source: str | None, target: str, kind: str | None = None, flags: int = 0, options: str = "") -> None:
    """mount(2)."""
    data = options.encode() or None
    _check(
        libc.mount(_path(source), _path(target), _path(kind), ctypes.c_ulong(flags), data), f"mount {kind or source} on {target}"
    )


def unmount(target: str) -> None:
    """Detach what is mounted at `target`, even while it is in use."""
    _check(libc.umount2(_path(target), MNT_DETACH), f"unmount {target}")


def bind_read_only(source: str, target: str) -> None:
    """Show `source` with all below it at `target`, so that nothing in it can be written, run with privileges or be a device."""
    mount(source, target, None, MS_BIND | MS_REC)
    attributes = (ctypes.c_uint64 * 4)(_ATTR_RDONLY_NOSUID_NODEV, 0, 0, 0)
    done = libc.syscall(_SYS_MOUNT_SETATTR, _AT_FDCWD, _path(target), _AT_RECURSIVE, ctypes.byref(attributes), 32)
    if done == 0:
        return
    # Before Linux 5.12, mount by mount: the top one, then each below it.
    for path in _mounts_below(target):
        kept = os.statvfs(path).f_flag & (MS_NOSUID | MS_NODEV | MS_NOEXEC)
        mount(None, path, None, MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV | kept)


def _mounts_below(target: str) -> list[str]:
    with open("/proc/self/mountinfo") as table:
        paths = [line.split()[4].encode().decode("unicode_escape") for line in table]
    return [path for path in paths if path == target or path.startswith(target.rstrip("/") + "/")]


def pivot_root(new: str, old: str) -> None:
    """pivot_root(2)."""
    _check(libc.syscall(_SYS_PIVOT_ROOT, _path(new), _path(old)), f"pivot_root {new}")


def splice(source: int, target: int, size: int) -> int:
    """Move bytes from a pipe into a file without a copy in this process's memory; how many, 0 at the end."""
    return _check(libc.splice(source, None, target, None, ctypes.c_size_t(size), 0), "splice")


def prctl(option: int, value: int, what: str) -> None:
    """prctl(2) with one argument."""
    _check(libc.prctl(option, ctypes.c_ulong(value), 0, 0, 0), what)


def tid_address() -> int | None:
    """Where the C library keeps the main thread's id, as it told the kernel. None where the kernel does not tell it back."""
    address = ctypes.c_void_p()
    return address.value if libc.prctl(PR_GET_TID_ADDRESS, ctypes.byref(address), 0, 0, 0) == 0 else None


def close_from(first: int) -> None:
    """Close every descriptor from `first` on."""
    if libc.syscall(_SYS_CLOSE_RANGE, first, ctypes.c_uint(0xFFFFFFFF), 0) < 0:
        os.closerange(first, os.sysconf("SC_OPEN_MAX"))


def drop_capabilities() -> None:
    """Give up every capability, for programs that keep the runner's uid (rootless boxes)."""
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    _check(libc.capset(ctypes.byref(header), ctypes.byref((ctypes.c_uint32 * 6)())), "capset")


class Filter:
    """A seccomp program, laid out once so that installing it is a single call."""

    def __init__(self, code: bytes) -> None:
        self._code = ctypes.create_string_buffer(code, len(code))

        class Header(ctypes.Structure):
            _fields_ = [("length", ctypes.c_ushort), ("code", ctypes.c_void_p)]

        self._header = Header(len(code) // 8, ctypes.addressof(self._code))
        self.address = ctypes.addressof(self._header)

    def install(self) -> None:
        """Hold this process, and all it starts, to the filter. It needs no_new_privs."""
        _check(libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.c_void_p(self.address), 0, 0), "seccomp")
