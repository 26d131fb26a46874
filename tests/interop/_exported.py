"""Models that another library exports on our PyTorch: its environment, and what is seen of each file."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from relens.inference.examine import Given, examine
from relens.inference.load import load
from relens.inference.predict import predict
from relens.testing.images import BLUE, RED, make_jpeg
from relens.vision.prediction import Detection


class Expected(NamedTuple):
    """`pooled`: where its features come from; `numbers`: how many there are."""

    task: str
    pooled: str
    numbers: int


def interpreter(peer: str, *installs: Sequence[str]) -> Path:
    """Of the peer's environment, which finds our PyTorch. `installs`: what pip is told, call by call."""
    if importlib.util.find_spec("torch") is None:
        pytest.skip("PyTorch is not installed: pip install 'relens[train]'")
    home = Path(tempfile.gettempdir()) / f"relens-peer-{peer}"
    found = home / "bin" / "python"
    if not (home / "ready").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(home)], check=True)
        ours = [path for path in sys.path if path.endswith("site-packages")]
        packages = next((home / "lib").glob("python*")) / "site-packages"
        (packages / "ours.pth").write_text("\n".join(ours) + "\n", encoding="utf-8")
        for install in installs:
            subprocess.run([str(found), "-m", "pip", "install", "--quiet", *install], check=True)
        (home / "ready").touch()
    return found


def exported(python: Path, program: str, kind: str, folder: Path) -> bytes:
    """The file that the program writes of this kind of model."""
    script, file = folder / "program.py", folder / "model.onnx"
    script.write_text(program, encoding="utf-8")
    done = subprocess.run([str(python), str(script), kind, str(file)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return file.read_bytes()


def features_tell_apart(
    onnx: bytes, labels: tuple[str, ...], expected: Expected, side: int, least: float
) -> tuple[Detection, ...]:
    """The file is read and answers; its features are the same of the same picture and differ by `least` of another. What it found."""
    examined = examine(onnx, Given(labels=labels))
    assert examined.manifest.task == expected.task
    assert examined.manifest.features.startswith(f"added: {expected.pooled}")
    loaded = load(examined.onnx, examined.manifest, "v1")
    one, same, other = (predict(make_jpeg(colour, (side, side), 3), loaded) for colour in (RED, RED, BLUE))
    loaded.close()
    assert one.feature is not None
    assert same.feature is not None
    assert other.feature is not None
    assert one.feature.shape == (expected.numbers,)
    np.testing.assert_array_equal(one.feature, same.feature)
    assert np.abs(one.feature.astype(float) - other.feature).max() > least
    return one.prediction.detections
