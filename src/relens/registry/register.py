"""Registers a model file: reads what it declares, tries it once, keeps its bytes, gives it a number."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection

from relens.access.actor import Actor
from relens.inference.examine import Given
from relens.inference.manifest import Manifest
from relens.infra.database import Database
from relens.infra.storage import Storage
from relens.kit import clock
from relens.kit.ids import content_id, is_id, new_id
from relens.registry import store
from relens.registry.apart import DEFAULT, Leash, examine_apart
from relens.registry.model_version import (
    BadOrigin,
    ModelVersion,
    OtherTask,
    RegisteredOtherwise,
    artifact_key,
    check_name,
    checkpoint_key,
)


def register(
    database: Database,
    storage: Storage,
    onnx: bytes,
    *,
    model: str,
    actor: Actor,
    task: str | None = None,
    labels: Sequence[str] | None = None,
    reader: str | None = None,
    image: Mapping[str, Any] | None = None,
    dataset_version: str | None = None,
    training_run: str | None = None,
    parent: str | None = None,
    checkpoint: bytes | None = None,
    scores: Mapping[str, Any] | None = None,
    advised_threshold: float | None = None,
    note: str = "",
    leash: Leash = DEFAULT,
) -> ModelVersion:
    """The new version of `model`, or the one that is this very file already. Nothing is kept of a file that is refused.

    `reader` names the reader of its outputs and `image` describes its input (resize, normalise, width, ...) where the file does
    not; `leash` is what trying it may take. Where the file must be changed to be served, the artifact is the changed one.

    Raises NotAModel, ModelTooLarge, ExternalData, CannotBeServed, BadLabels, BadModelName, BadOrigin, OtherTask,
    RegisteredOtherwise, NoModel (an unknown parent), NotFound (an unknown reader).
    """
    name = check_name(model)
    _check_origin(dataset_version=dataset_version, training_run=training_run, parent=parent)
    _check_threshold(advised_threshold)
    examined = examine_apart(onnx, Given(task, labels, reader, image), leash)
    manifest, served = replace(examined.manifest, threshold=advised_threshold), examined.onnx
    sent = {"sent": content_id(onnx)} if served is not onnx else {}
    made = ModelVersion(
        id=new_id(),
        model="",
        model_name=name,
        number=0,
        task=manifest.task,
        labels=manifest.labels.names,
        artifact=content_id(served),
        size_bytes=len(served),
        manifest={**manifest.to_json(), **sent},
        dataset_version=dataset_version,
        training_run=training_run,
        parent=parent,
        checkpoint=content_id(checkpoint) if checkpoint is not None else None,
        advised_threshold=advised_threshold,
        scores=dict(scores or {}),
        note=note,
        created_at=clock.now(),
        created_by=actor.id,
    )
    # Bytes before rows: a row that is there always has its bytes; bytes without a row are only swept up later.
    storage.put(artifact_key(made.artifact), served)
    if checkpoint is not None:
        storage.put(checkpoint_key(content_id(checkpoint)), checkpoint)
    return database.write(lambda connection: _record(connection, made, manifest))


def _record(connection: Connection, made: ModelVersion, manifest: Manifest) -> ModelVersion:
    found = store.named(connection, made.model_name, made.task, made.created_by)
    if found.task != made.task:
        raise OtherTask(
            f"the model '{found.name}' is for {found.task}, this file is for {made.task}: name another model"
        )
    there = store.with_artifact(connection, found.id, made.artifact)
    if there is not None:
        _must_be_the_same(there, manifest)
        return there
    if made.parent is not None:
        store.get(connection, made.parent)
    version = replace(made, model=found.id, number=store.next_number(connection, found.id))
    store.insert(connection, version)
    return version


def _must_be_the_same(there: ModelVersion, manifest: Manifest) -> None:
    now = manifest.to_json()
    other = [key for key in ("labels", "outputs", "input") if there.manifest.get(key) != now[key]]
    if other:
        what = {"labels": "labels", "outputs": "reader", "input": "input"}[other[0]]
        raise RegisteredOtherwise(
            f"this very file is {there.title} already, with the labels {', '.join(there.labels[:10])}, and now comes with "
            f"other {what}: versions never change, so register it with the same {what} or under another model"
        )


def _check_threshold(advised: float | None) -> None:
    if advised is not None and not (math.isfinite(advised) and 0 <= advised <= 1):
        raise BadOrigin(f"an advised threshold lies between 0 and 1, not at {advised}")


def _check_origin(**ids: str | None) -> None:
    for name, value in ids.items():
        if value is not None and not is_id(value):
            raise BadOrigin(f"{name.replace('_', ' ')} '{value[:60]}' is not an id: give the id of what it came from")
