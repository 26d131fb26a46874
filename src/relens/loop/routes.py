"""HTTP: the loop's settings and state, runs by hand, candidates and decisions, and what lies behind an answer."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Response
from sqlalchemy import Connection

from relens.access.asking import Asking
from relens.deployments import seen
from relens.deployments import store as deployments
from relens.deployments.deployment import Deployment
from relens.deployments.routes import DeploymentOut, shown
from relens.deployments.seen import IfMatch, Saving
from relens.infra.database import Database
from relens.infra.jobs import Jobs
from relens.infra.jobs.routes import JobOut
from relens.infra.web import Cursor, Limit, Page, part, read_cursor, write_cursor
from relens.loop import configure, promote, store
from relens.loop.bodies import (
    ApproveIn,
    CandidateIn,
    ContinuousDeploymentBody,
    ContinuousDeploymentIn,
    DecisionOut,
    FeedbackLoopBody,
    FreezeBody,
    LineageOut,
    LineageStep,
    LoopOut,
    PreviewOut,
    RollbackIn,
    decision_body,
    feedback_body,
    loop_body,
    rollout_body,
)
from relens.loop.judge import judge_candidate
from relens.loop.policy import ContinuousDeployment
from relens.loop.preview import preview
from relens.loop.progress import progress
from relens.loop.provenance import lineage
from relens.loop.start import start
from relens.registry import store as registry

router = APIRouter(prefix="/api/v1", tags=["loop"])
Db = Annotated[Database, part(Database)]
AllJobs = Annotated[Jobs, part(Jobs)]


@router.get("/deployments/{deployment}/feedback-loop")
def get_feedback_loop(deployment: str, database: Db, response: Response) -> FeedbackLoopBody:
    with database.read() as connection:
        found = _feedback(connection, deployments.get(connection, deployment))
    seen.show(response, seen.tag_of(found.model_dump(mode="json")))
    return found


@router.put("/deployments/{deployment}/feedback-loop")
def put_feedback_loop(
    deployment: str,
    wanted: FeedbackLoopBody,
    actor: Asking,
    database: Db,
    response: Response,
    if_match: IfMatch = None,
) -> FeedbackLoopBody:
    """Verdicts, also those given already, become annotations in the next version of the dataset."""

    def change(connection: Connection) -> FeedbackLoopBody:
        here = deployments.get(connection, deployment)
        tag = Saving(here, "feedback-loop", actor, if_match).save(
            connection,
            wanted.model_dump(mode="json"),
            lambda: _feedback(connection, here).model_dump(mode="json"),
            lambda: configure.feedback_loop(connection, here, wanted.dataset, wanted.active, wanted.test_share, actor),
        )
        seen.show(response, tag)
        return _feedback(connection, here)

    return database.write(change)


def _feedback(connection: Connection, here: Deployment) -> FeedbackLoopBody:
    return feedback_body(connection, store.policies(connection, here.id).feedback)


@router.get("/deployments/{deployment}/feedback-loop/preview")
def preview_feedback(deployment: str, database: Db) -> PreviewOut:
    """What the next dataset version would bring if it were made now."""
    with database.read() as connection:
        return PreviewOut.of(preview(connection, deployments.get(connection, deployment)))


@router.get("/deployments/{deployment}/continuous-deployment")
def get_continuous_deployment(deployment: str, database: Db, response: Response) -> ContinuousDeploymentBody:
    with database.read() as connection:
        found = rollout_body(store.policies(connection, deployments.get(connection, deployment).id).rollout)
    seen.show(response, seen.tag_of(found.model_dump(mode="json")))
    return found


@router.put("/deployments/{deployment}/continuous-deployment")
def put_continuous_deployment(
    deployment: str,
    wanted: ContinuousDeploymentIn,
    actor: Asking,
    database: Db,
    response: Response,
    if_match: IfMatch = None,
) -> ContinuousDeploymentBody:
    """What happens with the next candidate that passes the gate; what is left out stays as it is."""

    def change(connection: Connection) -> ContinuousDeploymentBody:
        here = deployments.get(connection, deployment)

        def now() -> ContinuousDeploymentBody:
            return rollout_body(store.policies(connection, here.id).rollout)

        def chosen() -> ContinuousDeployment:
            return wanted.of(store.policies(connection, here.id).rollout)

        tag = Saving(here, "continuous-deployment", actor, if_match).save(
            connection,
            rollout_body(chosen()).model_dump(mode="json", include=wanted.model_fields_set),
            lambda: now().model_dump(mode="json"),
            lambda: configure.continuous_deployment(connection, here, chosen(), actor),
        )
        seen.show(response, tag)
        return now()

    return database.write(change)


@router.put("/deployments/{deployment}/freeze")
def put_freeze(deployment: str, wanted: FreezeBody, actor: Asking, database: Db) -> FreezeBody:
    """The switch that stops everything automatic in this deployment's loop; a run under way goes on and then asks."""

    def change(connection: Connection) -> FreezeBody:
        here = deployments.get(connection, deployment)
        return FreezeBody(frozen=configure.freeze(connection, here, wanted.frozen, actor))

    return database.write(change)


