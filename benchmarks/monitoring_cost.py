"""What monitoring costs the answers: predictions per second with it, over those of the same server without.

    python -m benchmarks.monitoring_cost [--json] [--seconds 6] [--rounds 3]

Both servers answer the same images with the same detector over 16 connections, in turns, so that a noisy minute hurts both. "Without" takes
away the numbers of each image and answer, the counting of the log, drift and alerts; images and predictions are logged all the same.
No training data is set, so distances to it are in neither.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from benchmarks._load import load_on
from benchmarks.serve import USUAL_MS, detector_of, image_bytes
from tests.server_process import running

WITHOUT = """
from relens.bootstrap import wire
from relens.inference import features

_all = wire.Relens._monitoring
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
        urls = {}
        for name, environment in (("on", {}), ("off", {"PYTHONPATH": str(folder / "off")})):
            server = stack.enter_context(running(folder / f"home-{name}", **environment))
            server.http.post("/api/v1/models/bench/versions", files={"file": ("model.onnx", onnx)}).raise_for_status()
            asked = {"name": "bench", "model_version": "bench/latest", "threshold": 0.5}
            server.http.post("/api/v1/deployments", json=asked).raise_for_status()
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
    return {
        "ratio": round(median(on / off for on, off in zip(found["on"], found["off"], strict=True)), 3),
        "on_per_s": round(max(found["on"]), 2),
        "off_per_s": round(max(found["off"]), 2),
        "failed_requests": failed,
    }


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
