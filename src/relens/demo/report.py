"""What came of it: every version measured on images that no training, gate or reviewer ever saw, and the gate's decisions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from relens.demo.prepare import Prepared
from relens.demo.show import Show
from relens.sdk.client import Client
from relens.sdk.jobs import Json

SCORES = ("map50", "map50_95", "accuracy")


@dataclass(frozen=True, slots=True)
class Outcome:
    """The whole round in numbers, each of them measured. `first_promotion_s`: from the start to the first new version.

    `latest`: the id of the last prediction.
    """

    deployment: str
    latest: str | None
    first_promotion_s: float | None
    task: str
    versions: tuple[Json, ...]
    decisions: tuple[Json, ...]
    predictions: int
    verdicts: int
    added: int
    failed_requests: int
    seconds: float
    bound: Json | None = None

    @property
    def of_everything(self) -> float | None:
        """The last deployed version's score over that of training on everything at once; None where that was not asked for."""
        last = [version for version in self.versions if version["deployed"]]
        most = self.bound["everything"]["score"] if self.bound else None
        mine = score_of(last[-1]) if last else None
        return round(mine / most, 4) if most and mine is not None else None

    def to_json(self) -> dict[str, Any]:
        inner = ("deployment", "latest", "first_promotion_s", *(() if self.bound else ("bound",)))
        shown = {field.name: getattr(self, field.name) for field in fields(self) if field.name not in inner}
        written = {name: list(value) if isinstance(value, tuple) else value for name, value in shown.items()}
        return written | ({"of_everything": self.of_everything} if self.bound else {})


def score_of(scores: Mapping[str, Any]) -> float | None:
    """The one that counts: mAP at an overlap of a half, or accuracy."""
    return next((scores[name] for name in ("map50", "accuracy") if scores.get(name) is not None), None)


def measure_versions(client: Client, prepared: Prepared, show: Show) -> tuple[Json, ...]:
    """Every version of the model, the first one first, on the report images."""
    deployed = {
        role["model_version"]["id"]
        for role in client.deployment(prepared.names.deployment).roles()
        if role["role"] == "champion" and role["model_version"]
    }
    versions = sorted(client.models.versions(prepared.names.model), key=lambda version: int(version["number"]))
    measured = list[Json]()
    for version in versions:
        show.progress(len(measured), len(versions), f"measuring {version['title']} on the report images")
        done = client.training.evaluate(version["id"], prepared.report_version["id"], split="test")
        scores = done["scores"] or {}
        measured.append(
            {
                "version": version["title"],
                "trained_on": _trained_on(client, version),
                **{name: _rounded(scores.get(name)) for name in SCORES},
                "report_images": done["images"],
                "deployed": version["id"] in deployed,
            }
        )
    return tuple(measured)


def decisions(seen: Sequence[Json]) -> tuple[Json, ...]:
    return tuple(
        {
            "candidate": decision["candidate"]["title"],
            "champion": decision["champion"]["title"],
            "decision": decision["decision"],
            "reasons": decision["reasons"],
        }
        for decision in seen
    )


def images_added(client: Client, prepared: Prepared, waiting: int) -> int:
    """How many reviewed images entered the dataset for training, with those that wait for the next version."""
    latest = client.datasets.version(f"{prepared.names.dataset}/latest")
    return _learnt_from(latest) - _learnt_from(prepared.dataset_version) + waiting


def _learnt_from(version: Json) -> int:
    return sum(int(version["images"].get(split, 0)) for split in ("train", "validation"))


def _trained_on(client: Client, version: Json) -> str | None:
    if not version.get("dataset_version"):
        return None
    dataset = client.datasets.version(version["dataset_version"])
    return f"{dataset['title']} ({dataset['images'].get('train', 0)} images)"


def _rounded(score: float | None) -> float | None:
    return None if score is None else round(float(score), 4)
