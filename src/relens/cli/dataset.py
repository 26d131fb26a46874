"""relens dataset: import, list, export."""

from pathlib import Path
from typing import Annotated, Any

import typer

from relens.cli import dataset_change
from relens.cli.server import AsJson, Token, Url, connect, progress_line, show_json, show_table
from relens.kit.errors import RelensError

app = typer.Typer(
    help="Datasets: bring a folder in, list and compare versions, change labels, take one out.", no_args_is_help=True
)
for command in (
    dataset_change.labels,
    dataset_change.undo,
    dataset_change.diff,
    dataset_change.archive,
    dataset_change.delete,
):
    app.command()(command)


@app.command("import")
def import_(
    folder: Annotated[Path, typer.Argument(help="A COCO, YOLO or Pascal VOC folder, or one folder per label.")],
    name: Annotated[str | None, typer.Option(help="The dataset's name.", show_default="the folder's")] = None,
    format_: Annotated[str, typer.Option("--format", help="auto, coco, yolo, voc or folder.")] = "auto",
    skip_bad: Annotated[
        bool, typer.Option("--skip-bad", help="Leave broken images out instead of importing nothing.")
    ] = False,
    production: Annotated[
        str | None,
        typer.Option(
            help="Import images set apart as production too, as train, validation or test.", show_default="left out"
        ),
    ] = None,
    task: Annotated[
        str | None,
        typer.Option(help="Read it as this task: detection takes the boxes around outlines.", show_default="found out"),
    ] = None,
    as_json: AsJson = False,
    url: Url = None,
    token: Token = None,
) -> None:
    """Import a folder as the next version of a dataset."""
    from relens.sdk.errors import JobFailed

    client = connect(url, token)
    try:
        version = client.datasets.import_folder(
            folder,
            name or folder.resolve().name,
            format=format_,
            skip_bad=skip_bad,
            production=production,
            task=task,
            progress=progress_line("importing"),
        )
    except JobFailed as error:
        result = error.job.get("result") or {}
        _say_problems(result)
        if result.get("problems") and result.get("images") and not skip_bad:
            raise RelensError(f"{error}; --skip-bad imports the rest") from error
        raise
    result = version["import"]
    if as_json:
        show_json(version)
        return
    _say_problems(result)
    if left_out := result.get("skipped"):
        typer.echo(f"{left_out:,} {'image was' if left_out == 1 else 'images were'} left out because of that", err=True)
    for note in result.get("notes") or []:
        typer.echo(note, err=True)
    counts = ", ".join(f"{count} {split}" for split, count in version["images"].items() if count)
    new = "" if result.get("created", True) else " (was there already)"
    typer.echo(f"{version['title']}{new}: {counts}; labels {', '.join(version['labels'])}")


@app.command("list")
def list_(as_json: AsJson = False, url: Url = None, token: Token = None) -> None:
    """List the datasets and their latest versions."""
    datasets = list(connect(url, token).datasets.list())
    if as_json:
        show_json(datasets)
        return
    show_table(
        ("dataset", "task", "versions", "train", "validation", "test", "labels"),
        (
            (d["name"], d["task"], d["versions"], *_counts(d.get("latest")), ", ".join(d["labels"][:8]))
            for d in datasets
        ),
    )


@app.command("export")
def export(
    version: Annotated[str, typer.Argument(help="name/2, name/latest or an id.")],
    to: Annotated[Path, typer.Argument(help="The zip file to write.")],
    format_: Annotated[str, typer.Option("--format", help="coco, yolo, voc or folder.")] = "coco",
    url: Url = None,
    token: Token = None,
) -> None:
    """Write a dataset version as one zip file."""
    written = connect(url, token).datasets.export(version, to, format=format_)
    typer.echo(f"{written} ({written.stat().st_size / 1e6:.1f} MB)")


def _say_problems(result: dict[str, Any], before: str = "") -> None:
    """One line for each kind of problem, with how often it occurs and where first."""
    for kind in result.get("kinds") or []:
        shown = kind["examples"]
        alike = all(one["problem"] == kind["problem"] for one in shown)
        where = [_place(one) if alike else f"{_place(one)}: {one['problem']}" for one in shown]
        if kind["count"] == 1:
            typer.echo(f"{before}{_place(shown[0])}: {kind['problem']}", err=True)
            continue
        typer.echo(f"{before}{kind['count']:,} times: {kind['problem']}", err=True)
        for one in where:
            typer.echo(f"    {one}", err=True)
        if kind["count"] > len(shown):
            typer.echo(f"    and {kind['count'] - len(shown):,} more", err=True)


def _place(line: dict[str, object]) -> str:
    return ":".join(str(line[key]) for key in ("file", "line") if line.get(key) is not None) or "dataset"


def _counts(latest: dict[str, dict[str, int]] | None) -> tuple[object, ...]:
    images = (latest or {}).get("images") or {}
    return tuple(images.get(split, 0) for split in ("train", "validation", "test"))
