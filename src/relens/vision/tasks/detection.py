"""Detection: a box around each thing; where an outline is known, its box is taken."""

from relens.vision.shapes import Box, Mask, Polygon
from relens.vision.task import Task

TASK = Task("detection", "Detection", whole_image=False, shapes=(Box, Polygon, Mask), wanted="a box around each thing")
