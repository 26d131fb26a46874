"""Every runtime loads a model from its bytes, answers from many threads, and says what is wrong."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from relens.inference.errors import BrokenModel, CannotBeServed
from relens.inference.runtime import RUNTIMES
from relens.testing import tiny_models

CHANCE = np.random.default_rng(1)
IMAGES = CHANCE.uniform(0, 1, (6, 3, 32, 32)).astype(np.float32)


@pytest.mark.parametrize("name", RUNTIMES.names())
def test_a_runtime_computes_what_the_graph_says(name: str) -> None:
    session = RUNTIMES.get(name).open(tiny_models.classifier(), threads=1)
    outputs = session.run(IMAGES)
    assert set(outputs) == {"probabilities", "features"}
    powers = np.exp(IMAGES.mean(axis=(2, 3)) * 12)
    np.testing.assert_allclose(outputs["probabilities"], powers / powers.sum(axis=1, keepdims=True), rtol=1e-4)
    cells = IMAGES.reshape(6, 3, 4, 8, 4, 8).mean(axis=(3, 5)).reshape(6, 48)
    np.testing.assert_allclose(outputs["features"], cells, rtol=1e-4)


@pytest.mark.parametrize("name", RUNTIMES.names())
def test_threads_may_run_one_session_at_once(name: str) -> None:
    session = RUNTIMES.get(name).open(tiny_models.classifier(), threads=2)
    expected = [session.run(image[None])["probabilities"] for image in IMAGES]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda i: session.run(IMAGES[i % 6][None])["probabilities"], range(60)))
    for i, answer in enumerate(found):
        np.testing.assert_array_equal(answer, expected[i % 6])


@pytest.mark.parametrize("name", RUNTIMES.names())
def test_what_cannot_be_loaded_or_run_is_said_in_one_line(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    runtime = RUNTIMES.get(name)
    for wrong in (b"", b"not a model", tiny_models.classifier()[:300]):
        with pytest.raises(CannotBeServed, match="cannot load the model"):
            runtime.open(wrong, threads=1)
    session = runtime.open(tiny_models.classifier(), threads=1)
    with pytest.raises(BrokenModel, match="failed on this image") as caught:
        session.run(np.zeros((1, 3, 5), np.float32))
    assert "\n" not in str(caught.value)
    session.close()
    with pytest.raises(BrokenModel, match="closed"):
        session.run(IMAGES)
    assert capfd.readouterr().out == ""


@pytest.mark.parametrize("name", RUNTIMES.names())
def test_nothing_is_read_or_written_beside_the_bytes(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    RUNTIMES.get(name).open(tiny_models.detector(), threads=1).run(np.zeros((1, 3, 64, 64), np.float32))
    assert list(tmp_path.iterdir()) == []
