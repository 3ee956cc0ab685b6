"""What the command line says of an error, and the exit status that it leaves with."""

import os
import sys
from typing import NoReturn

import httpx
from rich.text import Text

from sandbox.errors import SandboxError
from service.cli_output import Exit, err
from service.errors import JudgeFailed, TierlineError, Unauthorized


def die_of(error: Exception) -> NoReturn:
    """Say what went wrong and how to mend it, and leave. Raises the error again where that is not known."""
    match error:
        case JudgeFailed():
            _die(f"the judge failed: {error}", Exit.JUDGE_FAILED)
        case Unauthorized():
            fix = "set TIERLINE_API_KEYS to one of the judge's keys"
            _die(f"the judge takes no one without a key of its own, and {_key()}. Fix: {fix}", Exit.USAGE)
        case TierlineError():
            _die("\n       ".join([str(error), *(f"{field.path}: {field.message}" for field in error.errors)]), Exit.USAGE)
        case SandboxError():
            _die(str(error), Exit.JUDGE_FAILED)
        case httpx.ConnectError() if "SSL" in str(error):
            fix = "write http:// where nothing in front of it speaks TLS"
            _die(f"no TLS at {_where(error)} ({error}). Fix: {fix}", Exit.JUDGE_FAILED)
        case httpx.ConnectError():
            fix = "start one with `tierline serve`, or leave --server out to judge here"
            _die(f"no server answers at {_where(error)} ({error}). Fix: {fix}", Exit.JUDGE_FAILED)
        case httpx.UnsupportedProtocol() | httpx.InvalidURL():
            _die(f"that is no address of a judge: {error}. Fix: write it as http://HOST:PORT", Exit.USAGE)
        case httpx.HTTPError():
            _die(f"the server was lost: {type(error).__name__}: {error}", Exit.JUDGE_FAILED)
        case ModuleNotFoundError():
            fix = "pip install 'tierline[train]', or in a clone: sh deploy/setup.sh train"
            _die(f"this command needs {error.name}, which is not installed. Fix: {fix}", Exit.USAGE)
        case FileNotFoundError() if error.filename and "/" not in str(error.filename):
            fix = "install it, and see `tierline doctor`"
            _die(f"{error.filename} is not installed, or not in PATH. Fix: {fix}", Exit.JUDGE_FAILED)
        case OSError():
            fix = "set TIERLINE_DATA_DIR to a folder that can be written, and see `tierline doctor`"
            _die(f"{error.strerror or error}: {error.filename or 'no file'}. Fix: {fix}", Exit.JUDGE_FAILED)
    raise error


def _where(error: httpx.RequestError) -> str:
    return str(error.request.url.copy_with(path="/", query=None, username="", password="")).rstrip("/")


def _key() -> str:
    return "that in TIERLINE_API_KEYS is none of them" if os.environ.get("TIERLINE_API_KEYS") else "TIERLINE_API_KEYS is not set"


def _die(message: str, status: Exit) -> NoReturn:
    err.print(Text("error: ", style="bold red") + Text(message))
    sys.exit(int(status))
