"""With which threshold a version answers once it is champion, and with which one the champion before it answers again.

A threshold that a person chose is their promise to whoever reads the answers: it stays, unless the test images say that it means
something else for the new version. One that came with the old version says nothing about the confidences of the new one.
"""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Connection

from relens.access.actor import Actor
from relens.deployments.deployment import Deployment, Threshold
from relens.deployments.succession import WayBack, goes_along
from relens.loop import store
from relens.loop.decision import Decision
from relens.loop.policy import AtPromotion
from relens.loop.threshold import Carried
from relens.registry.model_version import ModelVersion


class Then(NamedTuple):
    """The threshold from then on, and `why` as it is told: "the threshold stays at 0.3, as chosen by a person"."""

    value: float
    by: str
    why: str

    @property
    def threshold(self) -> Threshold:
        return Threshold(self.value, self.by)


def then(connection: Connection, deployment: Deployment, version: ModelVersion, decision: Decision | None) -> Then:
    """As the settings of this moment have it; `decision`: what is known of `version` beside the present champion."""
    report = (decision.numbers.get("report") or {}) if decision else {}
    found = Carried.from_json(report.get("threshold"))
    return at_promotion(deployment, version, found, store.policies(connection, deployment.id).rollout.threshold)


def would_answer_from(connection: Connection, deployment: Deployment, version: ModelVersion) -> float:
    """The threshold of `version` if it became champion now."""
    decision = store.judged(connection, deployment.id, version.id, deployment.champion)
    return then(connection, deployment, version, decision).value


def at_promotion(deployment: Deployment, version: ModelVersion, found: Carried | None, policy: AtPromotion) -> Then:
    """`found`: what the test images say of the threshold at which `version` was judged; None where they say nothing of any."""
    now, better = deployment.answers_from, found.best if found else None
    if policy == "keep":
        return _stays(now, ", as set for promotions")
    if policy == "move" or now.by == "advised":
        if found is not None and better is not None:
            return _moves(now, better.threshold, _where(found))
        if version.advised_threshold:
            return _moves(now, version.advised_threshold, "as advised with it")
        return _stays(now, f": {version.title} brings no advice of its own" if now.value else "")
    if found is not None and found.kept.threshold != now.value:
        return _stays(now, ", as a person chose it since the candidate was judged")
    if found is not None and better is not None and found.worse:
        return _moves(now, better.threshold, f"{_where(found)}: the old one is clearly worse for it")
    return _stays(now, ", as chosen by a person")


def at_rollback(deployment: Deployment, version: ModelVersion, way: WayBack) -> Then:
    """`version` answers as it did, unless a person has chosen a threshold since the present champion took over."""
    now = deployment.answers_from
    if way.threshold is None:
        along = goes_along(deployment, version)
        return _stays(now, "") if along == now else _moves(now, along.value, "as advised with it")
    if now.by == "person" and now != way.began:
        other = (
            f" ({version.title} answered from {way.threshold.value:g} on)" if way.threshold.value != now.value else ""
        )
        return _stays(now, f", as a person chose it since{other}")
    if way.threshold.value == now.value:
        return Then(now.value, way.threshold.by, f"the threshold stays at {now.value:g}")
    moved = f"the threshold goes back from {now.value:g} to {way.threshold.value:g}, with which it answered before"
    return Then(way.threshold.value, way.threshold.by, moved)


def said_by(actor: Actor, deployment: Deployment, threshold: float) -> Then:
    """Whoever promoted it said so."""
    now = deployment.answers_from
    if threshold == now.value:
        return Then(threshold, now.by, f"the threshold stays at {threshold:g}, as {actor.name} chose")
    return Then(threshold, "person", f"the threshold moves from {now.value:g} to {threshold:g}, as {actor.name} chose")


def _where(found: Carried) -> str:
    if found.whole_image:
        return "from where its answers are as often right as the champion's were"
    return "where its F1 is best on the test images"


def _moves(now: Threshold, to: float, why: str) -> Then:
    """Nobody chose it any more: it came with the version."""
    if to == now.value:
        return Then(to, now.by, f"the threshold stays at {to:g}")
    return Then(to, "advised", f"the threshold moves from {now.value:g} to {to:g}, {why}")


def _stays(now: Threshold, why: str) -> Then:
    return Then(now.value, now.by, f"the threshold stays at {now.value:g}{why}")
