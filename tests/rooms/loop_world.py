"""A small classification world that goes round: coloured patches, a deployment, a trainer of one page, and a factory that changed its lamps."""

from __future__ import annotations

import io
import os
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image
from sqlalchemy import Connection

from relens.access import store as actors
from relens.access.actor import Actor
from relens.assets import store as assets
from relens.assets.keep import keep
from relens.datasets import store as datasets
from relens.datasets.item import Item, Split
from relens.datasets.publish import manifest, publish, publish_manifest
from relens.datasets.version import DatasetVersion
from relens.deployments import change
from relens.deployments import store as deployments
from relens.deployments.deployment import Deployment
from relens.inference.load import load
from relens.inference.predict import predict
from relens.infra.database import Database
from relens.infra.jobs import Job, JobRun, Jobs, table
from relens.infra.jobs import store as jobs_store
from relens.infra.settings import Settings
from relens.infra.storage.folder import Folder
from relens.kit import clock
from relens.loop import configure, store
from relens.loop.decision import Decision
from relens.loop.judge import Judge
from relens.loop.policy import ContinuousDeployment, ContinuousTraining, RolloutPolicy
from relens.loop.retrain import Retrain
from relens.loop.start import Follow
from relens.predictions.logged import Entry, Logged
from relens.predictions.record import Recorder
from relens.registry import store as registry
from relens.registry.model_version import ModelVersion, artifact_key
from relens.review import queue_rows
from relens.review.chance import Scale
from relens.review.settle import settle
from relens.training.evaluations import Evaluations
from relens.training.run import Training
from relens.training.wish import Wish
from relens.vision.annotation import Annotation

LABELS = ("ripe", "unripe")
TRAINER = Path(__file__).parents[2] / "examples" / "command_trainer" / "train.py"
PARAMETERS = {"command": [sys.executable, str(TRAINER)], "parameters": {"epochs": 4}}

# Mean colours under the old lamps, and under the new ones, where the old boundary lies on the wrong side of "ripe".
OLD = {"ripe": (80, 120, 90), "unripe": (180, 120, 150)}
NEW = {"ripe": (220, 120, 90), "unripe": (220, 120, 150)}


def patch(label: str, seed: int, colours: dict[str, tuple[int, int, int]]) -> bytes:
    """PNG bytes of a noisy 24 x 24 patch."""
    chance = np.random.default_rng([seed, LABELS.index(label), colours is NEW])
    pixels = np.array(colours[label]) + chance.normal(0, 6, 3) + chance.normal(0, 40, (24, 24, 3))
    written = io.BytesIO()
    Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(written, "PNG")
    return written.getvalue()


def as_random_checks(database: Database, lines: Sequence[Logged]) -> None:
    """The lane of random checks gives these predictions out, the earlier ones first."""
    rows = [
        {
            "prediction": line.id,
            "deployment": line.deployment,
            "log_seq": line.log_seq,
            "open": True,
            "size": 1.0,
            "chance": 1e6 - line.log_seq,
        }
        for line in lines
    ]

    def give(connection: Connection) -> None:
        queue_rows.put(connection, rows, {line.deployment: Scale(1, 1.0) for line in lines})
        queue_rows.mark(connection, "random checks", [line.id for line in lines], 1)

    database.write(give)


