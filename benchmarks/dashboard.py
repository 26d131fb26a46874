"""The whole monitoring page at ten million predictions: thirty days, eight sources, twenty labels, three champions, a canary and a shadow.

    python -m benchmarks.dashboard [--json] [--days 30]

The sums are generated straight into the store, as a month of traffic would have left them: every metric, hours, days and months, per source and
together; 80 million boxes of champions, as many of the shadow, and a canary in the last days. Beside them stands a real log of the latest
predictions (1 in 500 of the large one's, which is what pictures and reviews are taken from) with 1,000 reviewed images.
`total_ms_10m`: `GET …/dashboard` for all of it through HTTP routing and JSON, the median of ten warm calls whose window moves on with the clock;
`p95_ms_10m` the slowest but one in twenty. `ratio_10m_100k`: the same page for a hundred thousand predictions over the same month, divided into
that. `after_review_ms`: the page after one more review. `first_ms`: the first call of a server, which reads the reviews.
`cpu_ms` is what the processor worked for one call, whatever else the machine was doing.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from fastapi.testclient import TestClient
from sqlalchemy import Connection

from relens.access import store as actors
from relens.access.actor import Actor
from relens.bootstrap.wire import Relens
from relens.deployments import store as deployments
from relens.deployments.deployment import Deployment
from relens.inference import features
from relens.infra.settings import Settings
from relens.infra.statements import append_rows
from relens.kit import clock
from relens.kit.clock import DAY, HOUR, Micros
from relens.kit.ids import content_id, new_id
from relens.metrics import categories
from relens.metrics.metric import METRICS, Observed, State, added
from relens.metrics.reference import Reference
from relens.monitoring import store, sums
from relens.monitoring.bucket import pack, summed
from relens.monitoring.learn import Measured, learn
from relens.monitoring.span import Kept, Stretch, begin
from relens.monitoring.training_data import FittedReference, TrainingData
from relens.predictions import browse, signal_rows
from relens.predictions import store as predictions
from relens.predictions.browse import Filter
from relens.predictions.logged import Entry, Logged
from relens.review.settle import settle
from relens.vision.annotation import Annotation
from relens.vision.prediction import Detection
from relens.vision.shapes import Box

SOURCES, LABELS, SEED_IMAGES, REVIEWS = 8, 20, 200, 1_000
SHARES = (("champion", 1.0), ("shadow", 1.0), ("canary", 0.1))
CPU_MS: list[float] = []
COLUMNS = tuple(sums.bucket.c.keys())
DAYS = Stretch("day", 0, 2**60)
Counted = dict[tuple[str, str], State]
_DAYS: dict[int, Counted] = {}
_PACKED: dict[int, bytes] = {}
"""By the identity of what was added up, which lives as long as the benchmark."""


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


def a_deployment(server: Relens, predictions: int) -> tuple[Deployment, Actor, FittedReference, Reference]:
    """With training data of its last champion."""
    rng = np.random.default_rng(predictions)
    deployment = Deployment(
        new_id(), f"line-{predictions}", "detection", tuple(f"label-{k}" for k in range(LABELS)), "server", 0.5, 1,
        new_id(), None, None, 0.0, {}, clock.now(), "bench",
    )  # fmt: skip
    measured = Measured(
        tuple(content_id(f"training {i}".encode()) for i in range(400)),
        np.arange(400) % 3 == 0,
        rng.normal(0.5, 0.1, (400, len(features.NAMES))).astype(np.float32),
        rng.normal(0, 1, (400, 128)).astype(np.float16),
        mixes := categories.features([f"label-{k}" for k in range(LABELS)], with_shapes=True),
        rng.integers(0, 3, (400, sum(len(one.categories) for one in mixes))).astype(np.int32),
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
    return deployment, alice, row, fitted.reference


def of_reference(rng: np.random.Generator, reference: Reference) -> Any:
    """One image's numbers, in the order of the reference's features."""
    return rng.normal(0.5, 0.1, len(reference.features)).astype(np.float32)


def seeded(server: Relens, predictions: int, days: int) -> Deployment:
    """A deployment whose sums hold so many predictions: scaled copies of what a few hundred images count to, spread by chance.

    Each source and role has a day of 24 different hours, repeated; so the sums of a day are added up once, which leaves time for the page.
    """
    deployment, alice, row, reference = a_deployment(server, predictions)
    _DAYS.clear(), _PACKED.clear()
    rng = np.random.default_rng(predictions)
    start = (clock.now() // DAY) * DAY - (days - 1) * DAY
    seeds = [
        replace(
            observed(rng, start + int(rng.integers(0, DAY))),
            scalars=of_reference(rng, reference),
            names=reference.names(),
        )
        for _ in range(SEED_IMAGES)
    ]
    metrics = summed(None, "detection")
    templates = {name: dict(metric.observe(seeds, reference)) for name, metric in metrics.items()}
    factor = predictions / (days * 24 * SOURCES) / SEED_IMAGES
    earlier, shadow, canary = [new_id(), new_id()], new_id(), new_id()
    # A canary has its days, too, although it is there for three only.
    usual = {
        (role, source): a_day(rng, templates, factor * share) for role, share in SHARES for source in range(SOURCES)
    }
    whole = {role: together([usual[role, source] for source in range(SOURCES)]) for role, _ in SHARES}
    for day in range(days):
        champion = [*earlier, deployment.champion or ""][min(3 * day // days, 2)]
        roles = [("champion", champion), ("shadow", shadow), *([("canary", canary)] if day >= days - 3 else [])]
        rows = [
            made
            for role, version in roles
            for place, hours in [(None, whole[role]), *((source, usual[role, source]) for source in range(SOURCES))]
            for made in a_days_rows(deployment, row, start + day * DAY, place, version, role, hours)
        ]
        server.database.write(lambda c, rows=rows: append_rows(c, sums.bucket, COLUMNS, rows))
    server.database.write(lambda c: months(c, deployment))
    logged(server, deployment, alice, max(predictions // 500, REVIEWS), shadow, rng)
    return deployment


def a_day(rng: np.random.Generator, templates: dict[str, dict[str, State]], factor: float) -> list[Counted]:
    """What each of 24 hours counts, by metric and label."""
    hours: list[Counted] = []
    for _ in range(24):
        drawn = {
            (name, label): rng.poisson(np.asarray(state) * factor).astype(np.int64)
            for name, labels in templates.items()
            for label, state in labels.items()
        }
        hours.append({key: state for key, state in drawn.items() if state.any()})
    return hours


def together(days: Sequence[list[Counted]]) -> list[Counted]:
    return [added([day[hour] for day in days]) for hour in range(24)]  # type: ignore[misc]


def a_days_rows(
    deployment: Deployment,
    row: FittedReference,
    at: Micros,
    source: int | None,
    version: str,
    role: str,
    hours: list[Counted],
) -> Iterator[tuple[Any, ...]]:
    """Rows of the hours and of the day; a state that stands in many days is packed once."""
    if id(hours) not in _DAYS:
        _DAYS[id(hours)] = added(hours)  # type: ignore[arg-type]
    spans = [("hour", at + hour * HOUR, counted) for hour, counted in enumerate(hours)] + [
        ("day", at, _DAYS[id(hours)])
    ]
    for span, begins, counted in spans:
        for (name, label), state in counted.items():
            if id(state) not in _PACKED:
                _PACKED[id(state)] = pack(state)
            against = row.id if METRICS.get(name).needs == "training data" else ""
            place = "" if source is None else f"line-{source}"
            key = (
                deployment.id,
                sums._stored(name),
                span,
                source is None,
                begins,
                place,
                version,
                role,
                against,
                label,
            )
            yield (*key, _PACKED[id(state)])


def months(connection: Connection, deployment: Deployment) -> None:
    """The months, added up from the days."""
    every = (
        sums.cells(connection, deployment.id, summed(None, "detection"), sums.Which([DAYS], whole=whole, role=role))
        for whole in (True, False)
        for role, _ in SHARES
    )
    kept: dict[Kept, State] = {}
    for whole, cells in zip((True,) * len(SHARES) + (False,) * len(SHARES), every, strict=True):
        for cell, state in cells:
            month = Kept(
                "month", whole, cell._replace(bucket=cell.bucket._replace(hour=begin("month", cell.bucket.hour)))
            )
            kept[month] = kept[month] + state if month in kept else state
    sums.put(connection, deployment.id, kept)


def logged(
    server: Relens, deployment: Deployment, alice: Actor, lines: int, shadow: str, rng: np.random.Generator
) -> None:
    """The latest predictions with their shadows', a thousand of them reviewed over the month."""
    now = clock.now()
    apart = 29 * DAY // lines
    champions: list[Logged] = []
    for start in range(0, lines, 500):
        entries = [entry(rng, deployment, now - (i + 1) * apart) for i in range(start, min(start + 500, lines))]
        written = server.database.write(lambda c, e=entries: predictions.append_many(c, e, file_now=True))
        champions += [line for line, _ in written]
        scores = {line.id: float(rng.integers(0, 1000)) / 1001 for line, _ in written}
        server.database.write(lambda c, s=scores: signal_rows.set_outliers(c, s))
    server.database.write(lambda c: store.lock_cursor(c, deployment.id))
    last = champions[-1].log_seq
    server.database.write(lambda c: store.move_cursor(c, deployment.id, last))
    for line in champions[:: max(lines // REVIEWS, 1)][:REVIEWS]:
        beside = replace(entry(rng, deployment, line.taken_at), role="shadow", model_version=shadow, parent=line.id)
        server.database.write(lambda c, e=beside: predictions.append(c, e))
        true = [Annotation(d.label, d.shape) for d in line.answered if rng.random() < 0.9]
        server.database.write(lambda c, i=line.id, t=true: settle(c, i, "corrected", t, actor=alice))


def entry(rng: np.random.Generator, deployment: Deployment, at: Micros) -> Entry:
    seen = observed(rng, at)
    asset = content_id(rng.bytes(16))
    return Entry(
        deployment.id, asset, 640, 480, deployment.champion, "champion", seen.answered, 0.5, 12.0, at,
        source=f"line-{int(rng.integers(SOURCES))}", scalars=seen.scalars,
    )  # fmt: skip


def asked(client: TestClient, deployment: Deployment, days: int) -> tuple[float, dict[str, Any]]:
    """Milliseconds of one call of the page, and its answer."""
    since = clock.to_text(clock.now() - days * DAY)
    path = f"/api/v1/deployments/{deployment.name}/dashboard"
    started, on_cpu = time.perf_counter(), time.process_time()
    answer = client.get(path, params={"from": since})
    CPU_MS.append((time.process_time() - on_cpu) * 1000)
    taken = (time.perf_counter() - started) * 1000
    return taken, answer.raise_for_status().json()


def measure(sizes: Sequence[int], days: int, times: int = 20) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as home:
        server = Relens(Settings(home=Path(home)))
        client = TestClient(server.app, base_url="http://127.0.0.1")
        there = {size: seeded(server, size, days) for size in sizes}
        first = {size: asked(client, one, days)[0] for size, one in there.items()}
        taken: dict[int, list[float]] = {size: [] for size in sizes}
        for _ in range(times):
            # In turns, so that a noisy moment hurts both.
            for size, deployment in there.items():
                taken[size].append(asked(client, deployment, days)[0])
        small, large = min(sizes), max(sizes)
        reviewed = []
        for _ in range(5):
            review_one(server, there[large])
            reviewed.append(asked(client, there[large], days)[0])
        answer = asked(client, there[large], days)[1]
        server.database.close()
    typical = {size: float(np.median(some)) for size, some in taken.items()}
    metrics = answer["metrics"]
    return {
        "total_ms_10m": round(typical[large], 1),
        "p95_ms_10m": round(float(np.quantile(taken[large], 0.95)), 1),
        "total_ms_100k": round(typical[small], 1),
        "ratio_10m_100k": round(typical[large] / typical[small], 3),
        "after_review_ms": round(float(np.median(reviewed)), 1),
        "first_ms": round(first[large], 1),
        "volume": metrics["volume"]["value"],
        "reviewed": metrics["detection_report"]["count"],
        "versions": len(answer["model_versions"]),
        "roles": answer["roles"],
        "cpu_ms": round(float(np.median(CPU_MS)), 1),
        "answer_kb": round(len(json.dumps(answer)) / 1024),
        "days": days,
    }


def review_one(server: Relens, deployment: Deployment) -> None:
    """One more image of the latest, said to hold nothing."""
    with server.database.read() as connection:
        line = browse.page(connection, deployment.id, Filter(review="pending"), "-taken_at", 1, None)[0][0]
    alice = server.database.write(lambda c: actors.named(c, "Alice", "person", "owner"))
    server.database.write(lambda c: settle(c, line.id, "corrected", (), actor=alice))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--days", type=int, default=30)
    given = parser.parse_args()
    report = measure((100_000, 10_000_000), given.days)
    print(json.dumps(report) if given.json else "\n".join(f"{name:16} {value}" for name, value in report.items()))


if __name__ == "__main__":
    main()
