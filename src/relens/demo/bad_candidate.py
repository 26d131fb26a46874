"""A deliberately bad candidate: the deployment's own dataset with its labels shuffled, trained on, and put before the gate."""

from __future__ import annotations

import json
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

from relens.kit.errors import Invalid
from relens.sdk.client import Client
from relens.sdk.jobs import Json

Say = Callable[[str], None]


class NoSuchDemo(Invalid):
    """There is no deployment this can be tried on."""


def try_bad_candidate(deployment: str | None, *, epochs: int, url: str | None, token: str | None, say: Say) -> None:
    """Prints the gate's decision on a version that learnt the wrong names."""
    with Client(url, token, actor="demo") as client:
        name = deployment or _only_deployment(client)
        chosen = client.deployment(name).get()
        dataset = client.datasets.version(_dataset_of(client, name))
        labels = chosen["labels"]
        if len(labels) < 2:
            raise NoSuchDemo("shuffling labels needs at least two of them")
        say(
            f"training on {dataset['title']} with its labels shuffled: {', '.join(f'{a} -> {b}' for a, b in _shuffled(labels).items())}"
        )
        wrong = _import_shuffled(client, dataset, labels)
        run = client.training.start(chosen["champion"]["model_name"], wrong["id"], parameters={"epochs": epochs})
        version = client.training.wait(run, progress=_each_epoch(say))["model_version"]
        say("the gate judges it on the test images")
        job = client.jobs.wait(client.deployment(name).judge(version))
        decision = next(d for d in client.deployment(name).decisions() if d["candidate"]["id"] == version)
        say(
            f"{decision['candidate']['title']} against {decision['champion']['title']}: {decision['decision']} ({decision['applied']})"
        )
        for reason in decision["reasons"]:
            say(f"  {reason}")
        say(f"{name} still answers with {client.deployment(name).get()['champion']['title']} (job {job['id']})")


def _each_epoch(say: Say) -> Callable[[Json], None]:
    told = 0

    def look(run: Json) -> None:
        nonlocal told
        for epoch in (run.get("epochs") or [])[told:]:
            told += 1
            say(f"  epoch {epoch['epoch']} of {epoch['epochs']}, loss {epoch['loss']:.2f}")

    return look


def _only_deployment(client: Client) -> str:
    names = [deployment["name"] for deployment in client.deployments()]
    if len(names) != 1:
        raise NoSuchDemo(f"say which deployment with --deployment: there are {', '.join(names) or 'none'}")
    return str(names[0])


def _dataset_of(client: Client, name: str) -> str:
    chosen = client.deployment(name).loop().get("dataset")
    if not chosen:
        raise NoSuchDemo(f"'{name}' has no feedback loop, so there is no dataset to shuffle")
    return f"{chosen['name']}/latest"


def _shuffled(labels: list[str]) -> dict[str, str]:
    """Each label becomes the next one: none keeps its name."""
    return dict(zip(labels, [*labels[1:], labels[0]], strict=True))


def _import_shuffled(client: Client, dataset: Json, labels: list[str]) -> Json:
    with tempfile.TemporaryDirectory(prefix="relens-demo-") as place:
        folder = Path(place) / "shuffled"
        archive = client.datasets.export(dataset["id"], Path(place) / "dataset.zip")
        with zipfile.ZipFile(archive) as zip_file:
            zip_file.extractall(folder)
        _shuffle_file(folder / "annotations.json", labels)
        return client.datasets.import_folder(folder, f"{dataset['dataset_name']}-shuffled", format="coco")


def _shuffle_file(path: Path, labels: list[str]) -> None:
    written = json.loads(path.read_text(encoding="utf-8"))
    number = {category["name"]: category["id"] for category in written["categories"]}
    name = {category["id"]: category["name"] for category in written["categories"]}
    becomes = _shuffled([label for label in labels if label in number])
    for annotation in written["annotations"]:
        annotation["category_id"] = number[becomes[name[annotation["category_id"]]]]
    path.write_text(json.dumps(written), encoding="utf-8")
