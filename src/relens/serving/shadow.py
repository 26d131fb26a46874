"""The shadow sees every image that was answered, says what it would have said, and answers nobody.

It works while nobody waits (see `crew`); what it has no room for is dropped and counted, with the reason, and what goes wrong with it reaches nobody.
"""

from __future__ import annotations

from relens.deployments.deployment import Deployment
from relens.inference.predict import Inferred
from relens.infra.telemetry import ANSWERS, REFUSALS
from relens.predictions.logged import Entry, Logged
from relens.predictions.record import Recorder
from relens.serving.batch import Failure, Outcome
from relens.serving.line import Request, answered_line, failed_line


def missed(recorder: Recorder, deployment: Deployment, reason: str) -> None:
    """Counts an image the shadow did not see, one of the reasons in `retention.store.MISSED`."""
    REFUSALS.labels(deployment.name, reason).inc()
    recorder.tallied.count(deployment.id, reason)


def log_shadow(recorder: Recorder, deployment: Deployment, version: str, answered: Logged, outcome: Outcome) -> None:
    """Logs what the shadow said of an image beside what was answered; a failure too, when the image was sound."""
    entry = _line(deployment, version, answered, outcome)
    if isinstance(outcome, Failure):
        REFUSALS.labels(deployment.name, "shadow failed").inc()
    else:
        ANSWERS.labels(deployment.name, "shadow").observe(outcome.prediction.latency_ms / 1e3)
    if entry is not None:
        recorder.record(entry, None, None)


def _line(deployment: Deployment, version: str, answered: Logged, outcome: Outcome) -> Entry | None:
    beside = Request(
        None, answered.source, answered.tags, answered.taken_at, answered.metadata, answered.trace, answered.id
    )
    if isinstance(outcome, Inferred):
        return answered_line(deployment, "shadow", outcome, beside)
    if outcome.prepared is None:
        return None
    return failed_line(deployment, "shadow", version, outcome.prepared, beside, outcome.error)
