"""Accepts what a trainer left: the model is tried, measured on the validation images with the production code, and registered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from sqlalchemy import Connection

from relens.access import store as access
from relens.assets.read import image_bytes
from relens.datasets import store as datasets
from relens.inference.errors import CannotBeServed
from relens.inference.examine import Examined, Given
from relens.inference.graph import MOST_BYTES
from relens.inference.load import load
from relens.infra.database import Database
from relens.infra.storage import Storage
from relens.kit.errors import NotFound
from relens.registry.apart import examine_apart
from relens.registry.model_version import ModelVersion
from relens.registry.register import register
from relens.training import store
from relens.training.evaluate import Evaluated
from relens.training.evaluations import ONE_THREAD, beside_serving, finished
from relens.training.trainer import Trainer
from relens.training.training_run import TrainingFailed, TrainingRun

_LARGEST_CHECKPOINT = 4 << 30


def accept(
    database: Database,
    storage: Storage,
    folder: Path,
    run: TrainingRun,
    trainer: Trainer,
    progress: Callable[[int, int], None],
) -> ModelVersion:
    """The registered version, with its scores on validation, the threshold they advise, and all it came from.

    Raises TrainingFailed, or what `register` raises about a file that cannot be served.
    """
    onnx = _bytes(folder / "out" / "model.onnx", MOST_BYTES)
    if onnx is None:
        raise TrainingFailed("the trainer ended well but left no model: it must write out/model.onnx in the run folder")
    with database.read() as connection:
        dataset = datasets.get(connection, run.dataset_version)
        items = datasets.items(connection, dataset.id, ("validation",))
        actor = access.get(connection, run.created_by)
    if actor is None:
        raise NotFound("whoever asked for this run is not known any more")
    task = trainer.task_for(dataset.task)
    examined = examined_file(onnx, task, dataset.labels)
    manifest = examined.manifest
    evaluated = beside_serving(
        lambda: load(examined.onnx, manifest, run.id, ONE_THREAD, title="the trained model"),
        items,
        lambda asset: image_bytes(storage, asset),
        progress,
    )
    version = register(
        database,
        storage,
        onnx,
        model=run.model,
        actor=actor,
        task=task,
        labels=manifest.labels.names,
        dataset_version=dataset.id,
        training_run=run.id,
        parent=run.start_from,
        checkpoint=_bytes(folder / "out" / "checkpoint.ckpt", _LARGEST_CHECKPOINT),
        scores={"validation": evaluated.scores} if evaluated.images else {},
        advised_threshold=evaluated.advised_threshold,
    )
    _keep(database, version, run, evaluated)
    return version


def examined_file(onnx: bytes, task: str, labels: Sequence[str]) -> Examined:
    """What the file declares, in the form that will be served; one that names no labels has those of the order, in that order."""
    try:
        return examine_apart(onnx, Given(task=task))
    except CannotBeServed:
        return examine_apart(onnx, Given(task=task, labels=labels))


def _keep(database: Database, version: ModelVersion, run: TrainingRun, evaluated: Evaluated) -> None:
    """The evaluation it was advised by, so that it can be looked up like any other; once, also when this is done again after a crash."""
    if not evaluated.images:
        return
    made = finished(evaluated, version.id, run.dataset_version, "validation", "all", run.created_by)

    def keep(connection: Connection) -> None:
        if not store.evaluations(connection, version.id, run.dataset_version, "validation", "all"):
            store.insert_evaluation(connection, made)

    database.write(keep)


def _bytes(path: Path, largest: int) -> bytes | None:
    if not path.is_file():
        return None
    if path.stat().st_size > largest:
        raise TrainingFailed(f"{path.name} is larger than {largest >> 20} MiB and cannot be kept")
    return path.read_bytes()
