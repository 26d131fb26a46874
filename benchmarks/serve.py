"""HTTP predict, logging and monitoring everything, against a bare loop of decode, ONNX Runtime and read-out in the same run.

`ratio_c16`: images per second through the server with 16 connections, over those of the bare loop (the better of one worker with two threads
and two workers with one). `added_p50_ms_c1`: what the server adds to the bare loop's median with one connection.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from onnx import helper

from relens.inference.load import LoadedVersion, load
from relens.inference.manifest import read_manifest
from relens.inference.predict import conclude, prepare
from relens.testing.images import make_jpeg
from relens.testing.tiny_models import model
from tests.server_process import Server, running

SIZE = 320


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
    outputs = [("boxes", ["batch", 400, 4]), ("scores", ["batch", 400, 2]), ("features", ["batch", 64])]
    return model(nodes, constants, outputs, SIZE, declared)


def bare_answer(data: bytes, loaded: LoadedVersion) -> None:
    """Decode, preprocess, run, read: nothing kept, nothing measured."""
    prepared = prepare(data, loaded)
    outputs = loaded.run(prepared.tensor[None])
    conclude(prepared, {name: values[0] for name, values in outputs.items()}, loaded)


def bare_rate(onnx: bytes, data: bytes, workers: int, threads: int, seconds: float) -> tuple[float, float]:
    """Images per second and the median milliseconds of an image."""
    loaded = load(onnx, read_manifest(onnx), "bare", threads=threads)
    loaded.warm_up()
    times: list[float] = []
    until = time.perf_counter() + seconds

    def work() -> None:
        while time.perf_counter() < until:
            started = time.perf_counter()
            bare_answer(data, loaded)
            times.append(time.perf_counter() - started)

    started = time.perf_counter()
    pool = [threading.Thread(target=work) for _ in range(workers)]
    for thread in pool:
        thread.start()
    for thread in pool:
        thread.join()
    loaded.close()
    return len(times) / (time.perf_counter() - started), median(times) * 1e3


def load_on(server: Server, image: Path, connections: int, seconds: float) -> dict[str, float]:
    command = [
        sys.executable,
        "-m",
        "benchmarks._load",
        f"{server.url}/api/v1/deployments/bench/predict",
        str(image),
        str(connections),
        str(seconds),
    ]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found: dict[str, float] = json.loads(said)
    return found


def measure(convolutions: int, seconds: float) -> dict[str, float]:
    """One model cost: bare and served, interleaved twice so that a noisy minute hurts both."""
    onnx = heavy_detector(convolutions)
    with tempfile.TemporaryDirectory() as folder:
        image = Path(folder) / "image.jpg"
        image.write_bytes(make_jpeg((90, 120, 160), size=(640, 480), noise=12.0))
        with running(Path(folder) / "home") as server:
            server.http.post("/api/v1/models/bench/versions", files={"file": ("model.onnx", onnx)}).raise_for_status()
            asked = {"name": "bench", "model_version": "bench/latest", "threshold": 0.5}
            server.http.post("/api/v1/deployments", json=asked).raise_for_status()
            load_on(server, image, 2, 2.0)
            bare, served, single, alone = [], [], [], []
            for _ in range(2):
                bare.append(max(bare_rate(onnx, image.read_bytes(), w, t, seconds)[0] for w, t in ((1, 2), (2, 1))))
                served.append(load_on(server, image, 16, seconds))
                alone.append(bare_rate(onnx, image.read_bytes(), 1, 1, seconds / 2)[1])
                single.append(load_on(server, image, 1, seconds / 2)["p50_ms"])
    return {
        "bare_per_s": round(max(bare), 2),
        "served_per_s": round(max(one["per_s"] for one in served), 2),
        "ratio_c16": round(max(one["per_s"] for one in served) / max(bare), 3),
        "p99_ms_c16": round(min(one["p99_ms"] for one in served), 1),
        "bare_p50_ms": round(min(alone), 2),
        "added_p50_ms_c1": round(min(single) - min(alone), 2),
        "failed_requests": sum(one["failed"] for one in served),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON line last")
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--convolutions", type=int, default=10, help="more of them: a heavier model")
    arguments = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    found = {"benchmark": "serve", "cores": os.cpu_count(), **measure(arguments.convolutions, arguments.seconds)}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
