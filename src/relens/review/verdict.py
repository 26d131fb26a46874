"""A verdict: what a person found true of one prediction, and the rules of what can be said.

"Nothing here" is a correction to no annotations. A verdict can always be changed or taken back; each change counts its
revision up by one, so that nobody overwrites what they have not seen.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, get_args

from relens.access.actor import Actor
from relens.kit.clock import Micros
from relens.kit.errors import Conflict, Invalid, Outdated
from relens.vision.annotation import Annotation
from relens.vision.prediction import Detection
from relens.vision.shapes import Mask, Shape
from relens.vision.task import Task
from relens.vision.visible import NothingThere, visible

Status = Literal["pending", "accepted", "corrected", "unusable", "skipped"]
STATUSES: tuple[Status, ...] = get_args(Status)
SETTLED: tuple[Status, ...] = ("accepted", "corrected", "unusable", "skipped")
USABLE: tuple[Status, ...] = ("accepted", "corrected")
"""Those that say what is true of the image."""

_MOST_ANNOTATIONS = 5_000


class BadVerdict(Invalid):
    """Something was said that cannot be true of this image."""


class NothingToAccept(Conflict):
    """The deployment answered nothing that a whole-image label could be taken from."""


class VerdictChanged(Outdated):
    """Somebody else settled, changed or reopened it in the meantime."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """`revision` grows with each change of this verdict, from 1; `seq` with each change of any verdict, in commit order."""

    prediction: str
    deployment: str
    asset: str | None
    model_version: str | None
    status: Status
    annotations: tuple[Annotation, ...]
    reason: str
    revision: int
    seq: int
    actor: Actor
    at: Micros

    @property
    def etag(self) -> str:
        return str(self.revision)

    def says(self, status: Status, annotations: tuple[Annotation, ...], reason: str) -> bool:
        """Whether it says exactly this already."""
        return (self.status, self.annotations, self.reason) == (status, annotations, reason)


@dataclass(frozen=True, slots=True)
class Subject:
    """What the person looked at: an image of `width` x `height` pixels and the detections that were answered."""

    width: int
    height: int
    task: Task
    labels: tuple[str, ...]
    answered: tuple[Detection, ...]


def annotations_of(status: Status, given: tuple[Annotation, ...], subject: Subject) -> tuple[Annotation, ...]:
    """The annotations a verdict of `status` stands for; refuses what cannot be said of `subject`."""
    if status not in SETTLED:
        raise BadVerdict(f"a verdict is one of {', '.join(SETTLED)}, not '{status}'; to take one back, reopen it")
    if status != "corrected" and given:
        raise BadVerdict(f"'{status}' takes no annotations: send them with the status 'corrected'")
    if status == "accepted":
        given = _accepted(subject)
    elif status != "corrected":
        return ()
    if len(given) > _MOST_ANNOTATIONS:
        raise BadVerdict(
            f"{len(given)} annotations in one image are more than the {_MOST_ANNOTATIONS} that can be kept"
        )
    if subject.task.whole_image and len(given) != 1:
        raise BadVerdict(
            f"an image has exactly one label here, not {len(given)}; an image that none fits is 'unusable'"
        )
    return tuple(_checked(annotation, subject) for annotation in given)


def _accepted(subject: Subject) -> tuple[Annotation, ...]:
    if not subject.task.whole_image:
        return tuple(Annotation(found.label, found.shape) for found in subject.answered)
    if not subject.answered:
        raise NothingToAccept(
            "nothing reached the threshold in this image, so there is no label to accept: choose the true label instead"
        )
    return (Annotation(max(subject.answered, key=lambda found: found.confidence).label),)


def _checked(annotation: Annotation, subject: Subject) -> Annotation:
    if annotation.label not in subject.labels:
        known = ", ".join(subject.labels[:20])
        raise BadVerdict(f"there is no label '{annotation.label}' in this deployment: choose one of {known}")
    subject.task.check(annotation)
    return replace(annotation, shape=_within(annotation, subject))


def _within(annotation: Annotation, subject: Subject) -> Shape:
    """What of the shape lies in the image: models draw far over the edge, and what people confirm is the part that can be seen."""
    shape = annotation.shape
    if isinstance(shape, Mask) and (shape.width, shape.height) != (subject.width, subject.height):
        raise BadVerdict(
            f"the mask of {shape.width} x {shape.height} pixels does not fit the image, which is {subject.width} x {subject.height} pixels"
        )
    try:
        return visible(shape, subject.width, subject.height)
    except NothingThere as error:
        raise BadVerdict(f"the {type(shape).__name__.lower()} of '{annotation.label}' {error}") from error


def check_seen(current: Verdict | None, if_match: str | None) -> None:
    """Refuses to overwrite a verdict that is not the one the person saw (`if_match`: its ETag; "0" for none yet, None: whatever)."""
    if if_match is None or if_match.strip() == "*":
        return
    seen = if_match.strip().removeprefix("W/").strip('"')
    now = current.etag if current else "0"
    if seen != now:
        who = f"{current.actor.name} made it '{current.status}'" if current else "it was not reviewed at all"
        raise VerdictChanged(
            f"this verdict has changed since you opened it ({who}; now revision {now}, you saw {seen}): "
            "look at it again, then save once more",
            revision=now,
        )
