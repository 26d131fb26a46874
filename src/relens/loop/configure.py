"""Changes what a deployment does by itself; refuses what could not run, at once and not when it is too late."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import Connection

from relens.access.actor import Actor
from relens.alerts import store as alerts
from relens.datasets import store as datasets
from relens.datasets.names_now import became
from relens.datasets.other_task import refusal
from relens.deployments.deployment import Deployment
from relens.kit import clock
from relens.kit.errors import NotFound
from relens.loop import store
from relens.loop.feedback import newest_version
from relens.loop.policy import ContinuousDeployment, ContinuousTraining, FeedbackLoop
from relens.loop.quiet_hours import BadPolicy
from relens.registry import store as registry
from relens.training.permission import must_be_permitted
from relens.training.trainers import TRAINERS


def feedback_loop(
    connection: Connection, deployment: Deployment, dataset: str | None, active: bool, test_share: float, actor: Actor
) -> FeedbackLoop:
    """Raises BadPolicy, NoDataset or EmptyDataset."""
    actor.must_be("operator")
    found = datasets.find_dataset(connection, dataset).id if dataset else None
    chosen = FeedbackLoop(found, active, test_share)
    if found is not None:
        must_fit(connection, deployment, found)
    now = store.policies(connection, deployment.id)
    store.keep_policies(connection, deployment.id, replace(now, feedback=chosen))
    return chosen


def continuous_training(
    connection: Connection, deployment: Deployment, chosen: ContinuousTraining, actor: Actor
) -> ContinuousTraining:
    """Raises NotFound, MissingPackage, BadParameters, NotAllowed (what runs here is for owners) or BadPolicy."""
    actor.must_be("operator")
    now = store.policies(connection, deployment.id)
    # Whoever only switches it on or off does not decide what runs on this machine.
    if (chosen.trainer, dict(chosen.parameters)) != (now.training.trainer, dict(now.training.parameters)):
        must_be_permitted(actor, chosen.trainer, chosen.parameters)
    trainer = TRAINERS.get(chosen.trainer)
    trainer.checked(chosen.parameters)
    if chosen.active:
        must_train_for(deployment, chosen.trainer)
        trainer.must_be_there(chosen.trainer, chosen.parameters)
        must_have_data(connection, deployment)
    same = (chosen.active, chosen.every_days) == (now.training.active, now.training.every_days)
    chosen = replace(chosen, since=now.training.since if same else clock.now(), trial=now.training.trial)
    keep_training(connection, deployment, chosen)
    return chosen


def keep_training(connection: Connection, deployment: Deployment, chosen: ContinuousTraining) -> None:
    now = store.policies(connection, deployment.id)
    store.keep_policies(connection, deployment.id, replace(now, training=chosen))


def trains_differently(before: ContinuousTraining, after: ContinuousTraining) -> bool:
    """Whether what was found out about the trainer says nothing about the new settings."""
    was, now = ((one.trainer, dict(one.parameters), one.start) for one in (before, after))
    return was != now


def must_have_data(connection: Connection, deployment: Deployment) -> None:
    """Raises BadPolicy."""
    if not store.policies(connection, deployment.id).feedback.dataset:
        raise BadPolicy("choose the dataset of the feedback loop first: continuous training trains on its next version")


def must_train_for(deployment: Deployment, name: str) -> None:
    """Refuses a trainer whose versions could not answer here, before hours of training. Raises BadPolicy."""
    trainer = TRAINERS.get(name)
    if deployment.task not in trainer.tasks:
        fit = [other for other, found in TRAINERS if deployment.task in found.tasks]
        raise BadPolicy(
            f"the trainer '{name}' trains {' and '.join(trainer.tasks)}; '{deployment.name}' is for {deployment.task}, "
            f"so nothing it makes could answer here: choose {' or '.join(fit)}"
        )


def continuous_deployment(
    connection: Connection, deployment: Deployment, chosen: ContinuousDeployment, actor: Actor
) -> ContinuousDeployment:
    """Raises BadPolicy when no alert rule watches a metric of the guard (it would never speak up), or on an unknown critical label."""
    actor.must_be("operator")
    now = store.policies(connection, deployment.id)
    watched = {rule.metric for rule in alerts.rules(connection, deployment.id, active_only=True)}
    # One that was chosen already may stay, so that its rule can be paused and other settings saved meanwhile.
    deaf = [metric for metric in chosen.guard if metric not in watched and metric not in now.rollout.guard]
    if deaf:
        raise BadPolicy(
            f"no alert rule of '{deployment.name}' watches {', '.join(deaf)}, so a guard on it would never speak up: "
            "make the rule first, then let it guard promotions"
        )
    unknown = [label for label in chosen.demands.critical if label not in deployment.labels]
    if unknown:
        raise BadPolicy(f"'{deployment.name}' has no label {', '.join(unknown)} that could be critical")
    store.keep_policies(connection, deployment.id, replace(now, rollout=chosen))
    return chosen


def freeze(connection: Connection, deployment: Deployment, frozen: bool, actor: Actor) -> bool:
    actor.must_be("operator")
    now = store.policies(connection, deployment.id)
    store.keep_policies(connection, deployment.id, replace(now, frozen=frozen))
    return frozen


def must_fit(connection: Connection, deployment: Deployment, dataset: str) -> None:
    """Refuses a dataset from which no candidate could pass beside the present champion. Raises BadPolicy or EmptyDataset."""
    newest = newest_version(connection, dataset)
    other = refusal(deployment.name, deployment.task, f"the dataset '{newest.dataset_name}'", newest.task)
    if other:
        raise BadPolicy(other)
    names = became(connection, newest)
    now = {label: names.now(label) for label in _answered(connection, deployment)}
    if not set(deployment.labels).union(*now.values()) & set(newest.labels):
        raise BadPolicy(
            f"'{deployment.name}' and the dataset '{newest.dataset_name}' share no label: "
            f"{', '.join(deployment.labels[:8])} against {', '.join(newest.labels[:8])}"
        )
    missing = [label for label, called in now.items() if called - set(newest.labels)]
    if missing:
        raise BadPolicy(
            f"the dataset '{newest.dataset_name}' has no label {', '.join(missing[:8])}, which the champion of '{deployment.name}' "
            "answers: the gate would refuse every candidate trained on it; import a version of the dataset that has the label"
        )


def _answered(connection: Connection, deployment: Deployment) -> tuple[str, ...]:
    """The labels of the champion; none where nobody knows."""
    try:
        return registry.get(connection, deployment.champion).labels if deployment.champion else ()
    except NotFound:
        return ()
