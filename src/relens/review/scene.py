"""Which images show the same scene, as far as the log knows: they are kept on one side of the cut between training and testing."""

from __future__ import annotations

from relens.datasets.split import MOST_TESTED, side
from relens.kit.clock import HOUR
from relens.predictions.logged import Logged

TOGETHER = 16
"""Lines of the log. Images of one camera within the hour are one scene, but a burst of thousands would then lie on one side as a whole,
and a test set of one scene tells nothing from chance. Cut into runs of the log, a burst gives many scenes of images that came one after
the other, and a camera that takes one image in a few minutes keeps its hour."""


def scene_of(line: Logged) -> str:
    """What the client calls its group, else the camera's hour (or the part of it that one burst filled), else the image alone."""
    given = line.metadata.get("group")
    if given not in (None, ""):
        return str(given)[:300]
    if line.source is None:
        return line.asset
    return f"{line.source} {line.taken_at // HOUR} {line.log_seq // TOGETHER}"[:300]


def may_be_tested(line: Logged) -> bool:
    """Whether some share that can be chosen would keep the scene for testing, with this image and others in it."""
    scene = scene_of(line)
    return scene != line.asset and side(scene, MOST_TESTED) == "test"
