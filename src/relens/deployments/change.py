"""Makes and changes deployments; every change moves the revision that servers follow."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection

from relens.access.actor import Actor
from relens.deployments import store
from relens.deployments.deployment import (
    ADDED_LABELS,
    BadDeployment,
    BeingDeleted,
    Deployment,
    NameTaken,
    NotArchived,
    Role,
    RoleChange,
    Serving,
    SettingChange,
    Target,
    Threshold,
    good_name,
    good_share,
    good_threshold,
    must_be_in_use,
)
from relens.deployments.keeping import Keeping, keeping_of
from relens.deployments.succession import goes_along
from relens.kit import clock
from relens.kit.errors import Conflict
from relens.kit.ids import new_id
from relens.registry.model_version import ModelVersion
from relens.vision.labels import LabelMap

FIRST_SHARE = 0.1
"""What a canary begins with where nobody says otherwise: enough to be seen, little enough to be forgiven."""


class NothingFailed(Conflict):
    """Everything that is wanted is loaded, or on its way."""


class LabelThere(Conflict):
    """Another spelling of a label that there is."""


def create(
    connection: Connection,
    *,
    name: str,
    version: ModelVersion,
    threshold: float | None,
    target: Target,
    actor: Actor,
    settings: Mapping[str, Any] | None = None,
) -> Deployment:
    """A deployment whose champion is `version`; `threshold=None` takes the version's advised one."""
    if store.named(connection, good_name(name)) is not None:
        raise NameTaken(f"there is a deployment '{name}' already: choose another name")
    keeping_of(settings or {})  # refused here, at the door, if it is no policy
    made = Deployment(
        id=new_id(),
        name=name,
        task=version.task,
        labels=tuple(version.labels),
        target=target,
        threshold=good_threshold(_advised(version) if threshold is None else threshold),
        revision=1,
        champion=version.id,
        shadow=None,
        canary=None,
        canary_share=0.0,
        settings={**(settings or {}), "threshold_by": "advised" if threshold is None else "person"},
        created_at=clock.now(),
        created_by=actor.id,
    )
    store.insert(connection, made)
    first = (made.answers_from, made.answers_from)
    line = RoleChange(made.id, "champion", version.id, made.created_at, None, "deployed", actor.id, threshold=first)
    store.open_role(connection, line)
    return made


def rename(connection: Connection, deployment: Deployment, name: str) -> None:
    """The old name goes on working as an address until another deployment takes it."""
    there = store.named(connection, good_name(name))
    if there is not None and there.id != deployment.id:
        raise NameTaken(f"there is a deployment '{name}' already: choose another name")
    if name != deployment.name:
        store.change(connection, deployment.id, name=name)
        store.remember_name(connection, deployment.name, deployment.id)


def archive(connection: Connection, deployment: Deployment) -> None:
    """It stops to answer within a moment and leaves every list; its log, images, reviews and settings stay. Again changes nothing."""
    if deployment.archived_at is None:
        store.change(connection, deployment.id, archived_at=clock.now())


def restore(connection: Connection, deployment: Deployment) -> None:
    """It is loaded and answers again, as it was. Raises BeingDeleted."""
    if deployment.deleting_since is not None:
        raise BeingDeleted(
            f"'{deployment.name}' is being deleted: cancel that job first, then restore what is left of it"
        )
    if deployment.archived_at is not None:
        store.set_serving(connection, deployment.id, Serving("loading"))
        store.change(connection, deployment.id, archived_at=None)


def begin_to_delete(connection: Connection, deployment: Deployment, typed: str) -> None:
    """From now on it cannot be restored. `typed`: its name, as a person wrote it. Raises NotArchived, BadDeployment or BeingDeleted."""
    if deployment.archived_at is None:
        raise NotArchived(f"'{deployment.name}' is in use: archive it first, then delete it")
    if deployment.deleting_since is not None:
        raise BeingDeleted(f"'{deployment.name}' is being deleted already")
    if typed != deployment.name:
        raise BadDeployment(f"to delete '{deployment.name}' for good, say its name: ?name={deployment.name}")
    store.change(connection, deployment.id, deleting_since=clock.now())


def spare(connection: Connection, deployment: Deployment) -> None:
    """It is not deleted after all; what is erased already stays erased."""
    store.change(connection, deployment.id, deleting_since=None)


def try_again(connection: Connection, deployment: Deployment) -> None:
    """Servers look at it as if it had changed, so that what failed to load is loaded at once. Raises NothingFailed or Archived."""
    must_be_in_use(deployment)
    now = store.serving(connection, [deployment.id]).get(deployment.id)
    if now is None or now.state != "failed":
        raise NothingFailed(
            f"'{deployment.name}' has not failed to load anything: it is {now.state if now else 'loading'}"
        )
    store.set_serving(connection, deployment.id, Serving("loading", "trying again"))
    store.change(connection, deployment.id)


