"""relens import-predictions: production of the past becomes part of the log."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer

from relens.cli.server import AsJson, Token, Url, connect, show_json
from relens.kit.errors import Invalid, RelensError

if TYPE_CHECKING:
    from relens.sdk.past.bring import Report

_SHOWN = 50


def import_predictions(
    deployment: Annotated[str, typer.Argument(help="The deployment's name.")],
    path: Annotated[
        Path, typer.Argument(help="JSON lines, a CSV table, or COCO results beside the file of their images.")
    ],
    go: Annotated[bool, typer.Option("--go", help="Import; without it only what would happen is shown.")] = False,
    skip_bad: Annotated[bool, typer.Option("--skip-bad", help="Leave out what has a problem.")] = False,
    format_: Annotated[str, typer.Option("--format", help="auto, jsonl, coco or table.")] = "auto",
    images: Annotated[
        Path | None, typer.Option(help="The folder of the images.", show_default="where the file is")
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(
            help="What this past is called; the same name is never imported twice.", show_default="the file's"
        ),
    ] = None,
    zone: Annotated[str, typer.Option(help="The time zone of times that do not say theirs.")] = "UTC",
    file_times: Annotated[
        bool, typer.Option("--file-times", help="Where there is no time, take that of the image's file.")
    ] = False,
    as_json: AsJson = False,
    url: Url = None,
    token: Token = None,
) -> None:
    """Bring existing production into the log, with its own times; no alert is raised by it.

    It may be stopped and run again: what is there already is left out.
    """
    from relens.sdk.past.bring import bring, look
    from relens.sdk.past.found import Options, format_of

    to = connect(url, token).deployment(deployment)
    found = format_of(path, format_)
    options = Options(name or path.resolve().stem, images, _zone(zone))
    report = look(to, found.read(path, options), file_times=file_times, progress=_counter("looking"))
    if go and (not report.problems or skip_bad):
        report = bring(to, found.read(path, options), file_times=file_times, progress=_counter("importing"))
    stopped = go and bool(report.problems) and not skip_bad
    if as_json:
        show_json({**vars(report), "imported": go and not stopped})
    else:
        _show(report, deployment, done=go and not stopped)
    if stopped:
        raise RelensError("nothing was imported, because of the problems above; --skip-bad leaves those out")


def _show(report: "Report", deployment: str, *, done: bool) -> None:
    for place, problem in report.problems[:_SHOWN]:
        typer.echo(f"{place}: {problem}", err=True)
    if len(report.problems) > _SHOWN:
        typer.echo(f"and {len(report.problems) - _SHOWN:,} more problems", err=True)
    times = f", taken {report.first} to {report.last}" if report.first else ""
    typer.echo(
        f"{report.fresh:,} predictions {'imported' if done else 'would be imported'} into {deployment}, "
        f"{report.known:,} are there already, {len(report.problems):,} have problems{times}"
    )
    if report.unknown_labels:
        labels = ", ".join(f"{label} ({count:,})" for label, count in report.unknown_labels.most_common(20))
        typer.echo(f"labels {deployment} does not have: {labels}")
    if not done:
        typer.echo("nothing was sent; --go imports them")


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise Invalid(f"'{name}' is no time zone: write it as Europe/Berlin") from error


def _counter(what: str) -> Callable[[int], None]:
    done = 0

    def count(more: int) -> None:
        nonlocal done
        done += more
        if sys.stderr.isatty():
            print(f"\r\x1b[K{what}: {done:,}", end="", file=sys.stderr, flush=True)

    return count
