"""What of a shape lies in its image is cut at the edge like the image itself, and what encloses nothing is refused."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from relens.vision.shapes import Box, Mask, Polygon
from relens.vision.visible import NothingThere, is_flat, overhang, visible

SIZE = (40, 30)
points = st.tuples(st.integers(-30, 70), st.integers(-30, 60))
rings = st.lists(points, min_size=3, max_size=9, unique=True).filter(
    lambda ring: len({x for x, _ in ring}) > 1 and len({y for _, y in ring}) > 1
)


def polygon(ring: list[tuple[int, int]]) -> Polygon:
    return Polygon((tuple(float(value) for point in ring for value in point),))


def painted(shape: Polygon) -> npt.NDArray[np.bool_]:
    """By another program, on a canvas larger than the image: the image's part of it."""
    canvas = Image.new("1", (SIZE[0] + 60, SIZE[1] + 60))
    for ring in shape.rings:
        ImageDraw.Draw(canvas).polygon([(x + 30, y + 30) for x, y in zip(ring[::2], ring[1::2], strict=True)], fill=1)
    return np.asarray(canvas)[30 : 30 + SIZE[1], 30 : 30 + SIZE[0]]


@given(rings)
def test_the_part_of_an_outline_is_what_would_be_painted_inside(ring: list[tuple[int, int]]) -> None:
    """But for the pixels along its border, which both programs round their own way."""
    whole = polygon(ring)
    try:
        part = visible(whole, *SIZE)
    except NothingThere:
        inner = painted(whole)[1:-1, 1:-1] if not is_flat(whole) else np.zeros(0)
        assert not inner.any()
        return
    assert isinstance(part, Polygon)
    assert part.box().inside(*SIZE, tolerance=0)
    edge = 2 * sum(map(sum, (SIZE, part.box().corners()[2:])))
    assert (painted(whole) != painted(part)).sum() <= edge / 2 + 2 * len(ring)


@given(rings)
def test_what_lies_in_the_image_stays_as_it_is(ring: list[tuple[int, int]]) -> None:
    inside = polygon(
        [*((x % (SIZE[0] + 1), y % (SIZE[1] + 1)) for x, y in ring[:3]), (0, 0), (SIZE[0], SIZE[1]), (0, 1)]
    )
    assert visible(inside, *SIZE) is inside


def test_a_box_is_cut_at_every_edge_and_its_overhang_known() -> None:
    box = Box(-12, 4, 45.5, 31)
    assert visible(box, *SIZE) == Box(0, 4, 40, 30)
    assert overhang(box, *SIZE) == 12
    for outside in (Box(40, 0, 50, 10), Box(39.999, 0, 50, 10), Box(-9, -9, 0, 5)):
        with pytest.raises(NothingThere, match="lies outside the image of 40 x 30 pixels"):
            visible(outside, *SIZE)


def test_only_the_rings_that_can_be_seen_stay() -> None:
    two = Polygon(((2, 2, 9, 2, 9, 9), (50, 2, 60, 2, 60, 9)))
    assert visible(two, *SIZE) == Polygon((two.rings[0],))


@pytest.mark.parametrize("ring", [(1, 1, 9, 9, 5, 5), (1, 1, 9, 9, 1, 1), (0.1, 0.3, 0.2, 0.6, 0.3, 0.9, 0.4, 1.2)])
def test_points_on_one_line_enclose_nothing(ring: tuple[float, ...]) -> None:
    with pytest.raises(NothingThere, match="encloses nothing"):
        visible(Polygon((ring,)), *SIZE)


def test_an_outline_that_crosses_itself_encloses_something_though_its_areas_cancel() -> None:
    eight = Polygon(((0, 0, 10, 10, 10, 0, 0, 10),))
    assert eight.area == 0
    assert visible(eight, *SIZE) is eight


def test_a_mask_and_the_whole_image_are_what_they_are() -> None:
    mask = Mask(30, 40, (600, 600))
    assert visible(mask, *SIZE) is mask
    assert visible(None, *SIZE) is None
