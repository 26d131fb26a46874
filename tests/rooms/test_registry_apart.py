"""Whatever a model file does when it is tried, it is refused with a sentence and this process goes on as before."""

from __future__ import annotations

import io
import os
import resource
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from relens.inference.errors import CannotBeServed, ExternalData, NotAModel
from relens.inference.examine import Given, examine
from relens.inference.reader import READERS
from relens.kit.errors import NotFound, RelensError
from relens.registry.apart import Leash, examine_apart
from relens.testing import tiny_models
from relens.vision.labels import BadLabels

ABC = Given(labels=("a", "b", "c"))
SHORT = Leash(seconds=60.0, processor_seconds=3, memory=3 << 30)


def classifier(nodes: list[Any], constants: dict[str, Any], metadata: dict[str, str] | None = None) -> bytes:
    """`pooled` (batch, 3) is there; the nodes make `probabilities` of it."""
    first = [helper.make_node("GlobalAveragePool", ["images"], ["p"]), helper.make_node("Flatten", ["p"], ["pooled"])]
    return tiny_models.model([*first, *nodes], constants, [("probabilities", ["batch", 3])], 32, metadata)


def endless_loop() -> bytes:
    body = helper.make_graph(
        [helper.make_node("Identity", ["on"], ["on_out"]), helper.make_node("Identity", ["x"], ["x_out"])],
        "body",
        [
            helper.make_tensor_value_info("i", TensorProto.INT64, []),
            helper.make_tensor_value_info("on", TensorProto.BOOL, []),
            helper.make_tensor_value_info("x", TensorProto.FLOAT, None),
        ],
        [
            helper.make_tensor_value_info("on_out", TensorProto.BOOL, []),
            helper.make_tensor_value_info("x_out", TensorProto.FLOAT, None),
        ],
    )
    nodes = [helper.make_node("Loop", ["most", "go", "pooled"], ["probabilities"], body=body)]
    return classifier(nodes, {"most": np.int64(2**62), "go": np.bool_(True)})


def memory_eater() -> bytes:
    nodes = [
        helper.make_node("ReduceMax", ["pooled"], ["most"], keepdims=0),
        helper.make_node("Expand", ["most", "huge"], ["large"]),
        helper.make_node("ReduceSum", ["large"], ["sum"], keepdims=0),
        helper.make_node("Add", ["pooled", "sum"], ["probabilities"]),
    ]
    return classifier(nodes, {"huge": np.asarray([60_000, 60_000], np.int64)})


def absurd_weights() -> bytes:
    model = onnx.load_from_string(tiny_models.classifier())
    model.graph.initializer.append(TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[1 << 20, 1 << 20]))
    return bytes(model.SerializeToString())


def outside(location: str) -> bytes:
    model = onnx.load_from_string(tiny_models.classifier())
    weights = model.graph.initializer[0]
    weights.ClearField("raw_data")
    weights.data_location = TensorProto.EXTERNAL
    weights.external_data.add(key="location", value=location)
    return bytes(model.SerializeToString())


def not_finite() -> bytes:
    return classifier(
        [helper.make_node("Div", ["pooled", "zero"], ["q"]), helper.make_node("Sub", ["q", "q"], ["probabilities"])],
        {"zero": np.float32(0)},
    )


def many_outputs() -> bytes:
    model = onnx.load_from_string(tiny_models.classifier())
    for i in range(10_000):
        model.graph.node.append(helper.make_node("Identity", ["probabilities"], [f"o{i}"]))
        model.graph.output.append(helper.make_tensor_value_info(f"o{i}", TensorProto.FLOAT, ["batch", 3]))
    return bytes(model.SerializeToString())


def own_operator() -> bytes:
    node = helper.make_node("Frobnicate", ["pooled"], ["probabilities"], domain="com.example")
    model = onnx.load_from_string(classifier([node], {}))
    model.opset_import.append(helper.make_opsetid("com.example", 1))
    return bytes(model.SerializeToString())


