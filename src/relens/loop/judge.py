"""Judges a candidate: champion and candidate answer the same test images with the production code, and the gate decides."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from relens.access.actor import Actor
from relens.datasets import store as datasets
from relens.datasets.item import Item
from relens.deployments import store as deployments
from relens.deployments.deployment import Deployment, must_be_in_use
from relens.inference.load import LoadedVersion
from relens.infra.database import Database
from relens.infra.jobs import JobRun, Jobs
from relens.kit import clock
from relens.kit.ids import new_id
from relens.loop import feedback_rows, store
from relens.loop.decision import Decision
from relens.loop.feedback import share_of_reviews
from relens.loop.policy import ContinuousDeployment
from relens.loop.promote import roll_out
from relens.loop.seen import Answers, decision_of, new_labels_of, seen_of
from relens.loop.speed import Speed, measure_speed
from relens.loop.trial import CannotJudge, Trial, test_data, trial_of
from relens.registry import store as registry
from relens.registry.model_version import ModelVersion
from relens.serving.quietly import quietly
from relens.training import store as trainings
from relens.training.evaluate import Evaluated
from relens.training.evaluations import Evaluations, Read, finished

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
        said: dict[str, Any] = run.step("decide", lambda: decision_of(seen, float(run.payload["test_share"])))
        applied: dict[str, Any] = run.step("roll out", lambda: self._roll_out(run, seen, said))
        return {"model_version": candidate, "decision": said["decision"], "reasons": said["reasons"], **applied}

    def _evaluate(self, run: JobRun, candidate: str, dataset_version: str | None) -> dict[str, Any]:
        with self._database.read() as connection:
            deployment = deployments.get(connection, str(run.payload["deployment"]))
            trial = trial_of(connection, deployment, registry.get(connection, candidate), dataset_version)
            apart = _with_new_labels(connection, trial)
            rollout = store.policies(connection, deployment.id).rollout
            demands = trial.vocabulary.demands(rollout.demands)
            came_from = feedback_rows.predictions_of(
                connection, trial.data.dataset, [item.asset for item in trial.items]
            )
        production = {asset: line for asset, (_, line) in came_from.items()}
        answers = self._answers(run, trial, apart, deployment, rollout, production)
        if not (trial.labels.missing or trial.labels.new or trial.seen) and trial.vocabulary.plain:
            self._keep(trial, answers.champion, answers.candidate, str(run.payload["actor"]))
        # Hundreds of resamples: no request waits for them.
        return quietly(lambda: seen_of(trial, answers, demands))

    def _answers(
        self,
        run: JobRun,
        trial: Trial,
        apart: list[Item],
        deployment: Deployment,
        rollout: ContinuousDeployment,
        predictions: Mapping[str, str],
    ) -> Answers:
        items = list(trial.items)
        whole = len(items) * 2 + len(apart)

        def progress(before: int) -> Callable[[int, int], None]:
            def show(done: int, _total: int) -> None:
                run.check()
                run.progress(before + done, whole, "champion and candidate answer the test images")

            return show

        words = trial.vocabulary
        champion = self._evaluations.judge(trial.champion, items, progress(0), words.champion)
        candidate = self._evaluations.judge(trial.candidate, items, progress(len(items)), words.candidate)
        new = self._evaluations.judge(trial.candidate, apart, progress(2 * len(items))) if apart else None
        return Answers(
            champion=champion,
            candidate=candidate,
            speed=self._evaluations.with_both(trial.champion, trial.candidate, _in_turn(champion.assets)),
            new_labels=new_labels_of(new, trial.labels.new) if new else (),
            deployment=deployment,
            rollout=rollout,
            predictions=predictions,
        )

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
    """Enqueues the judging of any version in the caller's transaction. Raises CannotJudge or Archived."""
    must_be_in_use(deployment)
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


def _with_new_labels(connection: Connection, trial: Trial) -> list[Item]:
    """The test images as they are, with the candidate's new labels in them; none where it has no new label that the data knows."""
    new = set(trial.labels.new) & {trial.vocabulary.data.get(label, label) for label in trial.data.labels}
    if not new:
        return []
    judged = {item.asset for item in trial.items}
    return [
        item
        for item in map(trial.vocabulary.item, datasets.items(connection, trial.data.id, ("test",)))
        if item.asset in judged or any(annotation.label in new for annotation in item.annotations)
    ]


def _in_turn(assets: Sequence[str]) -> Callable[[LoadedVersion, LoadedVersion, Read], Speed | None]:
    return lambda champion, candidate, read: measure_speed(champion, candidate, assets, read)
