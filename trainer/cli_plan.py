"""`tierline train plan`: a dry run of a real model: every setting checked, the judge asked, memory and cores worked out."""

import os
from typing import Annotated, Any

import httpx
import typer
from rich.console import Console
from rich.table import Table

from service.client import Patience, TierlineClient
from service.errors import TierlineError
from trainer.plan import Plan, plan, setting_summary
from trainer.plan_config import PlanConfig, read_plan_config
from trainer.run_config import run_of_plan
from trainer.settings import make_setting
from trainer.tasks import Task

_PATIENCE = Patience(attempts=2, pause_s=0.2, longest_pause_s=0.5)


def plan_command(
    preset: Annotated[str, typer.Option(help="7b, 32b, or a YAML file.")],
    server: Annotated[
        str, typer.Option(metavar="URL", help="Ask this judge, in place of the file's, with the first of TIERLINE_API_KEYS.")
    ] = "",
) -> None:
    """Check a real model's run and print what it needs. Takes no GPU, no weights, and no network but the judge's."""
    try:
        config = read_plan_config(preset)
        if server:
            config = config.model_copy(update={"judge_url": server})
        done = dry_run(config, key=os.environ.get("TIERLINE_API_KEYS", "").split(",")[0] or None)
    except (ValueError, TierlineError, httpx.TransportError) as error:
        Console(stderr=True).print(f"error: {error}", style="red", markup=False, highlight=False)
        raise typer.Exit(1) from None
    if done.objections:
        raise typer.Exit(1)


def dry_run(config: PlanConfig, *, key: str | None = None, console: Console | None = None) -> Plan:
    """Check everything, print the plan. Raises ValueError and what a judge that cannot be asked raises."""
    out = console or Console()
    done = plan(config)
    run_of_plan(config)  # raises for settings of the training that cannot be
    with TierlineClient(config.judge_url, key=key, patience=_PATIENCE) as client:
        told = check_judge(config, client)
        check_setting(config, client)
    print_plan(config, done, told, out)
    return done


def check_judge(config: PlanConfig, client: TierlineClient) -> str:
    """What the judge has for this run, in one line. Raises ValueError when it does not take programs of the tasks' language."""
    if not client.ready():
        raise ValueError(f"judge_url: no judge is ready at {config.judge_url}; start one with `tierline serve`")
    known = {language.name: language.available for language in client.languages()}
    if not known.get(config.tasks.language):
        have = ", ".join(sorted(name for name, available in known.items() if available))
        raise ValueError(f"tasks.language: the judge does not run {config.tasks.language!r}; it has {have}")
    stored = len(client.list_problems(config.tasks.prefix))
    return f"{config.judge_url}: ready, runs {config.tasks.language}, {stored} problems stored"


def check_setting(config: PlanConfig, client: TierlineClient) -> None:
    """Open an episode, which fills the template. Raises ValueError."""
    task = Task("plan", "A statement.", language=config.tasks.language)
    make_setting(config.setting, client).open(task, _Bytes(), 0).close()


class _Bytes:
    """A token a byte, where it matters only that a template can be filled."""

    chat_template = None

    def __call__(self, text: str, **options: Any) -> dict[str, list[int]]:
        return {"input_ids": list(text.encode())}


def print_plan(config: PlanConfig, done: Plan, judge: str, out: Console) -> None:
    """The plan as tables."""
    cluster, batch = config.cluster, config.batch
    out.print(
        f"model     {done.model.parameters:,} parameters, {done.model.layers} layers, built on the meta device", highlight=False
    )
    out.print(f"setting   {setting_summary(config.setting)}", highlight=False, markup=False)
    out.print(f"judge     {judge}", highlight=False, markup=False)
    out.print(
        f"step      {batch.tasks} tasks x {batch.group_size} = {done.rollouts} rollouts of up to {done.sequence_tokens} tokens; "
        f"one run each at coverage {', '.join(f'{coverage:g}' for coverage in config.coverages)}",
        highlight=False,
    )
    _print_memory(out, f"training: {cluster.train_gpus} GPUs of {cluster.gpu_memory_gib:g} GiB, FSDP2", done.training_gib)
    servers = cluster.sampler_gpus // cluster.tensor_parallel
    _print_memory(out, f"sampling: {servers} vLLM servers of {cluster.tensor_parallel} GPUs", done.sampling_gib)
    out.print(f"sampler   {done.sequences_at_once} sequences of full length at once in all servers", highlight=False)
    out.print(f"judge     {done.judge_cores:.1f} cores for verdicts within {config.judging.wait_s:g} s", highlight=False)
    for objection in done.objections:
        out.print(f"does not fit: {objection}", style="red", highlight=False, markup=False)


def _print_memory(out: Console, title: str, memory_gib: dict[str, float]) -> None:
    table = Table(show_footer=True)
    table.add_column("GiB per GPU", footer="all")
    table.add_column("", footer=f"{sum(memory_gib.values()):.1f}", justify="right")
    for name, size in memory_gib.items():
        table.add_row(name, f"{size:.1f}")
    out.print(title, highlight=False)
    out.print(table)
