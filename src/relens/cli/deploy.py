"""relens deploy: a model version answers under a name."""

from collections.abc import Iterable
from typing import Annotated, Any

import typer

from relens.cli.server import AsJson, Token, Url, connect, show_json


def deploy(
    model_version: Annotated[str, typer.Argument(help="name/2, name/latest or an id.")],
    name: Annotated[str, typer.Option(help="The deployment: a new one, or one that shall change its version.")],
    threshold: Annotated[
        float | None, typer.Option(help="Below this confidence it stays silent.", show_default="advised by validation")
    ] = None,
    target: Annotated[
        str, typer.Option(help="server: answers here. external: answers on your own machines.")
    ] = "server",
    reason: Annotated[str, typer.Option(help="Why the version changes; kept in the history.")] = "",
    as_json: AsJson = False,
    url: Url = None,
    token: Token = None,
) -> None:
    """Deploy a model version under a new name, or put it in place of a deployment's version."""
    client = connect(url, token)
    known = {deployment["name"] for deployment in client.deployments()}
    if name in known:
        deployment = client.deployment(name)
        said = reason or "deployed from the command line"
        deployment.set_role("champion", model_version, said, threshold=threshold)
    else:
        deployment = client.deploy(name, model_version, threshold=threshold, target=target)
    seen = deployment.get()
    if as_json:
        show_json(seen)
        return
    champion = seen["champion"] or {}
    if warning := of_the_threshold(deployment.decisions(), seen):
        typer.echo(warning, err=True)
    typer.echo(
        f"{name} answers with {champion.get('title')} from confidence {seen['threshold']:.2f} on: {client.url}/deployments/{name}"
    )


def of_the_threshold(decisions: Iterable[dict[str, Any]], seen: dict[str, Any]) -> str | None:
    """Where the gate has found that the threshold does not suit the version that answers with it now, what to do about that.

    `decisions`, the latest first: the newest on this version counts.
    """
    champion = (seen["champion"] or {}).get("id")
    about = next((one for one in decisions if one["candidate"]["id"] == champion), None)
    found = about["report"]["threshold"] if about and about["report"] else None
    if not found or not found["worse"] or found["kept"]["threshold"] != seen["threshold"]:
        return None
    better = found["best"]["threshold"]
    return (
        f"the threshold of {seen['threshold']:g} is clearly worse for it than {better:g} on the {found['images']} test images "
        f"it was judged on: relens threshold {seen['name']} --set {better:g}"
    )
