"""relens review: what waits, and what is true of it."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from relens.cli.server import AsJson, Token, Url, connect, progress_line, show_json, show_table

app = typer.Typer(help="Review: see what waits, accept, correct, set aside, reopen.", no_args_is_help=True)
Prediction = Annotated[str, typer.Argument(help="The prediction's id.")]


@app.command("queue")
def queue(
    deployment: Annotated[str, typer.Argument(help="The deployment's name.")],
    limit: Annotated[int, typer.Option(help="How many.")] = 10,
    as_json: AsJson = False,
    url: Url = None,
    token: Token = None,
) -> None:
    """Show what deserves your time next."""
    items = connect(url, token).deployment(deployment).queue(limit)
    if as_json:
        show_json(items)
        return
    show_table(
        ("prediction", "source", "taken", "answered"),
        ((p["id"], p.get("source"), p["taken_at"][:19], _answered(p)) for p in items),
    )


@app.command("accept")
def accept(prediction: Prediction, url: Url = None, token: Token = None) -> None:
    """The answer was right as it stands."""
    _say(connect(url, token).review.accept(prediction))


@app.command("correct")
def correct(
    prediction: Prediction,
    annotations: Annotated[
        str, typer.Argument(help='JSON: [{"label": "bolt", "box": [x1, y1, x2, y2]}]; [] says nothing is there.')
    ],
    url: Url = None,
    token: Token = None,
) -> None:
    """Say what is really there."""
    try:
        said = json.loads(annotations)
    except ValueError as error:
        raise typer.BadParameter(f"the annotations are not JSON: {error}") from error
    if not isinstance(said, list):
        raise typer.BadParameter("the annotations are a JSON list")
    _say(connect(url, token).review.correct(prediction, said))


@app.command("unusable")
def unusable(
    prediction: Prediction,
    reason: Annotated[str | None, typer.Option(help="Why nobody could say.")] = None,
    url: Url = None,
    token: Token = None,
) -> None:
    """Nobody could say what is true here; keep it out of training."""
    _say(connect(url, token).review.unusable(prediction, reason))


@app.command("reopen")
def reopen(prediction: Prediction, url: Url = None, token: Token = None) -> None:
    """Take the review back; its history is kept."""
    connect(url, token).review.reopen(prediction)
    typer.echo("waits for review again")


Form = Annotated[str | None, typer.Option("--form", help="label_studio or coco.", show_default="by the file's ending")]


@app.command("export")
def export(
    deployment: Annotated[str, typer.Argument(help="The deployment's name.")],
    to: Annotated[Path, typer.Argument(help="The file to write.")],
    form: Form = None,
    limit: Annotated[int, typer.Option(min=1, max=5_000, help="How many images.")] = 100,
    query: Annotated[str | None, typer.Option(help="What waits and fits, instead of the queue.")] = None,
    url: Url = None,
    token: Token = None,
) -> None:
    """Write the queue as a file for another labelling tool, with what was answered filled in."""
    path = connect(url, token).deployment(deployment).export_reviews(to, form=_form(to, form), limit=limit, query=query)
    typer.echo(f"{path} written; bring it back with: relens review import {deployment} FILE")


@app.command("import")
def bring(
    deployment: Annotated[str, typer.Argument(help="The deployment's name.")],
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The file as the tool exported it.")],
    form: Form = None,
    go: Annotated[bool, typer.Option("--go", help="Take them; without it only what would happen is shown.")] = False,
    empty: Annotated[
        bool, typer.Option("--empty", help="Images without annotations have nothing on them (COCO does not tell).")
    ] = False,
    as_json: AsJson = False,
    url: Url = None,
    token: Token = None,
) -> None:
    """Take reviews made in another tool: matched by prediction, nobody's review is overwritten, the same file changes nothing."""
    found = connect(url, token).deployment(deployment).import_reviews(file, form=_form(file, form), go=go, empty=empty)
    if as_json:
        show_json(found)
        return
    for line in found["lines"]:
        if line["becomes"] in ("conflict", "problem"):
            typer.echo(f"{line['place']}: {line['says']}", err=True)
    counts = ", ".join(f"{count:,} {what}" for what, count in found["counts"].items()) or "no image in it"
    typer.echo(f"{found['reviews']:,} reviews {'taken' if found['taken'] else 'would be taken'} ({counts})")
    if not found["taken"]:
        typer.echo("nothing was written; --go takes them")


def _form(path: Path, chosen: str | None) -> str:
    return chosen or ("coco" if path.name.lower().endswith("coco.json") else "label_studio")


@app.command("all")
def everything(
    deployment: Annotated[str, typer.Argument(help="The deployment's name.")],
    query: Annotated[str, typer.Argument(help="In the query language of the log; only what waits is decided.")],
    say: Annotated[str, typer.Option(help="accepted, nothing here, unusable or skipped.")] = "accepted",
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    go: Annotated[bool, typer.Option("--go", help="Do it; without it only what would happen is shown.")] = False,
    as_json: AsJson = False,
    url: Url = None,
    token: Token = None,
) -> None:
    """Review everything a query finds, as a job; what is accepted stays among the random checks until somebody looks at it."""
    client = connect(url, token)
    to = client.deployment(deployment)
    found: dict[str, Any] = to.preview_review(query, say)
    if go:
        found = client.jobs.wait(to.review_all(query, say, reason)["id"], progress=progress_line(say))
    if as_json:
        show_json(found)
    elif go:
        counts = found["result"]
        typer.echo(
            f"{counts['reviewed']:,} images {say}; {counts['held']:,} were in other hands, {counts['meanwhile']:,} reviewed "
            f"meanwhile, {counts['refused']:,} could not be. Take it back: relens review undo {found['id']}"
        )
        for one in counts["problems"]:
            typer.echo(f"{one['prediction']}: {one['problem']}", err=True)
    else:
        more = "+" if found["more"] else ""
        typer.echo(
            f"{found['count']:,}{more} waiting images would be {say}, {found['reviewed']:,} are reviewed and stay; --go does it"
        )


@app.command("undo")
def undo(
    job: Annotated[str, typer.Argument(help="The job of `relens review all`.")], url: Url = None, token: Token = None
) -> None:
    """Take back what many images were said to be at once; what somebody changed since stays."""
    client = connect(url, token)
    counts = client.jobs.wait(client.review.undo(job)["id"])["result"]
    typer.echo(f"{counts['reopened']:,} images wait again, {counts['meanwhile']:,} were changed since and stay")


def _say(verdict: dict[str, Any]) -> None:
    typer.echo(
        f"{verdict['status']} by {(verdict.get('by') or {}).get('name')}, {len(verdict['annotations'])} annotations"
    )


def _answered(prediction: dict[str, Any]) -> str:
    found = [d for d in prediction.get("detections", []) if d.get("answered", True)]
    return ", ".join(f"{d['label']} {d['confidence']:.2f}" for d in found[:6]) or "nothing"
