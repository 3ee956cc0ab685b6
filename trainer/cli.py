"""`tierline train`: RL under a coverage."""

import typer

app = typer.Typer(no_args_is_help=True, help="RL under nested coverage: warm start, one run, a sweep of coverages.")


@app.callback()
def _group() -> None:
    pass
