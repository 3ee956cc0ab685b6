"""`tierline evaluate`: samples and verdicts of one model, or of a pair at many alphas."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml
from pydantic import TypeAdapter, ValidationError
from rich.console import Console
from rich.table import Table
from rich.text import Text

from merge.evaluation.engine_options import CHUNK, Transformers, Vllm, vllm_of
from service.client import DEFAULT_URL
from trainer.cli_sweep import Key, Server, clear_errors, first_key
from trainer.judging import Judge
from trainer.sampling import BATCH

app = typer.Typer(add_completion=False)
_out = Console(highlight=False)
_err = Console(stderr=True, highlight=False)


@app.command(no_args_is_help=True)
def evaluate(
    out: Annotated[Path, typer.Option(help="Folder for the samples. The same command goes on where it was interrupted.")],
    model: Annotated[Path | None, typer.Option(help="A model in Hugging Face's format.")] = None,
    low: Annotated[Path | None, typer.Option(help="The low-coverage checkpoint, with --high and --alphas.")] = None,
    high: Annotated[Path | None, typer.Option(help="The high-coverage checkpoint.")] = None,
    alphas: Annotated[str | None, typer.Option(help="FIRST:LAST:STEP such as -1:2:0.25, or numbers with commas.")] = None,
    problems: Annotated[
        str, typer.Option(help="`frontier:32`, `complementary:32` (held-out), or how ids of stored problems begin.")
    ] = "frontier:32",
    samples: Annotated[int, typer.Option(min=1, help="Of each problem.")] = 64,
    setting: Annotated[str, typer.Option(help="reasoning, tools, agent, whole, or a YAML file with its options.")] = "whole",
    vllm: Annotated[
        str | None,
        typer.Option(
            help="Sample by vLLM: the Python of an environment with vLLM and tierline, which is started for it, or the URL of a "
            "server that has --model (or --low, and merge.in_place.vllm_extension)."
        ),
    ] = None,
    batch: Annotated[int, typer.Option(min=1, max=CHUNK, help="Answers that are sampled at once.")] = BATCH,
    seed: Annotated[int, typer.Option(min=0, help="Of problems and random numbers.")] = 1,
    export: Annotated[Path | None, typer.Option(help="Also write what LiveCodeBench's runner takes as custom outputs.")] = None,
    server: Server = DEFAULT_URL,
    key: Key = None,
) -> None:
    """Sample, judge while sampling, write one JSON line a sample, print shares and pass@k."""
    with clear_errors():
        chosen = _setting(setting)
        values = _asked(model, low, high, alphas)
        judge = Judge(server, key or first_key())
        judge.check()
        from merge.evaluation.analysis import Study, analyse  # torch: seconds
        from merge.evaluation.samples import for_livecodebench

        found = _sampled(out, model, low, high, values, problems, samples, chosen, _engine(vllm, batch), seed, judge)
        budgets = [k for k in (1, 8, 32, 100, 250, 1000) if k <= samples]
        analysis = analyse(Study({seed: found}), budgets)
        (out / "analysis.json").write_text(json.dumps(analysis, indent=2) + "\n", encoding="utf-8")
        _out.print(_table(analysis, model))
        if unknown := sum(not sample.known for each in found.values() for sample in each):
            _err.print(f"{unknown} samples could not be judged and are left out. Run the same command again for them.")
        if export is not None:
            if len(found) != 1:
                raise ValueError("export: takes one model or one alpha")
            (only,) = found.values()
            export.write_text(json.dumps(list(for_livecodebench(only)), indent=1) + "\n", encoding="utf-8")
            _out.print(Text(str(export)), soft_wrap=True)


def _asked(model: Path | None, low: Path | None, high: Path | None, alphas: str | None) -> tuple[float, ...]:
    from merge.evaluation.alpha_values import parse_alphas

    pair = (low, high, alphas)
    if model is not None and not any(pair):
        return (0.0,)
    if model is None and low is not None and high is not None and alphas is not None:
        return parse_alphas(alphas)
    raise ValueError("give --model, or --low, --high and --alphas")


def _setting(text: str) -> Any:
    from trainer.settings import SettingOptions

    if text == "whole":
        given: Any = {"name": "reasoning", "answer": "whole", "max_tokens": 24}
    elif text in ("reasoning", "tools", "agent"):
        given = {"name": text}
    else:
        try:
            given = yaml.safe_load(Path(text).read_text(encoding="utf-8"))
        except (OSError, yaml.YAMLError) as error:
            raise ValueError(
                f"setting: {text!r} cannot be read ({error}); give reasoning, tools, agent, whole or a file"
            ) from None
    try:
        return TypeAdapter[Any](SettingOptions).validate_python(given)
    except ValidationError as error:
        raise ValueError("setting: " + "; ".join(f"{fault['loc'][-1]}: {fault['msg']}" for fault in error.errors())) from None


def _engine(vllm: str | None, batch: int) -> Transformers | Vllm:
    return Transformers(batch=batch) if vllm is None else vllm_of(vllm, batch)


def _sampled(
    out: Path, model: Path | None, low: Path | None, high: Path | None, alphas: tuple[float, ...], problems: str, samples: int,
    setting: Any, engine: Transformers | Vllm, seed: int, judge: Judge,
) -> dict[float, list[Any]]:  # fmt: skip
    from merge.evaluation.alphas import evaluate_alphas, evaluate_model
    from merge.evaluation.engines import Pair
    from merge.evaluation.problem_sets import problem_set

    def told(alpha: float, done: int, wanted: int) -> None:
        _err.print(f"  {f'alpha {alpha:g}: ' if model is None else ''}{done} of {wanted} samples")

    with judge.client() as client:
        tasks = problem_set(problems, seed, client)
        if model is not None:
            return {0.0: evaluate_model(
                model, tasks, setting, samples=samples, seed=seed, path=out / "samples.jsonl", client=client, engine=engine,
                told=lambda done, wanted: told(0.0, done, wanted),
            )}  # fmt: skip
        assert low is not None
        assert high is not None
        return evaluate_alphas(
            Pair(low, high),
            alphas,
            tasks,
            setting,
            samples=samples,
            seed=seed,
            folder=out,
            client=client,
            engine=engine,
            told=told,
        )


def _table(analysis: dict[str, Any], model: Path | None) -> Table:
    table = Table(box=None, pad_edge=False)
    rows = analysis["alphas"]
    for name in (
        "alpha" if model is None else "",
        "solved",
        "optimization",
        "correctness",
        *(f"pass@{k}" for k in rows[0]["pass_at"]),
    ):
        table.add_column(name, justify="right")
    for row in rows:
        shares = [f"{row[name]['value']:.3f}" for name in ("solved", "optimization", "correctness")]
        table.add_row(
            f"{row['alpha']:g}" if model is None else "", *shares, *(f"{value['value']:.3f}" for value in row["pass_at"].values())
        )
    return table
