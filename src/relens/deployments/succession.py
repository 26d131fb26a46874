"""Which champion came after which, and what becomes of the threshold when one takes over from another."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Connection

from relens.deployments import store
from relens.deployments.deployment import Deployment, RoleChange, Threshold
from relens.kit.errors import Conflict
from relens.registry.model_version import ModelVersion


class NothingBefore(Conflict):
    """There is no earlier champion to go back to."""


class WayBack(NamedTuple):
    """The champion before, the threshold with which it answered last, and the one with which the present one first began; None: nobody knows."""

    version: str
    threshold: Threshold | None
    began: Threshold | None


def goes_along(deployment: Deployment, version: ModelVersion) -> Threshold:
    """With which threshold `version` would answer where nothing is known of it here: a person's stays, an advised one goes with its version.

    An advice of 0 is none: a classifier is trained to answer always, and whoever lets it be unsure knows why.
    """
    if deployment.answers_from.by != "advised" or not version.advised_threshold:
        return deployment.answers_from
    return Threshold(version.advised_threshold, "advised")


def way_back(connection: Connection, deployment: Deployment) -> WayBack:
    """Which champion answered before the present one, and with which threshold. Raises NothingBefore.

    The champions are a stack: a rollback takes away what it went back from, so the next one goes further back.
    """
    lines = [line for line in store.history(connection, deployment.id) if line.role == "champion"]
    before: list[RoleChange] = []
    for line in reversed(lines):
        if line.went_back and line.model_version in [one.model_version for one in before]:
            while before[-1].model_version != line.model_version:
                before.pop()
        else:
            before.append(line)
    came = before.pop() if before and before[-1].model_version == deployment.champion else None
    if not before:
        so_far = "has had one champion only" if len(lines) < 2 else "is back at its first champion"
        raise NothingBefore(f"'{deployment.name}' {so_far}: there is nothing to roll back to")
    known = came.threshold if came is not None else None
    return WayBack(str(before[-1].model_version), *(known or (None, None)))
