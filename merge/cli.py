"""`tierline merge`: weights at one alpha or many."""

import typer

app = typer.Typer(no_args_is_help=True, help="Weights at one alpha or many.")


@app.callback()
def _group() -> None:
    pass
