"""A runtime: runs a model file. Each is one file in `runtimes/`."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

from relens.kit.catalog import Catalog

Outputs = dict[str, Any]


class Session(Protocol):
    """One model, loaded. `run` may be called from several threads at once."""

    def run(self, tensor: Any) -> Outputs:
        """Every output by name, for the tensor of one batch. Raises BrokenModel."""

    def close(self) -> None:
        """Give the memory back; nothing may run any more."""


class Runtime(Protocol):
    title: str

    def open(self, model: bytes | Path, threads: int) -> Session:
        """Load the model from its bytes, or from a file of its own, to run on `threads` threads. Raises CannotBeServed."""


RUNTIMES: Catalog[Runtime] = Catalog("runtime", "relens.inference.runtimes", "RUNTIME")
