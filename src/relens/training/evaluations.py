"""Evaluates any model version on any split of any dataset version, as a job; the same question is answered once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, TypeVar

from sqlalchemy import Connection

from relens.access.actor import Actor
from relens.assets.read import image_bytes
from relens.datasets import store as datasets
from relens.datasets.item import Item, Split
from relens.inference.load import LoadedVersion, load
from relens.infra.database import Database
from relens.infra.jobs import Cancelled, JobRun, Jobs, Stopping
from relens.infra.jobs import store as job_rows
from relens.infra.settings import Settings
from relens.infra.storage import Storage
from relens.kit import clock
from relens.kit.errors import Conflict, RelensError
from relens.kit.ids import new_id
from relens.registry import store as registry
from relens.registry.model_version import ModelVersion, artifact_key
from relens.serving.quietly import quietly
from relens.training import store
from relens.training.evaluate import Evaluated, Progress, evaluate
from relens.training.evaluation import Evaluation, Part, half_of
from relens.training.trainer import WrongTask

KIND = "evaluate"
Result = TypeVar("Result")
Read = Callable[[str], bytes]
ONE_THREAD = 1
"""For a version that is judged beside the ones that answer."""


class NothingToJudge(Conflict):
    """The split has no images."""


@dataclass(frozen=True, slots=True)
class Evaluations:
    """Asks for evaluations and carries them out."""

    database: Database
    storage: Storage
    settings: Settings

    def register(self, jobs: Jobs) -> None:
        jobs.register(KIND, self._work)

    def ask(
        self,
        connection: Connection,
        jobs: Jobs,
        model_version: str,
        dataset_version: str,
        split: Split,
        part: Part,
        actor: Actor,
    ) -> Evaluation:
        """The evaluation that answers this, or one that a new job will; ids are given. Raises WrongTask or NothingToJudge."""
        for there in store.evaluations(connection, model_version, dataset_version, split, part):
            if there.state == "succeeded" or _goes_on(connection, there):
                return there
        version, dataset = registry.get(connection, model_version), datasets.get(connection, dataset_version)
        _must_fit(version.task, dataset.task)
        if not dataset.images.get(split):
            raise NothingToJudge(f"{dataset.title} has no {split} images")
        made = Evaluation(
            new_id(),
            "queued",
            None,
            version.id,
            dataset.id,
            split,
            part,
            0,
            {},
            {},
            None,
            None,
            actor.id,
            clock.now(),
            None,
        )
        title = f"Evaluate {version.title} on {dataset.title} ({split})"
        job = jobs.enqueue(
            connection, KIND, {"evaluation": made.id}, title=title, about=version.id, created_by=actor.id
        )
        made = replace(made, job=job)
        store.insert_evaluation(connection, made)
        return made

    def judge(
        self,
        version: ModelVersion,
        items: list[Item],
        progress: Progress = lambda done, total: None,
        names: Mapping[str, str | None] = MappingProxyType({}),
    ) -> Evaluated:
        """Loads the version and evaluates it; for callers that need every image's answer, such as a gate. `names` as in `evaluate`."""
        return beside_serving(lambda: self._load(version), items, self._read, progress, names)

    def with_both(
        self, one: ModelVersion, other: ModelVersion, work: Callable[[LoadedVersion, LoadedVersion, Read], Result]
    ) -> Result:
        """What `work` makes of two loaded versions and of what reads an image's bytes; on one thread of low priority too."""

        def both() -> Result:
            with closing(self._load(one)) as first, closing(self._load(other)) as second:
                return work(first, second, self._read)

        return quietly(both)

    def _load(self, version: ModelVersion) -> LoadedVersion:
        artifact = self.storage.get(artifact_key(version.artifact))
        return load(artifact, version.read_manifest(), version.id, ONE_THREAD, title=version.title)

    def _read(self, asset: str) -> bytes:
        return image_bytes(self.storage, asset)

    def _work(self, run: JobRun) -> Mapping[str, Any]:
        evaluation_id = str(run.payload["evaluation"])
        try:
            return self._carry_out(run, evaluation_id)
        except Stopping:
            raise
        except BaseException as error:
            state = "cancelled" if isinstance(error, Cancelled) else "failed"
            sentence = str(error) if isinstance(error, RelensError) else f"{type(error).__name__}: {error}"
            self._change(evaluation_id, state=state, error=sentence, finished_at=clock.now())
            raise

    def _carry_out(self, run: JobRun, evaluation_id: str) -> Mapping[str, Any]:
        self._change(evaluation_id, state="running")
        with self.database.read() as connection:
            asked = store.get_evaluation(connection, evaluation_id)
            version = registry.get(connection, asked.model_version)
            items = datasets.items(connection, asked.dataset_version, (asked.split,))  # type: ignore[arg-type]

        def progress(done: int, total: int) -> None:
            run.check()
            run.progress(done, total, "evaluating")

        evaluated = self.judge(version, of_part(items, asked.part), progress)
        answer = finished(evaluated, version.id, asked.dataset_version, asked.split, asked.part, asked.created_by)
        found = {
            name: getattr(answer, name)
            for name in ("state", "images", "scores", "labels", "advised_threshold", "finished_at")
        }
        self._change(evaluation_id, **found)
        return {"evaluation": evaluation_id, "scores": evaluated.scores, "missing": evaluated.missing}

    def _change(self, evaluation_id: str, **values: Any) -> None:
        self.database.write(lambda connection: store.change_evaluation(connection, evaluation_id, **values))


def _goes_on(connection: Connection, one: Evaluation) -> bool:
    """A job that was cancelled while it waited never said a word."""
    job = job_rows.get(connection, one.job) if one.job else None
    return one.state in ("queued", "running") and job is not None and job.is_open


def beside_serving(
    loading: Callable[[], LoadedVersion],
    items: Sequence[Item],
    read: Read,
    progress: Progress,
    names: Mapping[str, str | None] = MappingProxyType({}),
) -> Evaluated:
    """`evaluate` on one thread of low priority: it runs in the server's process, and whoever waits for an answer goes first.

    `loading` runs on that thread too, so that what the runtime starts has its priority.
    """

    def work() -> Evaluated:
        with closing(loading()) as loaded:
            return evaluate(loaded, items, read, progress, names)

    return quietly(work)


def of_part(items: list[Item], part: str) -> list[Item]:
    """All of them, or one of the two halves."""
    return [item for item in items if part == "all" or half_of(item.group) == part]


def finished(
    evaluated: Evaluated, model_version: str, dataset_version: str, split: str, part: str, created_by: str
) -> Evaluation:
    """A row that says what was found."""
    now = clock.now()
    found = (evaluated.images, evaluated.scores, evaluated.labels, evaluated.advised_threshold)
    return Evaluation(
        new_id(), "succeeded", None, model_version, dataset_version, split, part, *found, None, created_by, now, now
    )


def _must_fit(model_task: str, dataset_task: str) -> None:
    if model_task != dataset_task and (model_task, dataset_task) != ("detection", "segmentation"):
        raise WrongTask(f"the model is for {model_task} and the dataset for {dataset_task}: they cannot be compared")
