"""How many threads work on images: the one place where the server's workers and ONNX Runtime's threads are sized together."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sizes:
    """`workers` images are worked on at once, each model runs on up to `threads` threads."""

    workers: int
    threads: int


def sized(cores: int) -> Sizes:
    """As many workers as cores, and one model thread each: workers x threads = cores."""
    return Sizes(workers=max(1, cores), threads=1)
