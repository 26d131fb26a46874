"""relens runs: training runs, what they took, and how they compare."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any

import typer

from relens.cli.server import AsJson, Token, Url, connect, show_json, show_table

app = typer.Typer(help="Training runs: list, compare, do one again.", no_args_is_help=True)
Run = dict[str, Any]
Rows = list[tuple[str, ...]]


@app.command("list")
def list_(
    model: Annotated[str | None, typer.Option(help="Only those of this model.")] = None,
    as_json: AsJson = False,
    url: Url = None,
    token: Token = None,
) -> None:
    """List training runs, the newest first."""
    runs = list(connect(url, token).training.runs(model=model))
    if as_json:
        show_json(runs)
        return
    columns = ("run", "state", "model", "trainer", "begun", "took", "processor", "memory")
    show_table(
        columns, ([run["id"], run["state"], run["model"], run["trainer"], _begun(run), *_took(run)] for run in runs)
    )


@app.command("compare")
def compare(
    run_ids: Annotated[list[str], typer.Argument(help="Two runs or more.")],
    as_json: AsJson = False,
    url: Url = None,
    token: Token = None,
) -> None:
    """Show runs side by side: what they were given, ran with, took, and reached."""
    client = connect(url, token)
    runs = [client.training.run(run_id) for run_id in run_ids]
    versions = [client.models.version(run["model_version"]) if run["model_version"] else None for run in runs]
    if as_json:
        show_json(
            [run | {"scores": (version or {}).get("scores", {})} for run, version in zip(runs, versions, strict=True)]
        )
        return
    rows = [
        (
            "model",
            *(
                version["title"] if version else f"{run['model']} ({run['state']})"
                for run, version in zip(runs, versions, strict=True)
            ),
        ),
        *_facts(
            runs,
            lambda run: {
                "trainer": run["trainer"],
                "dataset version": run["dataset_version"],
                "start from": run["start_from"],
            },
        ),
        *_facts(runs, lambda run: run["parameters"]),
        *_facts(runs, _environment),
        *zip(("took", "processor", "memory"), *(_took(run) for run in runs), strict=True),
        *_scores(versions),
    ]
    show_table(("", *(run["id"][-8:] for run in runs)), rows)


@app.command("repeat")
def repeat(
    run_id: Annotated[str, typer.Argument(help="The run to do again.")],
    as_json: AsJson = False,
    url: Url = None,
    token: Token = None,
) -> None:
    """Train once more on the same images, with the same parameters, from the same start; does not wait."""
    run = connect(url, token).training.repeat(run_id)
    show_json(run) if as_json else typer.echo(f"training run {run['id']} is {run['state']}")


def _facts(runs: Sequence[Run], facts: Callable[[Run], dict[str, Any]]) -> Rows:
    """A row for everything that any of them has."""
    found = [facts(run) for run in runs]
    names = dict.fromkeys(name for one in found for name in one)
    return [(name, *("" if one.get(name) is None else str(one[name]) for one in found)) for name in names]


def _environment(run: Run) -> dict[str, Any]:
    found = dict(run["environment"] or {})
    return {
        **{k: v for k, v in found.items() if not isinstance(v, dict)},
        **found.get("packages", {}),
        **found.get("program", {}),
    }


def _scores(versions: Sequence[Run | None]) -> Rows:
    found = [((version or {}).get("scores") or {}).get("validation") or {} for version in versions]
    names = dict.fromkeys(name for one in found for name, value in one.items() if value is not None)
    return [
        (f"validation {name}", *("" if one.get(name) is None else f"{one[name]:.3f}" for one in found))
        for name in names
    ]


def _begun(run: Run) -> str:
    return str(run["started_at"] or run["created_at"])[:19]


def _took(run: Run) -> tuple[str, str, str]:
    used = run["used"]
    if used is None:
        return "", "", ""
    cpu, peak = used["cpu_s"], used["peak_memory_bytes"]
    return (
        f"{used['wall_s']:.0f} s",
        "" if cpu is None else f"{cpu:.0f} s",
        "" if peak is None else f"{peak / 2**20:.0f} MiB",
    )
