"""What samples a pair of checkpoints at any alpha: a model in this process, or a vLLM server whose weights are set in place."""

import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from merge.evaluation.engine_options import Transformers, Vllm
from merge.evaluation.own_server import OwnServer, Running, running
from merge.in_place import InPlace
from merge.in_place.vllm_extension import EXTENSION, Server
from trainer.devices import device
from trainer.sampling import Sampler
from trainer.sampling.openai_sampler import OpenAISampler
from trainer.sampling.transformers_sampler import TransformersSampler

_START_S = 600.0
_FIX = (
    "Fix: give --vllm the Python of an environment with vLLM and tierline (make test-vllm makes one, .venv-vllm), or the URL of "
    "a server that runs"
)


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
    """Raises MergeRefused when the ends do not fit each other, ConnectionError when a server does not start or ends,
    httpx.HTTPError when it does not do as it is told. `log`: the file for what a server says that is started."""
    if isinstance(engine, Transformers):
        yield _InThisProcess(pair, engine.batch)
        return
    with vllm_server(pair.low, engine, log) as server:
        dial = _AtAServer(pair, server, engine.batch)
        try:
            yield dial
        finally:
            dial.close()


class _InThisProcess:
    def __init__(self, pair: Pair, batch: int) -> None:
        model: Any = AutoModelForCausalLM.from_pretrained(pair.low, dtype=torch.float32).to(device()).eval()
        self._model = InPlace(model, pair.low, pair.high)
        self.sampler: Sampler = TransformersSampler(model, AutoTokenizer.from_pretrained(pair.low), batch=batch)

    def set_alpha(self, alpha: float) -> None:
        self._model.set_alpha(alpha)


class _AtAServer:
    def __init__(self, pair: Pair, server: Running, batch: int) -> None:
        self._server = Server(server.url)
        self._server.load_pair(pair.low.absolute(), pair.high.absolute())
        tokenizer = AutoTokenizer.from_pretrained(pair.low)
        self.sampler: Sampler = OpenAISampler(server.url, tokenizer, threads=batch, check=server.check)

    def set_alpha(self, alpha: float) -> None:
        self._server.set_alpha(alpha)

    def close(self) -> None:
        self.sampler.close()
        self._server.close()


@contextmanager
def vllm_server(model: Path, engine: Vllm, log: Path) -> Iterator[Running]:
    """The one that was named, or one that runs until the end. Raises ConnectionError when it does not start."""
    if engine.url is not None:
        yield Running(engine.url)
        return
    log.parent.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as elsewhere,  # python -m looks for modules where it stands
        running(
            OwnServer(
                "the vLLM server",
                partial(_command, model, engine),
                ready="/health",
                log=log,
                help=f"All of it is in {log}. {_FIX}",
                start_s=_START_S,
                environment={**os.environ, "VLLM_SERVER_DEV_MODE": "1"},
                folder=Path(elsewhere),
            )
        ) as server,
    ):
        yield server


def _command(model: Path, engine: Vllm, port: int) -> list[str]:
    given: Mapping[str, object] = {
        **engine.arguments, "host": "127.0.0.1", "port": port, "model": model.absolute(), "worker-extension-cls": EXTENSION,
    }  # fmt: skip
    return [engine.python or sys.executable, "-m", "vllm.entrypoints.openai.api_server", *_options(given)]


def _options(given: Mapping[str, object]) -> Iterator[str]:
    for name, value in given.items():
        if isinstance(value, bool):
            yield f"--{name}" if value else f"--no-{name}"
        else:
            yield from (f"--{name}", str(value))
