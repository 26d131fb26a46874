"""Several images at once: the same answers as alone, and each failure its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from onnx import helper

from relens.inference import features
from relens.inference.errors import BrokenModel
from relens.inference.load import LoadedVersion, load
from relens.inference.manifest import read_manifest
from relens.inference.predict import Inferred, Prepared, predict
from relens.serving.batch import Failure, Outcome, answer_all, best_together
from relens.serving.line import FLOOR, MOST_BELOW, kind_of, worth_logging
from relens.testing.images import BLUE, DARK, GREEN, RED, make_jpeg
from relens.testing.tiny_models import classifier, detector, model
from relens.vision.decode import NotAnImage
from relens.vision.prediction import Detection

COLOURS = [make_jpeg(colour, seed=seed) for seed, colour in enumerate((RED, GREEN, BLUE, RED, BLUE))]


def glance(_place: int, prepared: Prepared) -> Callable[[], features.Look]:
    return lambda: features.look(prepared.image)


def opened(onnx: bytes) -> LoadedVersion:
    manifest = read_manifest(onnx)
    return load(onnx, replace(manifest, input=replace(manifest.input, batch=True)), "v1")


class Fussy:
    """A session that fails for any batch with an image that is mostly red, and counts its runs."""

    def __init__(self, inner: Any, numbers_gone: bool = False) -> None:
        self._inner, self._numbers_gone = inner, numbers_gone
        self.sizes: list[int] = []

    def run(self, tensor: Any) -> dict[str, Any]:
        self.sizes.append(len(tensor))
        red = tensor[:, 0].mean(axis=(1, 2)) > 0.6
        outputs: dict[str, Any] = self._inner.run(tensor)
        if red.any() and not self._numbers_gone:
            raise BrokenModel("the model failed on this image: it is red")
        for values in outputs.values():
            values[red] = np.nan
        return outputs

    def close(self) -> None:
        self._inner.close()


def labels(outcomes: list[Outcome]) -> list[str]:
    return [o.prediction.detections[0].label if isinstance(o, Inferred) else kind_of(o.error) for o in outcomes]


def test_images_answered_together_get_the_answers_they_get_alone() -> None:
    for loaded in (opened(classifier()), opened(detector())):
        images = [*COLOURS, make_jpeg(DARK, blobs=[((20, 20, 60, 50), GREEN)])]
        together = answer_all(images, loaded, glance)
        for image, outcome in zip(images, together, strict=True):
            alone = predict(image, loaded)
            assert isinstance(outcome, Inferred)
            assert outcome.prediction.asset == alone.prediction.asset
            assert [d.label for d in outcome.prediction.detections] == [d.label for d in alone.prediction.detections]
            np.testing.assert_allclose(outcome.scalars, alone.scalars, rtol=1e-3, atol=1e-3)
            assert outcome.fingerprint == alone.fingerprint


@pytest.mark.parametrize("numbers_gone", [False, True])
def test_a_failure_in_a_batch_fails_only_the_image_that_caused_it(numbers_gone: bool) -> None:
    loaded = opened(classifier())
    fussy = Fussy(loaded.runtime, numbers_gone)
    outcomes = answer_all(COLOURS, replace(loaded, runtime=fussy), glance)
    wrong = "numbers not finite" if numbers_gone else "model failed"
    assert labels(outcomes) == [wrong, "green", "blue", wrong, "blue"]
    assert fussy.sizes[0] == 5
    failed = outcomes[0]
    assert isinstance(failed, Failure)
    assert failed.prepared is not None


def test_what_is_no_image_fails_alone_and_reaches_no_model() -> None:
    loaded = opened(classifier())
    fussy = Fussy(loaded.runtime)
    outcomes = answer_all([COLOURS[1], b"no image", COLOURS[2]], replace(loaded, runtime=fussy), glance)
    assert labels(outcomes) == ["green", "NotAnImage", "blue"]
    failed = outcomes[1]
    assert isinstance(failed, Failure)
    assert isinstance(failed.error, NotAnImage)
    assert failed.prepared is None
    assert fussy.sizes == [2]


def test_outputs_without_a_batch_axis_are_asked_for_one_by_one() -> None:
    loaded = opened(classifier())

    class Squeezed(Fussy):
        def run(self, tensor: Any) -> dict[str, Any]:
            self.sizes.append(len(tensor))
            return {name: values[:1] for name, values in self._inner.run(tensor).items()}

    squeezed = Squeezed(loaded.runtime)
    assert labels(answer_all(COLOURS[:3], replace(loaded, runtime=squeezed), glance)) == ["red", "green", "blue"]
    assert squeezed.sizes == [3, 1, 1, 1]


def test_a_reader_that_stumbles_is_a_broken_model() -> None:
    loaded = opened(classifier())

    class Short(Fussy):
        def run(self, tensor: Any) -> dict[str, Any]:
            return {"features": self._inner.run(tensor)["features"]}

    (outcome,) = answer_all(COLOURS[:1], replace(loaded, runtime=Short(loaded.runtime)), glance)
    assert isinstance(outcome, Failure)
    assert isinstance(outcome.error, BrokenModel)
    assert "cannot read" in str(outcome.error)


def test_a_model_that_takes_one_image_only_is_never_given_two() -> None:
    onnx = classifier()
    manifest = read_manifest(onnx)
    assert best_together(load(onnx, replace(manifest, input=replace(manifest.input, batch=False)), "v")) == 1


def test_what_is_measured_steps_aside_before_each_run() -> None:
    asked: list[int] = []
    best_together(opened(classifier()), lambda: asked.append(1))
    assert len(asked) >= 4, "two sizes at least, each more than once"


def test_a_batch_that_saves_much_is_worth_it() -> None:
    """A matrix that has to be read from memory once per run, however many images come along."""
    side, inside = 8, 1500
    weights = np.random.default_rng(1).normal(0, 0.01, (3, inside)).astype(np.float32)
    large = np.random.default_rng(2).normal(0, 0.01, (inside, inside)).astype(np.float32)
    nodes = [
        helper.make_node("GlobalAveragePool", ["images"], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["mean"]),
        helper.make_node("MatMul", ["mean", "first"], ["h"]),
        helper.make_node("MatMul", ["h", "large"], ["g"]),
        helper.make_node("MatMul", ["g", "last"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["probabilities"], axis=1),
    ]
    constants = {"first": weights, "large": large, "last": weights.T.copy()}
    declared = {"relens.task": "classification", "relens.labels": '["a", "b", "c"]', "relens.outputs": "softmax"}
    assert best_together(opened(model(nodes, constants, [("probabilities", ["batch", 3])], side, declared))) >= 2


def test_below_the_threshold_the_log_keeps_a_floor_and_a_cap_and_above_it_everything() -> None:
    many = tuple(Detection("a", (300 - i) / 300) for i in range(300))
    kept = worth_logging(many, 0.5)
    assert [d for d in kept if d.confidence >= 0.5] == [d for d in many if d.confidence >= 0.5]
    below = [d.confidence for d in kept if d.confidence < 0.5]
    assert len(below) == MOST_BELOW
    assert below == sorted((d.confidence for d in many if d.confidence < 0.5), reverse=True)[:MOST_BELOW]
    faint = (Detection("a", 0.9), Detection("a", FLOOR), Detection("a", FLOOR / 2))
    assert worth_logging(faint, 0.5) == faint[:2]
    assert worth_logging(faint, 0.0) == faint
