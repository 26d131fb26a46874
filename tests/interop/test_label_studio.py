"""Label Studio's own library finds the file we write in order, and what its converter exports comes back as the same review.

It runs in a virtual environment of its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import venv
from pathlib import Path
from typing import Any

import pytest

from relens.kit.ids import new_id
from relens.review.exchange import About, Incoming, Outgoing, exchanges
from relens.vision.annotation import Annotation
from relens.vision.prediction import Detection
from relens.vision.shapes import Box, Polygon, Shape

PEER = Path(os.environ.get("RELENS_LABEL_STUDIO_VENV", Path.home() / ".cache" / "relens-peers" / "label-studio"))
PROGRAM = """
import json, sys
from pathlib import Path
from label_studio_sdk.converter import Converter
from label_studio_sdk.label_interface import LabelInterface
folder = Path(sys.argv[1])
setup, tasks = (folder / "setup.xml").read_text(), json.loads((folder / "tasks.json").read_text())
interface = LabelInterface(setup)
interface.validate()
wrong = [error for task in tasks for one in task["predictions"] for error in interface.validate_prediction(one, return_errors=True)]
for form in sys.argv[2:]:
    # As the program does when it exports: all that was said, without the pictures.
    Converter(setup, str(folder), download_resources=False).convert(str(folder / "tasks.json"), str(folder / form), form, is_dir=False)
print(json.dumps(wrong))
"""
STUDIO, COCO = exchanges.get("label_studio"), exchanges.get("coco")
LABELS = ("WBC", 'a "quoted" <label>', "zählbar 細胞")


@pytest.fixture(scope="module")
def python() -> Path:
    python = PEER / "bin" / "python"
    if not (PEER / "ready").exists():
        venv.create(PEER, with_pip=True, clear=True)
        command = [python, "-m", "pip", "install", "-q", "label-studio-sdk"]
        if subprocess.run(command, capture_output=True, check=False).returncode:
            pytest.skip("label-studio-sdk cannot be installed here")
        (PEER / "ready").touch()
    return python


def reviewed_there(tasks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What is filled in becomes an annotation when somebody submits it as it stands."""
    for number, task in enumerate(tasks, 1):
        result = [
            {key: value for key, value in one.items() if key != "score"} for one in task["predictions"][0]["result"]
        ]
        task |= {"id": number, "annotations": [{"completed_by": 1, "was_cancelled": False, "result": result}]}
    return tasks


@pytest.mark.parametrize(
    ("task", "shape", "forms"),
    [
        ("detection", Box(12.5, 20, 110, 220.25), ("JSON", "COCO")),
        ("segmentation", Polygon(((1.0, 1.0, 200.0, 1.0, 200.0, 300.5, 40.0, 200.0),)), ("JSON", "COCO")),
        ("classification", None, ("JSON",)),
    ],
)
def test_what_label_studio_finds_in_order_and_exports_is_read_as_the_same_review(
    python: Path, tmp_path: Path, task: str, shape: Shape | None, forms: tuple[str, ...]
) -> None:
    about = About("cells", task, LABELS, "http://127.0.0.1:8417")
    sent = [
        Outgoing(new_id(), asset * 32, 640, 480, "cells v1", (Detection(label, 0.625, shape),), 3)
        for asset, label in zip(("ab", "cd", "ef"), LABELS, strict=True)
    ]
    tasks = reviewed_there(json.loads(STUDIO.write(sent, about)))
    (tmp_path / "tasks.json").write_text(json.dumps(tasks))
    assert STUDIO.setup is not None
    (tmp_path / "setup.xml").write_text(STUDIO.setup(about), encoding="utf-8")
    done = subprocess.run([python, "-c", PROGRAM, str(tmp_path), *forms], text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == []
    for form in forms:
        tool = STUDIO if form == "JSON" else COCO
        back = tool.read((tmp_path / form / "result.json").read_bytes(), about)
        assert [(one.prediction, one.status, one.problem) for one in back] == [
            (one.prediction, "corrected", None) for one in sent
        ]
        assert all(same(one, sent[place]) for place, one in enumerate(back))


def same(one: Incoming, other: Outgoing) -> bool:
    (said,), (was,) = one.annotations, other.answered
    return said.label == was.label and corners(said) == pytest.approx(corners(was))


def corners(one: Annotation | Detection) -> tuple[float, ...]:
    return () if one.shape is None else tuple(one.shape.box().corners())
