"""Control groups mounted afresh, for a container whose engine shows them read-only.

With CAP_SYS_ADMIN a container may mount the hierarchies a second time, writable. What such a mount shows depends on the control
group namespace of who mounts: engines on v1 leave containers in the machine's, where it would be the whole machine's tree. So
a thread that moved into a namespace of its own mounts them: their top is then this container's group, and what the judge makes
stays within the container's bounds. The mounts last as long as the container's mount namespace, for all processes in it.
"""

import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from sandbox.inside import kernel

FOLDER = Path("/run/tierline/cgroup")
"""One for all judges that share a mount namespace, so that the second finds what the first mounted."""
JUDGE_LEAF = "tierline-judge"
"""On v2, where a judge puts the processes of a group that is to hand on controllers."""
_NEEDED = frozenset({"memory", "pids", "cpuacct"})
_FLAGS = kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC


def mount_afresh() -> list[Path]:
    """Mount every hierarchy that the judge can use beneath `FOLDER`; returns where. Empty when it is not allowed here."""
    made: list[Path] = []
    with suppress(OSError), ThreadPoolExecutor(1) as thread:  # the namespace is that thread's alone, and goes with it
        thread.submit(_mount_all, _bound(), made).result()
    return made


def unmount(places: list[Path]) -> None:
    """Undo `mount_afresh`."""
    for place in reversed(places):
        with suppress(OSError):
            kernel.unmount(str(place))


def _bound() -> dict[str, str]:
    """Controllers bound to each hierarchy, as mount options have them, and this process's group there; "" is v2."""
    lines = Path("/proc/self/cgroup").read_text().splitlines()
    return {names: path for _, names, path in (line.split(":", 2) for line in lines)}


def _mount_all(own: dict[str, str], made: list[Path]) -> None:
    if own.get("", "/") != f"/{JUDGE_LEAF}":  # there, the top of the namespace is what is wanted, not the leaf
        kernel.unshare(kernel.CLONE_NEWCGROUP)
    for names in own:
        if names and not _NEEDED & set(names.split(",")):
            continue
        place = FOLDER / (names or "unified")
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not os.path.ismount(place):
            kernel.mount("cgroup", str(place), "cgroup" if names else "cgroup2", _FLAGS, names)
            made.append(place)
