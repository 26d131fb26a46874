"""The reference is fitted by a durable job with the champion itself, and follows the champion."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Event
from time import monotonic

import numpy as np
import pytest
from sqlalchemy import Connection

from relens.access import store as actors
from relens.access.actor import Actor
from relens.assets import store as assets
from relens.assets.asset import storage_key
from relens.assets.keep import keep
from relens.datasets import store as datasets
from relens.datasets.item import Item
from relens.datasets.publish import publish
from relens.datasets.version import DatasetVersion
from relens.deployments import change
from relens.deployments import store as deployments
from relens.deployments.deployment import Deployment
from relens.infra.database import Database
from relens.infra.jobs import Job, Jobs
from relens.infra.storage.folder import Folder
from relens.kit.errors import Invalid
from relens.monitoring import reference, store
from relens.monitoring.fitted import FittedReferences
from relens.monitoring.keep_up import KeepUp
from relens.monitoring.project import Projection
from relens.monitoring.reference import FitReference
from relens.registry.model_version import ModelVersion
from relens.registry.register import register
from relens.testing.images import make_jpeg
from relens.testing.tiny_models import classifier
from relens.vision.annotation import Annotation
from relens.vision.shapes import Polygon

COLOURS = {"red": (200, 40, 40), "green": (40, 200, 40), "blue": (40, 40, 200)}


class Place:
    """A deployment of the tiny classifier, and a dataset of colours."""

    def __init__(self, database: Database, home: Path) -> None:
        self.database, self.storage = database, Folder(home)
        self.jobs = Jobs(database)
        self.fitted = FittedReferences(self.storage)
        self.projection = Projection(database, self.fitted)
        self.fit = FitReference(database, self.storage, self.jobs, self.projection, self.fitted)
        self.alice: Actor = database.write(lambda c: actors.named(c, "Alice", "person", "operator"))
        self.first = self.register("one")
        self.deployment: Deployment = database.write(
            lambda c: change.create(
                c, name="colours", version=self.first, threshold=0.2, target="server", actor=self.alice
            )
        )

    def register(self, note: str, dataset_version: str | None = None) -> ModelVersion:
        return register(
            self.database, self.storage, classifier(note=note), model="colours", actor=self.alice,
            dataset_version=dataset_version,
        )  # fmt: skip

    def publish(self, images: int, seed: int = 0, name: str = "colours") -> DatasetVersion:
        rng, items, kept = np.random.default_rng(seed), [], []
        for i in range(images):
            label = list(COLOURS)[i % 3]
            colour = np.clip(np.array(COLOURS[label]) + rng.normal(0, 12, 3), 0, 255).astype(int)
            asset = keep(
                self.storage, make_jpeg((int(colour[0]), int(colour[1]), int(colour[2])), seed=seed * 1000 + i)
            )
            kept.append(asset)
            split = "validation" if i % 4 == 0 else "train"
            items.append(Item(asset.id, split, asset.id, f"{i}.jpg", None, (Annotation(label),)))  # type: ignore[arg-type]
        self.database.write(lambda c: assets.remember(c, kept))
        return self.database.write(
            lambda c: publish(
                c,
                dataset=name,
                task="classification",
                labels=list(COLOURS),
                items=items,
                origin="import",
                actor=self.alice,
            )
        )

    def choose(self, version: DatasetVersion) -> str:
        chosen = self.database.write(lambda c: self.fit.choose(c, self.deployment, version.id, self.alice))
        assert chosen.reference
        return chosen.reference

    def job_of(self, reference_id: str) -> Job:
        with self.database.read() as connection:
            row = store.get_reference(connection, reference_id)
        assert row is not None
        assert row.job is not None
        return self.jobs.get(row.job)

    def wait(self, reference_id: str) -> Job:
        deadline, pause = monotonic() + 60, Event()
        while (job := self.job_of(reference_id)).is_open:
            assert monotonic() < deadline
            pause.wait(0.02)
        return job

    def state(self, reference_id: str) -> str:
        with self.database.read() as connection:
            row = store.get_reference(connection, reference_id)
        assert row is not None
        return row.state


@pytest.fixture
def place(database: Database, tmp_path: Path) -> Iterator[Place]:
    made = Place(database, tmp_path / "files")
    yield made
    made.jobs.stop()


def test_a_reference_knows_the_training_images_and_their_labels(place: Place) -> None:
    version = place.publish(60)
    reference_id = place.choose(version)
    place.jobs.start()
    job = place.wait(reference_id)
    assert (job.state, job.result) == ("succeeded", {"reference": reference_id, "images": 60})
    found = place.fitted.get(reference_id)
    assert found.reference.images == 60
    assert found.reference.labels == {"red": 20, "green": 20, "blue": 20}
    assert not found.outlier.appearance_only
    names = found.reference.names()
    assert names[-1] == "label_mix"
    assert {"component_1", "feature_residual", "feature_energy"} <= set(names)
    assert found.reference.spreads[-1].n == 60, "each image is answered with one label"
    assert found.reference.features[-1].categories[-1] == "other labels"
    assert found.reference.calibration is not None
    assert list(place.storage.keys(f"references/{reference_id}/")) == [f"references/{reference_id}/fitted.npz"]


def test_the_same_choice_again_keeps_the_reference(place: Place) -> None:
    version = place.publish(30)
    assert place.choose(version) == place.choose(version)


def test_a_reference_of_before_all_was_measured_is_made_anew_when_asked_for_again(place: Place) -> None:
    version = place.publish(40)
    first = place.choose(version)
    place.jobs.start()
    place.wait(first)
    assert place.choose(version) == first
    found = place.fitted.get(first)
    place.fitted.keep(replace(found, reference=replace(found.reference, calibration=None)))
    place.fitted._memory.clear()
    again = place.choose(version)
    assert again != first
    place.wait(again)
    assert place.choose(version) == again


def test_a_job_that_was_stopped_goes_on_without_looking_at_finished_parts_again(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reference, "_PART", 10)
    version = place.publish(40)
    reference_id = place.choose(version)
    looked: list[str] = []
    real, stop_at = reference.image_bytes, 25

    def watched(storage: Folder, asset: str) -> bytes:
        looked.append(asset)
        if len(looked) == stop_at:
            # The server goes down in the middle of the third part.
            place.jobs._stopping.set()
        return real(storage, asset)

    monkeypatch.setattr(reference, "image_bytes", watched)
    place.jobs.start()
    deadline, pause = monotonic() + 30, Event()
    while not place.jobs._stopping.is_set():
        assert monotonic() < deadline
        pause.wait(0.02)
    place.jobs.stop()
    assert place.job_of(reference_id).state == "queued"
    assert place.job_of(reference_id).finished_steps == ("look at images from 0", "look at images from 10")

    place.jobs = Jobs(place.database)
    FitReference(place.database, place.storage, place.jobs, place.projection, place.fitted)
    place.jobs.start()
    assert place.wait(reference_id).state == "succeeded"
    assert len(looked) == stop_at + 20
    assert place.fitted.get(reference_id).reference.images == 40


def test_too_few_images_fail_with_a_sentence_and_can_be_tried_again(place: Place) -> None:
    reference_id = place.choose(place.publish(6))
    place.jobs.start()
    job = place.wait(reference_id)
    assert job.state == "failed"
    assert "at least 10" in (job.error or "")
    assert place.state(reference_id) == "failed"
    assert place.choose(place.publish(6)) != reference_id


def test_an_image_that_is_gone_is_left_out(place: Place) -> None:
    version = place.publish(20)
    with place.database.read() as connection:
        gone = next(iter(reference.datasets.items(connection, version.id)))
    place.storage.delete(storage_key(gone.asset))
    reference_id = place.choose(version)
    place.jobs.start()
    assert place.wait(reference_id).state == "succeeded"
    assert place.fitted.get(reference_id).reference.images == 19


def test_training_data_of_another_task_is_refused(place: Place) -> None:
    other = place.database.write(
        lambda c: publish(
            c, dataset="boxes", task="detection", labels=["a"], items=[], origin="import", actor=place.alice
        )
    )
    with pytest.raises(Invalid):
        place.choose(other)


def test_a_new_champion_brings_its_own_training_data_and_a_rollback_the_old(place: Place) -> None:
    first = place.publish(30)
    place.choose(first)
    second = place.publish(45, seed=1)
    trained = place.register("two", dataset_version=second.id)
    follower = KeepUp(place.database, place.fit)
    follower.step()
    with place.database.read() as connection:
        before = store.get_training_data(connection, place.deployment.id)

    def promote(version: ModelVersion) -> None:
        place.database.write(
            lambda c: change.set_role(
                c, deployments.get(c, place.deployment.id), "champion", version, "better", place.alice
            )
        )
        follower.step()

    promote(trained)
    with place.database.read() as connection:
        chosen = store.get_training_data(connection, place.deployment.id)
    assert before is not None
    assert chosen is not None
    assert (chosen.dataset_version, chosen.model_version) == (second.id, trained.id)
    place.jobs.start()
    assert place.wait(chosen.reference or "").state == "succeeded"
    promote(place.first)
    with place.database.read() as connection:
        back = store.get_training_data(connection, place.deployment.id)
        assert len(store.references(connection, place.deployment.id)) == 2
    assert back is not None
    assert (back.dataset_version, back.model_version) == (first.id, place.first.id)


def test_training_data_for_another_task_is_refused_with_what_to_do(place: Place) -> None:
    """The way out depends on what is wanted: outlines have boxes, and boxes have no outlines."""
    colours = place.publish(1).id
    with place.database.read() as connection:
        (item,) = datasets.items(connection, colours)
    ring = Polygon(((2.0, 2.0, 20.0, 2.0, 20.0, 20.0),))
    outlined = replace(item, annotations=(Annotation("red", ring),))

    def publish_outlines(connection: Connection) -> DatasetVersion:
        return publish(
            connection, dataset="outlines", task="segmentation", labels=["red"], items=[outlined], origin="import",
            actor=place.alice,
        )  # fmt: skip

    outlines = place.database.write(publish_outlines)
    boxes = replace(place.deployment, task="detection")
    with pytest.raises(Invalid, match=r"outlines v1 is for segmentation: .* as detection \(--task detection\)"):
        place.database.write(lambda c: place.fit.choose(c, boxes, outlines.id, place.alice))
    with pytest.raises(Invalid, match="outlines v1 is for segmentation: import one with a label for the whole image"):
        place.database.write(lambda c: place.fit.choose(c, place.deployment, outlines.id, place.alice))
