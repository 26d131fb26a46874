"""relens gaps: what programs outside numbered and the log does not have."""

from typing import Annotated

import typer

from relens.cli.server import AsJson, Token, Url, connect, show_json


def gaps(
    deployment: Annotated[str, typer.Argument(help="The deployment's name.")],
    since: Annotated[
        str | None, typer.Option("--from", help="From when on, as 2026-11-22T02:00:00Z.", show_default="a day ago")
    ] = None,
    until: Annotated[str | None, typer.Option("--to", help="Until when.", show_default="now")] = None,
    as_json: AsJson = False,
    url: Url = None,
    token: Token = None,
) -> None:
    """Show which predictions made elsewhere are missing, and why as far as it is known."""
    report = connect(url, token).deployment(deployment).gaps(since, until)
    if as_json:
        show_json(report)
        return
    for gap in report["items"]:
        typer.echo(gap["sentence"])
    if not report["complete"]:
        typer.echo("and more: choose a shorter time with --from and --to")
    counts = ", ".join(f"{count:,} {why}" for why, count in report["counts"].items() if count)
    typer.echo(f"{deployment}: {counts}" if counts else f"nothing is missing in {deployment}")
