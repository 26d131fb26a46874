"""Fingerprints are close for images that look alike, and groups are what pairwise comparison says."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pillow

from relens.testing.images import RED, make_jpeg, make_pixels
from relens.vision.decode import decode
from relens.vision.fingerprint import BadFingerprint, distance, fingerprint, groups, scenes, tell_nothing


def test_a_fingerprint_is_256_bits_written_as_64_hex_digits() -> None:
    print_ = fingerprint(decode(make_jpeg(RED)))
    assert len(print_) == 64
    assert len(bytes.fromhex(print_)) == 32


def test_it_asks_of_each_cell_whether_the_next_is_brighter() -> None:
    rising = np.repeat(np.arange(0, 170, 10, dtype=np.uint8)[None], 16, 0)
    file = io.BytesIO()
    Pillow.fromarray(rising).save(file, "PNG")
    assert fingerprint(decode(file.getvalue())) == "f" * 64
    file = io.BytesIO()
    Pillow.fromarray(rising[:, ::-1].copy()).save(file, "PNG")
    assert fingerprint(decode(file.getvalue())) == "0" * 64


def test_another_quality_size_or_decoding_scale_is_a_near_duplicate_and_another_scene_is_not() -> None:
    scene = Pillow.fromarray(make_pixels((90, 90, 90), (800, 600), 5, noise=60))
    copies = []
    for size, quality in (((800, 600), 95), ((800, 600), 60), ((400, 300), 80), ((1600, 1200), 85)):
        file = io.BytesIO()
        scene.resize(size).save(file, "JPEG", quality=quality)
        copies.append(file.getvalue())
    prints = [fingerprint(decode(data)) for data in copies]
    prints.append(fingerprint(decode(copies[3], smallest=320)))
    assert max(distance(prints[0], other) for other in prints) <= 12
    other = fingerprint(decode(make_jpeg((90, 90, 90), (800, 600), 6, noise=60)))
    assert min(distance(other, one) for one in prints) > 40
    assert groups([*prints, other]) == [0, 0, 0, 0, 0, 1]


@st.composite
def _prints(draw: st.DrawFn) -> list[str]:
    """Families: a few random seeds, and members that differ from them in some bits."""
    seeds = draw(st.lists(st.integers(0, 2**256 - 1), min_size=1, max_size=4))
    members = st.tuples(st.sampled_from(seeds), st.sets(st.integers(0, 255), max_size=16))
    found = draw(st.lists(members, max_size=25))
    return [f"{seed ^ sum(1 << bit for bit in bits):064x}" for seed, bits in found]


@given(_prints(), st.integers(0, 20))
def test_groups_are_the_connected_components_of_all_close_pairs(prints: list[str], within: int) -> None:
    expected = list(range(len(prints)))
    for i in range(len(prints)):
        for j in range(i):
            if distance(prints[i], prints[j]) <= within:
                low, high = sorted((expected[i], expected[j]))
                expected = [low if group == high else group for group in expected]
    order = list(dict.fromkeys(expected))
    assert groups(prints, within) == [order.index(group) for group in expected]


def test_thousands_of_copies_of_one_scene_are_one_group() -> None:
    assert set(groups([f"{number:064x}" for number in range(3000)])) == {0}


def test_images_that_are_alike_in_most_of_a_set_are_no_one_scene_and_a_few_copies_are() -> None:
    alike = [f"{number:064x}" for number in range(30)]
    apart = [f"{(1 << 255) // (3 ** (9 + number)):064x}" for number in range(60)]
    assert len(set(scenes([*alike, *apart]))) == len(set(scenes(apart))) + 30
    assert len(set(scenes([*alike[:9], *apart]))) == len(set(scenes(apart))) + 1
    assert scenes(alike) == list(range(30))
    assert tell_nothing([*alike, *apart])
    assert not tell_nothing([*alike[:9], *apart])
    assert not tell_nothing([*apart, *apart, *apart])
    assert not tell_nothing([])


def test_no_images_are_no_groups() -> None:
    assert groups([]) == []


def test_what_is_no_fingerprint_is_refused() -> None:
    for wrong in ("", "zz" * 32, "ab"):
        with pytest.raises(BadFingerprint):
            groups([wrong])
