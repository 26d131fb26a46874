"""Which server a command talks to, and how it prints what it was told."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from relens.sdk.client import Client
    from relens.sdk.jobs import Progress

Url = Annotated[
    str | None,
    typer.Option("--url", envvar="RELENS_URL", help="Where the server is.", show_default="http://127.0.0.1:8417"),
]
Token = Annotated[
    str | None, typer.Option("--token", envvar="RELENS_TOKEN", help="Needed where the server asks for one.")
]
_WIDE = 240

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
Existing = Annotated[Path, typer.Argument(exists=True)]


def connect(url: str | None, token: str | None) -> Client:
    from relens.sdk.client import Client

    return Client(url, token)


def show_json(value: Any, file: IO[str] | None = None) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False), file)


def show_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A plain table for people; says so when it is empty."""
    from rich.box import SIMPLE
    from rich.console import Console
    from rich.table import Table

    table = Table(box=SIMPLE, show_edge=False, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold", min_width=len(column))
    for row in rows:
        table.add_row(*("" if value is None else str(value) for value in row))
    console = Console()
    if not console.is_terminal:
        console = Console(width=_WIDE)  # in a pipe a line is a line
    if table.row_count:
        console.print(table)
    else:
        console.print("(none)", style="dim")


def progress_line(what: str) -> Progress:
    """Shows a job's progress on one line of stderr; silent where stderr is not a terminal."""
    import sys

    if not sys.stderr.isatty():
        return lambda job: None

    def show(job: dict[str, Any]) -> None:
        done, total = job.get("done"), job.get("total")
        count = f" {done:g} of {total:g}" if done is not None and total else ""
        ended = job["state"] in ("succeeded", "failed", "cancelled")
        end = "\n" if ended else ""
        print(f"\r\x1b[K{what}: {job['state']}{count} {job.get('message') or ''}", end=end, file=sys.stderr, flush=True)

    return show


def parse_parameters(pairs: Sequence[str]) -> dict[str, Any]:
    """`epochs=40` and the like; values are read as JSON where they are JSON."""
    parameters: dict[str, Any] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not name or not equals:
            raise typer.BadParameter(f"write a parameter as NAME=VALUE, not '{pair}'")
        try:
            parameters[name] = json.loads(value)
        except ValueError:
            parameters[name] = value
    return parameters
