"""What is said of drift now: the distance from the training data with its notice, and where usual production stands."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import Connection

from relens.deployments.deployment import Deployment
from relens.kit import clock
from relens.metrics.kinds.drift import pieces
from relens.monitoring import drift, examples, left_usual, normal, sums, usual_rows
from relens.monitoring.decided import in_force
from relens.monitoring.drift import LEAST_FOR_NOTICE, Cells
from relens.monitoring.fitted import Fitted, FittedReferences
from relens.monitoring.gather import of_log
from relens.monitoring.span import Stretch
from relens.monitoring.usual import Watch
from relens.monitoring.watching import Standing, standing
from relens.monitoring.window import Window


def said(
    connection: Connection, deployment: Deployment, window: Window, fitted: Fitted, cells: Cells, lasting: bool
) -> dict[str, Any]:
    """The value of the metric "drift". `cells`: the window's drift states against this reference, not empty; `lasting`: they stay in memory.

    `notice`: production plainly differs from the training data, and nobody can be told better yet. It goes when there is
    enough usual production for alarms, and stays away from what was accepted as normal.
    """
    now = standing(connection, deployment)
    value = drift.explain(cells, fitted.reference, _accepted(connection, fitted, now), _least(deployment), lasting)
    if value["notice"] and not _may_notice(connection, deployment, fitted, now):
        value |= {"notice": False, "usual": True, "sentence": None}
    named = value["features"][0] if value["features"] else None
    behind = value["slice"]["source"] if value["slice"] else window.source
    wanted = replace(of_log(window), source=behind)
    value |= {
        "named": named["name"] if named else None,
        "images": examples.of(connection, deployment, fitted, wanted, named),
        "production": shown(now),
        "from_usual": from_usual(now),
    }
    alarm = left_usual.explained(connection, deployment, fitted, now) if now.state == "alarm" else None
    return value | {"alarm": alarm, "usual": value["usual"] and now.state != "alarm"}


def of_production(connection: Connection, deployment: Deployment, references: FittedReferences) -> dict[str, Any]:
    """What alerts are told, whatever the page's window: `from_usual`, and of an alarm that stands its sentence and features.

    `n`: images of the alarm's windows, or of all that were compared.
    """
    now = standing(connection, deployment)
    told = {"from_usual": from_usual(now), "n": sum(one.images for one in now.alarmed or now.windows)}
    row = in_force(connection, deployment) if now.state == "alarm" else None
    fitted = references.there(row.id) if row else None
    alarm = left_usual.explained(connection, deployment, fitted, now) if fitted else None
    return told if alarm is None else {**told, "sentence": alarm["sentence"], "features": alarm["features"]}


def shown(now: Standing) -> dict[str, Any]:
    """Where usual production stands, as the dashboard says it."""
    return {
        "state": now.state,
        "sentence": now.sentence,
        "since": None if now.since is None else clock.to_text(now.since),
        "windows_known": now.known,
        "windows_missing": now.missing,
        "images_missing": now.images_missing,
        "waiting": sum(one.state == "waiting" for one in now.windows),
        "evidence": now.evidence,
        "threshold": now.threshold,
        "budget": now.budget,
    }


def from_usual(now: Standing) -> float | None:
    """How far production is from what is usual while an alarm stands (the furthest feature), else 0; None: not known yet.

    What alerts are about: a distance counts only once there is evidence that it is no chance.
    """
    if now.state == "off" or (now.state == "learning" and not now.accepted and now.known < 2):
        return None
    return max((one.distance for one in now.alarmed if one.state == "alarm"), default=0.0)


def _accepted(connection: Connection, fitted: Fitted, now: Standing) -> normal.Normal | None:
    if not now.accepted:
        return None
    usual = [one.number for one in now.windows if one.state == "usual"]
    return normal.latest(
        connection, fitted.reference.id, usual_rows.counts(connection, fitted.reference.id, usual) if usual else ()
    )


def _least(deployment: Deployment) -> int:
    return min(LEAST_FOR_NOTICE, Watch.of(deployment.settings).notice)


def _may_notice(connection: Connection, deployment: Deployment, fitted: Fitted, now: Standing) -> bool:
    """Whether there are alarms to come instead, or too few predictions for anything yet."""
    if now.state not in ("off", "learning"):
        return False
    which = sums.Which([Stretch("month", 0, clock.now())], whole=True)
    scored = sum(
        int(pieces(state, fitted.reference)[0].sum())
        for cell, state in sums.cells(connection, deployment.id, ["drift"], which)
        if cell.reference == fitted.reference.id
    )
    return scored >= Watch.of(deployment.settings).notice
