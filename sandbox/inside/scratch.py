"""The places a program may see files of its own: /box (read-only), /tmp and /dev/shm (fresh for each run). Boxes with a disk keep
/work and /tmp.

A folder that programs used is never walked or emptied: they leave thousand-deep trees. It is detached whole and a new one is
mounted.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress

from . import kernel

_FLAGS = kernel.MS_NOSUID | kernel.MS_NODEV
_SHELF_MB = 512
"""More than the host ever sends; what is there is the runner's memory, which has a bound of its own."""


class Scratch:
    """One tmpfs that is replaced when something was done to it."""

    def __init__(self, path: str, mode: str, inodes: int) -> None:
        self.path = path
        self._mode = mode
        self._inodes = inodes
        self._size_mb = 0
        self._untouched: tuple[int, ...] = ()
        self._mounted = False

    def refresh(self, size_mb: int) -> None:
        """An empty folder of `size_mb`; nothing happens when the one at hand is untouched."""
        if self._mounted and size_mb == self._size_mb and self._state() == self._untouched:
            return
        self.replace(size_mb)

    def replace(self, size_mb: int) -> None:
        """An empty folder in place of the present one."""
        if self._mounted:
            self._mounted = False
            kernel.unmount(self.path)
        options = f"mode={self._mode},size={size_mb}m,nr_inodes={self._inodes}"
        kernel.mount("none", self.path, "tmpfs", _FLAGS, options)
        self._mounted, self._size_mb = True, size_mb
        self._untouched = self._state()

    def _state(self) -> tuple[int, ...]:
        """What changes when something is done to the folder. Times alone may not: before Linux 6.13 they go by 4 ms ticks."""
        now = os.stat(self.path)
        return now.st_mode, now.st_nlink, now.st_size, now.st_mtime_ns, now.st_ctime_ns


class Shelf:
    """Where programs find their own files and can change nothing: /box.

    Mounted once, and then read-only over itself: the runner works in the writable one beneath, by a descriptor that no program
    gets. `mounts` False: it is there already, and the runner's own.
    """

    def __init__(self, path: str, *, mounts: bool) -> None:
        if mounts:
            kernel.mount("none", path, "tmpfs", _FLAGS, f"mode=0755,size={_SHELF_MB}m,nr_inodes=4096")
        self._folder = os.open(path, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        if mounts:
            kernel.mount(path, path, None, kernel.MS_BIND)
            kernel.mount(None, path, None, kernel.MS_BIND | kernel.MS_REMOUNT | kernel.MS_RDONLY | _FLAGS)
        self._made: list[tuple[str, Callable[..., None]]] = []

    def put(self, name: str, source: int, mode: int) -> None:
        """Copy what the descriptor `source` holds to the path `name`."""
        parts = name.split("/")
        for end in range(1, len(parts)):
            with suppress(FileExistsError):
                self._make("/".join(parts[:end]))
        self._made.append((name, os.unlink))
        put(name, source, mode, self._folder)

    def _make(self, folder: str) -> None:
        os.mkdir(folder, 0o755, dir_fd=self._folder)
        self._made.append((folder, os.rmdir))

    def clear(self) -> None:
        """Take away all that was put."""
        while self._made:
            name, remove = self._made.pop()
            with suppress(FileNotFoundError):  # it failed to be put
                remove(name, dir_fd=self._folder)


def mount_disk(size_mb: int, files: int, owner: int | None) -> None:
    """Make /work and /tmp two folders of one file system that stays as long as the box. `owner` None: this process's user."""
    kernel.mount("none", "/work", "tmpfs", _FLAGS, f"mode=0755,size={size_mb}m,nr_inodes={files + 3}")
    for path, mode in (("/work/tmp", 0o1777), ("/work/work", 0o755)):
        os.mkdir(path)
        if owner is not None:
            os.chown(path, owner, owner)
        os.chmod(path, mode)
    kernel.mount("/work/tmp", "/tmp", None, kernel.MS_BIND)
    kernel.mount("/work/work", "/work", None, kernel.MS_BIND)  # hides the folder that has both


def put_beneath(folder: str, name: str, source: int, hand_over: bool, owner: int | None) -> None:
    """Copy `source` to a path in a fresh folder: for `owner` to do with as it likes, or only to be read."""
    made = folder
    for part in name.split("/")[:-1]:
        made = f"{made}/{part}"
        try:
            os.mkdir(made)
        except FileExistsError:
            continue
        if hand_over and owner is not None:
            os.chown(made, owner, owner)
    path = f"{folder}/{name}"
    put(path, source, 0o644 if hand_over else 0o444)
    if hand_over and owner is not None:
        os.chown(path, owner, owner)


def put(path: str, source: int, mode: int, folder: int | None = None) -> None:
    """Copy what the descriptor `source` holds into a new file, beneath the descriptor `folder` where there is one."""
    target = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode, dir_fd=folder)
    try:
        left, offset = os.fstat(source).st_size, 0
        while left > 0:
            sent = os.sendfile(target, source, offset, left)
            if sent == 0:
                raise OSError(f"{path}: source ended early")
            left, offset = left - sent, offset + sent
        os.fchmod(target, mode)
    finally:
        os.close(target)
