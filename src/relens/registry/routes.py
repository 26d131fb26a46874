"""HTTP: models, their versions, the files behind them."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, File, Form, Response, UploadFile
from fastapi.responses import FileResponse
from pydantic import BaseModel
from sqlalchemy import Connection

from relens.access import store as access
from relens.access.asking import Asking
from relens.inference.errors import ModelTooLarge
from relens.inference.graph import MOST_BYTES
from relens.infra.database import Database
from relens.infra.storage import Storage
from relens.infra.web import Instant, Page, TaskName, part
from relens.kit.errors import Invalid
from relens.kit.strict_json import BadJson, check_text, read_json
from relens.registry import store
from relens.registry.model_version import Model, ModelVersion, artifact_key
from relens.registry.register import register

router = APIRouter(prefix="/api/v1", tags=["models"])

Db = Annotated[Database, part(Database)]
Bytes = Annotated[Storage, part(Storage)]


class BadForm(Invalid):
    """A form field that is not written as it must be."""


class InputOut(BaseModel):
    """The tensor the model wants: value = (pixel * scale - mean) / std."""

    name: str
    width: int
    height: int
    resize: str
    pad: int
    scale: float
    mean: list[float]
    std: list[float]
    colour: str
    layout: str
    dtype: str
    batch: bool


class ModelVersionOut(BaseModel):
    """A model version as the API shows it; `outputs` names the reader of its answers.

    `features` says where monitoring's feature vector comes from, or why there is none. `assumed`: what the file did not say and
    nobody gave. `sent`: the content id of the file as it was sent, where it had to be changed to be served.
    """

    id: str
    model: str
    model_name: str
    number: int
    title: str
    task: TaskName
    labels: list[str]
    artifact: str
    size_bytes: int
    input: InputOut
    outputs: str
    has_features: bool
    features: str
    assumed: list[str]
    sent: str | None
    dataset_version: str | None
    training_run: str | None
    parent: str | None
    has_checkpoint: bool
    advised_threshold: float | None
    scores: dict[str, dict[str, float | None]]
    note: str
    created_at: Instant
    created_by: str

    @staticmethod
    def of(version: ModelVersion, created_by: str) -> ModelVersionOut:
        own = {
            "labels",
            "created_by",
            "input",
            "outputs",
            "has_features",
            "features",
            "assumed",
            "sent",
            "has_checkpoint",
        }
        shown = {name: getattr(version, name) for name in ModelVersionOut.model_fields.keys() - own}
        return ModelVersionOut(
            **shown,
            labels=list(version.labels),
            input=InputOut(**version.manifest["input"]),
            outputs=version.manifest["outputs"],
            has_features=version.manifest.get("feature_output") is not None,
            features=version.manifest.get("features", ""),
            assumed=list(version.manifest.get("assumed", ())),
            sent=version.manifest.get("sent"),
            has_checkpoint=version.checkpoint is not None,
            created_by=created_by,
        )


class ModelOut(BaseModel):
    """A model and its latest version."""

    id: str
    name: str
    task: TaskName
    versions: int
    latest: ModelVersionOut | None
    created_at: Instant


@router.get("/models")
def list_models(database: Db) -> Page[ModelOut]:
    with database.read() as connection:
        return Page(items=[_model(connection, found) for found in store.models(connection)])


@router.get("/models/{ref}")
def get_model(ref: str, database: Db) -> ModelOut:
    with database.read() as connection:
        return _model(connection, store.find_model(connection, ref))


@router.get("/models/{ref}/versions")
def list_versions(ref: str, database: Db) -> Page[ModelVersionOut]:
    with database.read() as connection:
        return Page(items=version_bodies(connection, store.versions(connection, ref)))


@router.post("/models/{name}/versions", status_code=201)
def add_version(
    name: str,
    actor: Asking,
    database: Db,
    storage: Bytes,
    file: Annotated[UploadFile, File(description="the ONNX file")],
    checkpoint: Annotated[UploadFile | None, File(description="what a trainer goes on from")] = None,
    task: Annotated[str | None, Form(description="when the file does not declare it")] = None,
    labels: Annotated[str | None, Form(description="a JSON list of names, in the order of the outputs")] = None,
    reader: Annotated[str | None, Form(description="the name of the reader of its outputs (see /readers)")] = None,
    input: Annotated[  # noqa: A002 - the field's name
        str | None,
        Form(description='a JSON object such as {"normalise": "imagenet", "resize": "crop"}', max_length=4000),
    ] = None,
    dataset_version: Annotated[str | None, Form(description="the id of what it was trained on")] = None,
    parent: Annotated[str | None, Form(description="the version it was trained from")] = None,
    advised_threshold: Annotated[float | None, Form()] = None,
    note: Annotated[str, Form(max_length=4000)] = "",
) -> ModelVersionOut:
    """Registers a file. The same file again under the same model gives the version that is there."""
    actor.must_be("operator")
    for text in (name, task, reader, dataset_version, parent, note):
        check_text(text or "", "a field")
    with database.read() as connection:
        parent_id = store.find(connection, parent).id if parent else None
    version = register(
        database,
        storage,
        file_bytes(file),
        model=name,
        actor=actor,
        task=task or None,
        labels=_label_list(labels),
        reader=reader or None,
        image=_input(input),
        dataset_version=dataset_version or None,
        parent=parent_id,
        checkpoint=file_bytes(checkpoint) if checkpoint is not None and checkpoint.size else None,
        advised_threshold=advised_threshold,
        note=note,
    )
    with database.read() as connection:
        return version_bodies(connection, [version])[0]


@router.get(
    "/model-versions/{ref:path}/artifact",
    response_class=Response,
    responses={200: {"content": {"application/octet-stream": {}}}},
)
def get_artifact(ref: str, database: Db, storage: Bytes) -> Response:
    """The ONNX file."""
    with database.read() as connection:
        version = store.find(connection, ref)
    key = artifact_key(version.artifact)
    headers = {
        "ETag": f'"{version.artifact}"',
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(f'{version.model_name}-v{version.number}.onnx')}",
    }
    path = storage.path(key)
    if path is not None and storage.exists(key):
        return FileResponse(path, media_type="application/octet-stream", headers=headers)
    return Response(storage.get(key), media_type="application/octet-stream", headers=headers)


@router.get("/model-versions/{ref:path}")
def get_version(ref: str, database: Db) -> ModelVersionOut:
    with database.read() as connection:
        return version_bodies(connection, [store.find(connection, ref)])[0]


def file_bytes(file: UploadFile) -> bytes:
    if file.size is not None and file.size > MOST_BYTES:
        raise ModelTooLarge(f"the file has {file.size >> 20} MiB, at most {MOST_BYTES >> 20} are taken")
    return file.file.read()


def _label_list(text: str | None) -> list[str] | None:
    if not text:
        return None
    try:
        labels = read_json(text)
    except BadJson as error:
        raise BadForm(f'labels is not JSON: write it as ["first", "second"] ({error})') from error
    if not isinstance(labels, list) or not all(isinstance(label, str) for label in labels):
        raise BadForm('labels must be a JSON list of names: ["first", "second"]')
    return labels


def _input(text: str | None) -> dict[str, Any] | None:
    try:
        given = read_json(text) if text else None
    except BadJson as error:
        raise BadForm(
            f'input is not JSON: write it as {{"normalise": "imagenet", "resize": "crop"}} ({error})'
        ) from error
    if given is not None and not isinstance(given, dict):
        raise BadForm('input must be a JSON object: {"normalise": "imagenet", "resize": "crop"}')
    return given


def version_bodies(connection: Connection, versions: list[ModelVersion]) -> list[ModelVersionOut]:
    people = access.names(connection, {version.created_by for version in versions})
    return [ModelVersionOut.of(version, people.get(version.created_by, version.created_by)) for version in versions]


def _model(connection: Connection, found: Model) -> ModelOut:
    versions = store.versions(connection, found.id)
    latest = version_bodies(connection, versions[:1])
    return ModelOut(
        id=found.id,
        name=found.name,
        task=found.task,
        versions=len(versions),
        latest=latest[0] if latest else None,
        created_at=found.created_at,
    )
