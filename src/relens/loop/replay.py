"""Replay: a candidate answers the last logged images again, before any traffic sees it; where it differs is shown image by image."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from relens.access.actor import Actor
from relens.assets import store as assets
from relens.assets.read import image_bytes
from relens.deployments import store as deployments
from relens.deployments.deployment import Deployment
from relens.inference.load import LoadedVersion
from relens.inference.predict import predict
from relens.infra.database import Database
from relens.infra.jobs import JobRun, Jobs
from relens.infra.storage import NoBytes, Storage
from relens.loop.carry import would_answer_from
from relens.loop.difference import Difference, difference, said
from relens.loop.trial import CannotJudge
from relens.predictions import store as predictions
from relens.predictions.browse import Filter, page
from relens.predictions.keep import NOT_KEPT
from relens.predictions.logged import Logged
from relens.registry import store as registry
from relens.registry.model_version import ModelVersion
from relens.serving.quietly import quietly
from relens.serving.swap import Swapper

REPLAY = "replay"
MOST_IMAGES = 2_000
_AT_ONCE = 25
_PAGE = 200
_SHOWN = 200


class Replay:
    """Asks for replays and carries them out. What came of one is its job's result."""

    def __init__(self, database: Database, storage: Storage, swapper: Swapper) -> None:
        self._database, self._storage, self._swapper = database, storage, swapper

    def register(self, jobs: Jobs) -> None:
        jobs.register(REPLAY, self._work)

    def _work(self, run: JobRun) -> Mapping[str, Any]:
        with self._database.read() as connection:
            deployment = deployments.get(connection, str(run.payload["deployment"]))
            version = registry.get(connection, str(run.payload["model_version"]))
            threshold = would_answer_from(connection, deployment, version)
        wanted = int(run.payload["images"])
        chosen: list[str] = run.step("choose", lambda: self._choose(deployment, wanted))
        parts: list[dict[str, Any]] = []
        with self._swapper.borrow(version.id) as loaded:
            for start in range(0, len(chosen), _AT_ONCE):
                some = chosen[start : start + _AT_ONCE]
                name = f"images {start + 1} to {start + len(some)}"
                parts.append(
                    run.step(
                        name,
                        # Past images are answered behind those that wait for an answer.
                        lambda some=some, start=start: quietly(  # type: ignore[misc]
                            lambda: self._again(run, loaded, threshold, some, start, len(chosen))
                        ),
                    )
                )
        return {"model_version": version.id, "threshold": threshold, **summed(parts)}

    def _choose(self, deployment: Deployment, wanted: int) -> list[str]:
        """The latest whose image is here, newest first."""
        found: list[str] = []
        cursor: str | None = None
        with self._database.read() as connection:
            while len(found) < wanted:
                lines, cursor = page(connection, deployment.id, Filter(), "-taken_at", _PAGE, cursor)
                gone = assets.gone(connection, [line.asset for line in lines])
                found += [
                    line.id
                    for line in lines
                    if line.error is None and line.asset not in gone and line.keep_reason not in NOT_KEPT
                ]
                if cursor is None:
                    break
        return found[:wanted]

    def _again(
        self, run: JobRun, loaded: LoadedVersion, threshold: float, ids: Sequence[str], before: int, whole: int
    ) -> dict[str, Any]:
        with self._database.read() as connection:
            lines = predictions.several(connection, ids)
        compared: list[tuple[Logged, Difference]] = []
        labels: Counter[tuple[str, str]] = Counter()
        for number, line in enumerate(lines):
            run.check()
            run.progress(before + number, whole, "past images are answered again")
            try:
                again = predict(image_bytes(self._storage, line.asset), loaded).prediction.above(threshold).detections
            except NoBytes:
                continue
            labels.update(("before", found.label) for found in said(line.answered))
            labels.update(("after", found.label) for found in said(again))
            compared.append((line, difference(line.answered, again)))
        differ = [_shown(line, found) for line, found in compared if not found.same]
        counted = [[when, label, count] for (when, label), count in sorted(labels.items())]
        return {"images": len(compared), "gone": len(ids) - len(compared), "labels": counted, "items": differ}


def summed(parts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """One result of all parts: how many answers differ, how often each label is said, and the images that differ most."""
    items = sorted((item for part in parts for item in part["items"]), key=lambda item: -item["amount"])
    labels: dict[str, dict[str, int]] = {}
    for part in parts:
        for when, label, count in part["labels"]:
            found = labels.setdefault(label, {"before": 0, "after": 0})
            found[when] += count
    images = sum(part["images"] for part in parts)
    return {
        "images": images,
        "same": images - len(items),
        "different": len(items),
        "gone": sum(part["gone"] for part in parts),
        "labels": labels,
        "items": items[:_SHOWN],
    }


def ask_for_replay(
    connection: Connection, jobs: Jobs, deployment: Deployment, version: ModelVersion, images: int, actor: Actor
) -> str:
    """Enqueues it in the caller's transaction and answers the job's id. Raises CannotJudge."""
    actor.must_be("operator")
    if version.task != deployment.task:
        raise CannotJudge(f"'{deployment.name}' is for {deployment.task}; {version.title} is for {version.task}")
    payload = {"deployment": deployment.id, "model_version": version.id, "images": images}
    title = f"Replay the last {images} images of {deployment.name} with {version.title}"
    return jobs.enqueue(connection, REPLAY, payload, title=title, about=deployment.id, created_by=actor.id)


def _shown(line: Logged, found: Difference) -> dict[str, Any]:
    return {
        "prediction": line.id,
        "asset": line.asset,
        "amount": round(found.amount, 4),
        "gone": [one.to_json() for one in found.gone],
        "new": [one.to_json() for one in found.new],
        "relabelled": [{"before": a.to_json(), "after": b.to_json()} for a, b in found.relabelled],
    }
