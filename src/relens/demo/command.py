"""relens demo: the whole loop, live. The command line finds this command by its entry point and knows nothing else of the demo."""

from pathlib import Path
from typing import Annotated

import typer

Token = Annotated[
    str | None, typer.Option("--token", envvar="RELENS_TOKEN", help="Needed where the server asks for one.")
]

app = typer.Typer(
    help="The whole loop once round, on a simulated stream or on your own images.", invoke_without_command=True
)


@app.callback()
def demo(
    context: typer.Context,
    data: Annotated[
        Path | None,
        typer.Option(help="Your own COCO folder (annotations.json, images/).", show_default="a simulated conveyor"),
    ] = None,
    review_fraction: Annotated[
        float, typer.Option(min=0, max=1, help="The share of predictions the simulated reviewer settles.")
    ] = 0.8,
    retrain_after: Annotated[
        int | None,
        typer.Option(
            min=1, help="Retrain when this many images were added.", show_default="50, fewer for a short stream"
        ),
    ] = None,
    trainer: Annotated[str, typer.Option(help="Which trainer.")] = "compact",
    epochs: Annotated[
        int | None,
        typer.Option(min=1, help="Passes over the training images.", show_default="what a few minutes allow"),
    ] = None,
    seed: Annotated[
        int, typer.Option(min=0, help="Of the simulated stream, the reviewer's choice and the training.")
    ] = 1,
    port: Annotated[
        int | None, typer.Option(help="The server's port.", show_default="8417, or the next free one")
    ] = None,
    home: Annotated[
        Path | None, typer.Option(help="Where the server keeps its data.", show_default="a temporary folder")
    ] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Keep the temporary folder afterwards.")] = False,
    lockstep: Annotated[
        bool, typer.Option("--lockstep", help="Wait for every job: the same seed gives the same decisions.")
    ] = False,
    bound: Annotated[
        bool,
        typer.Option(
            "--bound", help="Afterwards train on everything at once for as long, and say how near the loop came."
        ),
    ] = False,
    headless: Annotated[
        bool, typer.Option("--headless", help="No browser, no live terminal; ends when the loop is round.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON line at the end.")] = False,
) -> None:
    """Start a server and play the loop on it: train, deploy, predict, review, retrain, judge, swap."""
    if context.invoked_subcommand is not None:
        return
    from relens.demo.options import Options
    from relens.demo.run import run

    options = Options(
        data=data,
        review_fraction=review_fraction,
        retrain_after=retrain_after,
        trainer=trainer,
        epochs=epochs,
        seed=seed,
        port=port,
        home=home,
        keep=keep,
        lockstep=lockstep,
        headless=headless,
        as_json=as_json,
        bound=bound,
    )
    raise typer.Exit(run(options))


@app.command("bad-candidate")
def bad_candidate(
    deployment: Annotated[str | None, typer.Option(help="The deployment.", show_default="the only one")] = None,
    epochs: Annotated[int, typer.Option(min=1, help="Passes over the mislabelled images.")] = 4,
    url: Annotated[str | None, typer.Option("--url", envvar="RELENS_URL", help="Where the server is.")] = None,
    token: Token = None,
) -> None:
    """Train a version on shuffled labels and see the gate refuse it."""
    from relens.demo.bad_candidate import try_bad_candidate

    try_bad_candidate(deployment, epochs=epochs, url=url, token=token, say=typer.echo)
