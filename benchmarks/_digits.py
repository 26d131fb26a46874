"""scikit-learn's handwritten digits as a stream. scikit-learn lives in a virtual environment of this benchmark's own."""

from __future__ import annotations

import io
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from relens.demo.stream import Arrival, Example, Stream
from relens.vision.annotation import Annotation

PLACE = Path(tempfile.gettempdir()) / "relens-benchmark-digits"
LABELS = tuple(str(digit) for digit in range(10))
SIZE = 32
TRAIN, PRODUCTION = 60, 600
PROGRAM = """
import sys, numpy
from sklearn.datasets import load_digits
found = load_digits()
numpy.savez(sys.argv[1], images=found.images, labels=found.target)
"""


def digits() -> Stream:
    """60 images to train on, 600 that arrive, the rest to report on; 8 x 8 pixels, enlarged."""
    images, labels = _loaded()
    order = np.random.default_rng(7).permutation(len(images))
    names = {int(n): f"{n}.png" for n in order}
    said = {names[int(n)]: (Annotation(LABELS[labels[n]]),) for n in order}

    def example(n: int) -> Example:
        return Example(names[n], _reading(images[n]), said[names[n]])

    train, arriving, report = np.split(order, [TRAIN, TRAIN + PRODUCTION])
    production = tuple(Arrival(names[int(n)], _reading(images[n])) for n in arriving)
    known = {arrival.name: said[arrival.name] for arrival in production}
    return Stream(
        title="digits",
        task="classification",
        labels=LABELS,
        train=tuple(example(int(n)) for n in train),
        gate=(),
        report=tuple(example(int(n)) for n in report),
        production=production,
        truth=known.get,
    )


def _reading(pixels: NDArray[np.float64]) -> Callable[[], bytes]:
    def read() -> bytes:
        written = io.BytesIO()
        shades = Image.fromarray((255 - pixels * 255 / 16).astype(np.uint8))
        shades.resize((SIZE, SIZE), Image.Resampling.BICUBIC).save(written, "PNG")
        return written.getvalue()

    return read


def _loaded() -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    kept = PLACE / "digits.npz"
    if not kept.exists():
        python = PLACE / "bin" / "python"
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(PLACE)], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "scikit-learn"], check=True)
        subprocess.run([python, "-c", PROGRAM, str(kept)], check=True)
    found = np.load(kept)
    return found["images"], found["labels"]
