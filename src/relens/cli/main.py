"""The `relens` command. What is heavy is imported by the command that needs it, so that `relens --help` is quick.

Commands of other rooms and of other packages join through the entry-point group `relens.commands`.
"""

import sys
from importlib.metadata import entry_points
from typing import Annotated

import typer

from relens import __version__
from relens.cli import (
    batch,
    dataset,
    deploy,
    explain,
    export,
    gaps,
    log,
    model,
    past,
    predict,
    rebuild,
    review,
    runs,
    serve,
    status,
    threshold,
    train,
)
from relens.kit.errors import RelensError

app = typer.Typer(
    name="relens",
    help="The feedback loop for deployed vision models.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"relens {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


app.command("serve")(serve.serve)
app.add_typer(dataset.app, name="dataset")
app.add_typer(model.app, name="model")
app.command("deploy")(deploy.deploy)
app.command("threshold")(threshold.threshold)
app.command("rollback")(explain.rollback)
app.command("explain")(explain.explain)
app.command("predict")(predict.predict)
app.command("batch")(batch.batch)
app.command("log")(log.log)
app.command("import-predictions")(past.import_predictions)
app.command("gaps")(gaps.gaps)
app.command("export")(export.export)
app.add_typer(review.app, name="review")
app.command("train")(train.train)
app.add_typer(runs.app, name="runs")
app.command("rebuild-metrics")(rebuild.rebuild_metrics)
app.command("status")(status.status)
for _command in entry_points(group="relens.commands"):
    if isinstance(_loaded := _command.load(), typer.Typer):
        app.add_typer(_loaded, name=_command.name)
    else:
        app.command(_command.name)(_loaded)


def main() -> None:
    """Runs a command; an error a person can act on is one sentence on stderr and exit code 1."""
    try:
        app()
    except RelensError as error:
        print(f"relens: {error}", file=sys.stderr)
        raise SystemExit(1) from None
    except BrokenPipeError:
        # The reader of our output has gone (`relens status | head`).
        sys.stderr.close()
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
