"""The trainer as its callers see it: a folder in, a folder out, lines on stdout."""

import json
import shutil
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from tests.training.runs import LABELS, finish, make_run, progress, start

pytestmark = pytest.mark.training
SMALL = {"image_size": 64, "batch": 8, "width": 0.5, "seed": 3}


@pytest.fixture(scope="module")
def detection(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    folder = make_run(tmp_path_factory.mktemp("detection"), "detection", SMALL | {"epochs": 28})
    code, lines = finish(folder)
    assert code == 0, lines
    return folder, lines


@pytest.fixture(scope="module")
def classification(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    folder = make_run(
        tmp_path_factory.mktemp("classification"), "classification", SMALL | {"epochs": 36, "learning_rate": 4e-3}
    )
    code, lines = finish(folder)
    assert code == 0, lines
    return folder, lines


def properties(folder: Path) -> dict[str, str]:
    return {one.key: one.value for one in onnx.load(str(folder / "out" / "model.onnx")).metadata_props}


def session_of(folder: Path) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(str(folder / "out" / "model.onnx"), providers=["CPUExecutionProvider"])


def test_a_detector_learns_to_find_drawn_things(detection: tuple[Path, list[str]]) -> None:
    assert json.loads((detection[0] / "out" / "metrics.json").read_text())["map50"] > 0.5


def test_a_classifier_learns_to_name_drawn_things(classification: tuple[Path, list[str]]) -> None:
    assert json.loads((classification[0] / "out" / "metrics.json").read_text())["accuracy"] > 0.7


def test_every_epoch_is_one_line_of_progress(detection: tuple[Path, list[str]]) -> None:
    lines = progress(detection[1])
    assert [line["epoch"] for line in lines] == list(range(1, 29))
    assert all(line["epochs"] == 28 for line in lines)
    assert set(lines[-1]) == {"epoch", "epochs", "loss", "metrics", "eta_s"}
    assert lines[-1]["loss"] < lines[0]["loss"]
    assert lines[-1]["eta_s"] == 0


def test_a_detectors_file_says_what_it_is(detection: tuple[Path, list[str]]) -> None:
    said = properties(detection[0])
    assert said["relens.task"] == "detection"
    assert said["relens.outputs"] == "compact_detect"
    assert json.loads(said["relens.labels"]) == list(LABELS)
    expected = {
        "resize": "letterbox",
        "pad": 114,
        "scale": 1 / 255,
        "mean": [0, 0, 0],
        "std": [1, 1, 1],
        "colour": "rgb",
    }
    assert json.loads(said["relens.input"]) == expected


def test_a_classifiers_file_says_what_it_is(classification: tuple[Path, list[str]]) -> None:
    said = properties(classification[0])
    assert (said["relens.task"], said["relens.outputs"]) == ("classification", "softmax")
    assert json.loads(said["relens.input"])["resize"] == "stretch"


def test_a_detector_answers_batches_of_any_size_alike(detection: tuple[Path, list[str]]) -> None:
    session = session_of(detection[0])
    height, width = session.get_inputs()[0].shape[2:]
    images = np.random.default_rng(0).random((3, 3, height, width), np.float32)
    together = dict(
        zip(
            ("boxes", "scores", "features"),
            session.run(["boxes", "scores", "features"], {"images": images}),
            strict=True,
        )
    )
    cells = sum((height // stride) * (width // stride) for stride in (8, 16, 32))
    assert together["boxes"].shape == (3, cells, 4)
    assert together["scores"].shape == (3, cells, len(LABELS))
    assert together["features"].shape[0] == 3
    for name, alone in zip(together, session.run(list(together), {"images": images[1:2]}), strict=True):
        np.testing.assert_allclose(together[name][1:2], alone, atol=1e-3, rtol=1e-4)


def test_a_classifiers_answers_are_probabilities(classification: tuple[Path, list[str]]) -> None:
    session = session_of(classification[0])
    height, width = session.get_inputs()[0].shape[2:]
    images = np.random.default_rng(0).random((2, 3, height, width), np.float32)
    probabilities, features = session.run(["probabilities", "features"], {"images": images})
    assert probabilities.shape == (2, len(LABELS))
    assert len(features) == 2
    np.testing.assert_allclose(probabilities.sum(1), 1, atol=1e-5)


def test_the_same_order_gives_the_same_weights(tmp_path: Path) -> None:
    for name in ("one", "two"):
        code, lines = finish(make_run(tmp_path / name, "detection", SMALL | {"epochs": 2, "width": 0.25}, train=12))
        assert code == 0, lines
    one, two = (torch.load(tmp_path / name / "out" / "checkpoint.ckpt") for name in ("one", "two"))
    assert all(torch.equal(one["state"][name], two["state"][name]) for name in one["state"])


def test_a_run_goes_on_from_its_parent_when_the_labels_differ(
    tmp_path: Path, detection: tuple[Path, list[str]]
) -> None:
    labels = ("gear", "disc", "plate")
    parameters = {"image_size": 64, "batch": 8, "epochs": 2}
    folder = make_run(tmp_path / "run", "detection", parameters, labels=labels, validation=0, start_from="start.ckpt")
    shutil.copy(detection[0] / "out" / "checkpoint.ckpt", folder / "start.ckpt")
    code, lines = finish(folder)
    assert code == 0, lines
    assert progress(lines)[0]["loss"] < 0.7 * progress(detection[1])[0]["loss"]
    assert json.loads((folder / "out" / "metrics.json").read_text()) == {}
    assert any("no validation images" in line for line in lines)


def test_a_broken_image_fails_the_run_and_is_named(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run", "classification", SMALL | {"epochs": 1})
    picture = folder / "dataset" / "images" / "7.png"
    picture.write_bytes(picture.read_bytes()[:200])
    code, lines = finish(folder)
    assert code == 1
    assert "7.png" in lines[-1]
    assert not (folder / "out" / "model.onnx").exists()


def test_an_unknown_parameter_fails_the_run_and_is_named(tmp_path: Path) -> None:
    code, lines = finish(make_run(tmp_path / "run", "detection", {"epoch": 3}, train=2))
    assert code == 1
    assert "unknown parameter 'epoch'" in lines[-1]


def test_a_run_that_is_told_to_stop_stops(tmp_path: Path) -> None:
    with start(make_run(tmp_path / "run", "detection", SMALL | {"epochs": 10_000})) as program:
        assert program.stdout is not None
        next(line for line in program.stdout if line.startswith("{"))
        program.terminate()
        assert program.wait(20) != 0
    assert not (tmp_path / "run" / "out" / "model.onnx").exists()
