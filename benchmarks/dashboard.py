"""The whole monitoring page at ten million predictions: thirty days, eight sources, twenty labels.

    python -m benchmarks.dashboard [--json] [--days 30]

The sums are generated straight into the store, as a month of traffic would have left them: every metric, hours, days and months, per source and
together; 80 million boxes. `total_ms_10m`: `GET …/dashboard` for all of it through HTTP routing and JSON, the median of ten warm calls.
`ratio_10m_100k`: the same page for a hundred thousand predictions over the same month, divided into that.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from fastapi.testclient import TestClient

from relens.access import store as actors
from relens.bootstrap.wire import Relens
from relens.deployments import store as deployments
from relens.deployments.deployment import Deployment
from relens.inference import features
from relens.infra.settings import Settings
from relens.kit import clock
from relens.kit.clock import DAY, HOUR, Micros
from relens.kit.ids import content_id, new_id
from relens.metrics.metric import Observed, State
from relens.monitoring import store, sums
from relens.monitoring.bucket import Bucket, Cell, summed
from relens.monitoring.learn import Measured, learn
from relens.monitoring.span import Kept, rolled
from relens.monitoring.training_data import FittedReference, TrainingData
from relens.vision.prediction import Detection
from relens.vision.shapes import Box

SOURCES, LABELS, SEED_IMAGES = 8, 20, 200


def observed(rng: np.random.Generator, at: Micros) -> Observed:
    """One image with about eight boxes."""
    said = []
    for _ in range(rng.poisson(8)):
        x, y, w, h = rng.uniform(0, 500), rng.uniform(0, 380), rng.uniform(8, 130), rng.uniform(8, 90)
        said.append(
            Detection(f"label-{int(rng.zipf(1.6)) % LABELS}", float(rng.uniform(0.5, 1)), Box(x, y, x + w, y + h))
        )
    scalars = rng.normal(0.5, 0.1, len(features.NAMES)).astype(np.float32)
    score = float(rng.integers(0, 1000)) / 1001
    return Observed(
        640, 480, float(rng.lognormal(2.5, 0.4)), tuple(said), scalars, score, True, features.NAMES, at, None
    )


def seeded(server: Relens, predictions: int, days: int) -> Deployment:
    """A deployment whose sums hold so many predictions: scaled copies of what a few hundred images count to, spread by chance."""
    rng = np.random.default_rng(predictions)
    deployment = Deployment(
        new_id(), f"line-{predictions}", "detection", tuple(f"label-{k}" for k in range(LABELS)), "server", 0.5, 1,
        new_id(), None, None, 0.0, {}, clock.now(), "bench",
    )  # fmt: skip
    measured = Measured(
        tuple(content_id(f"training {i}".encode()) for i in range(400)),
        np.arange(400) % 3 == 0,
        rng.normal(0.5, 0.1, (400, len(features.NAMES))).astype(np.float32),
        None,
    )
    fitted = learn(new_id(), measured, {f"label-{k}": 100 for k in range(LABELS)})
    server.fitted.keep(fitted)
    row = FittedReference(
        fitted.reference.id, deployment.id, "d1", deployment.champion or "", "ready", None, 400, 0, 0, "", 0
    )
    server.database.write(lambda c: deployments.insert(c, deployment))
    alice = server.database.write(lambda c: actors.named(c, "Alice", "person", "owner"))
    chosen = TrainingData(deployment.id, "d1", row.model_version, row.id, 0, alice.id)
    server.database.write(lambda c: (store.insert_reference(c, row), store.set_training_data(c, chosen)))
    metrics = summed(None, "detection")
    start = (clock.now() // HOUR) * HOUR - days * DAY
    seeds = [observed(rng, start + int(rng.integers(0, DAY))) for _ in range(SEED_IMAGES)]
    templates = {name: dict(metric.observe(seeds, fitted.reference)) for name, metric in metrics.items()}
    factor = predictions / (days * 24 * SOURCES) / SEED_IMAGES
    longer: dict[Kept, State] = {}
    for hour in range(days * 24):
        states: dict[Cell, State] = {}
        for source in range(SOURCES):
            bucket = Bucket(start + hour * HOUR, f"line-{source}", deployment.champion or "", "champion")
            for name, labels in templates.items():
                against = row.id if metrics[name].needs == "training data" else ""
                for label, state in labels.items():
                    drawn = rng.poisson(np.asarray(state) * factor).astype(np.int64)
                    states[Cell(name, bucket, against, label)] = drawn
        hours: dict[Kept, State] = {}
        for one, state in rolled(states).items():
            if one.span == "hour":
                hours[one] = state
            else:
                longer[one] = longer[one] + state if one in longer else state
        server.database.write(lambda c, hours=hours: sums.put(c, deployment.id, hours))
    server.database.write(lambda c: sums.put(c, deployment.id, longer))
    return deployment


def asked(client: TestClient, deployment: Deployment, days: int, times: int = 10) -> tuple[float, dict[str, Any]]:
    """Median milliseconds of the page, and its answer."""
    since = clock.to_text((clock.now() // HOUR) * HOUR - days * DAY)
    path = f"/api/v1/deployments/{deployment.name}/dashboard"
    client.get(path, params={"from": since}).raise_for_status()
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        answer = client.get(path, params={"from": since})
        taken.append((time.perf_counter() - started) * 1000)
    return float(np.median(taken)), answer.json()


def measure(sizes: Sequence[int], days: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as home:
        server = Relens(Settings(home=Path(home)))
        client = TestClient(server.app, base_url="http://127.0.0.1")
        found: dict[int, float] = {}
        volume = {}
        for size in sizes:
            deployment = seeded(server, size, days)
            found[size], answer = asked(client, deployment, days)
            volume[size] = answer["metrics"]["volume"]["value"]
        server.database.close()
    small, large = min(sizes), max(sizes)
    return {
        "total_ms_10m": found[large],
        "total_ms_100k": found[small],
        "ratio_10m_100k": found[large] / found[small],
        "volume": volume[large],
        "days": days,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--days", type=int, default=30)
    given = parser.parse_args()
    report = measure((100_000, 10_000_000), given.days)
    print(json.dumps(report) if given.json else "\n".join(f"{name:16} {value}" for name, value in report.items()))


if __name__ == "__main__":
    main()
