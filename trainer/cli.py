"""`tierline train`: RL under a coverage."""

import typer

from trainer.cli_plan import plan_command
from trainer.cli_sweep import run_command, sweep_command

app = typer.Typer(
    add_completion=False, no_args_is_help=True, help="RL under nested coverage: warm start, one run, a sweep of coverages."
)


@app.callback()
def _group() -> None:
    pass


app.command("sweep")(sweep_command)
app.command("run")(run_command)
app.command("plan")(plan_command)
