"""A model file that cannot be served is refused, and the sentence says what was found and what to do."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from relens.inference.errors import CannotBeServed, ExternalData, ModelTooLarge, NotAModel
from relens.inference.graph import read_graph
from relens.inference.manifest import Manifest, read_manifest
from relens.inference.trial import trial
from relens.kit.errors import NotFound, RelensError
from relens.testing import tiny_models
from relens.vision.labels import BadLabels


def relu(
    size: Any, out: str = "probabilities", shape: Any = ("batch", 3), metadata: Any = None, **options: Any
) -> bytes:
    nodes = [helper.make_node("GlobalAveragePool", ["images"], ["p"]), helper.make_node("Flatten", ["p"], [out])]
    return tiny_models.model(nodes, {}, [(out, shape)], size, metadata, **options)


@pytest.mark.parametrize("data", [b"", b"hello world", b"\x89PNG\r\n\x1a\n" * 9, bytes(range(256)), b"\0" * 1000])
def test_what_is_not_onnx_is_refused(data: bytes) -> None:
    with pytest.raises(NotAModel, match="not an ONNX model"):
        read_manifest(data)


def test_a_truncated_model_is_refused_wherever_it_ends() -> None:
    whole = tiny_models.detector()
    for length in range(0, len(whole) - 1, 37):
        with pytest.raises(RelensError):
            trial(whole[:length], read_manifest(whole[:length]))


@given(st.integers(0, 10**9))
@settings(max_examples=60, deadline=None)
def test_a_damaged_model_is_refused_or_served_but_breaks_nothing(seed: int) -> None:
    chance = np.random.default_rng(seed)
    data = bytearray(tiny_models.classifier())
    for _ in range(int(chance.integers(1, 4))):
        data[int(chance.integers(len(data)))] = int(chance.integers(256))
    try:
        trial(bytes(data), read_manifest(bytes(data)))
    except RelensError:
        return


def test_a_file_over_the_limit_is_refused_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("relens.inference.graph.MOST_BYTES", 100)
    with pytest.raises(ModelTooLarge):
        read_manifest(tiny_models.classifier())


def _external(tensor: onnx.TensorProto, location: str) -> onnx.TensorProto:
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value=location)
    return tensor


@pytest.mark.parametrize("location", ["/etc/passwd", "../secret.bin", "weights.bin"])
def test_a_model_that_reads_files_outside_itself_is_refused_and_reads_nothing(location: str, tmp_path: Path) -> None:
    (tmp_path / "weights.bin").write_bytes(np.zeros((3, 3), np.float32).tobytes())
    here = Path.cwd()
    os.chdir(tmp_path)
    try:
        model = onnx.load_from_string(tiny_models.classifier())
        _external(model.graph.initializer[0], location)
        with pytest.raises(ExternalData, match="file outside itself"):
            read_manifest(model.SerializeToString())
    finally:
        os.chdir(here)


def test_outside_files_are_found_in_nodes_branches_and_functions_too() -> None:
    hidden = _external(numpy_helper.from_array(np.zeros(4, np.float32), "w"), "w.bin")
    inside = helper.make_graph([helper.make_node("Constant", [], ["x"], value=hidden)], "inside", [], [])
    branch = helper.make_node("If", ["c"], ["y"], then_branch=inside, else_branch=inside)
    for node in (helper.make_node("Constant", [], ["x"], value=hidden), branch):
        model = onnx.load_from_string(tiny_models.classifier())
        model.graph.node.append(node)
        with pytest.raises(ExternalData):
            read_graph(model.SerializeToString())
    model = onnx.load_from_string(tiny_models.classifier())
    model.functions.append(
        helper.make_function("own", "f", [], ["x"], [helper.make_node("Constant", [], ["x"], value=hidden)], [])
    )
    with pytest.raises(ExternalData):
        read_graph(model.SerializeToString())


def test_labels_must_be_named_and_as_many_as_the_classes() -> None:
    unnamed = tiny_models.classifier(declare=False)
    with pytest.raises(CannotBeServed, match=r"does not name its labels: give them \(3 of them\)"):
        read_manifest(unnamed)
    assert read_manifest(unnamed, labels=["a", "b", "c"]).labels.names == ("a", "b", "c")
    for wrong in (["a", "b"], ["a", "b", "c", "d"]):
        with pytest.raises(CannotBeServed, match=f"3 classes apart, but {len(wrong)} labels"):
            read_manifest(unnamed, labels=wrong)
    with pytest.raises(BadLabels):
        read_manifest(unnamed, labels=["a", "a", "b"])


def test_a_free_size_needs_a_declared_one() -> None:
    with pytest.raises(CannotBeServed, match="takes any size"):
        read_manifest(relu(None), labels=["a", "b", "c"])
    sized = relu(None, metadata={"imgsz": "[48, 64]", "task": "classify", "names": "{0: 'a', 1: 'b', 2: 'c'}"})
    manifest = read_manifest(sized)
    assert (manifest.input.width, manifest.input.height, manifest.input.resize) == (64, 48, "crop")
    own = relu(None, metadata={"relens.input": json.dumps({"width": 40, "height": 30})})
    manifest = read_manifest(own, labels=["a", "b", "c"])
    assert (manifest.input.width, manifest.input.height) == (40, 30)


def test_an_input_that_is_no_image_is_refused() -> None:
    def with_input(shape: Any, kind: int = TensorProto.FLOAT, more: bool = False) -> bytes:
        inputs = [helper.make_tensor_value_info("images", kind, shape)]
        if more:
            inputs.append(helper.make_tensor_value_info("orig_target_sizes", TensorProto.INT64, [1, 2]))
        out = helper.make_tensor_value_info("probabilities", kind, ["batch", 3])
        graph = helper.make_graph([helper.make_node("Identity", ["images"], ["probabilities"])], "g", inputs, [out])
        return bytes(
            helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9).SerializeToString()
        )

    for shape, kind, what in (
        ([1, 10], TensorProto.FLOAT, "is not an image"),
        ([1, 3, 8, 8], TensorProto.INT64, "is not an image"),
        ([1, 1, 8, 8], TensorProto.FLOAT, "not a colour image"),
        ([4, 3, 8, 8], TensorProto.FLOAT, "takes 4 images at once"),
        ([1, 3, 9000, 8], TensorProto.FLOAT, "each side must be 1 to 4096"),
    ):
        with pytest.raises(CannotBeServed, match=what):
            read_manifest(with_input(shape, kind), labels=["a", "b", "c"])
    with pytest.raises(CannotBeServed, match=r"exactly one input.*orig_target_sizes"):
        read_manifest(with_input([1, 3, 8, 8], more=True), labels=["a", "b", "c"])


def test_outputs_no_reader_knows_are_named_in_the_refusal() -> None:
    nodes = [helper.make_node("GlobalAveragePool", ["images"], ["mystery"])]
    strange = tiny_models.model(nodes, {}, [("mystery", ["batch", 3, 1, 1])], 32)
    with pytest.raises(CannotBeServed, match=r"which are: mystery \(\?, 3, 1, 1\) float32"):
        read_manifest(strange, labels=["a", "b", "c"])
    with pytest.raises(
        CannotBeServed, match="'compact_detect' does not understand this model, because it has no outputs"
    ):
        read_manifest(tiny_models.classifier(declare=False), outputs="compact_detect", labels=["a", "b", "c"])
    with pytest.raises(NotFound, match="choose one of"):
        read_manifest(tiny_models.classifier(), outputs="nonsense")
    with pytest.raises(CannotBeServed, match="classification, not detection"):
        read_manifest(tiny_models.classifier(), task="detection")
    with pytest.raises(CannotBeServed, match="task 'segment'"):
        read_manifest(
            tiny_models.constant({"output0": np.zeros((1, 40, 84), np.float32)}, metadata={"task": "segment"})
        )


@pytest.mark.parametrize("entry", [
    "5", "[]", "not json", '{"scale": "x"}', '{"mean": 5}', '{"mean": [1]}', '{"std": [0, 1, 1]}', '{"pad": "black"}',
    '{"resize": ["letterbox"]}', '{"width": "many"}', '{"scale": null}', '{"colour": 7}',
])  # fmt: skip
def test_a_senseless_declaration_is_refused_or_passed_over(entry: str) -> None:
    try:
        manifest = read_manifest(relu(32, metadata={"relens.input": entry}), labels=["a", "b", "c"])
    except CannotBeServed:
        return
    assert manifest.input.scale == pytest.approx(1 / 255)


@pytest.mark.parametrize("names", ["{0: __import__('os').getcwd()}", "[" * 5000, "{", "5", "{0: 'a', 'x': 'b'}", "()"])
def test_metadata_that_are_no_literals_are_passed_over_and_never_evaluated(names: str) -> None:
    with pytest.raises(CannotBeServed):
        read_manifest(relu(32, metadata={"names": names}))


def test_a_model_that_fails_on_a_made_up_image_is_refused() -> None:
    bad_shape = [
        helper.make_node("Reshape", ["images", "wrong"], ["r"]),
        helper.make_node("GlobalAveragePool", ["r"], ["p"]),
        helper.make_node("Flatten", ["p"], ["probabilities"]),
    ]
    constants = {"wrong": np.asarray([1, 3, 7, 7], np.int64)}
    fails = tiny_models.model(bad_shape, constants, [("probabilities", ["batch", 3])], 32)
    with pytest.raises(CannotBeServed, match=r"cannot load|failed when it was tried"):
        trial(fails, read_manifest(fails, labels=["a", "b", "c"]))
    infinite = [*(helper.make_node(*step) for step in (
        ("GlobalAveragePool", ["images"], ["p"]), ("Flatten", ["p"], ["f"]), ("Mul", ["f", "zero"], ["z"]),
        ("Log", ["z"], ["probabilities"]),
    ))]  # fmt: skip
    data = tiny_models.model(infinite, {"zero": np.float32(0)}, [("probabilities", ["batch", 3])], 32)
    with pytest.raises(CannotBeServed, match="not finite"):
        trial(data, read_manifest(data, labels=["a", "b", "c"]))


def test_a_model_of_fewer_classes_than_declared_is_found_out_when_tried() -> None:
    free = relu(32, shape=("batch", "classes"))
    assert trial(free, read_manifest(free, labels=["a", "b", "c"])).labels.names == ("a", "b", "c")
    for wrong in (["a", "b"], ["a", "b", "c", "d"]):
        with pytest.raises(CannotBeServed):
            trial(free, read_manifest(free, labels=wrong))


def test_a_batch_is_believed_only_when_it_answers_as_images_alone_do() -> None:
    honest = tiny_models.classifier()
    assert trial(honest, read_manifest(honest)).input.batch
    single = tiny_models.detector(layout="ultralytics")
    assert not trial(single, read_manifest(single)).input.batch
    mixes = [
        helper.make_node("GlobalAveragePool", ["images"], ["p"]),
        helper.make_node("Flatten", ["p"], ["f"]),
        helper.make_node("ReduceMean", ["f"], ["m"], axes=[0], keepdims=1),
        helper.make_node("Add", ["f", "m"], ["probabilities"]),
    ]
    data = tiny_models.model(mixes, {}, [("probabilities", ["batch", 3])], 32)
    manifest = read_manifest(data, labels=["a", "b", "c"])
    assert manifest.input.batch
    assert not trial(data, manifest).input.batch


def test_a_manifest_that_is_written_is_read_back() -> None:
    for data in (tiny_models.classifier(), tiny_models.detector(layout="ultralytics")):
        manifest = read_manifest(data)
        assert Manifest.from_json(json.loads(json.dumps(manifest.to_json()))) == manifest
        assert json.loads(json.dumps(manifest.to_json())) == manifest.to_json()
