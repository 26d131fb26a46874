"""What was asked of the demonstration."""

from dataclasses import dataclass
from pathlib import Path

from relens.kit.errors import Invalid

USUAL_RETRAIN_AFTER = 50


class BadOption(Invalid):
    """Options that cannot be followed together."""


@dataclass(frozen=True, slots=True)
class Options:
    """`data` None plays the built-in stream; `retrain_after` None is 50, or fewer where the stream is too short for that."""

    data: Path | None = None
    review_fraction: float = 0.8
    retrain_after: int | None = None
    trainer: str = "compact"
    epochs: int | None = None
    seed: int = 1
    port: int | None = None
    home: Path | None = None
    keep: bool = False
    lockstep: bool = False
    headless: bool = False
    as_json: bool = False
    bound: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.review_fraction <= 1:
            raise BadOption("the review fraction lies between 0 and 1")
        if self.retrain_after is not None and self.retrain_after < 1:
            raise BadOption("retraining starts after 1 added image or more")
