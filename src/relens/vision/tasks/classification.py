"""Classification: one label for the whole image."""

from relens.vision.task import Task

TASK = Task(
    "classification", "Classification", whole_image=True, shapes=(), wanted="a label for the whole image, with no shape"
)
