"""`tierline frontier`: a study from nothing to a report."""

import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from merge.evaluation.engine_options import Vllm, vllm_of
from merge.evaluation.own_server import OwnServer, running
from merge.evaluation.study_config import StudyConfig, read_study_config
from trainer.cli_sweep import Key, clear_errors, first_key
from trainer.judging import Judge

app = typer.Typer(add_completion=False)
_out = Console(highlight=False)
_err = Console(stderr=True, highlight=False)
_START_S = 120.0
_TOOL = Path(sys.executable).with_name("tierline")


@app.command()
def frontier(
    out: Annotated[Path, typer.Option(help="Folder to write. The same command goes on where it was interrupted.")],
    preset: Annotated[str, typer.Option(help="laptop, complementary, gpu, or a YAML file.")] = "laptop",
    vllm: Annotated[
        str | None, typer.Option(help="Where the preset samples by vLLM: the Python that starts it, or the URL of a server.")
    ] = None,
    server: Annotated[str | None, typer.Option(help="The judge; default: one of its own, for as long as it runs.")] = None,
    key: Key = None,
) -> None:
    """Run the whole study: judge, warm start, RL, merge, evaluation over alphas, report."""
    with clear_errors():
        config = _with_engine(read_study_config(preset), vllm)
        with _judge(server, key or first_key()) as judge:
            from merge.evaluation.study import TIMES, Telling, study  # torch, TRL: seconds
            from merge.evaluation.study_report import write_report
            from trainer.files import read_json

            telling = Telling(
                stage=lambda number, of, name: _err.print(Text(f"[{number}/{of}] {name}", style="bold")), detail=_Detail()
            )
            analysis = study(config, out, judge, telling)
            page = write_report(analysis, read_json(out / TIMES), out)
        for claim in analysis["claims"]:
            _out.print(Text(f"{claim['outcome']:12} {claim['name']}: {claim['found']}"), soft_wrap=True)
        _out.print(Text(str(page)), soft_wrap=True)


def _with_engine(config: StudyConfig, vllm: str | None) -> StudyConfig:
    if vllm is None:
        return config
    if not isinstance(config.engine, Vllm):
        raise ValueError(f"vllm: the preset samples by {config.engine.engine}. Fix: leave --vllm out, or another preset")
    said = vllm_of(vllm)
    return config.model_copy(update={"engine": config.engine.model_copy(update={"url": said.url, "python": said.python})})


class _Detail:
    """A line every few seconds: a log that can be read afterwards."""

    def __init__(self) -> None:
        self._last = 0.0

    def __call__(self, text: str) -> None:
        if (now := time.monotonic()) - self._last > 5:
            self._last = now
            _err.print(Text(f"      {text}"), soft_wrap=True)


@contextmanager
def _judge(server: str | None, key: str | None) -> Iterator[Judge]:
    """The one that was named, or one that is served here until the end. Raises ConnectionError when it does not start."""
    if server is not None:
        yield Judge(server, key)
        return
    with (
        tempfile.TemporaryDirectory() as folder,
        running(
            OwnServer(
                "the judge",
                lambda port: [str(_TOOL), "serve", "--host", "127.0.0.1", "--port", str(port)],
                ready="/readyz",
                log=Path(folder) / "log",
                help="Fix: see `tierline doctor`, or name one with --server",
                start_s=_START_S,
                environment={name: value for name, value in os.environ.items() if name != "TIERLINE_API_KEYS"},
            )
        ) as judge,
    ):
        yield Judge(judge.url)
