"""Training data of a deployment, the references fitted to it, and which of them speaks for which prediction."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

from relens.kit.clock import Micros

ReferenceState = Literal["preparing", "filling", "ready", "failed"]


@dataclass(frozen=True, slots=True)
class FittedReference:
    """One dataset version as one model version sees it.

    `filling`: fitted, earlier predictions are being scored. `ready_seq`: the log position when it was fitted; `filled_seq`:
    how far the earlier ones are done.
    """

    id: str
    deployment: str
    dataset_version: str
    model_version: str
    state: ReferenceState
    job: str | None
    images: int
    ready_seq: int
    filled_seq: int
    message: str
    created_at: Micros


@dataclass(frozen=True, slots=True)
class TrainingData:
    """What a deployment is compared with now; `model_version` is the champion it was chosen for."""

    deployment: str
    dataset_version: str
    model_version: str
    reference: str | None
    changed_at: Micros
    changed_by: str


def speaks_for(fitted: Sequence[FittedReference], model_version: str | None, log_seq: int) -> FittedReference | None:
    """The one reference a prediction is compared with.

    The newest one fitted with its own version; else the one in force when it was logged (or the first there ever was),
    which then can judge appearance only. So a new champion's reference leaves the scores of earlier versions alone.
    """
    usable = sorted((r for r in fitted if r.state in ("filling", "ready")), key=lambda r: (r.ready_seq, r.id))
    own = [r for r in usable if r.model_version == model_version]
    if own:
        return own[-1]
    in_force = [r for r in usable if r.ready_seq < log_seq]
    return in_force[-1] if in_force else next(iter(usable), None)


def shown_against(
    fitted: Sequence[FittedReference], champion: str | None, counted: Collection[str]
) -> list[FittedReference]:
    """What numbers may be shown against, the best first: the champion's reference; where nothing is `counted` against it, the newest that has.

    A version that has just become champion has not answered anything yet.
    """
    ready = [one for one in fitted if one.state == "ready"]
    own = speaks_for(ready, champion, 2**62)
    order = ([own] if own else []) + ready[::-1]
    return [one for one in order if one.id in counted] or order