def deep_branches() -> bytes:
    leaf = helper.make_graph([helper.make_node("Identity", ["pooled"], ["y"])], "g", [], [])
    inner = leaf
    for _ in range(25):
        node = helper.make_node("If", ["c"], ["y"], then_branch=inner, else_branch=leaf)
        inner = helper.make_graph([node], "g", [], [])
    return classifier([*inner.node, helper.make_node("Identity", ["y"], ["probabilities"])], {"c": np.bool_(True)})


def a_zip() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("archive/data.pkl", b"x")
    return file.getvalue()


def labels_in_metadata(names: str) -> bytes:
    return classifier(
        [helper.make_node("Softmax", ["pooled"], ["probabilities"])], {}, {"task": "classify", "names": names}
    )


HOSTILE: dict[str, tuple[Callable[[], bytes], type[RelensError], str]] = {
    "a loop without end": (endless_loop, CannotBeServed, "seconds"),
    "more memory than there is": (memory_eater, CannotBeServed, "memory|alloc"),
    "weights that are not there": (absurd_weights, NotAModel, "which are not in the file"),
    "weights in /etc/passwd": (lambda: outside("/etc/passwd"), ExternalData, "outside itself"),
    "weights one folder up": (lambda: outside("../../x.bin"), ExternalData, "outside itself"),
    "numbers that are none": (not_finite, CannotBeServed, "not finite"),
    "ten thousand outputs": (many_outputs, CannotBeServed, "at most 64"),
    "an operator of its own": (own_operator, CannotBeServed, "cannot load the model"),
    "a zip archive": (a_zip, NotAModel, "PyTorch checkpoint"),
    "half a file": (lambda: tiny_models.detector()[:700], NotAModel, "send the whole file"),
    "nothing": (lambda: b"", NotAModel, "not an ONNX model"),
    "zeros": (lambda: bytes(1 << 20), NotAModel, "not an ONNX model"),
    "fifty thousand labels": (
        lambda: labels_in_metadata(str({i: f"label {i}" for i in range(50_000)})), BadLabels, "25000 labels at most",
    ),
    "endless labels": (lambda: labels_in_metadata(str(dict.fromkeys(range(3), "x" * 300))), BadLabels, "200 characters"),
    "a label list as code": (lambda: labels_in_metadata("__import__('os').system('x')"), CannotBeServed, "name its labels"),
    "a label list of brackets": (lambda: labels_in_metadata("[" * 100_000), CannotBeServed, "labels|brought down"),
    "ten megabytes of metadata": (lambda: labels_in_metadata("x" * (10 << 20)), CannotBeServed, "metadata are longer"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_in_words_and_costs_this_process_nothing(name: str, tmp_path: Path) -> None:
    make, error, words = HOSTILE[name]
    data, before = make(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(error, match=words):
        examine_apart(data, Given(), SHORT) if "label" in name else examine_apart(data, ABC, SHORT)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000, "kB of memory taken here"
    assert list(tmp_path.iterdir()) == []


def test_the_next_file_is_examined_as_if_nothing_had_happened() -> None:
    for bad in (endless_loop(), memory_eater(), b"junk"):
        with pytest.raises(RelensError):
            examine_apart(bad, ABC, SHORT)
        assert examine_apart(tiny_models.classifier(), Given()).manifest.outputs == "softmax"


def test_it_is_found_to_be_what_it_is_found_to_be_here() -> None:
    for data, given in (
        (tiny_models.classifier(), Given()),
        (tiny_models.detector(layout="ultralytics"), Given()),
        (tiny_models.segmenter(), Given()),
        (tiny_models.classifier(declare=False), Given(labels=("x", "y", "z"), image={"normalise": "imagenet"})),
    ):
        apart, here = examine_apart(data, given), examine(data, given)
        assert apart.manifest == here.manifest
        assert apart.onnx == here.onnx


def test_refusals_keep_their_kind() -> None:
    with pytest.raises(NotFound, match="choose one of"):
        examine_apart(tiny_models.classifier(), Given(reader="nonsense"))
    with pytest.raises(CannotBeServed, match="normalise is one of imagenet, none, shares, signed"):
        examine_apart(tiny_models.classifier(), Given(image={"normalise": "somehow"}))


def test_the_helper_is_started_again_when_it_was_killed() -> None:
    from relens.registry.apart import _HELPER

    examine_apart(tiny_models.classifier(), Given())
    process = _HELPER._process
    assert process is not None
    process.kill()
    process.wait()
    assert examine_apart(tiny_models.classifier(), Given()).manifest.task == "classification"
    assert _HELPER._process is not None
    assert _HELPER._process.pid != process.pid


def test_it_is_told_no_secret(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A reader that is a plug-in sees the environment of the process it is tried in."""
    from relens.registry.apart import _HELPER

    _HELPER.close()
    monkeypatch.setenv("RELENS_TOKEN", "s3cr3t-t0ken")
    assert "s3cr3t-t0ken" not in _environment_seen_by_a_plugin(tmp_path, monkeypatch)
    _HELPER.close()


def _environment_seen_by_a_plugin(folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (folder / "tells.py").write_text(
        "import json, os\n"
        "from relens.inference.outputs.softmax import Softmax\n"
        "class Tells(Softmax):\n"
        "    def refusal(self, graph):\n"
        "        return json.dumps(dict(os.environ))\n"
        "READER = Tells()\n"
    )
    monkeypatch.setattr(READERS, "_folders", [folder])
    with pytest.raises(CannotBeServed) as caught:
        examine_apart(tiny_models.classifier(), Given(reader="tells"))
    assert "PATH" in str(caught.value)
    return str(caught.value)


def test_a_plug_in_reader_is_used_there_and_here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "half_sure.py").write_text(
        '"""Classifiers that are never more than half sure."""\n'
        "import numpy as np\n"
        "from relens.inference.reader import Declared, Found\n"
        "class HalfSure:\n"
        "    title = 'Never more than half sure'\n"
        "    tasks = ('classification',)\n"
        "    def refusal(self, graph):\n"
        "        return None if graph.output('mystery') else \"it has no output 'mystery'\"\n"
        "    def declared(self, graph):\n"
        "        return Declared('classification', classes=graph.output('mystery').shape[1])\n"
        "    def read(self, outputs, placement):\n"
        "        row = np.minimum(outputs['mystery'][:, 0, 0], 0.5)\n"
        "        order = np.argsort(-row)\n"
        "        return Found(order, row[order].astype(np.float32))\n"
        "READER = HalfSure()\n"
    )
    nodes = [helper.make_node("GlobalAveragePool", ["images"], ["mystery"])]
    data = tiny_models.model(nodes, {}, [("mystery", ["batch", 3, 1, 1])], 32)
    with pytest.raises(CannotBeServed, match=r"plugins/outputs/NAME.py.*softmax: it has not one output"):
        examine_apart(data, ABC)
    monkeypatch.setattr(READERS, "_folders", [tmp_path])
    found = examine_apart(data, ABC)
    assert found.manifest.outputs == "half_sure"
    assert READERS.get("half_sure").title == "Never more than half sure"


def test_a_broken_plug_in_is_named_and_hurts_no_other(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "aa_broken.py").write_text("import nothing_of_that_name\n")
    (tmp_path / "ab_empty.py").write_text("x = 1\n")
    monkeypatch.setattr(READERS, "_folders", [tmp_path])
    with pytest.raises(RelensError, match=r"aa_broken.*cannot be imported.*nothing_of_that_name"):
        examine_apart(tiny_models.classifier(), Given(reader="aa_broken"))
    with pytest.raises(RelensError, match=r"ab_empty.*does not define READER"):
        examine_apart(tiny_models.classifier(), Given(reader="ab_empty"))
    assert examine_apart(tiny_models.multilabel(), Given()).manifest.outputs == "multilabel"


def test_nothing_is_written_outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    examine_apart(tiny_models.detector(), Given())
    assert os.listdir(tmp_path) == []


def test_branches_in_branches_are_served_or_refused_in_words() -> None:
    try:
        said = examine_apart(deep_branches(), ABC, SHORT).manifest.outputs
    except RelensError as error:
        said = f"refused: {error}"
    assert said == "softmax" or len(said) > 20


def test_the_clock_is_watched_too() -> None:
    with pytest.raises(CannotBeServed, match="was given 0 seconds"):
        examine_apart(endless_loop(), ABC, Leash(seconds=0.3, processor_seconds=60))
