"""What a deployment keeps of its images, for how long, and what it does when there is no room for its log."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from relens.kit.errors import Invalid

Images = Literal["all", "share", "uncertain", "none"]
WhenFull = Literal["refuse", "answer unlogged"]

LEAST_SHARE = 0.02
"""Below this, a random share is too small for what is estimated of all traffic."""
LONGEST_DAYS = 36_500


class BadKeeping(Invalid):
    """An image policy that cannot be followed."""


@dataclass(frozen=True, slots=True)
class Keeping:
    """`images`: "all"; a random "share"; "uncertain": uncertain or unusual ones and a random share; "none": numbers only.

    `share` is that of the random images, 0.02 to 1 (it counts with "share" and "uncertain" only). `days`: how long an image that nobody
    needs is kept, None as long as there is room. `when_full`: "refuse" an image that cannot be logged, or "answer unlogged".
    """

    images: Images = "all"
    share: float = 0.1
    days: int | None = None
    when_full: WhenFull = "refuse"

    def __post_init__(self) -> None:
        if self.images not in get_args(Images):
            raise BadKeeping(f"images are kept by one of {', '.join(get_args(Images))}, not by '{self.images}'")
        if isinstance(self.share, bool) or not isinstance(self.share, int | float) or not math.isfinite(self.share):
            raise BadKeeping("the random share is a number from 0.02 to 1")
        if not LEAST_SHARE <= self.share <= 1:
            raise BadKeeping(
                f"the random share lies between {LEAST_SHARE} and 1, not at {self.share}: estimates of all traffic rest on it; "
                'choose images "none" to keep numbers only'
            )
        if self.days is not None and (
            isinstance(self.days, bool) or not isinstance(self.days, int) or not 1 <= self.days <= LONGEST_DAYS
        ):
            raise BadKeeping(f"images are kept for 1 to {LONGEST_DAYS} whole days, or without a limit (null)")
        if self.when_full not in get_args(WhenFull):
            raise BadKeeping(f"when the log is full: {' or '.join(get_args(WhenFull))}, not '{self.when_full}'")

    @property
    def estimates(self) -> bool:
        """Whether what is kept can speak for all traffic."""
        return self.images != "none"

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @staticmethod
    def from_json(written: Mapping[str, Any]) -> Keeping:
        """Raises BadKeeping for what is no policy."""
        unknown = set(written) - set(Keeping.__dataclass_fields__)
        if unknown:
            raise BadKeeping(f"an image policy has images, share, days and when_full, not {', '.join(sorted(unknown))}")
        return Keeping(**written)


def keeping_of(settings: Mapping[str, Any]) -> Keeping:
    """The policy in a deployment's settings; every image, where none was chosen."""
    written = settings.get("images")
    if written is None:
        return Keeping()
    if not isinstance(written, Mapping):
        raise BadKeeping('settings.images is an image policy, for example {"images": "share", "share": 0.1}')
    return Keeping.from_json(written)
