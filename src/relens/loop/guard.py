"""The guard of a promotion: when one of its metrics raises an alert soon after, the version before answers again by itself."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from relens.alerts import store as alerts
from relens.deployments import store as deployments
from relens.deployments.deployment import Deployment
from relens.deployments.succession import NothingBefore, way_back
from relens.kit.clock import HOUR, Micros
from relens.loop import store
from relens.loop.decision import Decision
from relens.loop.policy import Policies
from relens.loop.promote import loop_actor, rollback


@dataclass(frozen=True, slots=True)
class Objection:
    """Which promotion is taken back, and the alert that says why."""

    decision: str
    alert: str
    sentence: str


def objection(connection: Connection, deployment: str, chosen: Policies) -> Objection | None:
    """What speaks against the champion, if the loop promoted it not longer than `guard_hours` ago and an alert has begun since.

    Since it took the role this time: whoever brought it back in spite of a standing alert has seen that alert.
    """
    if chosen.frozen or not chosen.rollout.guard:
        return None
    here = deployments.get(connection, deployment)
    promotion = store.promotion_of(connection, deployment, here.champion)
    if promotion is None:
        return None
    began = _answers_since(promotion)
    answers_since = max(deployments.since_of(connection, deployment, "champion") or 0, began)
    until = began + round(chosen.rollout.guard_hours * HOUR)
    for alert in alerts.alerts(connection, deployment, open_only=True):
        if alert.metric in chosen.rollout.guard and answers_since < alert.since <= until:
            return Objection(promotion.id, alert.id, alert.sentence) if _can_go_back(connection, here) else None
    return None


def go_back(connection: Connection, deployment_id: str) -> None:
    """Takes the promotion back; asked again in this transaction, for a person may have been faster."""
    found = objection(connection, deployment_id, store.policies(connection, deployment_id))
    if found is not None:
        here, actor = deployments.get(connection, deployment_id), loop_actor(connection)
        rollback(connection, here, actor, found.sentence, by="its guard")


def _can_go_back(connection: Connection, deployment: Deployment) -> bool:
    try:
        return bool(way_back(connection, deployment))
    except NothingBefore:
        return False


def _answers_since(decision: Decision) -> Micros:
    """When it became champion: at once, or when a person or its random checks said so."""
    return decision.settled_at or decision.at