def set_threshold(connection: Connection, deployment: Deployment, threshold: float, by: str = "person") -> None:
    """`by`: "person", or "advised" when it came with a version. Raises Archived."""
    must_be_in_use(deployment)
    store.change(
        connection,
        deployment.id,
        threshold=good_threshold(threshold),
        settings={**deployment.settings, "threshold_by": by},
    )


def set_canary_share(connection: Connection, deployment: Deployment, share: float) -> None:
    """Which share of the images the canary answers, 0 to 1; counts within a quarter of a second. Raises Archived."""
    must_be_in_use(deployment)
    store.change(connection, deployment.id, canary_share=good_share(share))


def set_settings(connection: Connection, deployment: Deployment, settings: Mapping[str, Any]) -> None:
    """Merges `settings` into those there are."""
    there = store.lock(connection, deployment.id).settings
    store.change(connection, deployment.id, settings={**there, **settings})


def add_label(connection: Connection, deployment: Deployment, label: str, actor: Actor) -> Deployment:
    """People can say it from now on, and the dataset that the deployment feeds learns it. The same again changes nothing.

    Raises BadLabels, or LabelThere for another spelling of one there is.
    """
    actor.must_be("reviewer")
    deployment = store.lock(connection, deployment.id)  # two people may each miss another label at once
    (name,) = LabelMap((" ".join(label.split()),)).names
    if name in deployment.labels:
        return deployment
    alike = next((one for one in deployment.labels if one.casefold() == name.casefold()), None)
    if alike is not None:
        raise LabelThere(f"'{deployment.name}' has the label '{alike}' already: use that one")
    know_labels(connection, deployment, [name])
    added = {ADDED_LABELS: [*deployment.added_labels, name]}
    set_settings(connection, deployment, added)
    store.remember_setting(connection, SettingChange(deployment.id, ADDED_LABELS, added, clock.now(), actor.id))
    return store.get(connection, deployment.id)


def know_labels(connection: Connection, deployment: Deployment, labels: Iterable[str]) -> None:
    """Reviews may use them from now on."""
    fresh = [label for label in labels if label not in deployment.labels]
    if fresh:
        store.change(connection, deployment.id, labels=[*deployment.labels, *fresh])


def set_keeping(connection: Connection, deployment: Deployment, keeping: Keeping, actor: Actor) -> None:
    """What is kept of the next images; a change is remembered with who made it."""
    if keeping_of(deployment.settings) != keeping or "images" not in deployment.settings:
        set_settings(connection, deployment, {"images": keeping.to_json()})
        line = SettingChange(deployment.id, "images", keeping.to_json(), clock.now(), actor.id)
        store.remember_setting(connection, line)


def set_role(
    connection: Connection,
    deployment: Deployment,
    role: Role,
    version: ModelVersion | None,
    reason: str,
    actor: Actor,
    *,
    went_back: bool = False,
    threshold: Threshold | None = None,
) -> None:
    """Gives `role` to `version` (None: to nobody); refuses a version that cannot answer at this address.

    `went_back`: a rollback brings it back, so what came after it is nothing to go back to any more. `threshold`: with which it answers
    as champion, from its first answer on; None: see `goes_along`. What was put away answers nobody: Archived.
    """
    must_be_in_use(deployment)
    if version is None and role == "champion":
        raise BadDeployment("a deployment always has a champion: set another one instead")
    if version is not None and version.task != deployment.task:
        raise BadDeployment(f"'{deployment.name}' is for {deployment.task}; {version.title} is for {version.task}")
    if deployment.version_in(role) == (version.id if version else None):
        if threshold is not None and role == "champion":
            set_threshold(connection, deployment, threshold.value, threshold.by)
        return
    values: dict[str, Any] = {role: version.id if version else None}
    if role == "canary" and version is not None and deployment.canary_share == 0.0:
        values["canary_share"] = FIRST_SHARE
    if version is not None:
        values["labels"] = [*deployment.labels, *(label for label in version.labels if label not in deployment.labels)]
    thresholds = None
    if version is not None and role == "champion":
        then = threshold or goes_along(deployment, version)
        thresholds = (deployment.answers_from, Threshold(good_threshold(then.value), then.by))
        values["threshold"] = thresholds[1].value
        values["settings"] = {**deployment.settings, "threshold_by": thresholds[1].by}
    others: tuple[Role, ...] = ("shadow", "canary")
    for other in others:
        if version is not None and role == "champion" and deployment.version_in(other) == version.id:
            values[other] = None
            store.open_role(
                connection, RoleChange(deployment.id, other, None, clock.now(), None, "became champion", actor.id)
            )
    store.change(connection, deployment.id, **values)
    given = version.id if version else None
    line = RoleChange(deployment.id, role, given, clock.now(), None, reason, actor.id, went_back, thresholds)
    store.open_role(connection, line)


def _advised(version: ModelVersion) -> float:
    if version.advised_threshold is not None:
        return version.advised_threshold
    return 0.0 if version.task == "classification" else 0.25
