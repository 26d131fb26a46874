"""Before the stream: data in, version 1 trained and deployed, the loop switched on. Each step as a user would do it."""

from __future__ import annotations

import math
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from relens.demo.coco_writer import write_coco
from relens.demo.options import USUAL_RETRAIN_AFTER, Options
from relens.demo.show import Show
from relens.demo.stream import Example, Stream
from relens.kit.errors import RelensError
from relens.sdk.client import Client
from relens.sdk.jobs import Json

BUILT_IN_EPOCHS = 4
"""A stage people watch, half a minute on two free cores."""
_KEPT_FOR_TESTING = 0.2
"""Of the reviewed images."""
_RANDOM_SHARE = 0.5
NOTICE_AFTER = 50
"""Predictions until drift may be noticed: a demo has a few hundred in all."""


class PreparationFailed(RelensError):
    """The server did not go live or could not prepare its reference."""


@dataclass(frozen=True, slots=True)
class Names:
    """Under which names this round plays; free ones, so that a kept home can be played in again."""

    dataset: str
    report: str
    model: str
    deployment: str


@dataclass(frozen=True, slots=True)
class Prepared:
    names: Names
    dataset_version: Json
    report_version: Json
    first: Json
    retrain_after: int


def choose_names(client: Client, title: str) -> Names:
    taken = (
        {d["name"] for d in client.deployments()}
        | {m["name"] for m in client.models.list()}
        | {d["name"] for d in client.datasets.list()}
    )
    number = 1
    while (name := title if number == 1 else f"{title}-{number}") in taken or f"{name}-report" in taken:
        number += 1
    return Names(name, f"{name}-report", name, name)


def import_data(client: Client, stream: Stream, names: Names, show: Show) -> tuple[Json, Json]:
    """(the dataset with train and test images, the report images as a dataset of their own)"""
    learning = [*((e, "train") for e in stream.train), *((e, "test") for e in stream.gate)]
    main = import_examples(client, names.dataset, learning, stream, show)
    report = import_examples(client, names.report, [(e, "test") for e in stream.report], stream, show)
    return main, report


def import_examples(client: Client, name: str, examples: list[tuple[Example, str]], stream: Stream, show: Show) -> Json:
    with tempfile.TemporaryDirectory(prefix="relens-demo-") as place:
        folder = Path(place)
        write_coco(folder, examples, stream.labels, lambda done: show.progress(done, len(examples), f"writing {name}"))
        return client.datasets.import_folder(
            folder, name, format="coco", skip_bad=True, progress=_job_progress(show, f"importing {name}")
        )


def _job_progress(show: Show, what: str) -> Any:
    return lambda job: show.progress(
        job.get("done") or 0, job.get("total") or 0, f"{what} {job.get('message') or ''}".strip()
    )


def training_parameters(client: Client, options: Options, stream: Stream) -> dict[str, Any]:
    """What is asked of the trainer, for version 1 and every retraining alike; only what it knows.

    Epochs, not minutes: wall time differs from run to run, and on a busy machine it would give a version that learnt nothing.
    """
    usual = BUILT_IN_EPOCHS if stream.simulated else _epochs(len(stream.train), stream.task)
    wanted = {"seed": options.seed, "epochs": options.epochs or usual}
    known: dict[str, Any] = next(
        (t["parameters"] for t in client.training.trainers() if t["name"] == options.trainer), {}
    )
    return {name: value for name, value in wanted.items() if name in known}


def _epochs(images: int, task: str) -> int:
    """What a few minutes allow: 2,000 views of images with objects in them, 16,000 of the smaller ones a classification looks at.

    From 83 images of blood cells at 288 pixels 10 epochs (830 views) reached a mAP50 of 0.60 on the test images, and hardly a platelet;
    22 epochs, two minutes of one core, reached 0.82, and 0.68 on platelets.
    """
    views, least, most = (16_000, 8, 40) if task == "classification" else (2_000, 4, 40)
    return min(max(round(views / max(images, 1)), least), most)


def train_first(
    client: Client,
    names: Names,
    version: Json,
    options: Options,
    parameters: dict[str, Any],
    show: Show,
) -> Json:
    """Version 1, trained on the training split."""
    run = client.training.start(names.model, version["id"], trainer=options.trainer, parameters=parameters)
    ended = client.training.wait(run, progress=training_progress(show))
    return client.models.version(ended["model_version"])


def training_progress(show: Show) -> Any:
    def look(run: Json) -> None:
        epochs = run.get("epochs") or []
        if not epochs:
            show.progress(0, 0, f"training: {run['state']}")
            return
        last = epochs[-1]
        metrics = ", ".join(
            f"{name} {value:.2f}" for name, value in (last.get("metrics") or {}).items() if isinstance(value, float)
        )
        loss = f"loss {last['loss']:.2f}  " if last.get("loss") is not None else ""
        show.progress(last["epoch"], last.get("epochs") or 0, loss + metrics)

    return look


def deploy(client: Client, names: Names, first: Json, stream: Stream, show: Show) -> None:
    """Returns once version 1 answers."""
    client.deploy(names.deployment, first["id"], simulated=stream.simulated)
    wait_for(lambda: _live(client, names), show, "version 1 goes live", 120)


def _live(client: Client, names: Names) -> bool:
    serving = client.deployment(names.deployment).get()["serving"]
    if serving["state"] == "failed":
        raise PreparationFailed(f"version 1 does not answer: {serving['message']}")
    return bool(serving["state"] == "live")


def switch_loop_on(
    client: Client,
    names: Names,
    version: Json,
    retrain_after: int,
    options: Options,
    parameters: dict[str, Any],
    show: Show,
) -> None:
    """Training data, feedback loop, continuous training, continuous deployment."""
    deployment = client.deployment(names.deployment)
    deployment.set_training_data(version["id"])
    deployment.watch_drift(notice=NOTICE_AFTER)
    wait_for(lambda: _reference_ready(client, names, show), show, "", 600)
    # Which cases are hard depends on when outlier scores come; in lockstep nothing may depend on that.
    random_share = 1.0 if options.lockstep else _RANDOM_SHARE
    deployment.mix_queue(random_share=random_share)
    deployment.set_feedback_loop(names.dataset, test_share=_KEPT_FOR_TESTING / random_share)
    deployment.set_continuous_training(after=retrain_after, trainer=options.trainer, parameters=parameters)
    deployment.set_continuous_deployment("champion")


def _reference_ready(client: Client, names: Names, show: Show) -> bool:
    seen = client.deployment(names.deployment).training_data()
    if seen["state"] == "failed":
        raise PreparationFailed(f"the training data could not be prepared: {seen['message']}")
    show.progress(seen.get("done") or 0, seen.get("total") or 0, "measuring what the training images look like")
    return bool(seen["state"] == "ready")


def retrain_after(options: Options, stream: Stream) -> int:
    """50, or what two thirds of the reviewed images reach where the stream is shorter."""
    if options.retrain_after is not None:
        return options.retrain_after
    reviewed = len(stream.production) * options.review_fraction * (1 - _KEPT_FOR_TESTING)
    return max(1, min(USUAL_RETRAIN_AFTER, math.floor(reviewed * 2 / 3)))


def wait_for(done: Any, show: Show, message: str, seconds: float) -> None:
    """Looks every 0.2 s; PreparationFailed when it takes longer than `seconds`."""
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            raise PreparationFailed(f"{message or 'this'} took longer than {seconds:.0f} s")
        if message:
            show.progress(0, 0, message)
        time.sleep(0.2)
