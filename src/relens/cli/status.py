"""relens status: what a server is doing."""

from typing import Any

import typer

from relens.cli.server import AsJson, Token, Url, connect, show_json, show_table


def status(as_json: AsJson = False, url: Url = None, token: Token = None) -> None:
    """Show the server, its deployments, open alerts and running jobs."""
    client = connect(url, token)
    seen: dict[str, Any] = {
        "system": client.system(),
        "deployments": list(client.deployments()),
        "alerts": list(client.alerts.list()),
        "jobs": [job for state in ("running", "queued") for job in client.jobs.list(state=state)],
    }
    if as_json:
        show_json(seen)
        return
    system = seen["system"]
    typer.echo(
        f"Relens {system['version']} at {client.url}, data in {system['home']}, {_count(system['predictions'], 'prediction')}"
    )
    show_table(
        ("deployment", "task", "champion", "shadow", "threshold", "state"),
        (
            (
                d["name"],
                d["task"],
                _title(d["champion"]),
                _title(d["shadow"]),
                f"{d['threshold']:.2f}",
                d["serving"]["state"],
            )
            for d in seen["deployments"]
        ),
    )
    for alert in seen["alerts"]:
        typer.echo(f"alert: {alert['sentence']}")
    for job in seen["jobs"]:
        typer.echo(f"job: {job['title']} ({job['state']}{', ' + job['message'] if job.get('message') else ''})")


def _title(version: dict[str, Any] | None) -> str:
    return version["title"] if version else "-"


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"
