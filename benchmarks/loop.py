"""The loop against the clock. `--part` chooses; without it all of them are measured, one after the other.

`stages`: once round from an empty folder to a version that was retrained, judged and swapped in, seconds per stage. The stages are those
of `relens demo --headless`; the images of the built-in stream are simulated. `--data FOLDER` plays another set.

`steps`: `trigger_s`, from sending the review that adds the Nth image to the start of its run, and `rollout_s`, from the gate's
decision to the first answer of the new champion; the slowest of a few rounds, in which a trainer of one page trains in a second.

`latency`: `p99_ratio_training`, the 99th percentile of answers under open-loop load at 40 % of what the server can answer while
`compact` trains, over that before and after it. Everything is logged and monitored, as it is in production.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from benchmarks._load import OpenLoop, Sent, load_on
from benchmarks._report import as_line
from benchmarks.compact_vs_yolo import write_demo
from benchmarks.serve import USUAL_MS, detector_of, image_bytes
from relens.demo.options import Options
from relens.demo.run import playing
from relens.demo.show import Plain
from relens.kit.clock import SECOND, from_text
from relens.sdk.client import Client
from tests.rooms.loop_world import LABELS, NEW, PARAMETERS, patch
from tests.rooms.test_loop_routes import fruit_folder
from tests.server_process import Server, running

LOAD = 0.4
API = "/api/v1"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON line last")
    parser.add_argument("--part", choices=("stages", "steps", "latency"), action="append")
    parser.add_argument("--data", type=Path, help="a COCO folder instead of the built-in stream")
    parser.add_argument("--epochs", type=int, help="a training budget in epochs instead of minutes")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=4, help="of the steps")
    parser.add_argument("--seconds", type=float, default=40.0, help="of training under load, and of calm")
    asked = parser.parse_args()
    found: dict[str, Any] = {"benchmark": "loop", "cores": os.cpu_count()}
    for part in asked.part or ("stages", "steps", "latency"):
        if part == "stages":
            found |= stages(Options(data=asked.data, epochs=asked.epochs, seed=asked.seed, headless=True))
        elif part == "steps":
            found |= steps(asked.rounds)
        else:
            found |= latency(asked.seconds)
    print(as_line(found))


def stages(options: Options) -> dict[str, Any]:
    show = Plain()
    with playing(options, show) as (outcome, stream, _server):
        return {
            "data": stream.title,
            "stages_s": show.seconds,
            "first_promotion_s": outcome.first_promotion_s,
            **outcome.to_json(),
        }


def steps(rounds: int) -> dict[str, Any]:
    """Each in a deployment of its own, whose version 1 has never seen the lamps under which the images are taken."""
    triggers, rollouts = [], []
    with tempfile.TemporaryDirectory() as temporary, running(Path(temporary) / "home") as server:
        for number in range(rounds):
            name = f"orchard-{number}"
            prepare_orchard(server, name)
            trigger, rollout = one_round(server, name)
            triggers.append(trigger)
            rollouts += [rollout] if rollout is not None else []
    return {
        "rounds": rounds,
        "trigger_s": round(max(triggers), 3),
        "rollout_s": round(max(rollouts), 3) if rollouts else None,
        "trigger_all_s": [round(one, 3) for one in triggers],
        "rollout_all_s": [round(one, 3) for one in rollouts],
    }


def prepare_orchard(server: Server, name: str) -> None:
    """Version 1 trained under the old lamps, deployed, the loop on, and a hundred images under the new lamps."""
    http = server.http
    zipped = {"content-type": "application/zip"}
    imported = http.post(f"{API}/datasets/{name}/import?format=folder", content=fruit_folder(), headers=zipped)
    server.job(imported.raise_for_status().json()["id"])
    wish = {"model": name, "dataset_version": f"{name}/latest", "trainer": "command", "parameters": PARAMETERS}
    server.job(http.post(f"{API}/training-runs", json=wish).raise_for_status().json()["job"])
    http.post(f"{API}/deployments", json={"name": name, "model_version": f"{name}/latest"}).raise_for_status()
    until(lambda: http.get(f"{API}/deployments/{name}").json()["serving"]["state"] == "live")
    settings: dict[str, dict[str, Any]] = {
        "review-queue": {"random_share": 1.0},
        "feedback-loop": {"dataset": name, "test_share": 0.3},
        "continuous-training": {"active": True, "after": 40, "trainer": "command", "parameters": PARAMETERS},
        "continuous-deployment": {"active": True, "policy": "champion"},
    }
    for setting, body in settings.items():
        http.put(f"{API}/deployments/{name}/{setting}", json=body).raise_for_status()
    for seed in range(100):
        predict(http, name, patch(LABELS[seed % 2], seed, NEW), client_id=f"{seed}")


def one_round(server: Server, name: str) -> tuple[float, float | None]:
    """(seconds from the review that was missing to the start of the run, from the decision to the new champion's first answer)"""
    http = server.http
    for _ in range(100):
        (waiting,) = http.get(f"{API}/deployments/{name}/queue?limit=1").raise_for_status().json()["items"]
        body = {"status": "corrected", "annotations": [{"label": LABELS[int(waiting["client_id"]) % 2]}]}
        sent = time.time()
        http.put(f"{API}/predictions/{waiting['id']}/verdict", json=body).raise_for_status()
        # One at a time, until it is counted: the review that makes a run due must not be hidden among others.
        until(lambda: http.get(f"{API}/deployments/{name}/loop").json()["unplaced"] == 0)
        if state(http, name)["added"] >= 40:
            break
    until(lambda: state(http, name)["run"] is not None)
    job = state(http, name)["run"]["job"]
    until(lambda: http.get(f"{API}/jobs/{job}").json()["started_at"] is not None)
    begun = from_text(http.get(f"{API}/jobs/{job}").json()["started_at"]) / SECOND
    return begun - sent, rolled_out(http, name, job)


def rolled_out(http: httpx.Client, name: str, job: str) -> float | None:
    """Asks for answers until the new champion gives one; None where the gate kept the old one."""
    first: dict[str, float] = {}

    def ask() -> None:
        said = predict(http, name, patch(LABELS[0], 5000 + len(first), NEW))
        first.setdefault(said["model_version"]["id"], time.time())

    while (now := http.get(f"{API}/jobs/{job}").json())["state"] in ("queued", "running"):
        ask()
    if now["state"] != "succeeded":
        raise SystemExit(f"the run failed: {now['error']}")
    decision = http.get(f"{API}/deployments/{name}/decisions").json()["items"][0]
    if decision["applied"] != "promoted":
        return None
    candidate = decision["candidate"]["id"]
    deadline = time.monotonic() + 60
    while candidate not in first and time.monotonic() < deadline:
        ask()
    return first[candidate] - from_text(decision["at"]) / SECOND


def latency(seconds: float) -> dict[str, Any]:
    """Calm, training, calm: what drifts with the machine's mood falls on both sides."""
    with tempfile.TemporaryDirectory() as temporary, running(Path(temporary) / "home") as server:
        with Client(server.url) as client:
            client.datasets.import_folder(write_demo(Path(temporary) / "demo"), "demo", format="coco")
        sent = server.http.post(f"{API}/models/bench/versions", files={"file": ("m.onnx", detector_of(USUAL_MS))})
        asked = {"name": "bench", "model_version": sent.raise_for_status().json()["id"], "threshold": 0.5}
        server.http.post(f"{API}/deployments", json=asked).raise_for_status()
        url, image = f"{server.url}{API}/deployments/bench/predict", Path(temporary) / "image.jpg"
        image.write_bytes(image_bytes())
        load_on(url, image, 2, 2.0)
        capacity = load_on(url, image, 16, 6.0).per_s
        load = OpenLoop(url, image_bytes(), LOAD * capacity)
        time.sleep(seconds / 2)
        began, ended = train_beside(server, load, seconds)
        time.sleep(seconds / 2)
        sent_all = load.stop()
    calm = [one for one in sent_all if 1.0 < one.due < began - 0.5 or one.due > ended + 1.0]
    busy = [one for one in sent_all if began <= one.due <= ended]
    return {
        "rate_per_s": round(LOAD * capacity, 1),
        "trained_s": round(ended - began, 1),
        "p99_calm_ms": round(p99(calm), 2),
        "p99_training_ms": round(p99(busy), 2),
        "p99_ratio_training": round(p99(busy) / p99(calm), 3),
        "failed_requests": sum(not one.answered for one in sent_all),
    }


def train_beside(server: Server, load: OpenLoop, seconds: float) -> tuple[float, float]:
    """Lets `compact` train for that long; from its first epoch to then, in the load's seconds."""
    wish = {"model": "beside", "dataset_version": "demo/latest", "parameters": {"epochs": 10_000, "seed": 1}}
    run = server.http.post(f"{API}/training-runs", json=wish).raise_for_status().json()
    until(lambda: server.http.get(f"{API}/training-runs/{run['id']}").json()["epochs"], 180)
    began = load.now()
    time.sleep(seconds)
    now = server.http.get(f"{API}/training-runs/{run['id']}").json()
    ended = load.now()
    if now["state"] != "running":
        raise SystemExit(f"the training was over too soon: {now['error']}")
    server.http.post(f"{API}/training-runs/{run['id']}/cancel").raise_for_status()
    server.job(run["job"])
    return began, ended


def p99(sent: list[Sent]) -> float:
    return float(np.percentile([one.seconds for one in sent], 99)) * 1e3


def state(http: httpx.Client, name: str) -> dict[str, Any]:
    found: dict[str, Any] = http.get(f"{API}/deployments/{name}/loop").raise_for_status().json()
    return found


def predict(http: httpx.Client, name: str, image: bytes, **query: str) -> dict[str, Any]:
    answer = http.post(f"{API}/deployments/{name}/predict", content=image, params=query).raise_for_status()
    said: dict[str, Any] = answer.json()
    return said


def until(true: Callable[[], object], limit_s: float = 60) -> None:
    deadline = time.monotonic() + limit_s
    while not true():
        if time.monotonic() > deadline:
            raise SystemExit(f"this took more than {limit_s:g} s")
        time.sleep(0.01)


if __name__ == "__main__":
    main()
