"""The name of a version's content, run lengths, lines of JSON, groups."""

from __future__ import annotations

import json
import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pycocotools import mask as coco_mask

from relens.datasets import rle
from relens.datasets.content import content_hash
from relens.datasets.formats._json_lines import parse
from relens.datasets.grouping import name_groups
from relens.datasets.item import BadItem, Item
from relens.datasets.version import ImageTwice, checked, count_images, count_labels, distinct_names
from relens.kit.errors import Invalid
from relens.vision.annotation import Annotation
from relens.vision.shapes import BadShape, Box

ITEMS = [
    Item(
        f"{n:064x}",
        "train",
        f"g{n}",
        f"{n}.png",
        None,
        (Annotation("a", Box(1, 2, 3, 4 + n)), Annotation("b", Box(0, 0, 5, 5))),
    )
    for n in range(8)
]


def test_order_does_not_matter_and_anything_else_does() -> None:
    own = content_hash("detection", ["a", "b"], ITEMS)
    mixed = [replace(item, annotations=item.annotations[::-1]) for item in random.Random(1).sample(ITEMS, len(ITEMS))]
    assert content_hash("detection", ["a", "b"], mixed) == own
    one = ITEMS[0]
    others = [
        replace(one, split="test"),
        replace(one, group="h"),
        replace(one, file_name="x.png"),
        replace(one, source="line-1"),
        replace(one, asset="f" * 64),
        replace(one, annotations=one.annotations[:1]),
        replace(one, annotations=(replace(one.annotations[0], crowd=True), one.annotations[1])),
        replace(one, annotations=(replace(one.annotations[0], given_area=7.0), one.annotations[1])),
    ]
    hashes = {content_hash("detection", ["a", "b"], [other, *ITEMS[1:]]) for other in others}
    assert len(hashes | {own}) == len(others) + 1
    assert content_hash("detection", ["b", "a"], ITEMS) != own
    assert content_hash("segmentation", ["a", "b"], ITEMS) != own


def test_equal_numbers_are_equal_content_however_they_are_written() -> None:
    whole, real = Annotation("a", Box(0, 0, 5, 5)), Annotation("a", Box(-0.0, 0.0, 5.0, 5.0), False, 25.0)
    assert content_hash("detection", ["a"], [replace(ITEMS[0], annotations=(whole,))]) == content_hash(
        "detection", ["a"], [replace(ITEMS[0], annotations=(real,))]
    )


def test_a_version_counts_what_is_in_it() -> None:
    assert count_images(ITEMS) == {"train": 8, "validation": 0, "test": 0}
    assert count_labels(["a", "b", "c"], ITEMS)["b"]["train"] == 8
    assert count_labels(["a", "b", "c"], ITEMS)["c"] == {"train": 0, "validation": 0, "test": 0}


def test_a_version_refuses_images_twice_unknown_labels_and_wrong_shapes() -> None:
    with pytest.raises(ImageTwice):
        checked("detection", ["a", "b"], [ITEMS[0], replace(ITEMS[0], file_name="other.png")])
    with pytest.raises(BadItem, match="'b'"):
        checked("detection", ["a"], ITEMS)
    with pytest.raises(Invalid):
        checked("classification", ["a", "b"], ITEMS)


def test_every_item_gets_a_file_name_that_can_lie_beside_the_others() -> None:
    names = ["a.png", "a.png", "a.png/b.png", "c/d.png", "c"]
    given_items = [replace(ITEMS[n], file_name=name, asset=f"{n}" * 64) for n, name in enumerate(names)]
    found = [item.file_name for item in distinct_names(given_items)]
    assert found[0] == "a.png"
    assert found[3] == "c/d.png"
    assert len(set(found)) == 5
    assert not any(one.startswith(f"{other}/") for one in found for other in found)


@given(st.lists(st.integers(0, 3000), min_size=1, max_size=30))
def test_compressed_runs_are_read_as_pycocotools_writes_them(runs: list[int]) -> None:
    total = sum(runs)
    uncompressed = {"size": [max(total, 1), 1], "counts": runs if total else [1]}
    packed = coco_mask.frPyObjects(uncompressed, max(total, 1), 1)
    assert rle.decode(packed["counts"].decode()) == tuple(uncompressed["counts"])
    assert rle.encode(tuple(uncompressed["counts"])) == packed["counts"].decode()  # type: ignore[arg-type]


def test_a_drawn_mask_is_read_as_pycocotools_reads_it() -> None:
    pixels = np.asfortranarray(np.random.default_rng(3).random((37, 41)) > 0.7).astype(np.uint8)
    packed = coco_mask.encode(pixels)
    runs = rle.decode(packed["counts"].decode())
    unpacked = np.repeat(np.arange(len(runs)) % 2, runs).reshape(41, 37).T
    assert (unpacked == pixels).all()


@pytest.mark.parametrize("text", ["é", "\x00", "P", "oooooooooooooooooooooooooooo"])
def test_damaged_run_lengths_are_refused(text: str) -> None:
    with pytest.raises(BadShape):
        rle.decode(text)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.text(), json_values, max_size=6), st.sampled_from([None, 0, 2]))
def test_json_with_lines_is_json(value: dict[str, object], indent: int | None) -> None:
    document = parse(json.dumps(value, indent=indent))
    assert document.value == value
    for key, lines in document.lines.items():
        assert len(lines) == len(value[key])  # type: ignore[arg-type]


def test_the_line_of_an_entry_is_the_one_it_begins_on() -> None:
    assert parse('{"a": 1,\n\n "images": [ {"x":\n 1},\n{"y": 2}]}').lines["images"] == [3, 5]


@pytest.mark.parametrize("text", ["", "[1]", "{", '{"a": [1', '{"a" 1}', '{"a": 1} x', "nonsense", '{"a": [1 2]}'])
def test_broken_json_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse(text)


def test_near_duplicates_take_the_group_that_is_known() -> None:
    same, other = "0" * 64, "f" * 64
    near = "0" * 63 + "1"
    assert name_groups(["b", "a", "c"], [same, near, other], [None, None, None]) == ["a", "a", "c"]
    assert name_groups(["b", "a", "c"], [same, near, other], ["scene 1", None, None]) == ["scene 1", "scene 1", "c"]
    assert name_groups(["b", "a", "c"], [same, near, other], ["one", "two", None]) == ["one", "two", "c"]