@router.get("/deployments/{deployment}/loop")
def get_loop(deployment: str, database: Db) -> LoopOut:
    """How far this round is, the run under way and the decision that waits."""
    with database.read() as connection:
        return loop_body(connection, progress(connection, deployments.get(connection, deployment)))


@router.post("/deployments/{deployment}/retrain", status_code=202)
def retrain_now(deployment: str, actor: Asking, database: Db, jobs: AllJobs) -> JobOut:
    """Starts a run now; while one is under way, that one is the answer."""
    actor.must_be("operator")

    def begin(connection: Connection) -> str:
        return start(connection, jobs, deployments.get(connection, deployment), actor, f"asked for by {actor.name}")

    return JobOut.of(jobs.get(database.write(begin)), actor.name)


@router.post("/deployments/{deployment}/candidates", status_code=202)
def judge(deployment: str, wanted: CandidateIn, actor: Asking, database: Db, jobs: AllJobs) -> JobOut:
    """Judges any version by the gate, then does with it what the policy says."""
    actor.must_be("operator")

    def begin(connection: Connection) -> str:
        candidate = registry.find(connection, wanted.model_version)
        return judge_candidate(connection, jobs, deployments.get(connection, deployment), candidate, actor)

    return JobOut.of(jobs.get(database.write(begin)), actor.name)


@router.get("/deployments/{deployment}/decisions")
def list_decisions(deployment: str, database: Db, limit: Limit = 50, cursor: Cursor = None) -> Page[DecisionOut]:
    """Every decision of the gate with its reasons, the newest first."""
    before: Any = tuple(read_cursor(cursor, int, str)) if cursor else None
    with database.read() as connection:
        found = store.decisions(connection, deployments.get(connection, deployment).id, before, limit + 1)
        shown = [decision_body(connection, decision, whole=False) for decision in found[:limit]]
    following = write_cursor(found[limit - 1].at, found[limit - 1].id) if len(found) > limit else None
    return Page(items=shown, next=following)


@router.get("/decisions/{decision}")
def get_decision(decision: str, database: Db) -> DecisionOut:
    """One decision with its whole report: every image the candidate breaks."""
    with database.read() as connection:
        return decision_body(connection, store.decision(connection, decision))


@router.post("/decisions/{decision}/approve")
def approve(decision: str, actor: Asking, database: Db, wanted: ApproveIn | None = None) -> DecisionOut:
    """The candidate becomes champion; without a body it answers with the threshold that Settings say."""
    threshold = wanted.threshold if wanted else None
    return database.write(
        lambda connection: decision_body(connection, promote.approve(connection, decision, actor, threshold))
    )


@router.post("/decisions/{decision}/refuse")
def refuse(decision: str, actor: Asking, database: Db) -> DecisionOut:
    """The candidate is not deployed; a shadow stops."""
    return database.write(lambda connection: decision_body(connection, promote.refuse(connection, decision, actor)))


@router.post("/deployments/{deployment}/rollback")
def roll_back(deployment: str, wanted: RollbackIn, actor: Asking, database: Db) -> DeploymentOut:
    """The champion before the present one answers again, with the threshold that goes with it; asked again, the one before that."""

    def work(connection: Connection) -> DeploymentOut:
        found = deployments.get(connection, deployment)
        promote.rollback(connection, found, actor, wanted.reason, wanted.champion)
        return shown(connection, [deployments.get(connection, found.id)])[0]

    return database.write(work)


@router.get("/predictions/{prediction}/lineage")
def get_lineage(prediction: str, database: Db) -> LineageOut:
    """Everything behind an answer: version, training run, dataset versions, and the people whose verdicts are in them."""
    with database.read() as connection:
        steps = lineage(connection, prediction)
    return LineageOut(
        steps=[LineageStep(**{name: getattr(step, name) for name in LineageStep.model_fields}) for step in steps]
    )
