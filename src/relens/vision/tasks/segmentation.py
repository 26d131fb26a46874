"""Segmentation: the outline of each thing, as a polygon or a mask."""

from relens.vision.shapes import Mask, Polygon
from relens.vision.task import Task

TASK = Task(
    "segmentation",
    "Segmentation",
    whole_image=False,
    shapes=(Polygon, Mask),
    wanted="a polygon or a mask of each thing",
)
