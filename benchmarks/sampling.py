"""What reviews are worth: score on report images against the number of verdicts, for the default queue, uniform chance and plain uncertainty.

    python -m benchmarks.sampling [--json] [--data FOLDER ...] [--digits] [--seeds 3] [--keep FILE]

Version 1 is trained on the first images and answers every arriving one. The default queue is the product's own: it is asked for one
image after the other, over HTTP, and each is reviewed truly before the next is asked for. The other two choose from the log: by lot, and
the least sure answers first. A version is then trained from version 1 on the first images and the first N chosen ones, for the same
number of views of an image whoever chose, and measured on images that nothing else has seen. Everything chosen is learned from, also what
the loop would keep for testing: this compares choices, not what honest testing costs.

`verdicts_saved`: the share of verdicts that the default queue needs less than uniform chance to reach the lower of the two's last scores
(negative: more). `above_uniform`: mean difference of the scores over all N, with two standard errors over the seeds.

A point takes a training. They are written to FILE as they come, and what is there is not done again: stop it when you like.
"""

from __future__ import annotations

import argparse
import io
import json
import math
import tempfile
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._digits import digits
from relens.demo import prepare
from relens.demo.coco_folder import read_folder
from relens.demo.options import Options
from relens.demo.report import score_of
from relens.demo.reviewer import SimulatedReviewer
from relens.demo.server_process import ServerProcess
from relens.demo.show import Plain
from relens.demo.stream import Example, Stream
from relens.demo.traffic import Traffic
from relens.sdk.client import Client
from relens.vision.prediction import Detection

STRATEGIES = ("default", "uniform", "uncertainty")
SHARES = (0.1, 0.2, 0.4, 0.7)
"""Of the arriving images: how many verdicts."""
QUIET = Plain(io.StringIO())
Row = dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print nothing but the last line")
    parser.add_argument("--data", type=Path, action="append", default=[], help="a COCO folder; may be given again")
    parser.add_argument("--digits", action="store_true", help="scikit-learn's digits as well (without --data: alone)")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--keep", type=Path, default=Path(tempfile.gettempdir()) / "relens-sampling.jsonl")
    asked = parser.parse_args()
    streams = [read_folder(folder) for folder in asked.data]
    if asked.digits or not streams:
        streams.append(digits())
    rows = read_rows(asked.keep)
    for stream in streams:
        for seed in range(1, asked.seeds + 1):
            for row in play(stream, seed, {key(row) for row in rows}):
                rows.append(row)
                with asked.keep.open("a") as file:
                    file.write(json.dumps(row) + "\n")
                if not asked.json:
                    print(json.dumps(row), flush=True)
    titles = {stream.title for stream in streams}
    wanted = [row for row in rows if row["data"] in titles and row["seed"] <= asked.seeds]
    print(json.dumps({"benchmark": "sampling", "seeds": asked.seeds} | summary(wanted)))


def read_rows(path: Path) -> list[Row]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def key(row: Row) -> tuple[str, int, str, int]:
    return row["data"], row["seed"], row["strategy"], row["verdicts"]


def play(stream: Stream, seed: int, done: set[tuple[str, int, str, int]]) -> Any:
    """The points of one data set and seed that are not done yet."""
    counts = [max(1, round(share * len(stream.production))) for share in SHARES]
    missing = [(s, n) for n in counts for s in STRATEGIES if (stream.title, seed, s, n) not in done]
    if not missing:
        return
    with tempfile.TemporaryDirectory() as temporary:
        server = ServerProcess(Path(temporary) / "home", None, threads=1)
        server.start()
        try:
            with Client(server.url, actor="sampling") as client:
                yield from _points(client, stream, seed, missing, max(counts))
        finally:
            server.stop()


def _points(client: Client, stream: Stream, seed: int, missing: Sequence[tuple[str, int]], most: int) -> Any:
    show, options = QUIET, Options(seed=seed, lockstep=True, headless=True)
    names = prepare.Names("first", "report", "model", "bench")
    data, report = prepare.import_data(client, stream, names, show)
    parameters = prepare.training_parameters(client, options, stream)
    first = prepare.train_first(client, names, data, options, parameters, show)
    prepare.deploy(client, names, first, stream, show)
    deployment = client.deployment(names.deployment)
    deployment.set_training_data(data["id"])
    prepare.wait_for(lambda: deployment.training_data()["state"] == "ready", show, "the training data", 600)
    traffic = Traffic(client, names.deployment, True)
    for arrival in stream.production:
        traffic.send(arrival)
    lines = list(deployment.predictions())
    orders = {
        "default": _asked_for(client, names.deployment, stream, seed, most),
        "uniform": [
            str(name) for name in np.random.default_rng(seed).permutation([one.name for one in stream.production])
        ],
        "uncertainty": _least_sure(lines, stream.task),
    }
    views = parameters["epochs"] * len(stream.train)
    before = client.training.evaluate(first["id"], report["id"], split="test")["scores"]
    for strategy, count in missing:
        chosen = set(orders[strategy][:count])
        score = _trained_with(client, stream, chosen, f"{strategy}-{count}", first, parameters, views, report)
        yield {
            "data": stream.title,
            "seed": seed,
            "strategy": strategy,
            "verdicts": count,
            "score": score,
            "first": score_of(before),
        }


