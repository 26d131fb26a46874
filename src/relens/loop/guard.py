"""The guard of a promotion: when one of its metrics raises an alert soon after, the version before answers again by itself."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from relens.alerts import store as alerts
from relens.deployments import store as deployments
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
    """What speaks against the champion, if it came through the gate not longer than `guard_hours` ago and an alert has begun since."""
    if chosen.frozen or not chosen.rollout.guard:
        return None
    latest = next(iter(store.decisions(connection, deployment, None, 1)), None)
    at = None if latest is None else _answers_since(latest)
    if latest is None or at is None or deployments.get(connection, deployment).champion != latest.candidate:
        return None
    until = at + round(chosen.rollout.guard_hours * HOUR)
    for alert in alerts.alerts(connection, deployment, open_only=True):
        if alert.metric in chosen.rollout.guard and at < alert.since <= until:
            return Objection(latest.id, alert.id, alert.sentence)
    return None


def go_back(connection: Connection, deployment_id: str) -> None:
    """Takes the promotion back; asked again in this transaction, for a person may have been faster."""
    found = objection(connection, deployment_id, store.policies(connection, deployment_id))
    if found is not None:
        reason = f"taken back by its guard: {found.sentence}"
        rollback(connection, deployments.get(connection, deployment_id), loop_actor(connection), reason)


def _answers_since(decision: Decision) -> Micros | None:
    if decision.applied == "promoted":
        return decision.at
    return decision.settled_at if decision.applied == "approved" else None
