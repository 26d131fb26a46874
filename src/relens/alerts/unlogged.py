"""The alert about answers that could not be logged: a rule that is there by itself where a deployment answers all the same.

A full disk is nothing one makes a rule for beforehand. It may be changed, switched off or given channels like any other.
"""

from __future__ import annotations

from functools import partial

from sqlalchemy import Connection

from relens.alerts import store
from relens.alerts.rule import AlertRule, Reading
from relens.deployments import store as deployments
from relens.deployments.deployment import Deployment, NoDeployment
from relens.deployments.keeping import keeping_of
from relens.infra.database import Database
from relens.kit.clock import DAY, SECOND, Micros
from relens.kit.ids import new_id
from relens.predictions.retention.store import UNLOGGED, sums

METRIC = "unlogged"


def lately(connection: Connection, deployment: str, at: Micros) -> Reading:
    """How many answers are in no log since yesterday began, whatever the rule's window: they are summed by day (UTC).

    Of one day alone the alert would be over at midnight, minutes after what it is about.
    """
    images, _ = sums(connection, deployment, at // DAY - 1).get(UNLOGGED, (0, 0))
    return Reading(float(images), images)


def add_missing(database: Database, at: Micros) -> None:
    """The rule, for every deployment that chose to answer unlogged and has none of the kind."""
    with database.read() as connection:
        without = [one for one in deployments.all_of_them(connection) if _may(one) and not _has(connection, one)]
    for one in without:
        made = AlertRule(
            new_id(), one.id, METRIC, "today", "above", 0.0, DAY // SECOND, 1, True, at, one.created_by, severity="critical"
        )  # fmt: skip
        database.write(partial(_add, rule=made))


def _add(connection: Connection, rule: AlertRule) -> None:
    """Another server, or a person, may have been quicker; and the deployment may have gone."""
    try:
        deployment = deployments.lock(connection, rule.deployment)
    except NoDeployment:
        return
    if not _has(connection, deployment):
        store.insert_rule(connection, rule)


def _may(deployment: Deployment) -> bool:
    return deployment.target == "server" and keeping_of(deployment.settings).when_full == "answer unlogged"


def _has(connection: Connection, deployment: Deployment) -> bool:
    return any(rule.metric == METRIC for rule in store.rules(connection, deployment.id))
