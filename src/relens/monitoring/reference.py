"""Fits the reference of a deployment's training data: a job that lets the champion look at its own training images."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from sqlalchemy import Connection

from relens.access.actor import Actor
from relens.assets.read import image_bytes
from relens.datasets import store as datasets
from relens.datasets.item import Item
from relens.datasets.other_task import refusal
from relens.deployments import store as deployments
from relens.deployments.deployment import Deployment
from relens.inference.load import LoadedVersion, load
from relens.inference.predict import predict
from relens.infra.database import Database
from relens.infra.jobs import JobRun, Jobs, Stopping
from relens.infra.jobs import store as job_rows
from relens.infra.storage import NoBytes, Storage
from relens.kit import clock
from relens.kit.errors import Conflict, Invalid, NotFound, RelensError
from relens.kit.ids import new_id, share_of
from relens.metrics import categories
from relens.metrics.reference import Feature
from relens.monitoring import store
from relens.monitoring.fill import fill
from relens.monitoring.fitted import FittedReferences, UnreadableReference
from relens.monitoring.learn import learn
from relens.monitoring.parts import packed, part_key, unpacked
from relens.monitoring.project import Projection
from relens.monitoring.training_data import FittedReference, TrainingData
from relens.registry import store as registry
from relens.registry.model_version import artifact_key

logger = logging.getLogger("relens.monitoring")

KIND = "fit-reference"
MOST_TRAIN, MOST_VALIDATION = 5_000, 2_000
"""Of larger splits a random part (always the same one) is looked at: enough for quantiles and neighbours."""
_PART = 100


class NoChampion(Conflict):
    """The deployment has no model version to look at the images with."""


class FitReference:
    """Chooses training data and does the job that follows from it."""

    def __init__(
        self, database: Database, storage: Storage, jobs: Jobs, projection: Projection, fitted: FittedReferences
    ) -> None:
        self._database = database
        self._storage = storage
        self._jobs = jobs
        self._projection = projection
        self._fitted = fitted
        jobs.register(KIND, self.work, lane="light")

    def choose(
        self, connection: Connection, deployment: Deployment, dataset_version: str, actor: Actor
    ) -> TrainingData:
        """Sets the training data, in the caller's transaction; the same choice again keeps the reference there is."""
        version = datasets.find(connection, dataset_version)
        if other := refusal(deployment.name, deployment.task, version.title, version.task):
            raise Invalid(other)
        if deployment.champion is None:
            raise NoChampion(f"'{deployment.name}' has no champion yet: set one first")
        return self.refer(connection, deployment, version.id, deployment.champion, actor.id)

    def refer(
        self, connection: Connection, deployment: Deployment, dataset_version: str, champion: str, by: str
    ) -> TrainingData:
        """Compares with `dataset_version` as `champion` sees it: with the reference there is, or one a new job fits."""
        same = [
            one
            for one in store.references(connection, deployment.id)
            if (one.dataset_version, one.model_version) == (dataset_version, champion)
            and _is_alive(connection, one)
            and not self._is_outdated(one)
        ]
        reference = same[-1].id if same else self._begin(connection, deployment, dataset_version, champion, by)
        chosen = TrainingData(deployment.id, dataset_version, champion, reference, clock.now(), by)
        store.set_training_data(connection, chosen)
        return chosen

    def _is_outdated(self, one: FittedReference) -> bool:
        """Whether it was fitted before all was measured that is now: setting the training data again then measures it anew."""
        if one.state != "ready":
            return False
        try:
            return self._fitted.get(one.id).reference.calibration is None
        except (NoBytes, UnreadableReference):
            return True

    def _begin(
        self, connection: Connection, deployment: Deployment, dataset_version: str, champion: str, by: str
    ) -> str:
        reference = new_id()
        job = self._jobs.enqueue(
            connection,
            KIND,
            {"reference": reference},
            title=f"Learn what is usual for {deployment.name}",
            created_by=by,
            key=f"reference:{reference}",
            about=deployment.id,
        )
        row = FittedReference(
            reference, deployment.id, dataset_version, champion, "preparing", job, 0, 0, 0, "", clock.now()
        )
        store.insert_reference(connection, row)
        return reference

    def work(self, run: JobRun) -> Mapping[str, Any]:
        """The job. Finished parts are kept, so that it goes on where a crash stopped it."""
        reference_id = str(run.payload["reference"])
        try:
            return self._fit(run, reference_id)
        except Stopping:
            raise
        except Exception as error:
            said = str(error) if isinstance(error, RelensError) else f"{type(error).__name__}: {error}"
            self._database.write(
                lambda connection: store.change_reference(connection, reference_id, state="failed", message=said)
            )
            raise

    def _fit(self, run: JobRun, reference_id: str) -> Mapping[str, Any]:
        with self._database.read() as connection:
            row = store.get_reference(connection, reference_id)
            if row is None:
                raise NotFound(f"there is no reference {reference_id}: set the training data again")
            deployment = deployments.get(connection, row.deployment)
            every = datasets.items(connection, row.dataset_version, ["train", "validation"])
        chosen = looked_at(every)
        mixes = categories.features(deployment.labels, deployment.task != "classification")
        look = partial(packed, mixes=mixes, threshold=deployment.threshold)
        self._measure(run, row, chosen, look)
        images = run.step("learn what is usual", lambda: self._learn(reference_id, chosen, every, mixes))
        run.step("put in force", lambda: self._put_in_force(run, deployment.id, reference_id, images))
        run.step("score earlier predictions", lambda: self._fill(run, deployment, reference_id))
        return {"reference": reference_id, "images": images}

    def _measure(self, run: JobRun, row: FittedReference, chosen: Sequence[Item], pack: Callable[..., bytes]) -> None:
        loaded: list[LoadedVersion] = []
        try:
            for start in range(0, len(chosen), _PART):
                some = chosen[start : start + _PART]

                def part(start: int = start, some: Sequence[Item] = some) -> int:
                    if not loaded:
                        loaded.append(self._load(row.model_version))
                    return self._measure_part(run, row.id, loaded[0], some, start, len(chosen), pack)

                run.step(f"look at images from {start}", part)
        finally:
            for one in loaded:
                one.close()

    def _load(self, model_version: str) -> LoadedVersion:
        with self._database.read() as connection:
            version = registry.get(connection, model_version)
        onnx = self._storage.get(artifact_key(version.artifact))
        return load(onnx, version.read_manifest(), version.id, title=version.title)

    def _measure_part(
        self,
        run: JobRun,
        reference_id: str,
        loaded: LoadedVersion,
        some: Sequence[Item],
        start: int,
        total: int,
        pack: Callable[..., bytes],
    ) -> int:
        assets, validation, seen = [], [], []
        for i, item in enumerate(some):
            run.check()
            run.progress(start + i, total, "looking at the training images")
            try:
                seen.append(predict(image_bytes(self._storage, item.asset), loaded))
            except (NoBytes, Invalid):
                logger.warning("training image %s cannot be read and is left out of the reference", item.asset)
                continue
            assets.append(item.asset)
            validation.append(item.split == "validation")
        self._storage.put(part_key(reference_id, start), pack(assets, validation, seen))
        return len(assets)

    def _learn(self, reference_id: str, chosen: Sequence[Item], every: Sequence[Item], mixes: Sequence[Feature]) -> int:
        parts = [self._storage.get(part_key(reference_id, start)) for start in range(0, len(chosen), _PART)]
        labels = Counter(annotation.label for item in every for annotation in item.annotations)
        scenes = {item.asset: item.group for item in chosen}
        fitted = learn(reference_id, unpacked(parts, mixes), labels, scenes)
        self._fitted.keep(fitted)
        for start in range(0, len(chosen), _PART):
            self._storage.delete(part_key(reference_id, start))
        return fitted.reference.images

    def _put_in_force(self, run: JobRun, deployment_id: str, reference_id: str, images: int) -> None:
        """Between two counts of the log: what was counted before is the filling's, what comes after the follower's."""
        done = False
        while not done:
            run.check()
            until = self._projection.caught_up(deployment_id)
            if until is None:
                self._projection.step()
                continue
            done = self._database.write(partial(_put_in_force, reference_id=reference_id, images=images, until=until))

    def _fill(self, run: JobRun, deployment: Deployment, reference_id: str) -> None:
        def progress(done: int, total: int) -> None:
            run.check()
            run.progress(done, total, "scoring earlier predictions")

        fill(self._database, self._projection, deployment, reference_id, progress)


