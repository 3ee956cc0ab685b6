"""What can go wrong in the sandbox itself, never in the program it runs.

    SandboxError
    ├── WallUnavailable    no isolation can be had on this machine; the message says what to do
    ├── NoInterpreter      the Python that is to judge cannot be run
    ├── BoxDied            the box or its runner ended, hung or broke the protocol
    ├── BoxStartFailed     a box could not be set up
    └── PoolClosed         the pool is shutting down and hands out no more boxes

A program that crashes, hangs or is killed is no error: it is an `Outcome`. One that is compiled by its first run, and does not
compile, is `NotCompiled`.
"""


class SandboxError(Exception):
    """The sandbox failed; nothing is known about the program."""


class WallUnavailable(SandboxError):
    """No wall can be built here. The message names what is missing and the fix."""


class NoInterpreter(SandboxError):
    """The Python that was named does not answer. The message names the fix."""


class BoxStartFailed(SandboxError):
    """A box could not be set up; the message names the step."""


class BoxDied(SandboxError):
    """The box stopped answering. It has been destroyed."""


class PoolClosed(SandboxError):
    """The pool is closed."""


class NotCompiled(Exception):
    """The program does not compile; the message is the compiler's log. Nothing is wrong with the sandbox."""
