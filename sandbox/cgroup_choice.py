"""Which kind of control groups this machine and this user's rights allow."""

import os

from sandbox.cgroup_files import Hierarchy, hierarchies
from sandbox.cgroup_mount import mount_afresh, unmount
from sandbox.cgroup_none import NoGroups
from sandbox.cgroup_v1 import V1Groups
from sandbox.cgroup_v2 import V2Groups, find_place
from sandbox.cgroups import Groups


def detect() -> Groups:
    """The best there is. Changes nothing, but that hierarchies which a container shows read-only are mounted afresh in it."""
    found = hierarchies()
    groups = _usable(found)
    if groups is None and os.geteuid() == 0 and (fresh := mount_afresh()):
        groups = _usable(hierarchies())
        if groups is None:
            unmount(fresh)
    return groups or NoGroups(found)


def _usable(found: list[Hierarchy]) -> Groups | None:
    if any(hierarchy.version == 1 and "memory" in hierarchy.controllers and hierarchy.writable for hierarchy in found):
        return V1Groups(found)
    for hierarchy in found:
        if hierarchy.version == 2 and (place := find_place(hierarchy)):
            return V2Groups(hierarchy, place)
    return None