def _is_alive(connection: Connection, one: FittedReference) -> bool:
    """Ready, or with a job that will still make it so (a job cancelled while it waited never said a word)."""
    if one.state in ("ready", "failed"):
        return one.state == "ready"
    job = job_rows.get(connection, one.job) if one.job else None
    return job is not None and job.is_open


def looked_at(items: Sequence[Item]) -> list[Item]:
    """All images of usual splits; of larger ones those whose hash comes first."""
    chosen: list[Item] = []
    for split, most in (("train", MOST_TRAIN), ("validation", MOST_VALIDATION)):
        of_split = [item for item in items if item.split == split]
        chosen += sorted(of_split, key=lambda item: share_of(item.asset, "reference"))[:most]
    return chosen


def _put_in_force(connection: Connection, reference_id: str, images: int, until: int) -> bool:
    """From this log position on, new predictions are compared with it; the earlier ones follow. False: a rebuild came."""
    row = store.lock_reference(connection, reference_id)
    if row is None or row.state != "preparing":
        return True
    cursor = store.lock_cursor(connection, row.deployment)
    if cursor.clearing or cursor.log_seq < until:
        return False
    store.change_reference(
        connection, reference_id, state="filling", images=images, ready_seq=cursor.log_seq, filled_seq=0
    )
    return True
