"""relens explain, relens rollback: from an answer back to the people behind it, and from a version back to the one before."""

from typing import Annotated, Any

import typer

from relens.cli.server import AsJson, Token, Url, connect, show_json


def explain(
    prediction: Annotated[str, typer.Argument(help="The prediction's id, as the answer gave it.")],
    forward: Annotated[
        bool, typer.Option("--forward", help="The other way: what the review of this image changed.")
    ] = False,
    as_json: AsJson = False,
    url: Url = None,
    token: Token = None,
) -> None:
    """Walk back from an answer: version, training run, dataset versions, and the reviews in them; or forward from its review."""
    client = connect(url, token)
    steps = client.effects(prediction) if forward else client.lineage(prediction)
    if as_json:
        show_json(steps)
        return
    if forward and not steps:
        typer.echo("no dataset version holds a review of this image yet")
    for step in steps:
        by = f", by {step['by']}" if step["by"] else ""
        typer.echo(f"{step['at'][:16].replace('T', ' ')}  {_titled(step)}{by}")
        typer.echo(f"{'':18}{step['detail']}")


def _titled(step: dict[str, Any]) -> str:
    """A model and the dataset it learns from often have one name."""
    named = step["kind"] in ("model version", "dataset version")
    return f"{step['kind'].capitalize()} {step['title']}" if named else str(step["title"])


def rollback(
    deployment: Annotated[str, typer.Argument(help="The deployment's name.")],
    reason: Annotated[str, typer.Option(help="Why; kept in the history of roles.")] = "",
    url: Url = None,
    token: Token = None,
) -> None:
    """Let the version before answer again; no request fails meanwhile."""
    found = connect(url, token).deployment(deployment).roll_back(reason)
    typer.echo(f"{deployment} answers with {found['champion']['title']} again")
