"""A model version is loaded: its file in a runtime, with the reader that understands it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from relens.inference.errors import BrokenModel
from relens.inference.manifest import Manifest
from relens.inference.preprocess import Preprocess
from relens.inference.reader import READERS, Reader
from relens.inference.runtime import RUNTIMES, Outputs, Session


@dataclass(frozen=True, slots=True, eq=False)
class LoadedVersion:
    """Everything it takes to answer an image. `title` is what errors call it.

    `together`: how many images to run at once at most, which is for the one who serves to find out.
    """

    version_id: str
    title: str
    manifest: Manifest
    runtime: Session
    preprocess: Preprocess
    reader: Reader
    together: int = 1

    def run(self, tensor: object) -> Outputs:
        """The outputs for a batch, as the model gave them. Raises BrokenModel."""
        try:
            return self.runtime.run(tensor)
        except BrokenModel as error:
            raise BrokenModel(
                f"model version {self.title}: {error}", error.kind, model_version=self.version_id
            ) from error

    def check(self, outputs: Mapping[str, Any]) -> None:
        """Refuses outputs with a number that is none; of one image, so that it spoils no other's answer. Raises BrokenModel."""
        for name, values in outputs.items():
            if np.asarray(values).dtype.kind == "f" and not np.isfinite(values).all():
                raise BrokenModel(
                    f"model version {self.title} answered with numbers that are not finite (output '{name}'): "
                    "put another version in its place",
                    "numbers not finite",
                    model_version=self.version_id,
                )

    def warm_up(self) -> None:
        """One run on a grey frame, so that the first image does not wait for memory and kernels. Raises BrokenModel."""
        self.check(self.run(self.frame()))

    def frame(self) -> npt.NDArray[np.generic]:
        """A grey image as the model takes it, with a batch axis of one."""
        wanted = self.manifest.input
        shape = (1, 3, wanted.height, wanted.width) if wanted.layout == "nchw" else (1, wanted.height, wanted.width, 3)
        return np.full(shape, wanted.pad * wanted.scale).astype(wanted.dtype)

    def close(self) -> None:
        """Give its memory back; call it after the last request has ended."""
        self.runtime.close()


def load(
    onnx: bytes | Path,
    manifest: Manifest,
    version_id: str,
    threads: int = 1,
    *,
    title: str | None = None,
    runtime: str = "onnx",
) -> LoadedVersion:
    """The model in `onnx`, its bytes or its file, ready to answer. Raises CannotBeServed, NotFound."""
    reader = READERS.get(manifest.outputs)
    session = RUNTIMES.get(runtime).open(onnx, threads)
    return LoadedVersion(version_id, title or version_id, manifest, session, Preprocess(manifest.input), reader)
