"""A model is a name; a model version is one immutable artifact under it, and where it came from."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from relens.inference.manifest import Manifest
from relens.kit.clock import Micros
from relens.kit.errors import Conflict, Invalid, NotFound

_NAME = re.compile(r"\w[\w.\- ]{0,99}", re.UNICODE)


class BadModelName(Invalid):
    """A name that cannot stand in an address."""


class BadOrigin(Invalid):
    """What a version is said to come from is not written as it must be."""


class NoModel(NotFound):
    """There is no model or model version of that name."""


class OtherTask(Conflict):
    """All versions of one model have one task."""


class RegisteredOtherwise(Conflict):
    """The same file is registered under this model already, with other labels or another reader."""


@dataclass(frozen=True, slots=True)
class Model:
    """A name and its task; what it can do is in its versions."""

    id: str
    name: str
    task: str
    created_at: Micros
    created_by: str


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """One version. `artifact` and `checkpoint` are content ids of bytes; `manifest` is `inference.Manifest` as JSON.

    `scores` is what evaluations said when it was registered: {"validation": {"map50": 0.41, ...}, ...}.
    """

    id: str
    model: str
    model_name: str
    number: int
    task: str
    labels: tuple[str, ...]
    artifact: str
    size_bytes: int
    manifest: dict[str, Any]
    dataset_version: str | None
    training_run: str | None
    parent: str | None
    checkpoint: str | None
    advised_threshold: float | None
    scores: dict[str, Any]
    note: str
    created_at: Micros
    created_by: str

    @property
    def title(self) -> str:
        return f"{self.model_name} v{self.number}"

    def read_manifest(self) -> Manifest:
        """How to feed and read the artifact, as it was found when it was tried."""
        return Manifest.from_json(self.manifest)


def artifact_key(artifact: str) -> str:
    """Where the bytes of an artifact are kept in storage."""
    return f"artifacts/{artifact}"


def checkpoint_key(checkpoint: str) -> str:
    """Where the bytes of a checkpoint are kept in storage."""
    return f"checkpoints/{checkpoint}"


def check_name(name: str) -> str:
    """`name` without spaces around it. Raises BadModelName."""
    stripped = name.strip()
    if not _NAME.fullmatch(stripped):
        raise BadModelName(
            f"'{name[:60]}' cannot be a model's name: use 1 to 100 letters, digits, spaces, '-', '_' and '.'"
        )
    return stripped
