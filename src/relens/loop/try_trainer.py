"""Tries a deployment's trainer on a few images, as a job: that it starts, ends, and leaves a model that can be served. Nothing is kept of it."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from relens.access.actor import Actor
from relens.assets.read import image_bytes
from relens.datasets import store as datasets
from relens.datasets.item import Item
from relens.datasets.version import DatasetVersion
from relens.deployments import store as deployments
from relens.deployments.deployment import Deployment
from relens.inference.load import load
from relens.infra.database import Database
from relens.infra.jobs import JobRun, Jobs
from relens.infra.settings import Settings
from relens.infra.storage import Storage
from relens.kit.errors import Conflict
from relens.loop import store
from relens.loop.beginning import beginning
from relens.loop.feedback import newest_version
from relens.loop.policy import ContinuousTraining
from relens.registry import store as registry
from relens.registry.model_version import checkpoint_key
from relens.training import memory
from relens.training.accept import examined_file
from relens.training.evaluations import ONE_THREAD, beside_serving
from relens.training.prepare import Order, prepare
from relens.training.process import Limits, TookTooLong, run_program
from relens.training.run import MEMORY_SHARE, order_parameters
from relens.training.trainer import Trainer
from relens.training.trainers import TRAINERS

TRY = "try trainer"
TRAINED_ON, VALIDATED_ON = 6, 2
LONGEST_S = 600.0


class TrialFailed(Conflict):
    """The trainer cannot do what continuous training will ask of it."""


class TryTrainer:
    """Does the job "try trainer"."""

    def __init__(self, database: Database, storage: Storage, settings: Settings) -> None:
        self._database = database
        self._storage = storage
        self._settings = settings

    def register(self, jobs: Jobs) -> None:
        # In the lane of trainings: two trainers at once would slow each other and the answers.
        jobs.register(TRY, self.work, "heavy")

    def work(self, run: JobRun) -> Mapping[str, Any]:
        folder = self._settings.home / "work" / "trials" / run.id
        folder.parent.mkdir(parents=True, exist_ok=True)
        try:
            return self._try(run, folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            folder.with_suffix(".log").unlink(missing_ok=True)

    def _try(self, run: JobRun, folder: Path) -> Mapping[str, Any]:
        name = str(run.payload["trainer"])
        trainer = TRAINERS.get(name)
        with self._database.read() as connection:
            deployment = deployments.get(connection, str(run.payload["deployment"]))
            dataset, items = _a_few(connection, deployment)
            parameters, parent = _begin_with(connection, deployment, name, run.payload)
        trainer.must_be_there(name, parameters)
        checkpoint = self._storage.get(checkpoint_key(parent)) if parent is not None else None
        threads = self._settings.training_threads
        task = trainer.task_for(dataset.task)
        order = Order(
            task, dataset.labels, order_parameters(name, parameters), threads, checkpoint is not None, trial=True
        )
        prepare(folder, order, items, self._storage, checkpoint, trainer.reads_only, lambda done, total: run.check())
        run.progress(0, None, f"training on {len(items)} images")
        self._train(run, trainer, parameters, folder, threads)
        run.progress(0, None, "the model answers them")
        return {"images": self._answers(folder, task, dataset, items)}

    def _train(self, run: JobRun, trainer: Trainer, parameters: Mapping[str, Any], folder: Path, threads: int) -> None:
        limits = Limits(LONGEST_S, int(memory.total() * MEMORY_SHARE), threads)
        command = trainer.command(folder, parameters)
        log = folder.with_suffix(".log")
        try:
            run_program(command, folder, log, limits, lambda _line: None, run.check, trainer.environment)
        except TookTooLong as error:
            raise TrialFailed(
                f"it was still training after {LONGEST_S / 60:.0f} minutes, on a handful of images; run.json says "
                '"trial": true there, so that a program can end after one epoch'
            ) from error

    def _answers(self, folder: Path, task: str, dataset: DatasetVersion, items: Sequence[Item]) -> int:
        """How many images the model answered in the code that would serve it."""
        file = folder / "out" / "model.onnx"
        if not file.is_file():
            raise TrialFailed("it ended well but left no model: it must write out/model.onnx in the run folder")
        examined = examined_file(file.read_bytes(), task, dataset.labels)
        evaluated = beside_serving(
            lambda: load(examined.onnx, examined.manifest, "trial", ONE_THREAD, title="the trial's model"),
            items,
            lambda asset: image_bytes(self._storage, asset),
            lambda done, total: None,
        )
        return evaluated.images


def begin_trial(
    connection: Connection, jobs: Jobs, deployment: Deployment, chosen: ContinuousTraining, actor: Actor
) -> str | None:
    """Enqueues a trial of these settings in the caller's transaction; None where there is nothing to try it on yet."""
    if store.policies(connection, deployment.id).feedback.dataset is None:
        return None
    payload = {
        "deployment": deployment.id,
        "trainer": chosen.trainer,
        "parameters": dict(chosen.parameters),
        "start": chosen.start,
    }
    title = f"Try the trainer of {deployment.name}"
    return jobs.enqueue(connection, TRY, payload, title=title, about=deployment.id, created_by=actor.id)


