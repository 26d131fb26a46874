"""ONNX Runtime on the processor."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import onnxruntime

from relens.inference.errors import BrokenModel, CannotBeServed

_FATAL = 4
# Some builds of ONNX Runtime report to their maker; nothing of a user's goes anywhere from here.
onnxruntime.disable_telemetry_events()


class OnnxSession:
    def __init__(self, session: onnxruntime.InferenceSession) -> None:
        self._session: onnxruntime.InferenceSession | None = session
        self._input = session.get_inputs()[0].name
        self._outputs = [output.name for output in session.get_outputs()]

    def run(self, tensor: Any) -> dict[str, Any]:
        if self._session is None:
            raise BrokenModel("the model was closed")
        try:
            answers = self._session.run(self._outputs, {self._input: tensor})
        except Exception as error:
            raise BrokenModel(f"the model failed on this image: {_first_line(error)}") from error
        return dict(zip(self._outputs, answers, strict=True))

    def close(self) -> None:
        self._session = None


class OnnxRuntime:
    title = "ONNX Runtime"

    def open(self, model: bytes | Path, threads: int) -> OnnxSession:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        # Threads that spin while they wait take the processor from decoding and logging.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = _FATAL
        try:
            # From bytes it copies them first and holds the interpreter's lock meanwhile: 70 ms for 100 MB, in which nobody is answered.
            # Its fallback prints to stdout and tries the same once more.
            session = onnxruntime.InferenceSession(
                str(model) if isinstance(model, Path) else model,
                options,
                providers=["CPUExecutionProvider"],
                enable_fallback=0,
            )
            return OnnxSession(session)
        except Exception as error:
            raise CannotBeServed(f"ONNX Runtime cannot load the model: {_first_line(error)}") from error


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300]


RUNTIME = OnnxRuntime()
