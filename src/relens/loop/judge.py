"""Judges a candidate: champion and candidate answer the same test images with the production code, and the gate decides."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from relens.access.actor import Actor
from relens.datasets.item import Item
from relens.deployments import store as deployments
from relens.deployments.deployment import Deployment
from relens.infra.database import Database
from relens.infra.jobs import JobRun, Jobs
from relens.kit import clock
from relens.kit.ids import new_id
from relens.loop import store
from relens.loop.compare import MAIN, both_numbers, compare, flips
from relens.loop.decision import Decision
from relens.loop.feedback import share_of_reviews
from relens.loop.gate import Comparison, GateDecision, Labels, decide
from relens.loop.promote import roll_out
from relens.loop.trial import CannotJudge, Trial, test_data, trial_of
from relens.registry import store as registry
from relens.registry.model_version import ModelVersion
from relens.training import store as trainings
from relens.training.evaluate import Evaluated
from relens.training.evaluations import Evaluations, finished

JUDGE = "judge"


class Judge:
    """Does the job "judge", and the last steps of "retrain"."""

    def __init__(self, database: Database, evaluations: Evaluations) -> None:
        self._database = database
        self._evaluations = evaluations

    def register(self, jobs: Jobs) -> None:
        jobs.register(JUDGE, self.work)

    def work(self, run: JobRun) -> Mapping[str, Any]:
        return self.carry_out(run, str(run.payload["candidate"]), None)

    def carry_out(self, run: JobRun, candidate: str, dataset_version: str | None) -> Mapping[str, Any]:
        """Steps of `run`: evaluate, decide, roll out. `dataset_version`: whose test images; None: the newest there is."""
        seen: dict[str, Any] = run.step("evaluate", lambda: self._evaluate(run, candidate, dataset_version))
        said: dict[str, Any] = run.step("decide", lambda: _decide(seen, float(run.payload["test_share"])))
        applied: dict[str, Any] = run.step("roll out", lambda: self._roll_out(run, seen, said))
        return {"model_version": candidate, "decision": said["decision"], "reasons": said["reasons"], **applied}

    def _evaluate(self, run: JobRun, candidate: str, dataset_version: str | None) -> dict[str, Any]:
        with self._database.read() as connection:
            deployment = deployments.get(connection, str(run.payload["deployment"]))
            trial = trial_of(connection, deployment, registry.get(connection, candidate), dataset_version)
        whole = len(trial.items) * 2

        def progress(before: int) -> Callable[[int, int], None]:
            def show(done: int, _total: int) -> None:
                run.check()
                run.progress(before + done, whole, "champion and candidate answer the test images")

            return show

        items = list(trial.items)
        champion = self._evaluations.judge(trial.champion, items, progress(0))
        answered = self._evaluations.judge(trial.candidate, items, progress(len(items)))
        if not (trial.labels.missing or trial.labels.new or trial.seen):
            self._keep(trial, champion, answered, str(run.payload["actor"]))
        return _seen(trial, champion, answered)

    def _keep(self, trial: Trial, champion: Evaluated, candidate: Evaluated, by: str) -> None:
        """The scores of both on the whole test split, to be looked up like any other evaluation."""

        def keep(connection: Connection) -> None:
            for version, found in ((trial.champion, champion), (trial.candidate, candidate)):
                if not trainings.evaluations(connection, version.id, trial.data.id, "test", "all"):
                    trainings.insert_evaluation(
                        connection, finished(found, version.id, trial.data.id, "test", "all", by)
                    )

        self._database.write(keep)

    def _roll_out(self, run: JobRun, seen: Mapping[str, Any], said: Mapping[str, Any]) -> dict[str, Any]:
        # Policy and what came of it are those of the moment when roll_out carries it out.
        judged = Decision(
            id=new_id(),
            deployment=str(run.payload["deployment"]),
            job=run.id,
            candidate=seen["candidate"],
            champion=seen["champion"],
            dataset_version=seen["dataset_version"],
            decision=said["decision"],
            reasons=tuple(said["reasons"]),
            numbers=said["numbers"],
            policy="ask",
            applied="held",
            note="",
            at=clock.now(),
        )
        made = self._database.write(lambda connection: roll_out(connection, judged))
        return {"decision_id": made.id, "applied": made.applied, "note": made.note}


def judge_candidate(
    connection: Connection, jobs: Jobs, deployment: Deployment, candidate: ModelVersion, actor: Actor
) -> str:
    """Enqueues the judging of any version in the caller's transaction. Raises CannotJudge."""
    if candidate.task != deployment.task:
        raise CannotJudge(f"'{deployment.name}' is for {deployment.task}; {candidate.title} is for {candidate.task}")
    if candidate.id == deployment.champion:
        raise CannotJudge(f"{candidate.title} is the champion of '{deployment.name}' already")
    test_data(connection, deployment, candidate, None)
    chosen = store.policies(connection, deployment.id)
    payload = {
        "deployment": deployment.id,
        "candidate": candidate.id,
        "test_share": share_of_reviews(deployment, chosen.feedback),
        "actor": actor.id,
    }
    title = f"Judge {candidate.title} for {deployment.name}"
    return jobs.enqueue(connection, JUDGE, payload, title=title, about=deployment.id, created_by=actor.id)


