"""MLServer with one model file and our own decode and read-out: `python _peer_mlserver.py MODEL PORT WORKERS`, in the peer's environment.

The image comes as BYTES in JSON; binary tensors fail in this release.
"""

import base64
import json
import os
import sys
import tempfile
from pathlib import Path

from mlserver import MLModel, types  # type: ignore[import-not-found,unused-ignore]

from relens.inference.load import load
from relens.inference.manifest import read_manifest
from relens.inference.predict import predict


class Detector(MLModel):  # type: ignore[misc,unused-ignore]
    async def load(self) -> bool:
        onnx = Path(os.environ["PEER_MODEL"]).read_bytes()
        self.loaded = load(onnx, read_manifest(onnx), "peer", threads=1)
        self.loaded.warm_up()
        return True

    async def predict(self, payload: types.InferenceRequest) -> types.InferenceResponse:
        data = base64.b64decode(payload.inputs[0].data[0])
        found = predict(data, self.loaded).prediction.above(0.5)
        said = json.dumps([one.to_json() for one in found.detections])
        output = types.ResponseOutput(name="detections", shape=[1], datatype="BYTES", data=[said])
        return types.InferenceResponse(model_name=self.name, outputs=[output])


if __name__ == "__main__":
    os.environ["PEER_MODEL"], port, workers = sys.argv[1:4]
    os.environ["PYTHONPATH"] += os.pathsep + str(Path(__file__).parent)
    folder = Path(tempfile.mkdtemp(prefix="relens-benchmark-mlserver-"))
    settings = {"http_port": int(port), "grpc_port": int(port) + 1, "metrics_port": int(port) + 2, "host": "127.0.0.1", "debug": False, "parallel_workers": int(workers)}  # fmt: skip
    (folder / "settings.json").write_text(json.dumps(settings))
    (folder / "model-settings.json").write_text(
        json.dumps({"name": "bench", "implementation": f"{Path(__file__).stem}.Detector"})
    )
    os.execvp("mlserver", ["mlserver", "start", str(folder)])
