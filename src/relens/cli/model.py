"""relens model: register, list."""

import json
from pathlib import Path
from typing import Annotated

import typer

from relens.cli.server import AsJson, Token, Url, connect, show_json, show_table

app = typer.Typer(help="Models: register an ONNX file, list versions.", no_args_is_help=True)


@app.command("register")
def register(
    onnx: Annotated[Path, typer.Argument(help="The ONNX file.")],
    name: Annotated[str, typer.Option(help="The model it becomes the next version of.")],
    task: Annotated[
        str | None, typer.Option(help="classification, detection or segmentation, where the file does not say.")
    ] = None,
    label: Annotated[
        list[str] | None, typer.Option(help="Once per label in the order of the outputs, where the file does not say.")
    ] = None,
    reader: Annotated[str | None, typer.Option(help="The reader of its outputs, where that is not clear.")] = None,
    image: Annotated[
        str | None,
        typer.Option(
            "--input",
            help='Its input as JSON, where the file does not say: \'{"normalise": "imagenet", "resize": "crop"}\'.',
        ),
    ] = None,
    note: Annotated[str, typer.Option(help="A word about it.")] = "",
    as_json: AsJson = False,
    url: Url = None,
    token: Token = None,
) -> None:
    """Register an ONNX file as the next version of a model."""
    try:
        given = json.loads(image) if image else None
    except ValueError as error:
        raise typer.BadParameter("--input must be a JSON object") from error
    version = connect(url, token).models.register(
        onnx, name, task=task, labels=label, reader=reader, input=given, note=note
    )
    if as_json:
        show_json(version)
        return
    typer.echo(
        f"{version['title']} ({version['task']}: {', '.join(version['labels'])}), artifact {version['artifact'][:12]}"
    )
    typer.echo(f"read as {version['outputs']}; features: {version['features']}")
    for sentence in version["assumed"]:
        typer.echo(f"note: {sentence}", err=True)


@app.command("checkpoint")
def checkpoint(
    version: Annotated[str, typer.Argument(help="name/2, name/latest or an id.")],
    file: Annotated[Path, typer.Argument(help="What the trainer wrote beside the model.")],
    url: Url = None,
    token: Token = None,
) -> None:
    """Put a checkpoint beside a version that came without one: training can then start from it."""
    made = connect(url, token).models.attach_checkpoint(version, file)
    typer.echo(f"training can start from {made['title']}")


@app.command("list")
def list_(as_json: AsJson = False, url: Url = None, token: Token = None) -> None:
    """List every model version."""
    client = connect(url, token)
    versions = [version for model in client.models.list() for version in client.models.versions(model["name"])]
    if as_json:
        show_json(versions)
        return
    show_table(
        ("version", "task", "size", "artifact", "registered", "by"),
        (
            (
                v["title"],
                v["task"],
                f"{v['size_bytes'] / 1e6:.1f} MB",
                v["artifact"][:12],
                v["created_at"][:19],
                v["created_by"],
            )
            for v in versions
        ),
    )