def _asked_for(client: Client, deployment: str, stream: Stream, seed: int, most: int) -> list[str]:
    """The names in the order in which the queue gave them out; each is reviewed before the next is asked for."""
    reviewer = SimulatedReviewer(client, deployment, stream.truth, 1.0, seed)
    order: list[str] = []
    while len(order) < most and (given := reviewer.next(1)):
        for name, prediction, answered in given:
            reviewer.settle(name, prediction, answered)
            order.append(name)
    return order


def _least_sure(lines: Sequence[Mapping[str, Any]], task: str) -> list[str]:
    """A classification by its highest confidence; a detection by the box nearest to one half. Nothing found is as sure as can be."""

    def doubt(line: Mapping[str, Any]) -> float:
        found = [Detection.from_json(one).confidence for one in line["detections"]]
        if task == "classification":
            return 1 - max(found, default=0.0)
        return max((1 - abs(2 * confidence - 1) for confidence in found), default=0.0)

    return [str(line["client_id"]) for line in sorted(lines, key=lambda line: (-doubt(line), line["client_id"]))]


def _trained_with(
    client: Client,
    stream: Stream,
    chosen: set[str],
    name: str,
    first: Row,
    parameters: Mapping[str, Any],
    views: int,
    report: Row,
) -> float | None:
    arrived = [
        Example(one.name, one.read, stream.truth(one.name) or ()) for one in stream.production if one.name in chosen
    ]
    learning = [(one, "train") for one in (*stream.train, *arrived)]
    data = prepare.import_examples(client, name, learning, stream, QUIET)
    budget = {**parameters, "epochs": max(1, math.ceil(views / len(learning)))}
    run = client.training.start(name, data["id"], parameters=budget, start_from=first["id"])
    ended = client.training.wait(run)
    return score_of(client.training.evaluate(ended["model_version"], report["id"], split="test")["scores"])


def summary(rows: Sequence[Row]) -> dict[str, Any]:
    return {
        "verdicts_saved": {data: saved(rows, data) for data in sorted({row["data"] for row in rows})},
        "above_uniform": {data: above(rows, data, "default") for data in sorted({row["data"] for row in rows})},
        "uncertainty_above_uniform": {
            data: above(rows, data, "uncertainty") for data in sorted({row["data"] for row in rows})
        },
        "curves": {
            data: {strategy: curve(rows, data, strategy) for strategy in STRATEGIES}
            for data in sorted({row["data"] for row in rows})
        },
    }


def curve(rows: Sequence[Row], data: str, strategy: str) -> list[tuple[int, float]]:
    """Mean score by number of verdicts, from none on."""
    mine = [row for row in rows if row["data"] == data]
    points = [(0, row["first"]) for row in mine]
    points += [(row["verdicts"], row["score"]) for row in mine if row["strategy"] == strategy]
    counts = sorted({count for count, _ in points})
    return [(n, round(float(np.mean([score for count, score in points if count == n])), 4)) for n in counts]


def saved(rows: Sequence[Row], data: str) -> float | None:
    ours, theirs = curve(rows, data, "default"), curve(rows, data, "uniform")
    target = min(ours[-1][1], theirs[-1][1])
    need, other = reaches(ours, target), reaches(theirs, target)
    return round(1 - need / other, 3) if other else None


def reaches(points: Sequence[tuple[int, float]], target: float) -> float:
    """Verdicts after which the curve first comes that high, between its points as on a straight line."""
    for (n0, s0), (n1, s1) in pairwise(points):
        if s0 >= target:
            return n0
        if s1 >= target:
            return n0 + (n1 - n0) * (target - s0) / (s1 - s0)
    return points[-1][0]


def above(rows: Sequence[Row], data: str, strategy: str) -> dict[str, float | int | None]:
    scores = {key(row): row["score"] for row in rows if row["data"] == data}
    by_seed: dict[int, list[float]] = {}
    for (name, seed, whose, count), score in scores.items():
        other = scores.get((name, seed, "uniform", count))
        if whose == strategy and other is not None:
            by_seed.setdefault(seed, []).append(score - other)
    means = [float(np.mean(found)) for found in by_seed.values()]
    if not means:
        return {"mean": None, "two_errors": None, "seeds": 0}
    spread = 2 * float(np.std(means, ddof=1)) / math.sqrt(len(means)) if len(means) > 1 else None
    return {
        "mean": round(float(np.mean(means)), 4),
        "two_errors": None if spread is None else round(spread, 4),
        "seeds": len(means),
    }


if __name__ == "__main__":
    main()