def _seen(trial: Trial, champion: Evaluated, candidate: Evaluated) -> dict[str, Any]:
    """Everything the decision rests on, as JSON, so that a step can remember it."""
    metric = MAIN[champion.task]
    objects = None if champion.correct is not None else _objects(trial.items, champion.assets)
    compared = compare(metric, champion, candidate, objects, trial.weights)
    return {
        "champion": trial.champion.id,
        "candidate": trial.candidate.id,
        "dataset_version": trial.data.id,
        "labels": {"champion": list(trial.labels.champion), "candidate": list(trial.labels.candidate)},
        "comparison": None if compared is None else {name: getattr(compared, name) for name in Comparison.__slots__},
        "gains": _gains(trial.newer),
        "remarks": _remarks(trial, champion),
        "numbers": {**both_numbers(champion, candidate), **flips(champion, candidate), "newer_images": trial.newer},
    }


def _objects(items: Sequence[Item], judged: Sequence[str]) -> int:
    there = set(judged)
    return sum(not annotation.crowd for item in items if item.asset in there for annotation in item.annotations)


def _gains(newer: int) -> list[str]:
    if newer <= 0:
        return []
    return [f"it has learned {newer} {'image' if newer == 1 else 'images'} that the champion never saw"]


def _remarks(trial: Trial, champion: Evaluated) -> list[str]:
    remarks = [f"Judged on the test images of {trial.data.title}."]
    if trial.seen:
        remarks.append(f"{trial.seen} test images were left out: one of the two has learned from them.")
    if champion.missing:
        remarks.append(f"{champion.missing} test images are not kept any more and were left out.")
    few = [
        f"{label} ({int(found['positives'])})"
        for label, found in champion.labels.items()
        if 0 < int(found["positives"]) < _ENOUGH
    ]
    none = [
        label
        for label, found in champion.labels.items()
        if not int(found["positives"]) and label in trial.labels.shared
    ]
    if few or none:
        remarks.append(
            f"Too few in the test images to be assessed on their own: {', '.join([*few, *(f'{label} (0)' for label in none)])}."
        )
    return remarks


def _decide(seen: Mapping[str, Any], test_share: float) -> dict[str, Any]:
    compared = Comparison(**seen["comparison"]) if seen["comparison"] else None
    labels = Labels(tuple(seen["labels"]["champion"]), tuple(seen["labels"]["candidate"]))
    said: GateDecision = decide(compared, labels, gains=tuple(seen["gains"]), test_share=test_share)
    return {
        "decision": said.decision,
        "reasons": [*said.reasons, *seen["remarks"]],
        "numbers": {**said.numbers, **seen["numbers"]},
    }


_ENOUGH = 30
