"""Puts a judged candidate where the policy wants it, carries out what a person answers, and goes back to the version before."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import Connection

from relens.access import store as actors
from relens.access.actor import Actor
from relens.deployments import change
from relens.deployments import store as deployments
from relens.deployments.deployment import Deployment, must_be_in_use
from relens.deployments.succession import way_back
from relens.kit import clock
from relens.loop import store
from relens.loop.carry import Then, at_rollback, said_by, then
from relens.loop.decision import ChampionChanged, Decision
from relens.loop.gate import PASSED, REFUSED, GateDecision
from relens.registry import store as registry
from relens.registry.model_version import ModelVersion


def loop_actor(connection: Connection) -> Actor:
    """The program behind what happens by itself."""
    return actors.named(connection, "Relens loop", "program", "operator")


def roll_out(connection: Connection, judged: Decision) -> Decision:
    """Applies the policy of this moment and keeps the decision, in one transaction; the same job again answers what it did.

    Of this moment, not of the run's start: who switched it to `ask` while a candidate was trained means that candidate too.
    """
    there = store.decision_of_job(connection, judged.job)
    if there is not None:
        return there
    judged = replace(judged, policy=store.policies(connection, judged.deployment).in_force)
    deployment = deployments.get(connection, judged.deployment)
    candidate = registry.get(connection, judged.candidate)
    if judged.decision != PASSED:
        made = replace(judged, applied="held", note=f"{candidate.title} was not deployed.")
    elif deployment.archived_at is not None:
        made = replace(
            judged, applied="held", note=f"'{deployment.name}' was archived meanwhile: restore it, then judge it again."
        )
    elif deployment.champion != judged.champion:
        made = replace(
            judged, applied="held", note="The champion changed while the candidate was judged: judge it again."
        )
    else:
        made = _by_policy(connection, judged, deployment, candidate, loop_actor(connection))
    store.add_decision(connection, made)
    return made


def _by_policy(
    connection: Connection, judged: Decision, deployment: Deployment, candidate: ModelVersion, actor: Actor
) -> Decision:
    for earlier in store.open_decisions(connection, deployment.id):
        _supersede(connection, deployment, earlier, actor)
    if judged.policy == "champion":
        return replace(
            judged,
            applied="promoted",
            note=_become_champion(
                connection,
                deployment,
                candidate,
                judged.reasons[0],
                actor,
                then(connection, deployment, candidate, judged),
            ),
        )
    if judged.policy == "shadow":
        now = deployments.get(connection, deployment.id)
        change.set_role(connection, now, "shadow", candidate, judged.reasons[0], actor)
        return replace(
            judged, applied="shadow", note=f"{candidate.title} runs beside the champion; approve it to let it answer."
        )
    return replace(judged, applied="waiting", note=f"{candidate.title} waits for your answer.")


def after_shadow(connection: Connection, decision_id: str, said: GateDecision, images: int) -> None:
    """Does with a shadow what the gate says of the `images` random checks that came while it ran; asks again what holds now.

    What was said is kept with the decision. A shadow that is worse stops; one that passes is promoted, or waits for a person, as set.
    """
    decision = store.decision(connection, decision_id)
    deployment = deployments.get(connection, decision.deployment)
    chosen = store.policies(connection, deployment.id)
    there = (deployment.champion, deployment.shadow) == (decision.champion, decision.candidate)
    if decision.applied != "shadow" or not there or chosen.in_force != "shadow" or deployment.archived_at is not None:
        return
    beside = {"decision": said.decision, "reasons": list(said.reasons), "images": images, **said.numbers}
    store.change_decision(connection, decision.id, numbers={**decision.numbers, "beside": beside})
    actor, candidate = loop_actor(connection), registry.get(connection, decision.candidate)
    because = f"after {images} random checks beside the champion: {said.reasons[0]}"
    if said.decision == REFUSED:
        change.set_role(connection, deployment, "shadow", None, because, actor)
        _settle(connection, decision, "refused", f"{candidate.title} stopped, {because}", actor)
    elif said.decision == PASSED and chosen.rollout.after_shadow == "promote":
        carried = then(connection, deployment, candidate, decision)
        note = _become_champion(connection, deployment, candidate, because, actor, carried)
        _settle(connection, decision, "promoted", note, actor)
    else:
        store.change_decision(
            connection, decision.id, note=f"{candidate.title} runs as shadow: {_so_far(said, images)}."
        )


def _so_far(said: GateDecision, images: int) -> str:
    least = int(str(said.numbers["least"]))
    if images < least:
        return f"{images} of the {least} random checks so far with which it is first judged"
    waits = "approve it to let it answer" if said.decision == PASSED else "it goes on beside the champion"
    return f"after {images} random checks beside the champion: {said.reasons[0].rstrip('.')}; {waits}"


def approve(connection: Connection, decision_id: str, actor: Actor, threshold: float | None = None) -> Decision:
    """The candidate becomes champion and answers from `threshold` on; None: as the settings have it.

    Raises NotOpen, or ChampionChanged when it was judged against another one.
    """
    actor.must_be("operator")
    decision = store.decision(connection, decision_id)
    decision.must_be_open()
    deployment = deployments.get(connection, decision.deployment)
    if deployment.champion != decision.champion:
        raise ChampionChanged("the champion has changed since this candidate was judged: judge it again, then decide")
    candidate = registry.get(connection, decision.candidate)
    reason = f"approved by {actor.name}: {decision.reasons[0]}"
    carried = (
        then(connection, deployment, candidate, decision)
        if threshold is None
        else said_by(actor, deployment, threshold)
    )
    note = _become_champion(connection, deployment, candidate, reason, actor, carried)
    return _settle(connection, decision, "approved", note, actor)


def refuse(connection: Connection, decision_id: str, actor: Actor) -> Decision:
    """The candidate is not deployed; a shadow stops."""
    actor.must_be("operator")
    decision = store.decision(connection, decision_id)
    decision.must_be_open()
    deployment = deployments.get(connection, decision.deployment)
    if decision.applied == "shadow" and deployment.shadow == decision.candidate:
        change.set_role(connection, deployment, "shadow", None, f"refused by {actor.name}", actor)
    return _settle(connection, decision, "refused", f"{actor.name} refused it.", actor)


def rollback(
    connection: Connection,
    deployment: Deployment,
    actor: Actor,
    reason: str = "",
    expected: str | None = None,
    by: str | None = None,
) -> ModelVersion:
    """The version that was champion before answers again. Raises NothingBefore or Archived.

    `by`: what takes the promotion back, in words, where `actor` only acts for it.
    `expected`: the champion that whoever asks has seen; ChampionChanged when another one answers by now, so that two rollbacks
    for one reason (a guard's and a person's) are one.
    """
    actor.must_be("operator")
    must_be_in_use(deployment)
    if expected is not None and expected != deployment.champion:
        now = registry.get(connection, deployment.champion).title if deployment.champion else "no version"
        raise ChampionChanged(f"the champion has changed since you looked: {now} answers now; nothing was rolled back")
    way = way_back(connection, deployment)
    before = registry.get(connection, way.version)
    said = f"taken back by {by}: {reason}" if by else reason or f"rolled back by {actor.name}"
    promotion = store.promotion_of(connection, deployment.id, deployment.champion)
    if promotion is not None:
        because = f": {reason.rstrip('.')}" if reason else ""
        note = f"Taken back by {by or actor.name}{because}."
        _settle(connection, promotion, "taken back", note, actor)
    carried = at_rollback(deployment, before, way)
    why = f"{said.rstrip('.')}; {carried.why}"
    change.set_role(connection, deployment, "champion", before, why, actor, went_back=True, threshold=carried.threshold)
    return before


def _become_champion(
    connection: Connection, deployment: Deployment, version: ModelVersion, reason: str, actor: Actor, carried: Then
) -> str:
    """Gives it the role and its threshold; answers with a sentence on what that means."""
    said = f"{reason.rstrip('.')}; {carried.why}"
    change.set_role(connection, deployment, "champion", version, said, actor, threshold=carried.threshold)
    return f"{version.title} answers now; {carried.why}."


def _supersede(connection: Connection, deployment: Deployment, earlier: Decision, actor: Actor) -> None:
    """A newer candidate takes the place of one that still waits."""
    if earlier.applied == "shadow" and deployment.shadow == earlier.candidate:
        change.set_role(connection, deployment, "shadow", None, "a newer candidate was judged", actor)
    note = "A newer candidate took its place."
    store.change_decision(connection, earlier.id, applied="refused", note=note, settled_at=clock.now())


def _settle(connection: Connection, decision: Decision, applied: str, note: str, actor: Actor) -> Decision:
    values = {"applied": applied, "note": note, "settled_by": actor.id, "settled_at": clock.now()}
    store.change_decision(connection, decision.id, **values)
    return store.decision(connection, decision.id)
