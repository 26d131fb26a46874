"""relens train: the next version of a model."""

import sys
from typing import Annotated, Any

import typer

from relens.cli.server import AsJson, Token, Url, connect, parse_parameters, show_json


def train(
    model: Annotated[str, typer.Argument(help="The model that gets a new version.")],
    dataset_version: Annotated[str, typer.Argument(help="name/2, name/latest or an id.")],
    trainer: Annotated[str, typer.Option(help="compact, ultralytics, command, or one of your own.")] = "compact",
    parameter: Annotated[
        list[str] | None,
        typer.Option("--set", help="A parameter of the trainer, such as epochs=10; may be given again."),
    ] = None,
    start_from: Annotated[str | None, typer.Option(help="A model version whose weights to start from.")] = None,
    wait: Annotated[bool, typer.Option(help="Wait for the version.")] = True,
    as_json: AsJson = False,
    url: Url = None,
    token: Token = None,
) -> None:
    """Train the next version of a model on a dataset version."""
    client = connect(url, token)
    parameters = parse_parameters(parameter or ())
    for known in client.training.trainers():
        if known["name"] != trainer:
            continue
        if known["notice"]:
            print(f"note: {known['notice']}", file=sys.stderr)
        if _boxes_only(known["tasks"], client.datasets.version(dataset_version)["task"]):
            print(
                f"note: {trainer} learns no outlines: this will be a detector, which answers boxes. For a feedback loop with it, "
                "import the set as detection: relens dataset import FOLDER --name NAME --task detection",
                file=sys.stderr,
            )
    run = client.training.start(model, dataset_version, trainer=trainer, parameters=parameters, start_from=start_from)
    if wait:
        run = client.training.wait(run, progress=_Epochs())
    if as_json:
        show_json(run)
    elif wait:
        typer.echo(f"{client.models.version(run['model_version'])['title']} is registered")
    else:
        typer.echo(f"training run {run['id']} is {run['state']}")


def _boxes_only(trained: list[str], wanted: str) -> bool:
    return wanted == "segmentation" and wanted not in trained and "detection" in trained


class _Epochs:
    """Prints a line per finished epoch on stderr."""

    def __init__(self) -> None:
        self._seen = 0

    def __call__(self, run: dict[str, Any]) -> None:
        for epoch in run["epochs"][self._seen :]:
            metrics = ", ".join(
                f"{name} {value:.3f}" for name, value in (epoch.get("metrics") or {}).items() if value is not None
            )
            print(f"epoch {epoch['epoch']} of {epoch['epochs'] or '?'}: {_loss(epoch)}{metrics}", file=sys.stderr)
        self._seen = len(run["epochs"])


def _loss(epoch: dict[str, Any]) -> str:
    return f"loss {epoch['loss']:.3f}  " if epoch.get("loss") is not None else ""
