"""The report that is kept with a decision: label by label, source by source, image by image, speed and size. Pure; as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from relens.kit.spoken import signed
from relens.loop.counted import Counted
from relens.loop.flips import Flip, Flips
from relens.loop.parts import LEAST, Part
from relens.loop.speed import Speed
from relens.loop.threshold import Carried

FIXED_KEPT = 6
_NAMED = 5


@dataclass(frozen=True, slots=True)
class NewLabel:
    """A label that only the candidate knows, measured apart: nothing can be compared. `score` None: no object of it is there."""

    name: str
    metric: str
    score: float | None
    count: int


@dataclass(frozen=True, slots=True)
class Report:
    """`critical`: the labels the deployment calls so. `thresholds`: with which champion and candidate answer here; `carried`: what the
    present one would do. Sizes in bytes."""

    labels: tuple[Part, ...]
    sources: tuple[Part, ...]
    new_labels: tuple[NewLabel, ...]
    flips: Flips
    thresholds: tuple[float, float]
    whole_image: bool
    speed: Speed | None
    sizes: tuple[int, int]
    critical: tuple[str, ...]
    counts: tuple[Counted, ...] = ()
    carried: Carried | None = None

    def to_json(self, predictions: Mapping[str, str]) -> dict[str, Any]:
        """`predictions` by asset: where a test image came from production, the prediction it was reviewed in."""
        return {
            "labels": [asdict(part) | {"critical": part.name in self.critical} for part in self.labels],
            "sources": [asdict(part) for part in self.sources],
            "new_labels": [asdict(label) for label in self.new_labels],
            "speed": asdict(self.speed) if self.speed else None,
            "sizes": {"champion": self.sizes[0], "candidate": self.sizes[1]},
            "threshold": self.carried.to_json() if self.carried else None,
            "counts": [asdict(one) for one in self.counts],
            "images": {
                "by": "answer" if self.whole_image else "f1",
                "thresholds": {"champion": self.thresholds[0], "candidate": self.thresholds[1]},
                "fixes": len(self.flips.fixed),
                "breaks": len(self.flips.broken),
                "fixed": [_flip(one, predictions) for one in self.flips.fixed[:FIXED_KEPT]],
                "broken": [_flip(one, predictions) for one in self.flips.broken],
            },
        }

    def sentences(self) -> list[str]:
        """What people should know beside the decision's own reasons, the gravest first."""
        said = []
        for parts in (self.labels, self.sources):
            if worse := [part for part in parts if part.state == "worse"]:
                said.append(f"Worse on {_listed([_moved(part) for part in worse])}.")
        if unknown := [part for part in self.labels if part.state == "not assessed"]:
            named = _listed([f"{part.name} ({part.count})" for part in unknown])
            said.append(f"Not assessed, for they have fewer than {LEAST} test objects: {named}.")
        if unseen := [part for part in self.sources if part.state == "not assessed"]:
            named = _listed([f"{part.name} ({part.count})" for part in unseen])
            said.append(f"Sources not assessed, for they have fewer than {LEAST} test images: {named}.")
        if self.new_labels:
            named = _listed([_new(label) for label in self.new_labels])
            said.append(f"New labels, measured apart: {named}.")
        if self.carried:
            said.append(self.carried.sentence())
        return said


def _flip(one: Flip, predictions: Mapping[str, str]) -> dict[str, Any]:
    return asdict(one) | {"prediction": predictions.get(one.asset)}


def _moved(part: Part) -> str:
    if part.difference is None or part.champion is None or part.candidate is None:
        return part.name
    return f"{part.name} ({part.champion:.3f} to {part.candidate:.3f}, {signed(part.difference * 100)} points)"


def _new(label: NewLabel) -> str:
    return f"{label.name} ({label.count} test objects{'' if label.score is None else f', {label.score:.3f}'})"


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_NAMED])
    return shown if len(names) <= _NAMED else f"{shown} and {len(names) - _NAMED} more"
