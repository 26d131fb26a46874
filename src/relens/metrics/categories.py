"""What answers are shared out among: labels, and places in the image. Of these drift is the total variation distance, as no order is in them."""

from collections.abc import Iterator, Sequence

from relens.metrics.reference import Feature
from relens.vision.prediction import Detection

SIDE = 8
"""Coarser than the heatmap that is drawn: with a few hundred boxes a finer one differs from itself by a third."""
OTHERS = "other labels"
_MIX, _PLACES = "label_mix", "box_places"
_ROWS, _COLUMNS = ("top", "middle", "bottom"), ("left", "centre", "right")


def features(labels: Sequence[str], with_shapes: bool) -> tuple[Feature, ...]:
    """The categorical features of answers with these labels."""
    mix = Feature(_MIX, "mix of labels", "prediction", "other labels", "other labels", "share", (*labels, OTHERS))
    return (
        (mix, Feature(_PLACES, "places of the boxes", "prediction", "elsewhere", "elsewhere", "share", _names()))
        if with_shapes
        else (mix,)
    )


def _names() -> tuple[str, ...]:
    third = [min(i * 3 // SIDE, 2) for i in range(SIDE)]
    return tuple(f"{_ROWS[third[row]]} {_COLUMNS[third[column]]}" for row in range(SIDE) for column in range(SIDE))


def among(feature: Feature, answered: Sequence[Detection], width: int, height: int) -> Iterator[int]:
    """The place of each answer among the feature's categories."""
    if feature.name == _MIX:
        known = {label: i for i, label in enumerate(feature.categories[:-1])}
        yield from (known.get(found.label, len(known)) for found in answered)
        return
    for found in answered:
        if found.shape is not None:
            box = found.shape.box()
            column, row = (
                min(max(int((first + last) / 2 / side * SIDE), 0), SIDE - 1)
                for first, last, side in ((box.x1, box.x2, width), (box.y1, box.y2, height))
            )
            yield row * SIDE + column
