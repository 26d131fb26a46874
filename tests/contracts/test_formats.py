"""Every dataset format keeps what it is given: written, then read, it is the same content."""

from __future__ import annotations

import hashlib
import struct
import tempfile
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from relens.datasets.content import content_hash
from relens.datasets.formats import FORMATS, CannotWrite, named_or_seen
from relens.datasets.found import FoundSet, NotADataset
from relens.datasets.item import BadItem, Item, as_split, plain, safe_name
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


def places(size: int) -> st.SearchStrategy[float]:
    return st.floats(-1, size + 1, allow_nan=False) | st.integers(0, size).map(float)


@st.composite
def boxes(draw: st.DrawFn, width: int, height: int) -> Box:
    (x1, x2), (y1, y2) = (sorted((draw(places(size)), draw(places(size)))) for size in (width, height))
    try:
        return Box(x1, y1, x2, y2)
    except BadShape:
        assume(False)
        raise


@st.composite
def polygons(draw: st.DrawFn, width: int, height: int) -> Polygon:
    point = st.tuples(places(width), places(height))
    rings = draw(st.lists(st.lists(point, min_size=3, max_size=6), min_size=1, max_size=3))
    try:
        return Polygon(tuple(tuple(value for point in ring for value in point) for ring in rings))
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
def items(draw: st.DrawFn, task: str, labels: list[str], number: int, everything: bool) -> Item:
    """`everything`: also what only some formats can say (masks of pixels, crowds, images without their label)."""
    width, height = draw(st.integers(1, 4000)), draw(st.integers(1, 4000))
    outlines = polygons(width, height) | masks(width, height) if everything else polygons(width, height)
    shapes: dict[str, Any] = {
        "detection": boxes(width, height) | outlines,
        "segmentation": outlines,
        "classification": st.none(),
    }
    fancy = everything and draw(st.booleans())
    annotation = st.builds(
        lambda *parts: plain(Annotation(*parts)),
        st.sampled_from(labels),
        shapes[task],
        st.booleans() if fancy else st.just(False),
        st.none() if task == "classification" and not fancy else st.none() | st.floats(0.5, 1e6),
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
def versions(draw: st.DrawFn, tasks: tuple[str, ...], everything: bool) -> tuple[str, list[str], tuple[Item, ...]]:
    task = draw(st.sampled_from(tasks))
    labels = draw(
        st.lists(
            words
            | st.sampled_from(["a/b", "__MACOSX", "..", "con.", "Ärger", "x" * 200, "no", "1", " red  cell ", "<&>"]),
            min_size=1,
            max_size=4,
            unique=True,
        )
    )
    made = [draw(items(task, labels, number, everything)) for number in range(draw(st.integers(1, 5)))]
    return task, labels, checked(task, labels, made)


def write(folder: Path, name: str, task: str, labels: list[str], given_items: tuple[Item, ...]) -> None:
    """Every image file begins as a PNG of its size would, so that readers that ask for the size get it, and ends with its asset's name."""
    sizes = {item.asset: (item.width or 1, item.height or 1) for item in given_items}
    for entry in FORMATS.get(name).write("a set", task, labels, given_items):
        target = folder / entry.path
        target.parent.mkdir(parents=True, exist_ok=True)
        assert not target.exists()
        target.write_bytes(
            entry.data if entry.data is not None else header(*sizes[entry.asset or ""]) + (entry.asset or "").encode()
        )


def header(width: int, height: int) -> bytes:
    """What a PNG of that size begins with."""
    size = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + struct.pack(">I", 13)
        + size
        + struct.pack(">I", zlib.crc32(size))
        + struct.pack(">I", 9)
        + b"IDAT"
    )


def as_items(found: FoundSet) -> list[Item]:
    return [
        Item(
            one.path.read_bytes()[-64:].decode(),
            as_split(one.split or "train"),
            one.group or "",
            one.file_name,
            one.source,
            one.annotations,
        )
        for one in found.images
    ]


often = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)
TASKS = ("classification", "detection", "segmentation")


@pytest.mark.parametrize("name", NAMES)
@often
@given(data=st.data())
def test_what_is_written_and_read_again_has_the_same_content(name: str, data: st.DataObject) -> None:
    """Of the tasks a format names, everything but crowds, masks of pixels and images without their label can be written."""
    task, labels, published = data.draw(versions(FORMATS.get(name).tasks, everything=False))
    comes_back(name, task, labels, published)


@pytest.mark.parametrize("name", NAMES)
@often
@given(version=versions(TASKS, everything=True))
def test_what_a_format_cannot_say_is_refused_before_the_first_file(
    name: str, version: tuple[str, list[str], tuple[Item, ...]]
) -> None:
    with suppress(CannotWrite):
        comes_back(name, *version)


def comes_back(name: str, task: str, labels: list[str], published: tuple[Item, ...]) -> None:
    with tempfile.TemporaryDirectory() as made:
        try:
            write(Path(made), name, task, labels, published)
        except CannotWrite:
            assert list(Path(made).iterdir()) == []
            raise
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
def test_a_plain_set_of_each_task_it_names_can_be_written_and_no_other(name: str, tmp_path: Path) -> None:
    shapes = {"classification": None, "detection": Box(1, 2, 3, 4), "segmentation": Polygon(((1, 1, 7, 1, 7, 7),))}
    for task, shape in shapes.items():
        published = tuple(
            Item(
                hashlib.sha256(str(n).encode()).hexdigest(),
                "train",
                "g",
                f"{n}.png",
                None,
                (Annotation("red", shape),),
                8,
                8,
            )
            for n in range(3)
        )
        if task not in FORMATS.get(name).tasks:
            with pytest.raises(CannotWrite):
                write(tmp_path / task, name, task, ["red"], published)
            continue
        (tmp_path / task).mkdir()
        write(tmp_path / task, name, task, ["red"], published)
        assert len(FORMATS.get(name).read(tmp_path / task).images) == 3


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
    assert FORMATS.get(name).layout
    assert name == name.lower()
