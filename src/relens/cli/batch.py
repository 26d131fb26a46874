"""relens batch: a folder, a zip or a video, answered as one job on the server."""

from pathlib import Path
from typing import Annotated

import typer

from relens.cli.server import AsJson, Token, Url, connect, progress_line, show_json


def batch(
    deployment: Annotated[str, typer.Argument(help="The deployment's name.")],
    pictures: Annotated[Path, typer.Argument(help="A folder of images, a zip of them, or a video.")],
    stride: Annotated[int, typer.Option(min=1, help="Of a video, every so many frames.")] = 1,
    source: Annotated[str | None, typer.Option(help="Where they come from: a camera, a line, a site.")] = None,
    tag: Annotated[list[str] | None, typer.Option(help="A free label; may be given again.")] = None,
    taken_at: Annotated[
        str | None, typer.Option(help="When they were taken, or the video begins (RFC 3339).", show_default="now")
    ] = None,
    try_out: Annotated[bool, typer.Option("--try", help="Answer only; log nothing.")] = False,
    to: Annotated[Path | None, typer.Option(help="Write the answers to this file, a line of JSON for each.")] = None,
    as_json: AsJson = False,
    url: Url = None,
    token: Token = None,
) -> None:
    """Predict many images as one job, which survives a crash of the server; Ctrl-C here leaves it running there."""
    client = connect(url, token)
    job = client.batches.predict(
        deployment,
        pictures,
        stride=stride,
        log=not try_out,
        source=source,
        tags=tag or (),
        taken_at=taken_at,
        progress=progress_line(pictures.name or "batch"),
    )
    if to is not None:
        with to.open("w", encoding="utf-8") as file:
            for line in client.batches.answers(job):
                show_json(line, file)
    if as_json:
        for line in client.batches.answers(job):
            show_json(line)
        return
    counts = job["result"]
    for line in client.batches.answers(job):
        if "problem" in line:
            typer.echo(f"{line['name']}: {line['problem']}", err=True)
    logged = "answered, nothing logged" if try_out else "answered and logged"
    typer.echo(f"{counts['answered']} of {counts['images']} images {logged}")
