"""Ray Serve with one model file and our own decode and read-out: `python _peer_ray.py MODEL PORT WORKERS`, in the peer's environment."""

import sys
import time
from pathlib import Path
from typing import Any

import ray  # type: ignore[import-not-found,unused-ignore]
from ray import serve  # type: ignore[import-not-found,unused-ignore]
from starlette.requests import Request

FILE, PORT, WORKERS = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])


@serve.deployment(num_replicas=WORKERS, ray_actor_options={"num_cpus": 0.5}, max_ongoing_requests=16)  # type: ignore[misc,unused-ignore]
class Detector:
    def __init__(self, file: str) -> None:
        from relens.inference.load import load
        from relens.inference.manifest import read_manifest

        onnx = Path(file).read_bytes()
        self.loaded = load(onnx, read_manifest(onnx), "peer", threads=1)
        self.loaded.warm_up()

    async def __call__(self, request: Request) -> dict[str, Any]:
        from relens.inference.predict import predict

        found = predict(await request.body(), self.loaded).prediction.above(0.5)
        return {"detections": [one.to_json() for one in found.detections]}


if __name__ == "__main__":
    ray.init(num_cpus=WORKERS, include_dashboard=False, logging_level="warning")
    serve.start(http_options={"host": "127.0.0.1", "port": PORT})
    serve.run(Detector.bind(str(FILE)), route_prefix="/predict")
    while True:
        time.sleep(60)
