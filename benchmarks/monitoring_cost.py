"""What monitoring costs the answers: predictions per second with it, over those of the same server without.

    python -m benchmarks.monitoring_cost [--json] [--seconds 6] [--rounds 3]

Both servers answer the same images with the same detector over 16 connections, in turns, so that a noisy minute hurts both. "With": training data is
set, so every answer is compared with it (distances in feature space and in what images look like), counted, checked for drift and alerts, and asked
how strange it is before its image is kept or not. "Without" takes all of that away: no numbers of the image and the answer, no scores, no counting
of the log, no drift, no alerts. Images (by the same policy) and predictions are logged and filed all the same. `scored_share`: how many of the
predictions of the first were given an outlier score in the end, and of the second (`scored_share_off`, which has to be 0).
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from benchmarks._load import load_on
from benchmarks._watched import watch
from benchmarks.serve import USUAL_MS, detector_of, image_bytes
from tests.server_process import Server, running

WITHOUT = """
from relens.bootstrap import wire
from relens.inference import features

_all = wire.Relens._monitoring
wire.Strangeness = lambda *_: None
wire.Relens._monitoring = lambda self: [one for one in _all(self) if one.name == "filing"]
_image, _model, _boxes = 11, 5, 7
features._of_image = lambda image: (float("nan"),) * _image
features._of_model = lambda found, feature: (float("nan"),) * _model
features._of_boxes = lambda image, found, level: (float("nan"),) * _boxes
"""


def measure(seconds: float, rounds: int) -> dict[str, float]:
    onnx = detector_of(USUAL_MS)
    with tempfile.TemporaryDirectory() as temporary, ExitStack() as stack:
        folder = Path(temporary)
        image = folder / "image.jpg"
        image.write_bytes(image_bytes())
        (folder / "off").mkdir()
        # Python runs this before the server's own code.
        (folder / "off" / "sitecustomize.py").write_text(WITHOUT)
        urls: dict[str, str] = {}
        servers: dict[str, Server] = {}
        for name, environment in (("on", {}), ("off", {"PYTHONPATH": str(folder / "off")})):
            server = stack.enter_context(running(folder / f"home-{name}", **environment))
            server.http.post("/api/v1/models/bench/versions", files={"file": ("model.onnx", onnx)}).raise_for_status()
            asked = {"name": "bench", "model_version": "bench/latest", "threshold": 0.5}
            server.http.post("/api/v1/deployments", json=asked).raise_for_status()
            policy = {"images": "uncertain", "share": 0.1}
            server.http.put("/api/v1/deployments/bench/images", json=policy).raise_for_status()
            if name == "on":
                watch(server.url, "bench")
            servers[name] = server
            urls[name] = f"{server.url}/api/v1/deployments/bench/predict"
        found: dict[str, list[float]] = {"on": [], "off": []}
        failed = 0
        for url in urls.values():
            load_on(url, image, 2, 2.0)
        for turn in range(rounds):
            for name in ("on", "off") if turn % 2 else ("off", "on"):
                served = load_on(urls[name], image, 16, seconds)
                found[name].append(served.per_s)
                failed += served.failed
        scored = {name: scored_share(server) for name, server in servers.items()}
    return {
        "ratio": round(median(on / off for on, off in zip(found["on"], found["off"], strict=True)), 3),
        "on_per_s": round(max(found["on"]), 2),
        "off_per_s": round(max(found["off"]), 2),
        "scored_share": scored["on"],
        "scored_share_off": scored["off"],
        "failed_requests": failed,
    }


def scored_share(server: Server) -> float:
    """Once everything is counted, or after a minute."""
    share = -1.0
    for _ in range(60):
        counts = {
            query: server.http.get("/api/v1/deployments/bench/predictions/count", params={"query": query}).json()[
                "count"
            ]
            for query in ("count >= 0", "outlier is not empty")
        }
        before, share = share, round(counts["outlier is not empty"] / max(counts["count >= 0"], 1), 3)
        if share == before:
            break
        time.sleep(1)
    return share


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON line last")
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    found = measure(asked.seconds, asked.rounds)
    print(json.dumps({"benchmark": "monitoring_cost", **found}) if asked.json else found)


if __name__ == "__main__":
    main()
