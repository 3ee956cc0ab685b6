"""What samples a pair of checkpoints at any alpha: a model in this process, or a vLLM server whose weights are set in place."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import httpx
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from merge.evaluation.engine_options import Transformers, Vllm
from merge.in_place import InPlace
from merge.in_place.vllm_extension import EXTENSION, Server
from trainer.devices import device
from trainer.sampling import Sampler
from trainer.sampling.openai_sampler import OpenAISampler
from trainer.sampling.transformers_sampler import TransformersSampler

_START_S = 600.0


@dataclass(frozen=True, slots=True)
class Pair:
    """The two trained ends."""

    low: Path
    high: Path


class Dial(Protocol):
    """A pair with an alpha to set, and what samples it as it is set."""

    sampler: Sampler

    def set_alpha(self, alpha: float) -> None:
        """theta_low + alpha·(theta_high - theta_low)."""


@contextmanager
def dial_of(pair: Pair, engine: Transformers | Vllm, log: Path) -> Iterator[Dial]:
    """Raises MergeRefused when the ends do not fit each other, RuntimeError when a server does not start, httpx.HTTPError when
    it does not do as it is told. `log`: the file for what a server says that is started."""
    if isinstance(engine, Transformers):
        yield _InThisProcess(pair)
        return
    with vllm_server(pair.low, engine, log) as url:
        dial = _AtAServer(pair, url)
        try:
            yield dial
        finally:
            dial.close()


class _InThisProcess:
    def __init__(self, pair: Pair) -> None:
        model: Any = AutoModelForCausalLM.from_pretrained(pair.low, dtype=torch.float32).to(device()).eval()
        self._model = InPlace(model, pair.low, pair.high)
        self.sampler: Sampler = TransformersSampler(model, AutoTokenizer.from_pretrained(pair.low))

    def set_alpha(self, alpha: float) -> None:
        self._model.set_alpha(alpha)


class _AtAServer:
    def __init__(self, pair: Pair, url: str) -> None:
        self._server = Server(url)
        self._server.load_pair(pair.low.absolute(), pair.high.absolute())
        self.sampler: Sampler = OpenAISampler(url, AutoTokenizer.from_pretrained(pair.low))

    def set_alpha(self, alpha: float) -> None:
        self._server.set_alpha(alpha)

    def close(self) -> None:
        self.sampler.close()
        self._server.close()


@contextmanager
def vllm_server(model: Path, engine: Vllm, log: Path) -> Iterator[str]:
    """The URL of the one that was named, or of one that runs until the end. Raises RuntimeError when it does not start."""
    if engine.url is not None:
        yield engine.url
        return
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    given: Mapping[str, object] = {
        **engine.arguments, "host": "127.0.0.1", "port": port, "model": model.absolute(), "worker-extension-cls": EXTENSION,
    }  # fmt: skip
    argv = [engine.python or sys.executable, "-m", "vllm.entrypoints.openai.api_server", *_options(given)]
    log.parent.mkdir(parents=True, exist_ok=True)
    with (
        log.open("ab") as said,
        tempfile.TemporaryDirectory() as elsewhere,  # python -m looks for modules where it stands
        subprocess.Popen(
            argv, cwd=elsewhere, env={**os.environ, "VLLM_SERVER_DEV_MODE": "1"}, stdout=said, stderr=said, start_new_session=True
        ) as process,
    ):
        try:
            url = f"http://127.0.0.1:{port}"
            _await(process, url, log)
            yield url
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait()


def _options(given: Mapping[str, object]) -> Iterator[str]:
    for name, value in given.items():
        if isinstance(value, bool):
            yield f"--{name}" if value else f"--no-{name}"
        else:
            yield from (f"--{name}", str(value))


def _await(process: "subprocess.Popen[bytes]", url: str, log: Path) -> None:
    end = time.monotonic() + _START_S
    while True:
        try:
            if httpx.get(f"{url}/health").is_success:
                return
        except httpx.HTTPError:
            pass
        if process.poll() is not None or time.monotonic() > end:
            raise RuntimeError(
                f"the vLLM server did not start: see {log}. Fix: give --vllm the Python of an environment with vLLM and tierline "
                "(make test-vllm makes one, .venv-vllm), or the URL of a server that runs"
            )
        time.sleep(0.5)
