"""relens threshold: what another confidence threshold would be worth."""

from typing import Annotated, Any

import typer

from relens.cli.server import AsJson, Token, Url, connect, show_json, show_table
from relens.kit.spoken import percent


def threshold(
    deployment: Annotated[str, typer.Argument(help="The deployment's name.")],
    precision: Annotated[
        float | None, typer.Option(help="Advise the lowest threshold that surely has it, instead of the best F1.")
    ] = None,
    set_to: Annotated[float | None, typer.Option("--set", help="Answer from this confidence on.")] = None,
    as_json: AsJson = False,
    url: Url = None,
    token: Token = None,
) -> None:
    """Show precision, recall and F1 at the threshold, and which one to choose, label by label."""
    to = connect(url, token).deployment(deployment)
    if set_to is not None:
        to.set_threshold(set_to)
    found = to.thresholds(precision=precision)
    if as_json:
        show_json(found)
        return
    columns = ("label", "checked", f"precision at {found['threshold']:.2f}", "recall", "F1", "advised", "F1 there")
    show_table(columns, (_line(one) for one in [found["whole"], *found["labels"]]))
    for one in [found["whole"]]:
        if one["needs"]:
            typer.echo(f"needs {one['needs']}")
    replay, place = found["replay"], min(range(99), key=lambda i: abs(found["thresholds"][i] - found["threshold"]))
    if replay["read"]:
        typer.echo(
            f"{replay['read']:,} images of {replay['from'][:16]} to {replay['to'][:16]}: {replay['answers'][place]:.2f} answers each, "
            f"{percent(replay['silent'][place])} with none"
        )


def _line(one: dict[str, Any]) -> tuple[object, ...]:
    now, advice = one["now"], one["advice"]
    advised = "-" if advice is None else f"{advice['threshold']:.2f} ({advice['lower']:.2f} to {advice['upper']:.2f})"
    rates = (_rate(now[name]) for name in ("precision", "recall", "f1"))
    return (one["label"] or "all together", one["images"], *rates, advised, _rate(advice["f1"]) if advice else "-")


def _rate(rate: dict[str, Any]) -> str:
    if rate["value"] is None:
        return "-"
    span = f" ({rate['lower']:.2f} to {rate['upper']:.2f})" if rate["lower"] is not None else ""
    return f"{rate['value']:.2f}{span}"
