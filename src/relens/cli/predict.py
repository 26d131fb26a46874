"""relens predict: ask a deployment."""

from pathlib import Path
from typing import Annotated

import typer

from relens.cli.server import AsJson, Token, Url, connect, show_json
from relens.kit.errors import Invalid

_ENDINGS = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff"})


def predict(
    deployment: Annotated[str, typer.Argument(help="The deployment's name.")],
    images: Annotated[list[Path], typer.Argument(help="Image files, or folders of them.")],
    source: Annotated[str | None, typer.Option(help="Where they come from: a camera, a line, a site.")] = None,
    tag: Annotated[list[str] | None, typer.Option(help="A free label; may be given again.")] = None,
    try_out: Annotated[bool, typer.Option("--try", help="Answer only; log nothing.")] = False,
    as_json: AsJson = False,
    url: Url = None,
    token: Token = None,
) -> None:
    """Predict images; every answer is logged unless --try is given."""
    client = connect(url, token)
    asked = client.deployment(deployment)
    for path in _files(images):
        answer = asked.try_out(path) if try_out else asked.predict(path, source=source, tags=tag or ())
        if as_json:
            show_json({"file": str(path), **answer.raw})
            continue
        said = ", ".join(f"{d.label} {d.confidence:.2f}{_place(d.shape)}" for d in answer.detections)
        missing = "; not logged: the log cannot be written" if answer.unlogged else ""
        typer.echo(
            f"{path}: {said or 'nothing above the threshold'}  ({answer.model_version}, {answer.latency_ms:.0f} ms{missing})"
        )


def _files(given: list[Path]) -> list[Path]:
    files: list[Path] = []
    for path in given:
        inside = sorted(p for p in path.rglob("*") if p.suffix.lower() in _ENDINGS) if path.is_dir() else [path]
        files.extend(inside)
    if not files:
        raise Invalid("there are no images in that folder")
    return files


def _place(shape: object) -> str:
    box = getattr(shape, "box", None)
    return " at " + " ".join(f"{v:.0f}" for v in box().corners()) if box else ""
