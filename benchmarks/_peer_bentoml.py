"""BentoML with one model file and our own decode and read-out: `python _peer_bentoml.py MODEL PORT WORKERS`, in the peer's environment.

Annotations are not postponed here: BentoML looks at those of an api.
"""

import base64
import os
import sys
from pathlib import Path
from typing import Any

import bentoml  # type: ignore[import-not-found,unused-ignore]

from relens.inference.load import load
from relens.inference.manifest import read_manifest
from relens.inference.predict import predict

if __name__ == "__main__":
    os.environ["PEER_MODEL"], port, workers = sys.argv[1:4]
    os.environ["PEER_WORKERS"] = workers
    folder, name = Path(__file__).parent, Path(__file__).stem
    command = [
        "bentoml",
        "serve",
        f"{name}:Detector",
        "--port",
        port,
        "--host",
        "127.0.0.1",
        "--working-dir",
        str(folder),
    ]
    os.execvp("bentoml", command)


@bentoml.service(
    workers=int(os.environ.get("PEER_WORKERS", "1")), traffic={"timeout": 60}, logging={"access": {"enabled": False}}
)  # type: ignore[misc,unused-ignore]
class Detector:
    def __init__(self) -> None:
        onnx = Path(os.environ["PEER_MODEL"]).read_bytes()
        self.loaded = load(onnx, read_manifest(onnx), "peer", threads=1)
        self.loaded.warm_up()

    @bentoml.api  # type: ignore[misc,unused-ignore]
    def predict(self, image: str) -> dict[str, Any]:
        found = predict(base64.b64decode(image), self.loaded).prediction.above(0.5)
        return {"detections": [one.to_json() for one in found.detections]}
