"""A deployment: a stable address that answers with some model version."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from relens.kit.clock import Micros
from relens.kit.errors import Conflict, Gone, Invalid, NotFound

Role = Literal["champion", "shadow", "canary"]
Target = Literal["server", "external"]
ADDED_LABELS = "added_labels"
ROLES: tuple[Role, ...] = ("champion", "shadow", "canary")


class BadDeployment(Invalid):
    """A name, threshold or version a deployment cannot have."""


class NameTaken(Conflict):
    """Another deployment has this name."""


class Archived(Gone):
    """It was put away; a person can bring it back."""


class BeingDeleted(Conflict):
    """A job deletes it."""


class NotArchived(Conflict):
    """It is in use: only what was put away before is deleted."""


class NoDeployment(NotFound):
    """No deployment has this name or id."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """From which confidence on a deployment answers. `by`: "person", or "advised" where it came with a version."""

    value: float
    by: str


@dataclass(frozen=True, slots=True)
class Deployment:
    """`revision` grows with each change; servers follow it. The labels are those of the champion when it was made, and those added since.

    `archived_at`: since when it answers nobody and stands in no list; everything it has is kept. `deleting_since`: a job deletes it.
    """

    id: str
    name: str
    task: str
    labels: tuple[str, ...]
    target: Target
    threshold: float
    revision: int
    champion: str | None
    shadow: str | None
    canary: str | None
    canary_share: float
    settings: Mapping[str, Any]
    created_at: Micros
    created_by: str
    archived_at: Micros | None = None
    deleting_since: Micros | None = None

    @property
    def added_labels(self) -> tuple[str, ...]:
        """Those that people added while reviewing, the oldest first."""
        return tuple(self.settings.get(ADDED_LABELS, ()))

    @property
    def answers_from(self) -> Threshold:
        """The threshold, and who chose it; a person where nobody knows."""
        return Threshold(self.threshold, str(self.settings.get("threshold_by", "person")))

    def version_in(self, role: Role) -> str | None:
        return {"champion": self.champion, "shadow": self.shadow, "canary": self.canary}[role]


@dataclass(frozen=True, slots=True)
class RoleChange:
    """One line of a deployment's history: which version had which role from when to when, by whom and why.

    `went_back`: it is an earlier version that a rollback brought back. `threshold`: of the deployment, before and after a champion
    took over; None in lines from before that was kept, and of other roles.
    """

    deployment: str
    role: Role
    model_version: str | None
    since: Micros
    until: Micros | None
    reason: str
    by: str
    went_back: bool = False
    threshold: tuple[Threshold, Threshold] | None = None


@dataclass(frozen=True, slots=True)
class SettingChange:
    """One line of the history of a deployment's settings: what was chosen, when and by whom."""

    deployment: str
    name: str
    value: Mapping[str, Any]
    at: Micros
    by: str


@dataclass(frozen=True, slots=True)
class Serving:
    """How far the servers follow: which champion answers now, and what they are doing about another."""

    state: Literal["loading", "warming", "live", "failed", "external"]
    message: str = ""
    model_version: str | None = None


def must_be_in_use(deployment: Deployment) -> None:
    """Raises Archived."""
    if deployment.archived_at is not None:
        raise Archived(
            f"'{deployment.name}' is archived: restore it on its page, or POST …/deployments/{deployment.name}/restore"
        )


def good_name(name: str) -> str:
    """The name as it will stand in addresses."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}", name):
        raise BadDeployment(
            "a deployment's name has 1 to 80 letters, digits, dots, dashes or underscores and starts with a letter or digit"
        )
    return name


def good_share(share: float) -> float:
    if not math.isfinite(share) or not 0.0 <= share <= 1.0:
        raise BadDeployment(f"a canary's share of the images lies between 0 and 1, not at {share}")
    return float(share)


def good_threshold(threshold: float) -> float:
    if not math.isfinite(threshold) or not 0.0 <= threshold <= 1.0:
        raise BadDeployment(f"a threshold lies between 0 and 1, not at {threshold}")
    return float(threshold)