def has_proved_itself(connection: Connection, deployment: Deployment, chosen: ContinuousTraining) -> bool:
    """Whether the champion was trained here by the same program: then nothing is learned from eight images."""
    if deployment.champion is None:
        return False
    champion = registry.get(connection, deployment.champion)
    begins = beginning(connection, champion, chosen.trainer, chosen.start)
    programs = [name for name, one in TRAINERS.get(chosen.trainer).parameters.items() if one.owner_only]
    return begins.same and all(begins.earlier.get(name) == chosen.parameters.get(name) for name in programs)


def _a_few(connection: Connection, deployment: Deployment) -> tuple[DatasetVersion, list[Item]]:
    """Images to train on, of as many labels as fit, and some to validate on."""
    fed = store.policies(connection, deployment.id).feedback.dataset
    if fed is None:
        raise TrialFailed("there is nothing to try it on: choose the dataset of the feedback loop first")
    dataset = newest_version(connection, fed)
    items = datasets.items(connection, dataset.id, ("train", "validation"))
    train = [item for item in items if item.split == "train" and item.annotations]
    rest = [item for item in items if item.split == "validation" and item.annotations]
    return dataset, [*_of_many_labels(train, TRAINED_ON), *_of_many_labels(rest, VALIDATED_ON)]


def _of_many_labels(items: Sequence[Item], most: int) -> list[Item]:
    chosen: list[Item] = []
    known: set[str] = set()
    for item in items:
        labels = {annotation.label for annotation in item.annotations}
        if len(chosen) < most and not labels <= known:
            chosen.append(item)
            known |= labels
    taken = {item.asset for item in chosen}
    return [*chosen, *(item for item in items if item.asset not in taken)][:most]


def _begin_with(
    connection: Connection, deployment: Deployment, trainer: str, payload: Mapping[str, Any]
) -> tuple[dict[str, Any], str | None]:
    """Parameters for a short run, and the checkpoint to start from."""
    given = dict(payload["parameters"])
    if deployment.champion is None:
        return _short(trainer, given), None
    champion = registry.get(connection, deployment.champion)
    begins = beginning(connection, champion, trainer, str(payload["start"]))
    return _short(trainer, begins.parameters(given)), champion.checkpoint if begins.start_from else None


def _short(name: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """One epoch, where the trainer counts in epochs."""
    trainer = TRAINERS.get(name)
    if "epochs" not in trainer.parameters:
        return dict(parameters)
    budget = {one for group in trainer.instead for one in group if "epochs" in group}
    return {key: value for key, value in parameters.items() if key not in budget} | {"epochs": 1}
