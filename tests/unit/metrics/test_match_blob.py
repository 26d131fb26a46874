import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relens.metrics.average_precision import ApStore
from relens.metrics.match_blob import BrokenBlob, pack, unpack
from relens.metrics.matching import match_image
from tests.unit.metrics.coco import random_scene, xyxy

NAMES = ["cat", "dog", "élan", "none"]


@given(st.integers(0, 2**32))
@settings(max_examples=30, deadline=None)
def test_what_is_packed_is_read_back_bit_for_bit(seed: int) -> None:
    s = random_scene(np.random.default_rng(seed))
    said, true = ([NAMES[i] for i in labels] for labels in (s.dt_labels, s.gt_labels))
    matches = match_image(xyxy(s.dt), s.scores, said, xyxy(s.gt), true, s.crowd)
    again = unpack(pack(matches))
    assert list(again) == list(matches)
    for label, match in matches.items():
        for name in ("scores", "hits", "ignored", "positives"):
            assert np.array_equal(getattr(again[label], name), getattr(match, name))
            assert getattr(again[label], name).dtype == getattr(match, name).dtype
    stores = ApStore(NAMES), ApStore(NAMES)
    stores[0].insert(1, matches)
    stores[1].insert(1, again)
    assert stores[0].summary() == stores[1].summary()


def test_an_image_without_anything_is_a_small_blob() -> None:
    assert unpack(pack({})) == {}
    assert len(pack({})) == 6


@pytest.mark.parametrize(
    "broken", [b"", b"\x02\x00\x00\x00[]x", b"\x05\x00\x00\x00nope!", b'\x09\x00\x00\x00[["a",3]]']
)
def test_broken_bytes_are_refused_with_what_to_do(broken: bytes) -> None:
    with pytest.raises(BrokenBlob, match="match the image again"):
        unpack(broken)
