"""Hard cases that are unlike each other."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from relens.review.diversity import SAME, k_centre


@given(st.integers(1, 30), st.integers(1, 40), st.integers(0, 1000))
def test_the_first_row_comes_first_and_none_comes_twice(rows: int, count: int, seed: int) -> None:
    vectors = _unit(np.random.default_rng(seed).normal(size=(rows, 4)))
    order = k_centre(vectors, count)
    assert order[0] == 0
    assert len(set(order)) == len(order) <= min(rows, count)


def test_frames_of_one_scene_give_one_image_before_another_scene_has_its_first() -> None:
    scenes = _unit(np.random.default_rng(1).normal(size=(5, 16)))
    frames = _unit(np.repeat(scenes, 20, axis=0) + np.random.default_rng(2).normal(scale=1e-3, size=(100, 16)))
    order = k_centre(frames, 50)
    assert sorted(index // 20 for index in order) == [0, 1, 2, 3, 4]


@given(st.integers(2, 25), st.integers(0, 1000))
def test_what_is_left_out_is_like_something_chosen_or_the_count_is_reached(rows: int, seed: int) -> None:
    vectors = _unit(np.random.default_rng(seed).normal(size=(rows, 2)))
    order = k_centre(vectors, rows)
    for row in set(range(rows)) - set(order):
        assert (1 - vectors[order] @ vectors[row]).min() <= SAME


def _unit(vectors: np.ndarray) -> np.ndarray:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)
