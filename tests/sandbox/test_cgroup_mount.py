"""Control groups that are shown read-only, as container engines do: the judge mounts them afresh, rooted at its own group."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from sandbox.cgroup_choice import detect

_SETUP = """
for place in $(awk '$(NF-2) ~ /^cgroup2?$/ {print $5}' /proc/self/mountinfo); do mount -o remount,bind,ro "$place"; done
exec "$@"
"""
_LOOK = """
import json, sys
from pathlib import Path
from sandbox import cgroup_mount
cgroup_mount.FOLDER = Path(sys.argv[1])
from sandbox.cgroup_choice import detect
from sandbox.cgroup_files import hierarchies
before = [str(one.mount) for one in hierarchies() if one.writable]
flavour = detect().flavour
fresh = [one for one in hierarchies() if one.mount.is_relative_to(cgroup_mount.FOLDER)]
print(json.dumps({
    "before": before,
    "flavour": flavour,
    "again": detect().flavour,
    "mounted": len([line for line in Path("/proc/self/mountinfo").read_text().splitlines() if sys.argv[1] in line]),
    "fresh": [[str(one.mount), str(one.own), one.writable, one.version] for one in fresh],
}))
"""


def in_read_only(folder: Path, *wrapper: str) -> dict[str, Any]:
    """What a process finds in a mount namespace of its own, where every control group hierarchy is read-only."""
    command = ["unshare", "--mount", "sh", "-c", _SETUP, "sh", *wrapper, sys.executable, "-c", _LOOK, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount")


@needs_root
def test_read_only_groups_are_mounted_afresh_at_the_judges_own_group(tmp_path: Path) -> None:
    told = in_read_only(tmp_path)
    assert told["before"] == []
    assert told["flavour"] == told["again"] == detect().flavour
    assert told["mounted"] == len(told["fresh"]) > 0, "the second look has mounted once more"
    for mount, own, writable, _ in told["fresh"]:
        assert writable
        assert own == mount, "the top of what is seen is not this process's own group"


@needs_root
def test_without_the_right_to_mount_nothing_is_mounted_and_none_is_said(tmp_path: Path) -> None:
    told = in_read_only(tmp_path, "setpriv", "--bounding-set", "-sys_admin")
    assert told["flavour"] == "none"
    assert told["mounted"] == 0
