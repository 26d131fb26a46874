"""A deployment and a log to measure, without a model: predictions are written as serving would write them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from relens.access import store as actors
from relens.access.actor import Actor
from relens.deployments import store as deployments
from relens.deployments.deployment import Deployment, Role
from relens.inference import features
from relens.infra.database import Database
from relens.infra.storage import Storage
from relens.kit.clock import HOUR
from relens.kit.ids import content_id, new_id
from relens.monitoring import store, sums
from relens.monitoring.fitted import FittedReferences
from relens.monitoring.learn import Measured, learn
from relens.monitoring.measure import Measuring
from relens.monitoring.project import Projection
from relens.monitoring.training_data import FittedReference, TrainingData
from relens.predictions import store as predictions
from relens.predictions.logged import Entry, Logged, Origin
from relens.vision.prediction import Detection
from relens.vision.shapes import Box

START = 1_760_000_400_000_000 - 1_760_000_400_000_000 % HOUR
WIDTH, HEIGHT = 640, 480
DARKER = -0.3


@dataclass
class Site:
    """One deployment with everything that measures it."""

    database: Database
    storage: Storage
    deployment: Deployment
    alice: Actor
    fitted: FittedReferences
    projection: Projection
    measuring: Measuring
    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(7))
    logged: int = 0

    def scalars(self, n: int, brightness: float = 0.0) -> np.ndarray:
        """(n, features) of images whose brightness is shifted by so much; nothing else differs."""
        table = self.rng.normal(0.0, 1.0, (n, len(features.NAMES))).astype(np.float32)
        table[:, features.NAMES.index("brightness")] = self.rng.normal(0.5 + brightness, 0.05, n)
        return table

    def log(
        self,
        n: int,
        *,
        hour: int = 0,
        source: str | None = "line-1",
        brightness: float = 0.0,
        role: Role = "champion",
        version: str | None = None,
        label: str = "bolt",
        latency_ms: float = 12.0,
        origin: Origin = "served",
        tags: tuple[str, ...] = (),
        parent: str | None = None,
        keep: tuple[str, float] = ("all", 1.0),
    ) -> list[Logged]:
        """Logs `n` predictions of one hour; `keep`: why and how probably their images are kept."""
        table = self.scalars(n, brightness)
        entries = []
        for i in range(n):
            self.logged += 1
            x, y = (self.logged * 37) % 500, (self.logged * 53) % 400
            said: tuple[Detection, ...] = (
                Detection(label, 0.8, Box(x, y, x + 40, y + 30)),
                Detection("nut", 0.1, Box(0, 0, 9, 9)),
            )
            if self.deployment.task == "classification":
                said = (Detection(label, 0.8, None),)
            entries.append(
                Entry(
                    deployment=self.deployment.id,
                    asset=content_id(f"image {self.logged}".encode()),
                    width=WIDTH,
                    height=HEIGHT,
                    model_version=version or self.deployment.champion,
                    role=role,
                    detections=said,
                    threshold=0.5,
                    latency_ms=latency_ms,
                    taken_at=START + hour * HOUR + i,
                    source=source,
                    origin=origin,
                    tags=tags,
                    parent=parent,
                    keep_reason=keep[0],
                    keep_probability=keep[1],
                    scalars=table[i],
                    feature=self.rng.normal(0, 1, 8).astype(np.float16),
                )
            )
        return self.database.write(lambda connection: [predictions.append(connection, one)[0] for one in entries])

    def catch_up(self) -> None:
        while self.projection.step():
            pass

    def reference(
        self, *, images: int = 300, version: str | None = None, state: str = "filling", ready_seq: int = 0
    ) -> FittedReference:
        """A fitted reference of images like those `log` writes, in force from `ready_seq` on."""
        measured = Measured(
            tuple(content_id(f"training {i}".encode()) for i in range(images)),
            np.arange(images) % 3 == 0,
            self.scalars(images),
            self.rng.normal(0, 1, (images, 8)).astype(np.float16),
        )
        reference_id = new_id()
        self.fitted.keep(learn(reference_id, measured, {"bolt": 100, "nut": 50}))
        row = FittedReference(
            reference_id, self.deployment.id, "d1", version or self.deployment.champion or "", state,  # type: ignore[arg-type]
            None, images, ready_seq, 0, "", 0,
        )  # fmt: skip
        chosen = TrainingData(self.deployment.id, "d1", row.model_version, reference_id, 0, self.alice.id)
        self.database.write(lambda c: (store.insert_reference(c, row), store.set_training_data(c, chosen)))
        return row

    def sums(self) -> dict[object, list[float]]:
        """Every sum there is, for comparing."""
        with self.database.read() as connection:
            names = [*NAMES]
            everything = sums.Which(role=None)
            shadow = sums.Which(role="shadow")
            return {
                cell: state.tolist()
                for which in (everything, shadow)
                for cell, state in sums.cells(connection, self.deployment.id, names, which)
            }


NAMES: Sequence[str] = (
    "volume", "errors", "throughput", "box_size", "image_statistics", "latency", "label_distribution", "detections_per_image", "confidence", "heatmap", "image_size",
    "drift", "outlier",
)  # fmt: skip


def make_site(
    database: Database, storage: Storage, labels: tuple[str, ...] = ("bolt", "nut"), task: str = "detection"
) -> Site:
    """An empty deployment."""
    deployment = Deployment(new_id(), "conveyor", task, labels, "server", 0.5, 1, new_id(), None, None, 0.0, {}, 0, "x")
    database.write(lambda connection: deployments.insert(connection, deployment))
    alice = database.write(lambda connection: actors.named(connection, "Alice", "person", "operator"))
    fitted = FittedReferences(storage)
    projection = Projection(database, fitted)
    return Site(database, storage, deployment, alice, fitted, projection, Measuring(database, projection, fitted))
