"""Every labelling tool: what goes out comes back, whatever stands in its files is either taken or told, and nothing is guessed."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relens.kit.errors import Invalid
from relens.kit.ids import new_id
from relens.review.exchange import About, Exchange, Outgoing, exchanges
from relens.vision.annotation import Annotation
from relens.vision.prediction import Detection
from relens.vision.shapes import Box, Polygon

NAMES = exchanges.names()
LABELS = ("WBC", 'a "quoted" <label>', "zählbar 細胞")


def about(task: str = "detection") -> About:
    return About("cells", task, LABELS, "http://127.0.0.1:8417")


def image(said: tuple[Annotation, ...] | None = None, *answered: Detection) -> Outgoing:
    return Outgoing(new_id(), "ab" * 32, 640, 480, "cells v1", answered, 3, said)


def near(one: Annotation, other: Annotation) -> bool:
    if one.label != other.label or type(one.shape) is not type(other.shape):
        return False
    if one.shape is None or other.shape is None:
        return True
    return one.shape.box().corners() == pytest.approx(other.shape.box().corners(), abs=1e-3)


@pytest.fixture(params=NAMES)
def tool(request: pytest.FixtureRequest) -> Exchange:
    return exchanges.get(request.param)


@pytest.mark.parametrize(
    ("task", "said"),
    [
        ("detection", (Annotation("WBC", Box(1.25, 2, 33.3, 44)), Annotation(LABELS[1], Box(0, 0, 640, 480)))),
        ("detection", (Annotation("new here", Box(5, 5, 9, 9)),)),
        ("segmentation", (Annotation(LABELS[2], Polygon(((1.0, 1.0, 20.0, 1.0, 20.0, 30.5),))),)),
        ("classification", (Annotation(LABELS[2]),)),
    ],
)
def test_what_was_written_as_reviewed_is_read_as_that(tool: Exchange, task: str, said: tuple[Annotation, ...]) -> None:
    one = image(said, Detection("WBC", 0.5, None if task == "classification" else Box(1, 1, 9, 9)))
    (back,) = tool.read(tool.write([one], about(task)), about(task))
    assert (back.problem, back.prediction, back.status, back.revision) == (None, one.prediction, "corrected", 3)
    assert len(back.annotations) == len(said)
    assert all(near(a, b) for a, b in zip(back.annotations, said, strict=True))


def test_an_image_with_nothing_on_it_is_told_apart_from_one_nobody_looked_at_or_the_tool_says_that_it_cannot(
    tool: Exchange,
) -> None:
    empty, unseen = image(()), image(None, Detection("WBC", 0.5, Box(1, 1, 9, 9)))
    first, second = tool.read(tool.write([empty, unseen], about()), about())
    if tool.empty:
        assert (first.status, first.annotations) == ("corrected", ())
        assert second.status is None
    else:
        assert first.annotations == ()


def test_what_was_answered_is_filled_in(tool: Exchange) -> None:
    found = Detection(LABELS[2], 0.625, Box(10, 20, 110, 220))
    written = tool.write([image(None, found)], about()).decode()
    assert LABELS[2] in json.dumps(json.loads(written), ensure_ascii=False)
    assert "0.625" in written
    assert "http://127.0.0.1:8417/api/v1/assets/" + "ab" * 32 + "/as/" in written


@given(st.lists(st.floats(0, 600, allow_nan=False), min_size=4, max_size=4))
@pytest.mark.parametrize("name", NAMES)
def test_a_box_goes_there_and_back_within_a_thousandth_of_a_pixel(name: str, at: list[float]) -> None:
    tool = exchanges.get(name)
    x, y, w, h = at
    box = Box(x, y * 0.7, x + 1 + w / 20, y * 0.7 + 1 + h / 20)
    one = image((Annotation("WBC", box),))
    (back,) = tool.read(tool.write([one], about()), about())
    shape = back.annotations[0].shape
    assert shape is not None
    assert shape.box().corners() == pytest.approx(box.corners(), abs=1e-3)


@pytest.mark.parametrize("data", [b"", b"no json", b"\xff\xfe", b"[1, 2", b'"text"', b"17", b"[[]]", b"[" * 100_000])
def test_what_is_no_file_of_the_tool_is_refused_with_a_sentence(tool: Exchange, data: bytes) -> None:
    with pytest.raises(Invalid) as refused:
        tool.read(data, about())
    assert len(str(refused.value)) > 20


def test_an_image_of_somebody_else_is_a_problem_of_its_own_line(tool: Exchange) -> None:
    known, other = image(()), replace(image(()), prediction="cat-0001")
    first, second = tool.read(tool.write([known, other], about()), about())
    assert first.problem is None
    assert second.prediction is None
    assert second.problem


def test_broken_numbers_are_a_problem_of_their_own_line(tool: Exchange) -> None:
    said = (Annotation("WBC", Box(10, 20, 110, 220)),)
    written = json.loads(tool.write([image(said), image(said)], about()))
    first = (
        written["annotations"][0] if isinstance(written, dict) else written[0]["annotations"][0]["result"][0]["value"]
    )
    for name in ("bbox", "x"):
        if name in first:
            first[name] = ["x", None, 1, 2] if name == "bbox" else "left"
    one, two = tool.read(json.dumps(written).encode(), about())
    assert one.problem
    assert two.problem is None


def test_numbers_too_large_for_any_image_are_a_problem_of_their_own_line(tool: Exchange) -> None:
    said = (Annotation("WBC", Box(10, 20, 110, 220)),)
    written = json.loads(tool.write([image(said), image(said)], about()))
    if isinstance(written, dict):
        written["annotations"][0]["bbox"][0] = 10**400
    else:
        written[0]["annotations"][0]["result"][0]["value"]["x"] = 10**400
    one, two = tool.read(json.dumps(written).encode(), about())
    assert one.problem
    assert two.problem is None


def test_a_coco_category_without_a_usable_number_is_no_category() -> None:
    tool = exchanges.get("coco")
    written = json.loads(tool.write([image((Annotation("WBC", Box(10, 20, 110, 220)),))], about()))
    for category in written["categories"]:
        category["id"] = [category["id"]]
    (one,) = tool.read(json.dumps(written).encode(), about())
    assert "category" in str(one.problem)
    del written["annotations"][0]["category_id"]
    (one,) = tool.read(json.dumps(written).encode(), about())
    assert "category" in str(one.problem)


def test_a_thousand_images_keep_their_order(tool: Exchange) -> None:
    many = [image((Annotation("WBC", Box(1, 1, 2 + n % 90, 3)),)) for n in range(1_000)]
    back = tool.read(tool.write(many, about()), about())
    assert [one.prediction for one in back] == [one.prediction for one in many]


def test_a_setup_names_every_label(tool: Exchange) -> None:
    if tool.setup is None:
        pytest.skip("it needs none")
    from xml.etree import ElementTree

    for task in ("detection", "segmentation", "classification"):
        root = ElementTree.fromstring(tool.setup(about(task)))
        assert [found.attrib["value"] for found in root.iter() if found.tag in ("Label", "Choice")] == list(LABELS)
