"""LitServe with one model file and our own decode and read-out: `python _litserve_app.py MODEL PORT WORKERS`, in the peer's environment.

Annotations are not postponed here: LitServe looks at the class in that of `decode_request`.
"""

import base64
import sys
from pathlib import Path
from typing import Any

import litserve  # type: ignore[import-not-found,unused-ignore]
from fastapi import Request

from relens.inference.load import load
from relens.inference.manifest import read_manifest
from relens.inference.predict import predict

FILE, PORT, WORKERS = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])


class Detector(litserve.LitAPI):  # type: ignore[misc,unused-ignore]
    def setup(self, device: str) -> None:
        onnx = FILE.read_bytes()
        self.loaded = load(onnx, read_manifest(onnx), "peer", threads=1)
        self.loaded.warm_up()

    def decode_request(self, request: Request) -> bytes:
        # It reads JSON or forms, no raw bodies; of JSON it hands on what was parsed.
        return base64.b64decode(request["image"])  # type: ignore[index]

    def predict(self, data: bytes) -> Any:
        return predict(data, self.loaded).prediction.above(0.5)

    def encode_response(self, output: Any) -> dict[str, Any]:
        return {"detections": [detection.to_json() for detection in output.detections]}


if __name__ == "__main__":
    server = litserve.LitServer(Detector(), accelerator="cpu", workers_per_device=WORKERS)
    server.run(host="127.0.0.1", port=PORT, log_level="warning", generate_client_file=False)
