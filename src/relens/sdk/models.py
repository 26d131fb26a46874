"""Models: register an ONNX file, look at versions."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from relens.kit.errors import Invalid
from relens.sdk.jobs import Json
from relens.sdk.transport import Transport


class Models:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(self) -> Iterator[Json]:
        return self._transport.items("models")

    def versions(self, name: str) -> Iterator[Json]:
        return self._transport.items(f"models/{quote(name)}/versions")

    def version(self, reference: str) -> Json:
        """A version by id, or as "name/2" or "name/latest"."""
        return dict(self._transport.call("GET", f"model-versions/{quote(reference, safe='/')}"))

    def register(
        self,
        onnx: str | Path | bytes,
        name: str,
        *,
        task: str | None = None,
        labels: Sequence[str] | None = None,
        reader: str | None = None,
        input: Mapping[str, Any] | None = None,  # noqa: A002 - as the API calls it
        checkpoint: str | Path | bytes | None = None,
        dataset_version: str | None = None,
        note: str = "",
    ) -> Json:
        """The model version of an ONNX file; task, labels, reader and input are only needed where the file does not say them.

        `input` describes the image input: {"normalise": "imagenet" | "shares" | "signed" | "none", "resize": "letterbox" | "stretch" |
        "crop", "width": 640, "height": 640, "mean": [...], "std": [...], "scale": ..., "colour": "rgb" | "bgr", "pad": 114}.
        """
        fields = {
            "task": task,
            "labels": json.dumps(list(labels)) if labels is not None else None,
            "reader": reader,
            "input": json.dumps(dict(input)) if input is not None else None,
            "dataset_version": dataset_version,
            "note": note or None,
        }
        files = [(key, (None, value.encode())) for key, value in fields.items() if value is not None]
        parts: list[tuple[str, tuple[str | None, bytes]]] = [*files, ("file", ("model.onnx", _bytes(onnx)))]
        if checkpoint is not None:
            parts.append(("checkpoint", ("checkpoint.ckpt", _bytes(checkpoint))))
        # The same artifact under the same model is the same version: sending it twice makes one.
        return dict(self._transport.call("POST", f"models/{quote(name)}/versions", files=parts, idempotent=True))

    def attach_checkpoint(self, reference: str, checkpoint: str | Path | bytes) -> Json:
        """Puts what a trainer goes on from beside a version that came without one."""
        parts: list[tuple[str, tuple[str | None, bytes]]] = [("checkpoint", ("checkpoint.ckpt", _bytes(checkpoint)))]
        address = f"model-versions/{quote(reference, safe='/')}/checkpoint"
        return dict(self._transport.call("PUT", address, files=parts, idempotent=True))

    def manifest(self, reference: str) -> Json:
        """How to feed a version's file and read its answers."""
        return dict(self._transport.call("GET", f"model-versions/{quote(reference, safe='/')}/manifest"))

    def artifact(self, reference: str, to: str | Path) -> Path:
        """Writes the ONNX file of a version."""
        return self._transport.download(f"model-versions/{quote(reference, safe='/')}/artifact", Path(to))


def _bytes(given: str | Path | bytes) -> bytes:
    if isinstance(given, bytes):
        return given
    try:
        return Path(given).read_bytes()
    except OSError as error:
        raise Invalid(f"cannot read {given}: {error.strerror}") from error
