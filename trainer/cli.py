"""`tierline train`: RL under a coverage."""

import typer

from trainer.cli_plan import plan_command

app = typer.Typer(no_args_is_help=True, help="RL under nested coverage: warm start, one run, a sweep of coverages.")


@app.callback()
def _group() -> None:
    pass


app.command("plan")(plan_command)
