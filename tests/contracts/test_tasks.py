"""Every task says how its annotations look and refuses all others with a sentence."""

from __future__ import annotations

import pytest

from relens.vision.annotation import Annotation
from relens.vision.shapes import Box, Mask, Polygon, Shape
from relens.vision.task import TASKS, WrongShape

SHAPES: tuple[Shape, ...] = (None, Box(0, 0, 2, 2), Polygon(((0, 0, 2, 0, 2, 2),)), Mask(1, 2, (1, 1)))


@pytest.mark.parametrize("name", TASKS.names())
def test_a_task_takes_its_shapes_and_refuses_all_others(name: str) -> None:
    task = TASKS.get(name)
    assert task.name == name
    assert task.title
    taken = [shape for shape in SHAPES if task.takes(shape)]
    assert taken, "a task nothing belongs to"
    assert (None in taken) == task.whole_image
    for shape in SHAPES:
        annotation = Annotation("cat", shape)
        if shape in taken:
            task.check(annotation)
        else:
            with pytest.raises(WrongShape, match=f"'cat' has .*{task.wanted}"):
                task.check(annotation)


def test_the_three_tasks_take_what_they_are_known_for() -> None:
    kinds = {name: [type(shape) for shape in SHAPES if TASKS.get(name).takes(shape)] for name in TASKS.names()}
    assert kinds["classification"] == [type(None)]
    assert kinds["detection"] == [Box, Polygon, Mask]
    assert kinds["segmentation"] == [Polygon, Mask]
