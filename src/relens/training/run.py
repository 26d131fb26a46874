"""Carries out a training run as durable steps: prepare, train, register. A train job and a feedback loop's job run the same ones."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from relens.access.actor import Actor
from relens.datasets import store as datasets
from relens.infra.database import Database
from relens.infra.jobs import Cancelled, JobRun, Jobs, Stopping
from relens.infra.settings import Settings
from relens.infra.storage import NoBytes, Storage
from relens.kit import clock
from relens.kit.errors import RelensError
from relens.kit.ids import new_id
from relens.registry import store as registry
from relens.registry.model_version import ModelVersion, check_name, checkpoint_key
from relens.training import memory, store
from relens.training.accept import accept
from relens.training.environment import environment_of, said_by_program
from relens.training.epochs import Epochs
from relens.training.prepare import Order, is_prepared, prepare
from relens.training.process import Limits, run_program
from relens.training.trainer import Trainer
from relens.training.trainers import TRAINERS
from relens.training.training_run import TrainingRun
from relens.training.wish import Wish, must_be_possible

KIND = "train"
LONGEST_MINUTES = 12 * 60.0
MEMORY_SHARE = 0.8


@dataclass(frozen=True, slots=True)
class Training:
    """Starts training runs and carries them out."""

    database: Database
    storage: Storage
    settings: Settings

    def register(self, jobs: Jobs) -> None:
        jobs.register(KIND, self._work, "heavy")

    def folder(self, run_id: str) -> Path:
        """Where a run works, on the machine that carries it out."""
        return self.settings.home / "work" / "runs" / run_id

    def begin(self, connection: Connection, wish: Wish, *, actor: Actor, job: str | None) -> TrainingRun:
        """Writes the run into the caller's transaction, in state queued; `job` is the one that will carry it out, and has one run."""
        if job is not None and (there := store.run_of_job(connection, job)) is not None:
            return there
        must_be_possible(connection, wish)
        run = TrainingRun(
            id=new_id(),
            state="queued",
            job=job,
            trainer=wish.trainer,
            parameters=dict(wish.parameters),
            model=check_name(wish.model),
            dataset_version=wish.dataset_version,
            start_from=wish.start_from,
            model_version=None,
            deployment=wish.deployment,
            epochs=(),
            error=None,
            created_by=actor.id,
            created_at=clock.now(),
            started_at=None,
            finished_at=None,
            repeats=wish.repeats,
        )
        store.insert_run(connection, run)
        return run

    def enqueue(self, connection: Connection, jobs: Jobs, wish: Wish, actor: Actor) -> TrainingRun:
        """A run with a job of its own."""
        run = self.begin(connection, wish, actor=actor, job=None)
        title = f"Train {run.model} with {run.trainer}"
        job = jobs.enqueue(
            connection, KIND, {"training_run": run.id}, title=title, about=run.model, created_by=actor.id
        )
        store.change_run(connection, run.id, job=job)
        return store.get_run(connection, run.id)

    def carry_out(self, run: JobRun, training_run: str) -> str:
        """The id of the model version it made. Steps of `run`: prepare, train, register; after a crash the unfinished one begins anew.

        Raises what stopped it, after the run's row says the same.
        """
        try:
            run.step("prepare", lambda: self._prepare(run, training_run))
            run.step("train", lambda: self._train(run, training_run))
            version: str = run.step("register", lambda: self._register(run, training_run))
        except Stopping:
            raise
        except Cancelled:
            self._end(training_run, "cancelled", "cancelled")
            raise
        except BaseException as error:
            sentence = str(error) if isinstance(error, RelensError) else f"{type(error).__name__}: {error}"
            self._end(training_run, "failed", sentence)
            raise
        self._end(training_run, "succeeded", None)
        return version

    def log(self, run_id: str) -> str:
        """What the trainer said so far; empty before it said anything."""
        here = self.folder(run_id).with_suffix(".log")
        if here.is_file():
            return here.read_text(encoding="utf-8", errors="replace")
        try:
            return self.storage.get(_log_key(run_id)).decode("utf-8", "replace")
        except NoBytes:
            return ""

    def _work(self, job: JobRun) -> Mapping[str, Any]:
        return {"model_version": self.carry_out(job, str(job.payload["training_run"]))}

    def _read(self, run_id: str) -> tuple[TrainingRun, Trainer]:
        with self.database.read() as connection:
            found = store.get_run(connection, run_id)
        trainer = TRAINERS.get(found.trainer)
        trainer.must_be_there(found.trainer, found.parameters)
        return found, trainer

    def _prepare(self, run: JobRun, run_id: str) -> int:
        training_run, trainer = self._read(run_id)
        self._change(run_id, state="running", started_at=clock.now())
        with self.database.read() as connection:
            version = datasets.get(connection, training_run.dataset_version)
            items = datasets.items(connection, version.id, ("train", "validation"))
            parent = registry.get(connection, training_run.start_from) if training_run.start_from else None
        checkpoint = self.storage.get(checkpoint_key(parent.checkpoint)) if parent and parent.checkpoint else None
        order = Order(
            task=trainer.task_for(version.task),
            labels=version.labels,
            parameters=order_parameters(training_run.trainer, training_run.parameters),
            threads=self.settings.training_threads,
            start_from=checkpoint is not None,
        )

        def progress(done: int, total: int) -> None:
            run.check()
            run.progress(done, total, "preparing images")

        return prepare(self.folder(run_id), order, items, self.storage, checkpoint, trainer.reads_only, progress)

    def _train(self, run: JobRun, run_id: str) -> None:
        training_run, trainer = self._read(run_id)
        folder = self.folder(run_id)
        if not is_prepared(folder):
            self._prepare(run, run_id)
        shutil.rmtree(folder / "out", ignore_errors=True)
        (folder / "out").mkdir()
        log = folder.with_suffix(".log")
        log.unlink(missing_ok=True)
        epochs = Epochs(run, lambda seen: self._change(run_id, epochs=seen))
        command = trainer.command(folder, training_run.parameters)
        threads = self.settings.training_threads
        limits = Limits(_minutes(training_run) * 60, int(memory.total() * MEMORY_SHARE), threads)
        environment = environment_of(trainer, training_run.parameters, threads)
        self._change(run_id, environment=environment)

        def used(found: memory.Used) -> None:
            self._change(run_id, used=asdict(found), environment=environment | {"program": said_by_program(folder)})

        try:
            run_program(command, folder, log, limits, epochs.line, run.check, trainer.environment, used)
        finally:
            epochs.flush()

    def _register(self, run: JobRun, run_id: str) -> str:
        training_run, trainer = self._read(run_id)
        folder = self.folder(run_id)
        if not is_prepared(folder):
            self._train(run, run_id)

        def progress(done: int, total: int) -> None:
            run.check()
            run.progress(done, total, "measuring on validation images")

        version: ModelVersion = accept(self.database, self.storage, folder, training_run, trainer, progress)
        self._change(run_id, model_version=version.id)
        return version.id

    def _end(self, run_id: str, state: str, error: str | None) -> None:
        """The log moves to storage, the folder goes."""
        log = self.folder(run_id).with_suffix(".log")
        if log.is_file():
            self.storage.put(_log_key(run_id), log.read_bytes())
            log.unlink()
        shutil.rmtree(self.folder(run_id), ignore_errors=True)
        with self.database.read() as connection:
            ended = store.get_run(connection, run_id).state == state
        # A later step of the same job was interrupted: this was over before.
        if not ended:
            self._change(run_id, state=state, error=error, finished_at=clock.now())

    def _change(self, run_id: str, **values: Any) -> None:
        self.database.write(lambda connection: store.change_run(connection, run_id, **values))


def _minutes(run: TrainingRun) -> float:
    """A trainer that knows its minutes ends by itself, later on a crowded machine; the limit is for the one that does not."""
    asked = run.parameters.get("minutes")
    if isinstance(asked, bool) or not isinstance(asked, int | float) or not asked > 0:
        return LONGEST_MINUTES
    return float(asked) if run.trainer == "command" else float(asked) * 5 + 15


def order_parameters(trainer: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """What run.json says: of a command's parameters the object meant for the program."""
    if trainer != "command":
        return dict(parameters)
    return dict(parameters.get("parameters") or {})


def _log_key(run_id: str) -> str:
    return f"runs/{run_id}/log"
