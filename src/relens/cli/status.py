"""relens status: what a server is doing."""

from typing import Any

import typer

from relens.cli.server import AsJson, Token, Url, connect, show_json, show_table


def status(as_json: AsJson = False, url: Url = None, token: Token = None) -> None:
    """Show the server, its deployments, open alerts and running jobs."""
    client = connect(url, token)
    seen: dict[str, Any] = {
        "system": client.system(),
        "deployments": client.overview(),
        "alerts": list(client.alerts.list()),
        "jobs": [job for state in ("running", "queued") for job in client.jobs.list(state=state)],
    }
    if as_json:
        show_json(seen)
        return
    system = seen["system"]
    free = f", {system['free_bytes'] / 1e9:.0f} GB free" if system.get("free_bytes") else ""
    typer.echo(f"Relens {system['version']} at {client.url}, data in {system['home']}{free}")
    show_table(_COLUMNS, map(_line, seen["deployments"]))
    for alert in seen["alerts"]:
        typer.echo(f"alert: {alert['sentence']}")
    for job in seen["jobs"]:
        typer.echo(f"job: {job['title']} ({job['state']}{', ' + job['message'] if job.get('message') else ''})")


_COLUMNS = ("deployment", "task", "champion", "shadow", "threshold", "state", "predictions", "reviewed", "pending")


def _line(seen: dict[str, Any]) -> tuple[object, ...]:
    d = seen["deployment"]
    plain = (
        d["name"],
        d["task"],
        _title(d["champion"]),
        _title(d["shadow"]),
        f"{d['threshold']:.2f}",
        d["serving"]["state"],
    )
    return (*plain, seen["predictions"], seen["reviewed"], seen["pending"])


def _title(version: dict[str, Any] | None) -> str:
    return version["title"] if version else "-"
