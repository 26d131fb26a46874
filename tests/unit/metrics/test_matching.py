import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycocotools import mask as coco_mask

from relens.metrics.matching import IOU_THRESHOLDS, iou_matrix, match
from tests.unit.metrics.coco import random_scene, xywh_after_round_trip, xyxy


@given(st.integers(0, 2**32))
@settings(max_examples=50, deadline=None)
def test_overlaps_are_bit_for_bit_those_of_pycocotools(seed: int) -> None:
    scene = random_scene(np.random.default_rng(seed), most=20)
    if len(scene.gt) and len(scene.dt):
        dt, gt = xywh_after_round_trip(scene.dt), xywh_after_round_trip(scene.gt)
        expected = coco_mask.iou(dt, gt, scene.crowd.astype(np.uint8).tolist())
        assert np.array_equal(iou_matrix(xyxy(scene.dt), xyxy(scene.gt), scene.crowd), expected)


def test_the_more_confident_detection_takes_the_object() -> None:
    gt = [[0, 0, 10, 10]]
    result = match([[0, 0, 10, 9], [0, 0, 10, 10]], [0.9, 0.8], gt)
    assert result.scores.tolist() == [0.9, 0.8]
    assert result.hits[:, 0].tolist() == [2**9 - 1, 2**9]  # 0.9 of overlap is enough up to the threshold 0.90


def test_a_crowd_swallows_many_detections_and_is_no_object_to_find() -> None:
    result = match([[0, 0, 10, 10], [5, 5, 15, 15]], [0.9, 0.8], [[0, 0, 100, 100]], gt_crowd=[True])
    assert result.positives.tolist() == [0, 0, 0, 0]
    assert result.ignored[:, 0].tolist() == [1023, 1023]
    assert not result.hits.any()


def test_objects_of_another_size_count_neither_way() -> None:
    result = match([[0, 0, 40, 40]], [0.9], [[0, 0, 40, 40]])
    assert result.positives.tolist() == [1, 0, 1, 0]
    assert result.hits[0].tolist() == [1023, 0, 1023, 0]
    assert result.ignored[0].tolist() == [0, 1023, 0, 1023]


def test_overlaps_can_be_handed_in_for_masks() -> None:
    result = match(
        np.zeros((2, 4)),
        [0.2, 0.7],
        np.zeros((1, 4)),
        gt_area=[5000.0],
        dt_area=[5000.0, 5000.0],
        ious=np.array([[0.9], [0.6]]),
    )
    assert result.scores.tolist() == [0.7, 0.2]
    assert result.hits[0, 0] == sum(1 << t for t, iou in enumerate(IOU_THRESHOLDS) if iou <= 0.6)


@pytest.mark.parametrize("shape", [(0, 0), (0, 3), (3, 0)])
def test_nothing_said_or_nothing_there_is_fine(shape: tuple[int, int]) -> None:
    detections, objects = (np.tile([0.0, 0, 9, 9], (n, 1)) for n in shape)
    result = match(detections, np.ones(shape[0]), objects)
    assert len(result.scores) == shape[0]
    assert result.positives[0] == shape[1]
    assert not result.hits.any()
