"""From bytes to detections in the pixels of the original, in every layout, and no answer from a broken model."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from relens.inference.errors import BrokenModel, CannotBeServed
from relens.inference.load import LoadedVersion, load
from relens.inference.manifest import read_manifest
from relens.inference.predict import conclude, predict, prepare
from relens.inference.probe import probe, probe_image, same_answer
from relens.inference.trial import trial
from relens.kit.ids import content_id
from relens.testing import tiny_models
from relens.testing.images import BLUE, DARK, GREEN, RED, Colour, make_jpeg, make_png
from relens.vision.decode import NotAnImage, decode
from relens.vision.fingerprint import fingerprint
from relens.vision.prediction import Detection
from relens.vision.shapes import Box

LAYOUTS = ("compact_detect", "ultralytics", "ultralytics_end2end")


def loaded(data: bytes, **options: Any) -> LoadedVersion:
    return load(data, trial(data, read_manifest(data)), "v1", **options)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(("colour", "label"), [(RED, "red"), (GREEN, "green"), (BLUE, "blue")])
@pytest.mark.parametrize("size", [(320, 200), (64, 64), (90, 300)])
def test_a_detector_finds_the_blob_where_it_is(layout: str, colour: Colour, label: str, size: tuple[int, int]) -> None:
    box = (size[0] * 0.25, size[1] * 0.5, size[0] * 0.75, size[1] * 0.75)
    data = make_jpeg(size=size, blobs=[(box, colour)])
    said = predict(data, loaded(tiny_models.detector(layout=layout))).prediction
    assert (said.asset, said.model_version, said.width, said.height) == (content_id(data), "v1", *size)
    assert said.latency_ms > 0
    assert [detection.label for detection in said.detections] == [label]
    found = said.detections[0].shape
    assert isinstance(found, Box)
    np.testing.assert_allclose(found.corners(), box, atol=1.5 * max(size) / 64)


def test_every_layout_gives_the_same_answer() -> None:
    data = make_jpeg(size=(300, 200), blobs=[((40, 30, 150, 90), BLUE)])
    answers = [predict(data, loaded(tiny_models.detector(layout=layout))).prediction.detections for layout in LAYOUTS]
    assert same_answer(answers[0], answers[1])
    assert same_answer(answers[0], answers[2])


def test_nothing_there_is_no_detection() -> None:
    assert predict(make_jpeg(size=(80, 60)), loaded(tiny_models.detector())).prediction.detections == ()


def test_a_classifier_says_every_label_the_best_first() -> None:
    for probabilities in (True, False):
        model = loaded(tiny_models.classifier(logits=not probabilities))
        for colour, label in ((RED, "red"), (GREEN, "green"), (BLUE, "blue")):
            said = predict(make_jpeg(colour), model).prediction.detections
            assert said[0].label == label
            assert {one.label for one in said} == {"red", "green", "blue"}
            assert sum(one.confidence for one in said) == pytest.approx(1, abs=1e-5)
            assert [one.confidence for one in said] == sorted((one.confidence for one in said), reverse=True)
            assert all(one.shape is None for one in said)


def test_a_version_with_shuffled_labels_is_wrong() -> None:
    said = predict(make_jpeg(RED), loaded(tiny_models.classifier(order=(1, 2, 0)))).prediction
    assert said.detections[0].label != "red"


def test_what_monitoring_needs_comes_with_the_prediction() -> None:
    data = make_png(RED, (200, 100))
    inferred = predict(data, loaded(tiny_models.classifier()))
    assert inferred.format == "png"
    assert inferred.fingerprint == fingerprint(decode(data))
    assert inferred.feature is not None
    assert inferred.feature.dtype == np.float16
    assert inferred.feature.shape == (48,)
    assert predict(data, loaded(tiny_models.classifier(features=False))).feature is None


def test_several_images_at_once_are_answered_as_alone() -> None:
    model = loaded(tiny_models.detector())
    files = [make_jpeg(size=(100 + 20 * i, 80), blobs=[((10, 10, 30 + 5 * i, 60), GREEN)]) for i in range(4)]
    prepared = [prepare(data, model) for data in files]
    outputs = model.run(np.stack([one.tensor for one in prepared]))
    for i, (data, one) in enumerate(zip(files, prepared, strict=True)):
        together = conclude(one, {name: values[i] for name, values in outputs.items()}, model).prediction
        alone = predict(data, model).prediction
        assert same_answer(together.detections, alone.detections)
        assert (together.asset, together.width) == (alone.asset, alone.width)


def test_many_threads_share_one_loaded_version() -> None:
    model = loaded(tiny_models.detector())
    files = [make_jpeg(size=(90, 60), seed=i, blobs=[((10 + i, 10, 40 + i, 40), RED)]) for i in range(12)]
    expected = [predict(data, model).prediction.detections for data in files]
    with ThreadPoolExecutor(6) as pool:
        assert [one.prediction.detections for one in pool.map(lambda data: predict(data, model), files)] == expected


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_an_answer_that_is_no_number_is_refused_by_the_models_name(wrong: float) -> None:
    boxes = np.asarray([[[1, 1, 9, 9], [2, 2, 8, 8]]], np.float32)
    scores = np.asarray([[[0.9, 0.1], [0.2, wrong]]], np.float32)
    data = tiny_models.constant({"boxes": boxes, "scores": scores})
    manifest = read_manifest(data, labels=["a", "b"])
    with pytest.raises(CannotBeServed, match="not finite"):
        trial(data, manifest)
    broken = load(data, manifest, "v7", title="bolts v7")
    with pytest.raises(
        BrokenModel, match=r"model version bolts v7 answered with numbers that are not finite \(output 'scores'\)"
    ):
        predict(make_jpeg(), broken)
    with pytest.raises(BrokenModel, match="bolts v7"):
        broken.warm_up()


def test_a_class_without_a_label_is_refused() -> None:
    rows = np.zeros((1, 300, 6), np.float32)
    rows[0, 0] = (1, 1, 9, 9, 0.9, 7)
    data = tiny_models.constant({"output0": rows}, metadata={"names": "{0: 'a', 1: 'b'}", "task": "detect"})
    manifest = read_manifest(data)
    with pytest.raises(CannotBeServed, match="no label for"):
        trial(data, manifest)
    with pytest.raises(BrokenModel, match=r"no label for \(2 labels\)"):
        predict(make_jpeg(size=(64, 64)), load(data, manifest, "v1"))


class Stumbling:
    """A reader somebody brought, which does what `read` does."""

    def __init__(self, read: Callable[..., Any]) -> None:
        self.read = read


@pytest.mark.parametrize(
    "read",
    [
        lambda outputs, placement: outputs["no such output"],
        lambda outputs, placement: None,
        lambda outputs, placement: SimpleNamespace(
            labels=np.zeros(1, int), detections=lambda labels: (Detection("a", 2.0),)
        ),
    ],
)
def test_whatever_a_reader_stumbles_over_is_the_versions_fault(read: Callable[..., Any]) -> None:
    version = replace(loaded(tiny_models.detector()), reader=Stumbling(read))
    with pytest.raises(BrokenModel, match="cannot read"):
        predict(make_jpeg(DARK), version)


def test_detections_below_the_threshold_are_there_down_to_the_floor_and_up_to_the_cap() -> None:
    count = 500
    boxes = np.asarray([[[i % 25 * 2, i // 25 * 2, i % 25 * 2 + 1, i // 25 * 2 + 1] for i in range(count)]], np.float32)
    scores = np.linspace(0.005, 0.9, count, dtype=np.float32).reshape(1, count, 1)
    data = tiny_models.constant({"boxes": boxes, "scores": scores})
    said = predict(make_jpeg(size=(64, 64)), load(data, read_manifest(data, labels=["a"]), "v1")).prediction
    assert len(said.detections) == 300
    assert said.detections[0].confidence == pytest.approx(0.9)
    few = tiny_models.constant({"boxes": boxes[:, :20], "scores": scores[:, :20]})
    said = predict(make_jpeg(size=(64, 64)), load(few, read_manifest(few, labels=["a"]), "v1")).prediction
    assert 0 < len(said.detections) < 20
    assert said.detections[-1].confidence >= 0.01


def test_what_is_no_image_never_reaches_the_model() -> None:
    with pytest.raises(NotAnImage):
        predict(b"nothing", loaded(tiny_models.classifier()))


def test_a_closed_version_says_so() -> None:
    model = loaded(tiny_models.classifier())
    model.close()
    with pytest.raises(BrokenModel, match="was closed"):
        predict(make_jpeg(), model)


def test_the_probe_tells_versions_apart_and_knows_one_again() -> None:
    assert probe_image() == probe_image()
    first, second = loaded(tiny_models.detector()), loaded(tiny_models.detector(), threads=2)
    assert probe(first)
    assert same_answer(probe(first), probe(second))
    assert not same_answer(probe(first), probe(loaded(tiny_models.detector(order=(1, 2, 0)))))
    assert not same_answer(probe(first), probe(loaded(tiny_models.detector(grow=6))))
    assert not same_answer(probe(first), ())
    one = probe(first)[0]
    assert not same_answer((one,), (replace(one, confidence=one.confidence / 2),))
    assert not same_answer((one,), (replace(one, shape=None),))


def test_channels_last_and_bytes_and_blue_first_are_fed_as_declared() -> None:
    from onnx import TensorProto, helper

    def channels_last(metadata: dict[str, str]) -> bytes:
        image = helper.make_tensor_value_info("pixels", TensorProto.UINT8, ["batch", 32, 32, 3])
        out = helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["batch", 3])
        nodes = [
            helper.make_node("Cast", ["pixels"], ["f"], to=TensorProto.FLOAT),
            helper.make_node("ReduceMean", ["f"], ["m"], axes=[1, 2], keepdims=0),
            helper.make_node("Softmax", ["m"], ["probabilities"], axis=1),
        ]
        graph = helper.make_graph(nodes, "g", [image], [out])
        made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
        helper.set_model_props(made, metadata)
        return bytes(made.SerializeToString())

    for metadata, labels in (({}, ["r", "g", "b"]), ({"relens.input": '{"colour": "bgr"}'}, ["b", "g", "r"])):
        data = channels_last(metadata)
        manifest = trial(data, read_manifest(data, labels=labels))
        assert (manifest.input.layout, manifest.input.dtype, manifest.input.scale) == ("nhwc", "uint8", 1.0)
        model = load(data, manifest, "v1")
        model.warm_up()
        assert predict(make_jpeg(RED), model).prediction.detections[0].label == "r"
        assert predict(make_jpeg(BLUE), model).prediction.detections[0].label == "b"
