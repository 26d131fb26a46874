"""What training on everything at once would have reached in the time that the loop trained: the bound its last version is measured by.

Everything: the images of version 1 and every image that was reviewed, in one run from scratch, for as many views of an image as all
runs of the loop took together (one view costs the same in all of them; the seconds are said too). A second run leaves out what the
loop kept for testing: the difference is what the test images cost.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import Any

from relens.demo.options import BadOption
from relens.demo.prepare import Prepared, import_examples, training_progress
from relens.demo.report import SCORES, score_of
from relens.demo.show import Show
from relens.demo.stream import Example, Stream
from relens.sdk.client import Client
from relens.sdk.jobs import Json


def must_count_in_epochs(parameters: Mapping[str, Any], trainer: str) -> None:
    """Raises BadOption."""
    if "epochs" not in parameters:
        raise BadOption(f"--bound needs a trainer that counts in epochs, and '{trainer}' does not: use compact")


def bound(client: Client, prepared: Prepared, stream: Stream, reviewed: Collection[str], show: Show) -> Json:
    """Scores on the report images, and what the last deployed version has of them (`of_everything`)."""
    runs = [run for run in client.training.runs(model=prepared.names.model) if run["state"] == "succeeded"]
    views = sum(_views(client, run) for run in runs)
    first = min(runs, key=lambda run: str(run["created_at"]))
    arrived = [one for one in stream.production if one.name in reviewed]
    examples = [*stream.train, *(Example(one.name, one.read, stream.truth(one.name) or ()) for one in arrived)]
    name = f"{prepared.names.dataset}-everything"
    everything = import_examples(client, name, [(one, "train") for one in examples], stream, show)
    allowed = client.datasets.version(f"{prepared.names.dataset}/latest")
    there, without = (
        _train(client, prepared, data, model, views, first, show)
        for data, model in ((everything, name), (allowed, f"{name}-untested"))
    )
    return {
        "everything": there,
        "without_test_images": without,
        "reviewed": len(arrived),
        "withheld": kept_for_testing(client.datasets.version(first["dataset_version"]), allowed),
        "test_images_cost": _difference(there["score"], without["score"]),
        "loop_views": views,
        "loop_training_s": round(sum(_seconds(run) for run in runs), 1),
    }


def _train(
    client: Client, prepared: Prepared, data: Json, model: str, views: int, first: Json, show: Show
) -> dict[str, Any]:
    images = _learned_from(data)
    parameters = dict(first["parameters"]) | {"epochs": math.ceil(views / images)}
    run = client.training.start(model, data["id"], trainer=first["trainer"], parameters=parameters)
    ended = client.training.wait(run, progress=training_progress(show))
    done = client.training.evaluate(ended["model_version"], prepared.report_version["id"], split="test")
    scores = {name: done["scores"].get(name) for name in SCORES}
    return {
        "images": images,
        "epochs": parameters["epochs"],
        "training_s": round(_seconds(ended), 1),
        "score": score_of(scores),
        **{name: None if value is None else round(value, 4) for name, value in scores.items()},
    }


def _views(client: Client, run: Json) -> int:
    return len(run["epochs"]) * _learned_from(client.datasets.version(run["dataset_version"]))


def _learned_from(version: Json) -> int:
    return int(version["images"].get("train", 0))


def kept_for_testing(before: Json, after: Json) -> int:
    """The reviewed images that came between two versions of a dataset and that nothing may learn from."""
    return int(after["images"].get("test", 0)) - int(before["images"].get("test", 0))


def _seconds(run: Json) -> float:
    """Of the processor, where that is known: on a crowded machine the clock says nothing."""
    used = run["used"] or {}
    return float(used.get("cpu_s") or used.get("wall_s") or 0.0)


def _difference(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else round(one - other, 4)
