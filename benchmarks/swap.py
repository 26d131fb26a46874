"""Swaps of the champion under open-loop load at 40 % of what the server can answer, logging and monitoring everything.

`failed_requests`: how many images were not answered. `memory_growth`: of the server's memory after a swap, from the second quarter of the swaps to
the last (medians: what allocators keep for a moment comes and goes by a few per cent, and the first quarter fills the caches).
`p99_ratio`: the 99th percentile of what was due while a swap was under way (from asking for it until half a second after the new version answers), over that of what
was due before the first one. Requests are due on a schedule, so that waiting is measured and not hidden.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import onnx as onnx_file

from benchmarks._load import OpenLoop, Sent, load_on
from benchmarks._report import as_line
from benchmarks.serve import USUAL_MS, detector_of, image_bytes
from tests.server_process import Server, running

LOAD = 0.4
AFTER_S = 0.5
"""The old version is let go, and its memory given back, after the new one has answered: that counts as the swap too."""


def versions(count: int) -> list[bytes]:
    """The same detector with other weights."""
    made, base = [], detector_of(USUAL_MS)
    for number in range(count):
        model = onnx_file.load_from_string(base)
        for tensor in model.graph.initializer:
            if tensor.name == "head":
                weights = onnx_file.numpy_helper.to_array(tensor) * (1 + 0.01 * number)
                tensor.CopyFrom(onnx_file.numpy_helper.from_array(weights.astype(np.float32), "head"))
        made.append(model.SerializeToString())
    return made


def memory_mb(server: Server) -> float:
    assert server._process is not None
    pages = int(Path(f"/proc/{server._process.pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def p99(sent: Sequence[Sent]) -> float:
    return float(np.percentile([one.seconds for one in sent], 99)) * 1e3 if sent else float("nan")


def swap(server: Server, version: str, load: OpenLoop) -> tuple[float, float]:
    """When it was asked for and when the new version answered, in the load's seconds."""
    began = load.now()
    asked = {"role": "champion", "model_version": version}
    server.http.post("/api/v1/deployments/bench/roles", json=asked).raise_for_status()
    for _ in range(2000):
        serving = server.http.get("/api/v1/deployments/bench").raise_for_status().json()["serving"]
        if serving["state"] == "failed":
            raise SystemExit(f"a swap failed: {serving['message']}")
        if serving["state"] == "live" and serving["model_version"] == version:
            return began, load.now()
        time.sleep(0.02)
    raise SystemExit("a swap took more than 40 s")


def measure(swaps: int, quiet_s: float) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as temporary, running(Path(temporary) / "home") as server:
        registered = []
        for onnx in versions(3):
            sent = server.http.post("/api/v1/models/bench/versions", files={"file": ("model.onnx", onnx)})
            registered.append(sent.raise_for_status().json()["id"])
        asked = {"name": "bench", "model_version": registered[0], "threshold": 0.5}
        server.http.post("/api/v1/deployments", json=asked).raise_for_status()
        url, image = f"{server.url}/api/v1/deployments/bench/predict", Path(temporary) / "image.jpg"
        image.write_bytes(image_bytes())
        load_on(url, image, 2, 2.0)
        capacity = load_on(url, image, 16, 6.0).per_s
        load = OpenLoop(url, image_bytes(), LOAD * capacity)
        time.sleep(quiet_s)
        before, during, memory = load.now(), [], []
        for number in range(swaps):
            during.append(swap(server, registered[(number + 1) % 3], load))
            time.sleep(0.6)
            memory.append(memory_mb(server))
        time.sleep(1.0)
        sent_all = load.stop()
    calm = [one for one in sent_all if 1.0 < one.due < before - 0.5]
    busy = [one for one in sent_all if any(began <= one.due <= ended + AFTER_S for began, ended in during)]
    quarter = max(1, len(memory) // 4)
    settled, last = median(memory[quarter : 2 * quarter] or memory), median(memory[-quarter:])
    return {
        "swaps": swaps,
        "requests": len(sent_all),
        "rate_per_s": round(LOAD * capacity, 1),
        "failed_requests": sum(not one.answered for one in sent_all),
        "memory_mb": round(last, 1),
        "memory_growth": round(last / settled - 1, 4),
        "p99_ms_before": round(p99(calm), 1),
        "p99_ms_during": round(p99(busy), 1),
        "p99_ratio": round(p99(busy) / p99(calm), 3),
        "swap_s": round(float(np.median([ended - began for began, ended in during])), 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON line last")
    parser.add_argument("--full", action="store_true", help="500 swaps instead of 20")
    parser.add_argument("--swaps", type=int, default=20)
    parser.add_argument("--quiet-seconds", type=float, default=20.0, help="load before the first swap")
    asked = parser.parse_args()
    print(as_line({"benchmark": "swap", **measure(500 if asked.full else asked.swaps, asked.quiet_seconds)}))


if __name__ == "__main__":
    main()
