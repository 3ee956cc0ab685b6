"""What the command line says of an error, and the exit status that it leaves with."""

import sys
from typing import NoReturn

import httpx
from rich.text import Text

from sandbox.errors import SandboxError
from service.cli_output import Exit, err
from service.errors import JudgeFailed, TierlineError


def die_of(error: Exception) -> NoReturn:
    """Say what went wrong and how to mend it, and leave. Raises the error again where that is not known."""
    match error:
        case JudgeFailed():
            _die(f"the judge failed: {error}", Exit.JUDGE_FAILED)
        case TierlineError():
            _die("\n       ".join([str(error), *(f"{field.path}: {field.message}" for field in error.errors)]), Exit.USAGE)
        case SandboxError():
            _die(str(error), Exit.JUDGE_FAILED)
        case httpx.ConnectError():
            fix = "start one with `tierline serve`, or leave --server out to judge here"
            _die(f"no server answers ({error}). Fix: {fix}", Exit.JUDGE_FAILED)
        case httpx.HTTPError():
            _die(f"the server was lost: {type(error).__name__}: {error}", Exit.JUDGE_FAILED)
        case ModuleNotFoundError():
            _die(f"this command needs {error.name}, which is not installed. Fix: pip install 'tierline[train]'", Exit.USAGE)
        case OSError():
            fix = "set TIERLINE_DATA_DIR to a folder that can be written, and see `tierline doctor`"
            _die(f"{error.strerror or error}: {error.filename or 'no file'}. Fix: {fix}", Exit.JUDGE_FAILED)
    raise error


def _die(message: str, status: Exit) -> NoReturn:
    err.print(Text("error: ", style="bold red") + Text(message))
    sys.exit(int(status))
