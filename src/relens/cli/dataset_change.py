"""relens dataset labels, undo, diff, archive, delete: changes of a dataset, each shown before it is made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from relens.cli.server import AsJson, Token, Url, connect, progress_line, show_json, show_table

if TYPE_CHECKING:
    from relens.sdk.client import Client

SPLITS = ("train", "validation", "test")
Name = Annotated[str, typer.Argument(help="The dataset's name.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do it without asking.")]


def labels(
    name: Name,
    rename: Annotated[list[str] | None, typer.Option(help="old=new")] = None,
    merge: Annotated[list[str] | None, typer.Option(help="a,b=c")] = None,
    drop: Annotated[list[str] | None, typer.Option(help="A label whose annotations go.")] = None,
    split: Annotated[list[str] | None, typer.Option(help="label=part<400: shapes below 400 square pixels.")] = None,
    add: Annotated[list[str] | None, typer.Option(help="A new label.")] = None,
    yes: Yes = False,
    url: Url = None,
    token: Token = None,
) -> None:
    """Change the labels: shows what would happen, then makes the next version."""
    rules: list[dict[str, Any]] = [{"label": label, "to": None} for label in drop or ()]
    for pair in rename or ():
        old, new = _pair(pair, "old=new")
        rules.append({"label": old, "to": new})
    for pair in merge or ():
        several, new = _pair(pair, "a,b=c")
        rules += [{"label": old.strip(), "to": new} for old in several.split(",") if old.strip() != new]
    for pair in split or ():
        old, rest = _pair(pair, "label=part<400")
        part, _, area = rest.rpartition("<")
        try:
            rules.append({"label": old, "to": part.strip(), "where": {"area_below": float(area)}})
        except ValueError as error:
            raise typer.BadParameter(f"write a split as label=part<400, not '{pair}'") from error
    client = connect(url, token)
    seen = client.datasets.relabel(name, rules, add=add or (), preview=True)
    for rule in seen["rules"]:
        becomes = f"becomes {rule['to']}" if rule["to"] else "is dropped"
        typer.echo(f"{rule['label']} {becomes}: {rule['annotations']:,} annotations in {rule['images']:,} images")
    if seen["left"]:
        typer.echo(f"{seen['left']:,} images would be without a label and leave")
    typer.echo(f"labels afterwards: {', '.join(seen['labels'])}")
    for one in seen["deployments"]:
        typer.echo(f"{one['name']}: {one['sentence']}")
    _sure(yes, f"Make version {seen['after'] + 1} of {name}?")
    made = client.datasets.relabel(name, rules, add=add or (), progress=progress_line("changing labels"))
    typer.echo(f"{made['title']}: {', '.join(made['labels'])}")


def undo(
    name: Name,
    version: Annotated[list[int] | None, typer.Option(help="Leave out what reviews did in this version.")] = None,
    by: Annotated[list[str] | None, typer.Option(help="Only what this person reviewed.")] = None,
    yes: Yes = False,
    url: Url = None,
    token: Token = None,
) -> None:
    """Make a version without some reviews; without --version or --by, list what reviews did."""
    client = connect(url, token)
    if not version and not by:
        rows = (
            (f"v{one['number']}", one["added"], one["changed"], one["left"], one["undone"], _people(one))
            for one in client.datasets.reviewed(name)
        )
        show_table(("version", "added", "changed", "taken out", "left out again", "reviewed by"), rows)
        return
    people = [_person(client, name, one) for one in by or ()]
    seen = client.datasets.undo(name, versions=version or (), people=people, preview=True)
    typer.echo(f"{seen['reviews']:,} reviews: {seen['sentence']}")
    _sure(yes, f"Make version {seen['after'] + 1} of {name}?")
    made = client.datasets.undo(name, versions=version or (), people=people, progress=progress_line("leaving out"))
    typer.echo(f"{made['title']}: {made['note']}")


def diff(
    version: Annotated[str, typer.Argument(help="name/2, name/latest or an id.")],
    against: Annotated[str | None, typer.Option(help="The earlier version.", show_default="the one before")] = None,
    as_json: AsJson = False,
    url: Url = None,
    token: Token = None,
) -> None:
    """What came, went and changed between two versions."""
    seen = connect(url, token).datasets.diff(version, against)
    if as_json:
        show_json(seen)
        return
    typer.echo(f"{seen['after_title']} against {seen['before_title']}")
    rows: list[tuple[object, ...]] = [
        (f"images {kind}", *(seen["images"][kind][split] for split in SPLITS))
        for kind in ("added", "removed", "changed")
    ]
    for one in seen["labels"]:
        counts = (f"+{one['added'][split]} -{one['removed'][split]}" for split in SPLITS)
        rows.append((one["label"], *counts))
    show_table(("", *SPLITS), rows)


def archive(
    name: Name,
    back: Annotated[bool, typer.Option("--back", help="Bring it back.")] = False,
    url: Url = None,
    token: Token = None,
) -> None:
    """Take a dataset out of the lists; what rests on it stays."""
    connect(url, token).datasets.archive(name, not back)
    typer.echo(f"{name} is {'back' if back else 'archived'}")


def delete(
    name: Name,
    confirm: Annotated[str | None, typer.Option(help="The name once more, instead of being asked.")] = None,
    url: Url = None,
    token: Token = None,
) -> None:
    """Delete every version; refused, with reasons, while anything rests on it."""
    typed = confirm if confirm is not None else typer.prompt(f"Type {name} to delete every version of it")
    if typed != name:
        raise typer.BadParameter(f"'{typed}' is not '{name}': nothing was deleted")
    connect(url, token).datasets.delete(name)
    typer.echo(f"{name} is deleted")


def _pair(text: str, shape: str) -> tuple[str, str]:
    left, equals, right = text.partition("=")
    if not (left.strip() and equals and right.strip()):
        raise typer.BadParameter(f"write it as {shape}, not '{text}'")
    return left.strip(), right.strip()


def _people(one: dict[str, Any]) -> str:
    return ", ".join(f"{person['name']} {person['reviews']}" for person in one["people"])


def _person(client: Client, dataset: str, name: str) -> str:
    for one in client.datasets.reviewed(dataset):
        for person in one["people"]:
            if name in (person["name"], person["id"]):
                return str(person["id"])
    raise typer.BadParameter(f"nobody called '{name}' reviewed images of {dataset}")


def _sure(yes: bool, question: str) -> None:
    if not yes:
        typer.confirm(question, abort=True)
