"""Every dataset format keeps what it is given: written, then read, it is the same content."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from relens.datasets.content import content_hash
from relens.datasets.formats import FORMATS, CannotWrite, named_or_seen
from relens.datasets.found import FoundSet, NotADataset
from relens.datasets.item import BadItem, Item, plain, safe_name
from relens.datasets.version import checked
from relens.vision.annotation import Annotation
from relens.vision.shapes import BadShape, Box, Mask, Polygon

NAMES = FORMATS.names()


def a_file_name(text: str) -> bool:
    try:
        return safe_name(text) == text and len(text.encode()) < 200
    except BadItem:
        return False


# NUL and halves of characters are refused at every door (strict_json), whatever the format.
letters = st.characters(exclude_characters="\0", exclude_categories=("Cs",))
words = st.text(letters, min_size=1, max_size=12).filter(lambda text: text.strip() != "")
file_names = st.builds(
    lambda folders, stem, suffix: "/".join([*folders, stem + suffix]),
    st.lists(st.sampled_from(["a", "Größe", ".hidden", "train", "x y"]), max_size=2),
    words,
    st.sampled_from([".png", ".JPG", ".jpeg", ""]),
).filter(a_file_name)
places = st.floats(-1, 4000, allow_nan=False) | st.integers(0, 4000).map(float)


@st.composite
def boxes(draw: st.DrawFn) -> Box:
    x1, y1 = draw(places), draw(places)
    try:
        return Box(x1, y1, x1 + draw(st.floats(0.001, 500)), y1 + draw(st.floats(0.001, 500)))
    except BadShape:
        assume(False)
        raise


@st.composite
def polygons(draw: st.DrawFn) -> Polygon:
    rings = draw(
        st.lists(
            st.lists(places, min_size=6, max_size=12).filter(lambda ring: len(ring) % 2 == 0), min_size=1, max_size=3
        )
    )
    try:
        return Polygon(tuple(tuple(ring) for ring in rings))
    except BadShape:
        assume(False)
        raise


@st.composite
def masks(draw: st.DrawFn, width: int, height: int) -> Mask:
    cuts = sorted(draw(st.lists(st.integers(0, width * height), min_size=1, max_size=6)))
    runs = [end - start for start, end in zip([0, *cuts], [*cuts, width * height], strict=True)]
    assume(any(runs[1::2]))
    return Mask(height, width, tuple(runs))


@st.composite
def items(draw: st.DrawFn, task: str, labels: list[str], number: int) -> Item:
    width, height = draw(st.integers(1, 300)), draw(st.integers(1, 300))
    shapes: dict[str, Any] = {
        "detection": boxes() | polygons() | masks(width, height),
        "segmentation": polygons() | masks(width, height),
        "classification": st.none(),
    }
    fancy = draw(st.booleans())
    annotation = st.builds(
        lambda *parts: plain(Annotation(*parts)),
        st.sampled_from(labels),
        shapes[task],
        st.booleans() if fancy else st.just(False),
        (st.none() | st.floats(0.5, 1e6)) if fancy else st.none(),
    )
    few = (0 if fancy else 1, 1) if task == "classification" else (0, 4)
    return Item(
        asset=hashlib.sha256(str(number).encode()).hexdigest(),
        split=draw(st.sampled_from(["train", "validation", "test"])),
        group=draw(words),
        file_name=draw(file_names),
        source=draw(st.none() | words),
        annotations=tuple(draw(st.lists(annotation, min_size=few[0], max_size=few[1]))),
        width=width,
        height=height,
    )


@st.composite
def versions(draw: st.DrawFn) -> tuple[str, list[str], tuple[Item, ...]]:
    task = draw(st.sampled_from(["classification", "detection", "segmentation"]))
    labels = draw(
        st.lists(
            words | st.sampled_from(["a/b", "__MACOSX", "..", "con.", "Ärger", "x" * 200]),
            min_size=1,
            max_size=4,
            unique=True,
        )
    )
    made = [draw(items(task, labels, number)) for number in range(draw(st.integers(1, 5)))]
    return task, labels, checked(task, labels, made)


def write(folder: Path, name: str, task: str, labels: list[str], given_items: tuple[Item, ...]) -> None:
    """Every image file holds its asset's name, which stands for its bytes."""
    for entry in FORMATS.get(name).write("a set", task, labels, given_items):
        target = folder / entry.path
        target.parent.mkdir(parents=True, exist_ok=True)
        assert not target.exists()
        target.write_bytes(entry.data if entry.data is not None else (entry.asset or "").encode())


def as_items(found: FoundSet) -> list[Item]:
    return [
        Item(one.path.read_text(), one.split or "train", one.group or "", one.file_name, one.source, one.annotations)
        for one in found.images
    ]


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(version=versions())
def test_what_is_written_and_read_again_has_the_same_content(
    name: str, version: tuple[str, list[str], tuple[Item, ...]]
) -> None:
    task, labels, published = version
    with tempfile.TemporaryDirectory() as made:
        try:
            write(Path(made), name, task, labels, published)
        except CannotWrite:
            assert list(Path(made).iterdir()) == []
            return
        reader = named_or_seen("auto", Path(made))
        assert reader is FORMATS.get(name)
        found = reader.read(Path(made))
        assert found.problems == ()
        assert found.left_out == 0
        assert (found.task, list(found.labels)) == (task, labels)
        read = as_items(found)
        assert {item.asset: item.annotations for item in read} == {item.asset: item.annotations for item in published}
        assert content_hash(task, labels, read) == content_hash(task, labels, published)


@pytest.mark.parametrize("name", NAMES)
def test_a_plain_classification_set_can_be_written_by_every_format(name: str, tmp_path: Path) -> None:
    published = tuple(
        Item(hashlib.sha256(str(n).encode()).hexdigest(), "train", "g", f"{n}.png", None, (Annotation("red"),), 8, 8)
        for n in range(3)
    )
    write(tmp_path, name, "classification", ["red"], published)
    assert len(FORMATS.get(name).read(tmp_path).images) == 3


@pytest.mark.parametrize("name", NAMES)
def test_a_folder_without_a_dataset_is_refused_with_a_sentence(name: str, tmp_path: Path) -> None:
    assert not FORMATS.get(name).looks_like(tmp_path)
    with pytest.raises(NotADataset, match=r"\w+ \w+ \w+"):
        FORMATS.get(name).read(tmp_path)
    with pytest.raises(NotADataset):
        named_or_seen("auto", tmp_path)


@pytest.mark.parametrize("name", NAMES)
def test_a_format_has_a_title_and_one_name(name: str) -> None:
    assert FORMATS.get(name).title
    assert name == name.lower()
