"""Locks between the judges of one machine: flock on files in a folder that all of them see.

A lock belongs to an open file, so two threads that opened it apart exclude each other like two processes, and the kernel drops
it when its holder closes the file or dies, by whatever death. Containers meet where they mount one local folder; what each calls
it does not matter.
"""

import fcntl
import os
from contextlib import suppress
from pathlib import Path

from sandbox.errors import WallUnavailable


def make_folder(folder: Path) -> None:
    """Make the folder if it is not there. Raises WallUnavailable when it cannot be used."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(open_lock(folder / "probe"))
    except OSError as error:
        raise WallUnavailable(
            f"the folder that judges of this machine share, {folder}, cannot be used: {error.strerror or error}. "
            "Fix: set TIERLINE_MACHINE_DIR to a folder on a local disk that this user may write"
        ) from error


def open_lock(path: Path) -> int:
    """A file to lock, made if need be. Reading is all that a lock needs, so another user's file will do."""
    flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW
    with suppress(FileNotFoundError):
        return os.open(path, flags)
    return os.open(path, flags | os.O_CREAT, 0o644)


def try_lock(fd: int) -> bool:
    """Take it alone if nobody has it."""
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
