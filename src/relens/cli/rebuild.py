"""relens rebuild-metrics: count the log again."""

from typing import Annotated

import typer

from relens.cli.server import Token, Url, connect, progress_line


def rebuild_metrics(
    deployment: Annotated[
        str | None, typer.Argument(help="The deployment's name.", show_default="every deployment")
    ] = None,
    wait: Annotated[bool, typer.Option(help="Wait until everything is counted.")] = True,
    url: Url = None,
    token: Token = None,
) -> None:
    """Make the sums behind the charts anew from the log. The numbers are the same afterwards."""
    client = connect(url, token)
    job = client.rebuild_metrics(deployment)
    if wait:
        client.jobs.wait(job, progress=progress_line("counting the log again"))
        typer.echo("the log was counted again")
    else:
        typer.echo(job)
