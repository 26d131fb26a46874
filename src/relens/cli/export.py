"""relens export: the prediction log as a file."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from relens.cli.server import Token, Url, connect


def export(
    deployment: Annotated[str, typer.Argument(help="The deployment's name.")],
    to: Annotated[Path, typer.Argument(help="The file to write: .jsonl, .parquet, or .json for COCO.")],
    query: Annotated[
        str | None, typer.Option(help='Only these: label = "scratch" and confidence < 0.5 and source ~ "line-*".')
    ] = None,
    form: Annotated[
        str | None, typer.Option("--format", help="jsonl, parquet or coco.", show_default="by the file's ending")
    ] = None,
    url: Url = None,
    token: Token = None,
) -> None:
    """Write the predictions of a deployment to one file, in the order of the log."""

    def show(written: int) -> None:
        if sys.stderr.isatty():
            print(f"\r\x1b[K{to.name}: {written / 1e6:.1f} MB", end="", file=sys.stderr, flush=True)

    path = connect(url, token).deployment(deployment).export(to, form=form, query=query, progress=show)
    if sys.stderr.isatty():
        print(file=sys.stderr)
    typer.echo(f"{path} ({path.stat().st_size / 1e6:.1f} MB)")