class World:
    """Everything of one server that the loop needs, without HTTP."""

    def __init__(self, home: Path) -> None:
        self.settings = Settings(home=home, threads=1, blind_share=0, second_share=0)
        self.database = Database(f"sqlite:///{home / 'relens.db'}")
        self.database.create_tables()
        self.storage = Folder(home / "files")
        self.jobs = Jobs(self.database)
        self.training = Training(self.database, self.storage, self.settings)
        self.evaluations = Evaluations(self.database, self.storage, self.settings)
        judge = Judge(self.database, self.evaluations)
        for one in (self.training, self.evaluations, judge, Retrain(self.database, self.training, judge)):
            one.register(self.jobs)
        self.follow = Follow(self.database, self.jobs)
        self.recorder = Recorder(self.database, self.storage)
        self.alice: Actor = self.database.write(lambda connection: actors.named(connection, "Alice", "person", "owner"))

    def close(self) -> None:
        self.jobs.stop()
        self.database.close()

    def first_dataset(self, name: str = "fruit", flipped: bool = False) -> DatasetVersion:
        """24 images to train on, 6 to validate and 8 kept for testing, all under the old lamps."""
        counted: dict[Split, int] = {"train": 24, "validation": 6, "test": 8}
        cut = [split for split, count in counted.items() for _ in range(count)]
        items = []
        for number, split in enumerate(cut):
            label = LABELS[number % 2]
            asset = keep(self.storage, patch(label, number, OLD))
            self.database.write(lambda connection, asset=asset: assets.remember(connection, [asset]))  # type: ignore[misc]
            said = LABELS[1 - number % 2] if flipped else label
            items.append(Item(asset.id, split, asset.id, f"{number}.png", None, (Annotation(said),)))
        return self.database.write(
            lambda connection: publish(
                connection,
                dataset=name,
                task="classification",
                labels=LABELS,
                items=items,
                origin="import",
                actor=self.alice,
            )
        )

    def publish_earlier_mistake(self) -> None:
        """A version as an import of earlier days left it: what was kept for testing is declared a training image."""
        with self.database.read() as connection:
            newest = datasets.find(connection, "fruit/latest")
            items = [replace(item, split="train") for item in datasets.items(connection, newest.id)]
        content = manifest(newest.task, newest.labels, items)
        self.database.write(
            lambda connection: publish_manifest(
                connection, content, dataset="fruit", origin="import", actor=self.alice, after=newest.number
            )
        )

    def train(self, dataset_version: str) -> ModelVersion:
        """Trains outside the loop, as a person does for version 1."""
        wish = Wish("command", "fruit", dataset_version, PARAMETERS)
        run = self.database.write(lambda connection: self.training.enqueue(connection, self.jobs, wish, self.alice))
        ended = self.finish(run.job or "")
        assert ended.state == "succeeded", ended.error
        with self.database.read() as connection:
            return registry.get(connection, str((ended.result or {})["model_version"]))

    def deploy(self, version: ModelVersion, after: int = 40, policy: RolloutPolicy = "champion") -> Deployment:
        """With all three arcs of the loop on."""

        def make(connection: object) -> Deployment:
            made = change.create(
                connection,  # type: ignore[arg-type]
                name="orchard",
                version=version,
                threshold=None,
                target="server",
                actor=self.alice,
            )
            configure.feedback_loop(connection, made, "fruit", True, 0.3, self.alice)  # type: ignore[arg-type]
            wanted = ContinuousTraining(True, after, "command", PARAMETERS)
            configure.continuous_training(connection, made, wanted, self.alice)  # type: ignore[arg-type]
            configure.continuous_deployment(connection, made, ContinuousDeployment(True, policy), self.alice)  # type: ignore[arg-type]
            return made

        return self.database.write(make)

    def now(self, deployment: Deployment) -> Deployment:
        with self.database.read() as connection:
            return deployments.get(connection, deployment.id)

    def version(self, version_id: str | None) -> ModelVersion:
        with self.database.read() as connection:
            return registry.get(connection, version_id or "")

    def arrive(self, deployment: Deployment, numbers: range) -> list[tuple[Logged, str]]:
        """Images under the new lamps, answered by the champion with the production code; with what is true of each."""
        champion = self.version(self.now(deployment).champion)
        loaded = load(self.storage.get(artifact_key(champion.artifact)), champion.read_manifest(), champion.id)
        lines = []
        for number in numbers:
            data = patch(LABELS[number % 2], number, NEW)
            said = predict(data, loaded).prediction
            asset = keep(self.storage, data)
            entry = Entry(
                deployment.id,
                asset.id,
                24,
                24,
                champion.id,
                "champion",
                said.detections,
                deployment.threshold,
                1.0,
                number * clock.HOUR,
                source="line-1",
            )
            lines.append((self.recorder.record(entry, asset, data).result()[0], LABELS[number % 2]))
        loaded.close()
        as_random_checks(self.database, [line for line, _ in lines])
        return lines

    def review(self, lines: list[tuple[Logged, str]]) -> None:
        for line, truth in lines:
            said = [Annotation(truth)]
            self.database.write(
                lambda connection, line=line, said=said: settle(
                    connection, line.id, "corrected", said, actor=self.alice
                )  # type: ignore[misc]
            )

    def follow_all(self) -> None:
        while self.follow.step():
            pass

    def finish(self, job: str) -> Job:
        """Waits for a job that the worker threads carry out."""
        deadline = time.monotonic() + 120
        while (found := self.jobs.get(job)).is_open:
            assert time.monotonic() < deadline, f"the job hangs at {found.step}"
            time.sleep(0.02)
        return found

    def runs(self, deployment: Deployment) -> list[Job]:
        """The loop's runs so far."""
        with self.database.read() as connection:
            last = store.last_run(connection, deployment.id)
        return [] if last is None else [self.jobs.get(last.job)]

    def decisions(self, deployment: Deployment) -> list[Decision]:
        with self.database.read() as connection:
            return store.decisions(connection, deployment.id)

    def lineage_of_data(self) -> list[tuple[DatasetVersion, list[Item]]]:
        with self.database.read() as connection:
            found = datasets.find_dataset(connection, "fruit")
            return [
                (version, datasets.items(connection, version.id)) for version in datasets.versions(connection, found.id)
            ]


def work_and_die(home: Path, step: str) -> None:
    """Carries out the jobs of `home` and is killed when the work of `step` is done but not yet remembered ("" : never)."""
    world = World(home)
    remembered = table._Run.step

    def dying(run: JobRun, name: str, work):  # type: ignore[no-untyped-def]
        def last_words() -> object:
            done = work()
            if name == step:
                os.kill(os.getpid(), signal.SIGKILL)
            return done

        return remembered(run, name, last_words)  # type: ignore[arg-type]

    table._Run.step = dying  # type: ignore[method-assign, assignment]
    world.jobs.start()
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        with world.database.read() as connection:
            if not jobs_store.page(connection, ("queued", "running"), None, None, 1):
                break
        time.sleep(0.02)
    world.close()


if __name__ == "__main__":
    work_and_die(Path(sys.argv[1]), sys.argv[2])
