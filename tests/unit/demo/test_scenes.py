"""The simulated pictures: the same every time, with boxes one can rely on."""

import io

import numpy as np
import pytest
from PIL import Image

from relens.demo.belts import HEIGHT, LINES, WIDTH, worn
from relens.demo.builtin import Sizes, built_in
from relens.demo.parts import LABELS, height_map
from relens.demo.scenes import picture


def _pixels(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)), np.float32)


def test_the_same_seed_gives_the_same_bytes() -> None:
    one, other = picture(LINES["line-1"], [1, 2, 3]), picture(LINES["line-1"], [1, 2, 3])
    assert one == other
    assert one.data != picture(LINES["line-1"], [1, 2, 4]).data


@pytest.mark.parametrize("line", LINES)
def test_every_part_has_a_box_inside_the_picture(line: str) -> None:
    for number in range(20):
        made = picture(LINES[line], [5, number])
        assert _pixels(made.data).shape == (HEIGHT, WIDTH, 3)
        assert len(made.annotations) >= 2
        for annotation in made.annotations:
            assert annotation.label in LABELS
            assert annotation.shape is not None
            assert annotation.shape.box().inside(WIDTH, HEIGHT, tolerance=0)


@pytest.mark.parametrize("label", LABELS)
def test_a_part_is_a_height_map_with_something_on_it(label: str) -> None:
    height, coverage = height_map(label, 0)
    assert height.shape == coverage.shape
    assert 0.1 < float((coverage > 0.5).mean()) < 0.9
    assert float(height[coverage > 0.5].max()) > 3


def test_the_worn_line_is_darker_and_less_sharp() -> None:
    line = LINES["line-2"]
    fresh = [_pixels(picture(line, [1, i]).data).mean(2) for i in range(8)]
    bad = [_pixels(picture(worn(line), [1, i]).data).mean(2) for i in range(8)]
    assert np.mean(bad) < 0.6 * np.mean(fresh)


def test_the_stream_holds_every_kind_of_image_and_only_line_2_goes_wrong() -> None:
    stream = built_in(3, Sizes(train=6, holdout=12, days=2, per_day=3, steady=8, changed=16))
    assert (len(stream.train), len(stream.gate), len(stream.report)) == (6, 6, 6)
    assert (len(stream.past), len(stream.production)) == (6, 24)
    assert {arrival.source for arrival in stream.production if arrival.phase} == {"line-2"}
    assert not any(arrival.phase for arrival in stream.production[:8])
    assert all(stream.past[i].ago > stream.past[i + 1].ago for i in range(5))
    names = [arrival.name for arrival in (*stream.past, *stream.production)]
    assert len(set(names)) == len(names)


def test_truth_is_known_of_arriving_images_only() -> None:
    stream = built_in(3, Sizes(train=2, holdout=2, days=1, per_day=1, steady=1, changed=1))
    assert stream.truth(stream.production[0].name)
    assert stream.truth(stream.past[0].name)
    assert stream.truth(stream.gate[0].file_name) is None
    assert stream.truth(stream.report[0].file_name) is None
