"""A scratch place that cannot be mounted anew, because the box is a container without the right to mount: it is emptied.

Nothing that a program made is followed, recursed into or held in the runner's memory. A child that has become the program's user
does it while nothing else runs, by flattening: what lies in a folder is unlinked or, if it is a folder, moved up and looked at in
its turn. So a thousand-deep tree takes a thousand steps and no stack. A place that does not become empty ends the box.
"""

from __future__ import annotations

import os
import signal

_LONGEST_S = 20


class Dirty(Exception):
    """The place is not empty again; the box must not be used any more."""


class Folder:
    """One tmpfs of the container. The same interface as `scratch.Scratch`."""

    def __init__(self, path: str, uid: int | None) -> None:
        """`uid`: whose files they are; None: the runner's own."""
        self.path = path
        self._uid = uid
        self._untouched = self._state()

    def refresh(self, size_mb: int) -> None:
        """An empty folder; nothing happens when the one at hand is untouched. Its size is watched, not set: see supervise."""
        if self._state() != self._untouched:
            self.replace(size_mb)

    def replace(self, size_mb: int) -> None:
        """An empty folder in place of the present content. Raises Dirty."""
        child = os.fork()
        if child == 0:
            self._empty_in_child()
        _, status = os.waitpid(child, 0)
        if status != 0:
            raise Dirty(f"{self.path} does not become empty (status {status})")
        self._untouched = self._state()

    def _empty_in_child(self) -> None:
        status = 1
        try:
            signal.alarm(_LONGEST_S)
            os.chdir(self.path)
            empty()  # of what is the runner's own
            if self._uid is not None:
                os.setresgid(self._uid, self._uid, self._uid)
                os.setresuid(self._uid, self._uid, self._uid)
            empty()
            status = len(os.listdir("."))
        finally:
            os._exit(status)

    def used_bytes(self) -> int:
        """What programs put there since it was emptied."""
        held = os.statvfs(self.path)
        return (self._untouched[-2] - held.f_bfree) * held.f_frsize

    def _state(self) -> tuple[int, ...]:
        """What changes when something is done to the folder; at its end, blocks and inodes that are free."""
        now, held = os.stat(self.path), os.statvfs(self.path)
        return now.st_nlink, now.st_size, now.st_mtime_ns, now.st_ctime_ns, held.f_bfree, held.f_ffree


def empty() -> None:
    """Remove all that lies in the working directory, but folders there that are another user's. Raises OSError for what cannot
    be removed."""
    mark, number = os.urandom(8).hex(), 0  # a name that no program has taken
    waiting = ["."]
    while waiting:
        place = waiting.pop()
        with os.scandir(place) as entries:
            for entry in entries:
                if not entry.is_dir(follow_symlinks=False):
                    os.unlink(entry.path)
                elif place == ".":
                    if entry.stat(follow_symlinks=False).st_uid == os.geteuid():
                        os.chmod(entry.path, 0o700)
                        waiting.append(entry.name)
                else:
                    name, number = f"{mark}-{number}", number + 1
                    os.chmod(entry.path, 0o700)  # moving a folder changes what it says of its parent
                    os.rename(entry.path, name)
                    waiting.append(name)
        if place != ".":
            os.rmdir(place)
