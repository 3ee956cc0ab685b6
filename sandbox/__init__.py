"""Runs one program under limits. Knows nothing of problems, tests or HTTP.

Theory of operation
-------------------

Which processes exist, as whom, what each pipe carries, who kills whom:

* The *host* is the process that uses this package: the judge. It holds a `Pool` of boxes, one for each core.
* A *box* is a set of namespaces (pid, mount, net, ipc, uts, cgroup, user) around one *runner*, PID 1 of the box. The host starts
  `inside/launcher.py`, which builds the namespaces and the read-only root, forks, leaves, and whose child becomes the runner by
  exec of the box's own Python. As root the runner and the programs are two uids of their own; rootless both are the user's.
* One socket joins host and runner: JSON frames, and descriptors for all else. The program never has it: a child closes every
  descriptor from 3 on before it stops being trusted.
* A *program* is a child of the runner: a fork of its warm interpreter (Python), or started by exec (all else). It moves itself
  into the control group `slot`, sets its limits, drops its uid and privileges, and installs a seccomp filter. stdin is a sealed
  memory file; stdout and stderr are memory files of the host.
* The runner holds the program to its limits and kills with SIGKILL: the program at a limit, and after each run everything in
  the box but itself. When the host's end of the socket closes, by whatever death, the runner exits, and the kernel kills
  all that is in its pid namespace.
* The host reads memory use from the control group, and destroys a box that does not answer. What a killed host leaves (control
  groups, folders) the next start sweeps away.

Not covered: holes in the kernel, CPU side channels, a program telling time or guessing load, and what several tests of one
submission learn from the results they are given. See docs/explanation/threat-model.md.
"""

from sandbox.box import Box
from sandbox.config import PoolConfig
from sandbox.disk import Disk
from sandbox.errors import BoxDied, BoxStartFailed, PoolClosed, SandboxError, WallUnavailable
from sandbox.limits import Limits
from sandbox.memfile import MemFile
from sandbox.mounts import Mount
from sandbox.outcome import End, Outcome
from sandbox.pool import BoxStatus, Pool
from sandbox.program import BoxKind, Compiled, Program

__all__ = [
    "Box",
    "BoxDied",
    "BoxKind",
    "BoxStartFailed",
    "BoxStatus",
    "Compiled",
    "Disk",
    "End",
    "Limits",
    "MemFile",
    "Mount",
    "Outcome",
    "Pool",
    "PoolClosed",
    "PoolConfig",
    "Program",
    "SandboxError",
    "WallUnavailable",
]
