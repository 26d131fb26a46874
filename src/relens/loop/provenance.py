"""Walks back from one answer to everything behind it: version, training run, dataset versions, and the people's verdicts in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection

from relens.access import store as actors
from relens.datasets import store as datasets
from relens.datasets.version import DatasetVersion
from relens.kit.clock import Micros
from relens.kit.errors import NotFound
from relens.loop import feedback_rows
from relens.loop.gate import NAMES as SCORE_NAMES
from relens.predictions import store as predictions
from relens.predictions.logged import Logged
from relens.registry import store as registry
from relens.registry.model_version import ModelVersion
from relens.review import store as verdicts
from relens.review.verdict import Verdict
from relens.training import store as trainings

Kind = Literal[
    "prediction", "model version", "training run", "dataset version", "verdicts", "dataset import", "promotion"
]
_LONGEST = 200
_ALWAYS = ("accepted", "corrected")


@dataclass(frozen=True, slots=True)
class Step:
    """One thing behind the answer; `by` is the name of who did it, `detail` a sentence with its numbers."""

    kind: Kind
    title: str
    id: str
    at: Micros
    by: str | None
    detail: str


def lineage(connection: Connection, prediction_id: str) -> list[Step]:
    """From the prediction back to the first import, the latest first. Raises NoPrediction."""
    logged = predictions.get(connection, prediction_id)
    steps = [Step("prediction", "Prediction", logged.id, logged.logged_at, logged.source, _answered(logged))]
    if logged.model_version is None:
        return steps
    version = registry.get(connection, logged.model_version)
    steps.append(_version(connection, version))
    if version.training_run is not None:
        steps.append(_training_run(connection, version))
    for at in _data_behind(connection, version):
        steps += _dataset(connection, at)
    return _with_names(connection, steps)


def _answered(logged: Logged) -> str:
    best = logged.answered[0] if logged.answered else None
    if best is not None and best.shape is None:
        return f"{best.label} with confidence {best.confidence:.2f}, answered from {logged.threshold:g} on"
    return (
        f"{len(logged.answered)} of {len(logged.detections)} detections reached the threshold of {logged.threshold:g}"
    )


def _version(connection: Connection, version: ModelVersion) -> Step:
    detail = f"artifact {version.artifact[:12]}"
    if version.parent is not None:
        detail += (
            f", trained on from {registry.titles(connection, {version.parent}).get(version.parent, version.parent)}"
        )
    return Step("model version", version.title, version.id, version.created_at, version.created_by, detail)


def _training_run(connection: Connection, version: ModelVersion) -> Step:
    scores = version.scores.get("validation") or {}
    shown = ", ".join(
        f"{title} {scores[name]:.3f}" for name, title in SCORE_NAMES.items() if scores.get(name) is not None
    )
    try:
        run = trainings.get_run(connection, version.training_run or "")
    except NotFound:
        return Step(
            "training run",
            f"Training of {version.title}",
            version.training_run or "",
            version.created_at,
            version.created_by,
            shown,
        )
    epochs = f"{len(run.epochs)} epochs" if run.epochs else ""
    detail = ", ".join(part for part in (epochs, f"{shown} on validation images" if shown else "") if part)
    return Step(
        "training run", f"Trained with {run.trainer}", run.id, run.started_at or run.created_at, run.created_by, detail
    )


def _data_behind(connection: Connection, version: ModelVersion) -> list[DatasetVersion]:
    """The dataset version it was trained on and those that one grew from."""
    found: list[DatasetVersion] = []
    reference = version.dataset_version
    while reference is not None and len(found) < _LONGEST:
        try:
            found.append(datasets.get(connection, reference))
        except NotFound:
            break
        reference = found[-1].parent
    return found


def _dataset(connection: Connection, version: DatasetVersion) -> list[Step]:
    sizes = ", ".join(f"{count} {split}" for split, count in version.images.items())
    note = version.note[:1].lower() + version.note[1:].rstrip(".")
    here = Step(
        "dataset version",
        version.title,
        version.id,
        version.created_at,
        version.created_by,
        f"{sizes}; {note}" if note else sizes,
    )
    if version.origin == "import":
        return [
            here,
            Step(
                "dataset import",
                f"Import of {version.title}",
                version.id,
                version.created_at,
                version.created_by,
                sizes,
            ),
        ]
    return [here, *_verdicts(connection, version)]


def _verdicts(connection: Connection, version: DatasetVersion) -> list[Step]:
    """Who said what that made this version differ from the one before, by person, as they said it then."""
    entries = dict(feedback_rows.entries(connection, version.id))
    people: dict[str, list[Verdict]] = {}
    for said in verdicts.numbered(connection, sorted(entries)):
        people.setdefault(said.actor.id, []).append(said)
    steps: list[Step] = []
    for person, theirs in people.items():
        added = [said for said in theirs if entries[said.seq] == "added"]
        undone = all(entries[said.seq] == "undone" for said in theirs)
        counts = {
            "accepted": sum(said.status == "accepted" for said in added),
            "corrected": sum(said.status == "corrected" for said in added),
            "changed": sum(entries[said.seq] == "changed" for said in theirs),
            "taken out": sum(entries[said.seq] == "left" for said in theirs),
            "left out again": sum(entries[said.seq] == "undone" for said in theirs),
        }
        detail = ", ".join(
            f"{count} {what}" for what, count in counts.items() if count or (what in _ALWAYS and not undone)
        )
        latest = max(said.at for said in theirs)
        steps.append(Step("verdicts", f"{len(theirs)} reviewed images", theirs[0].prediction, latest, person, detail))
    return steps


def _with_names(connection: Connection, steps: list[Step]) -> list[Step]:
    names = actors.names(connection, {step.by for step in steps if step.by})
    return [Step(s.kind, s.title, s.id, s.at, names.get(s.by, s.by) if s.by else None, s.detail) for s in steps]
