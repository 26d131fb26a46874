"""HTTP predict, logging and monitoring everything, against a bare loop of decode, ONNX Runtime and read-out in the same run.

`ratio_c16`: images per second through the server with 16 connections, over those of the bare loop, for a detector of 20 to 25 ms of processor
time per image; `ratio_c16_heavy` the same for one of 50 ms and more. The bare loop is the better of one worker with two threads and two workers
with one; it keeps nothing and measures nothing. `added_p50_ms_c1`: what the server adds to the bare loop's median with one connection, with the
same session options. `ratio_litserve`: LitServe with the same file, decode and read-out, which logs nothing, over the same bare loop; it runs in
an environment of its own, made on first use; with `--peers` MLServer, BentoML and Ray Serve too. Durability is the server's default (what was
answered survives SIGKILL); training data is set, so that drift and outlier scores are worked out as well. Every number is the median over the
rounds; `…_turns` has each.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from onnx import helper

from benchmarks._load import Served, load_on
from benchmarks._peers import LITSERVE, PEERS, Peer, answering
from benchmarks._watched import watch
from relens.inference.load import LoadedVersion, load
from relens.inference.manifest import read_manifest
from relens.inference.predict import predict
from relens.serving.threads import sized
from relens.testing.images import make_jpeg
from relens.testing.tiny_models import model
from tests.server_process import running

SIZE = 320
USUAL_MS, HEAVY_MS = 22.0, 55.0
BARE = ((1, 2), (2, 1))
"""Workers and threads of the bare loop: the better of the two is what servers are measured by."""


def heavy_detector(convolutions: int) -> bytes:
    """A detector with the cost of a real one: a stem, `convolutions` 3 x 3 convolutions on 64 channels, 400 boxes of two labels."""
    rng = np.random.default_rng(7)
    constants: dict[str, Any] = {"stem": rng.normal(0, 0.05, (64, 3, 8, 8)).astype(np.float32)}
    nodes = [helper.make_node("Conv", ["images", "stem"], ["x0"], strides=[8, 8])]
    for number in range(convolutions):
        constants[f"w{number}"] = rng.normal(0, 0.04, (64, 64, 3, 3)).astype(np.float32)
        nodes.append(helper.make_node("Conv", [f"x{number}", f"w{number}"], [f"c{number}"], pads=[1, 1, 1, 1]))
        nodes.append(helper.make_node("Relu", [f"c{number}"], [f"x{number + 1}"]))
    last = f"x{convolutions}"
    constants |= {
        "head": rng.normal(0, 0.05, (6, 64, 2, 2)).astype(np.float32),
        "flat": np.array([0, 6, -1], np.int64),
        "split": np.array([4, 2], np.int64),
        "low": np.float32(300.0),
        "order": np.array([[0.0, 0.0, 8.0, 8.0]], np.float32),
    }
    nodes += [
        helper.make_node("Conv", [last, "head"], ["maps"], strides=[2, 2]),
        helper.make_node("Reshape", ["maps", "flat"], ["rows"]),
        helper.make_node("Transpose", ["rows"], ["table"], perm=[0, 2, 1]),
        helper.make_node("Sigmoid", ["table"], ["unit"]),
        helper.make_node("Split", ["unit", "split"], ["corner", "scores"], axis=2),
        helper.make_node("Mul", ["corner", "low"], ["spread"]),
        helper.make_node("Add", ["spread", "order"], ["boxes"]),
        helper.make_node("GlobalAveragePool", [last], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["features"]),
    ]
    declared = {
        "relens.task": "detection",
        "relens.labels": json.dumps(["bolt", "nut"]),
        "relens.input": json.dumps(
            {"resize": "letterbox", "pad": 114, "scale": 1 / 255, "mean": [0, 0, 0], "std": [1, 1, 1], "colour": "rgb"}
        ),
        "relens.outputs": "compact_detect",
    }
    outputs: list[Any] = [("boxes", ["batch", 400, 4]), ("scores", ["batch", 400, 2]), ("features", ["batch", 64])]
    return model(nodes, constants, outputs, SIZE, declared)


def detector_of(milliseconds: float) -> bytes:
    """One that takes about so much processor time per image on this machine, preprocessing and read-out included."""
    each = (_processor_ms(heavy_detector(24)) - _processor_ms(heavy_detector(4))) / 20
    rest = _processor_ms(heavy_detector(4)) - 4 * each
    return heavy_detector(max(1, round((milliseconds - rest) / each)))


def _processor_ms(onnx: bytes) -> float:
    loaded, data = open_model(onnx, 1), image_bytes()
    times = []
    for _ in range(12):
        started = time.process_time()
        predict(data, loaded)
        times.append(time.process_time() - started)
    loaded.close()
    return median(times) * 1e3


def open_model(onnx: bytes, threads: int) -> LoadedVersion:
    loaded = load(onnx, read_manifest(onnx), "bare", threads=threads)
    loaded.warm_up()
    return loaded


def image_bytes() -> bytes:
    return make_jpeg((90, 120, 160), size=(640, 480), noise=12.0)


def bare_loop(onnx: bytes, workers: int, threads: int, seconds: float) -> tuple[float, float]:
    """Images per second and the median milliseconds of an image: decode, preprocess, run, read; nothing kept, nothing measured."""
    loaded, data = open_model(onnx, threads), image_bytes()
    times: list[float] = []
    until = time.perf_counter() + seconds

    def work() -> None:
        while time.perf_counter() < until:
            started = time.perf_counter()
            predict(data, loaded)
            times.append(time.perf_counter() - started)

    started = time.perf_counter()
    pool = [threading.Thread(target=work) for _ in range(workers)]
    for thread in pool:
        thread.start()
    for thread in pool:
        thread.join()
    loaded.close()
    return len(times) / (time.perf_counter() - started), median(times) * 1e3


@contextmanager
def relens(onnx: bytes, folder: Path) -> Iterator[str]:
    """The address that answers with this model."""
    with running(folder / "home") as server:
        server.http.post("/api/v1/models/bench/versions", files={"file": ("model.onnx", onnx)}).raise_for_status()
        asked = {"name": "bench", "model_version": "bench/latest", "threshold": 0.5}
        server.http.post("/api/v1/deployments", json=asked).raise_for_status()
        watch(server.url, "bench")
        yield f"{server.url}/api/v1/deployments/bench/predict"


def measure(onnx: bytes, seconds: float, rounds: int, peers: Sequence[Peer]) -> dict[str, Any]:
    """One model: bare and served in turns, then each peer and bare in turns. What is said is the median over the turns.

    A machine whose speed wanders by a fifth within seconds gives one lucky turn to whoever has more of them; so each turn of a server is held
    against the turn of the bare loop beside it, and every second round goes the other way round.
    """
    threads = sized(os.cpu_count() or 1).threads
    bare: dict[tuple[int, int], list[float]] = {one: [] for one in BARE}
    alone: list[float] = []
    served: list[Served] = []
    single: list[Served] = []
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        image = folder / "image.jpg"
        image.write_bytes(image_bytes())
        with relens(onnx, folder) as url:
            load_on(url, image, 2, 2.0)
            for number in range(rounds):
                turns = [
                    lambda: bare[BARE[0]].append(bare_loop(onnx, *BARE[0], seconds)[0]),
                    lambda: served.append(load_on(url, image, 16, seconds)),
                    lambda: bare[BARE[1]].append(bare_loop(onnx, *BARE[1], seconds)[0]),
                    lambda: single.append(load_on(url, image, 1, seconds)),
                    lambda: alone.append(bare_loop(onnx, 1, threads, seconds)[1]),
                ]
                for turn in turns[:: -1 if number % 2 else 1]:
                    turn()
        better = max(BARE, key=lambda one: median(bare[one]))
        other = {peer.name: beside(peer, onnx, better, folder, seconds, rounds) for peer in peers}
    ratios = [one.per_s / beside_it for one, beside_it in zip(served, bare[better], strict=True)]
    added = [one.p50_ms - beside_it for one, beside_it in zip(single, alone, strict=True)]
    found: dict[str, Any] = {
        "bare_per_s": round(median(bare[better]), 2),
        "served_per_s": round(median(one.per_s for one in served), 2),
        "ratio": round(median(ratios), 3),
        "ratio_turns": [round(one, 3) for one in sorted(ratios)],
        "p99_ms": round(median(one.p99_ms for one in served), 1),
        "bare_p50_ms": round(median(alone), 2),
        "added_p50_ms_c1": round(median(added), 2),
        "added_p50_ms_c1_turns": [round(one, 2) for one in sorted(added)],
        "failed_requests": sum(one.failed for one in (*served, *single)),
    }
    for name, (ratio, failed) in other.items():
        found[f"ratio_{name}"] = round(ratio, 3)
        found[f"{name}_failed_requests"] = failed
    return found


def beside(
    peer: Peer, onnx: bytes, better: tuple[int, int], folder: Path, seconds: float, rounds: int
) -> tuple[float, int]:
    """The same load on another server, which answers and logs nothing: (its images over the bare loop's, how many failed)."""
    ratios, failed = [], 0
    with answering(peer, onnx, folder) as url:
        body, kind, tail = peer.form(image_bytes(), folder)
        load_on(url, body, 2, 2.0, kind, tail)
        for _ in range(rounds):
            bare = bare_loop(onnx, *better, seconds)[0]
            one = load_on(url, body, 16, seconds, kind, tail)
            ratios.append(one.per_s / bare)
            failed += one.failed
    return median(ratios), failed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON line last")
    parser.add_argument("--seconds", type=float, default=5.0, help="of one turn")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--no-peer", action="store_true", help="without LitServe")
    parser.add_argument("--peers", action="store_true", help="also MLServer, BentoML and Ray Serve")
    asked = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    peers = (*(() if asked.no_peer else (LITSERVE,)), *(PEERS if asked.peers else ()))
    usual = measure(detector_of(USUAL_MS), asked.seconds, asked.rounds, peers)
    heavy = measure(detector_of(HEAVY_MS), asked.seconds, asked.rounds, ())
    renamed = {"ratio": "ratio_c16", "ratio_turns": "ratio_c16_turns", "p99_ms": "p99_ms_c16"}
    found = {renamed.get(name, name): value for name, value in usual.items()}
    found |= {
        "ratio_c16_heavy": heavy["ratio"],
        "bare_per_s_heavy": heavy["bare_per_s"],
        "added_p50_ms_c1_heavy": heavy["added_p50_ms_c1"],
    }
    found["failed_requests"] += heavy["failed_requests"]
    print(json.dumps({"benchmark": "serve", "cores": os.cpu_count(), **found}))


if __name__ == "__main__":
    main()
