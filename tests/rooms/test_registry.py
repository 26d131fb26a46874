"""The registry keeps what it tried, once, and refuses the rest with a sentence and without a trace."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest

from relens.access import store as access
from relens.access.actor import Actor
from relens.inference.errors import CannotBeServed, NotAModel
from relens.inference.load import load
from relens.inference.predict import predict
from relens.infra.database import Database
from relens.infra.storage.folder import Folder
from relens.kit.ids import content_id, new_id
from relens.registry import store
from relens.registry.checkpoint import HasCheckpoint, attach_checkpoint
from relens.registry.model_version import (
    BadModelName,
    BadOrigin,
    NoModel,
    OtherTask,
    RegisteredOtherwise,
    artifact_key,
    checkpoint_key,
)
from relens.registry.register import register
from relens.testing import tiny_models
from relens.testing.images import GREEN, make_jpeg


@pytest.fixture
def storage(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "files")


@pytest.fixture
def bob(database: Database) -> Actor:
    return database.write(lambda connection: access.named(connection, "Bob", "person", "operator"))


def test_a_registered_version_can_be_found_and_answers(database: Database, storage: Folder, bob: Actor) -> None:
    onnx = tiny_models.detector()
    made = register(
        database, storage, onnx, model="blobs", actor=bob, checkpoint=b"weights", advised_threshold=0.4, note="first",
        scores={"validation": {"map50": 0.5}},
    )  # fmt: skip
    assert (made.title, made.number, made.task) == ("blobs v1", 1, "detection")
    assert made.artifact == content_id(onnx)
    assert made.checkpoint == content_id(b"weights")
    with database.read() as connection:
        for reference in (made.id, "blobs/1", "blobs/latest", "blobs"):
            assert store.find(connection, reference) == made
        assert store.get(connection, made.id) == made
        assert store.titles(connection, [made.id, new_id()]) == {made.id: "blobs v1"}
    assert storage.get(checkpoint_key(content_id(b"weights"))) == b"weights"
    loaded = load(storage.get(artifact_key(made.artifact)), made.read_manifest(), made.id)
    said = predict(make_jpeg(size=(128, 96), blobs=[((30, 20, 70, 60), GREEN)]), loaded).prediction
    assert [detection.label for detection in said.detections] == ["green"]
    assert made.read_manifest().threshold == 0.4


def test_the_same_file_under_the_same_model_is_the_same_version(
    database: Database, storage: Folder, bob: Actor
) -> None:
    first = register(database, storage, tiny_models.classifier(), model="colours", actor=bob)
    other = register(database, storage, tiny_models.classifier(note="other"), model="colours", actor=bob)
    again = register(database, storage, tiny_models.classifier(), model="colours", actor=bob, note="sent twice")
    elsewhere = register(database, storage, tiny_models.classifier(), model="other colours", actor=bob)
    assert again == first
    assert (other.number, elsewhere.number) == (2, 1)
    assert elsewhere.id != first.id
    with database.read() as connection:
        assert [version.number for version in store.versions(connection, "colours")] == [2, 1]
        assert [found.name for found in store.models(connection)] == ["colours", "other colours"]


def test_the_same_file_with_other_labels_is_no_new_version(database: Database, storage: Folder, bob: Actor) -> None:
    register(database, storage, tiny_models.classifier(), model="colours", actor=bob)
    with pytest.raises(RegisteredOtherwise, match="colours v1 already, with the labels red, green, blue"):
        register(database, storage, tiny_models.classifier(), model="colours", actor=bob, labels=["green", "red", "x"])


def test_a_model_has_one_task(database: Database, storage: Folder, bob: Actor) -> None:
    register(database, storage, tiny_models.classifier(), model="colours", actor=bob)
    with pytest.raises(OtherTask, match="'colours' is for classification, this file is for detection"):
        register(database, storage, tiny_models.detector(), model="colours", actor=bob)


def test_a_refused_file_leaves_nothing_behind(database: Database, storage: Folder, bob: Actor) -> None:
    with pytest.raises(NotAModel):
        register(database, storage, b"not a model", model="broken", actor=bob, checkpoint=b"x")
    with pytest.raises(CannotBeServed):
        register(database, storage, tiny_models.classifier(), model="broken", actor=bob, labels=["one"])
    with pytest.raises(BadModelName):
        register(database, storage, tiny_models.classifier(), model="../up", actor=bob)
    with pytest.raises(BadOrigin):
        register(database, storage, tiny_models.classifier(), model="broken", actor=bob, parent="bccd/1")
    with database.read() as connection:
        assert store.models(connection) == []
    assert list(storage.keys()) == []


def test_an_unknown_parent_makes_no_version_and_no_model(database: Database, storage: Folder, bob: Actor) -> None:
    with pytest.raises(NoModel):
        register(database, storage, tiny_models.classifier(), model="orphan", actor=bob, parent=new_id())
    with database.read() as connection:
        assert store.models(connection) == []


def test_a_version_knows_its_parents(database: Database, storage: Folder, bob: Actor) -> None:
    dataset_version, run = new_id(), new_id()
    first = register(database, storage, tiny_models.classifier(), model="colours", actor=bob)
    made = register(
        database, storage, tiny_models.classifier(note="2"), model="colours", actor=bob, parent=first.id,
        dataset_version=dataset_version, training_run=run,
    )  # fmt: skip
    assert (made.parent, made.dataset_version, made.training_run) == (first.id, dataset_version, run)


def test_what_is_not_there_is_said(database: Database) -> None:
    with database.read() as connection:
        for reference in ("nothing/1", "nothing/latest", "nothing", new_id(), "a/²", "a/99999999999999999999"):
            with pytest.raises(NoModel, match="name/2, name/latest or by its id"):
                store.find(connection, reference)
        with pytest.raises(NoModel):
            store.versions(connection, "nothing")


class Slow(Folder):
    """A disk that takes its time, so that another request comes meanwhile."""

    def put(self, key: str, data: bytes) -> None:
        Event().wait(0.1)
        super().put(key, data)


def test_of_two_checkpoints_sent_at_the_same_moment_one_is_kept_and_no_byte_of_the_other(
    database: Database, storage: Folder, bob: Actor, tmp_path: Path
) -> None:
    made = register(database, storage, tiny_models.detector(), model="blobs", actor=bob)
    slow = Slow(tmp_path / "files")

    def attach(data: bytes) -> bool:
        try:
            return bool(attach_checkpoint(database, slow, made.id, data, bob))
        except HasCheckpoint:
            return False

    with ThreadPoolExecutor(2) as both:
        assert sorted(both.map(attach, (b"one", b"other"))) == [False, True]
    with database.read() as connection:
        kept = store.get(connection, made.id).checkpoint
    assert list(storage.keys("checkpoints/")) == [checkpoint_key(str(kept))]
