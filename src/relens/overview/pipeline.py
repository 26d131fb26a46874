"""The pipeline of a deployment as it is: which of its four blocks are on, and what to do next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["off", "preparing", "on", "failed"]


@dataclass(frozen=True, slots=True)
class Block:
    """One block of the pipeline; `detail` is a few words on what it is set to."""

    state: State
    detail: str

    @property
    def active(self) -> bool:
        return self.state != "off"


@dataclass(frozen=True, slots=True)
class Pipeline:
    """The four blocks in the order in which they are set up."""

    training_data: Block
    feedback_loop: Block
    continuous_training: Block
    continuous_deployment: Block


def what_next(
    pipeline: Pipeline, predictions: int, reviewed: int, waiting: bool, external: bool, left_usual: str | None = None
) -> list[str]:
    """What a person would do now, the first thing first; empty when everything runs by itself.

    `left_usual`: how production has left what is usual, while that alarm stands.
    """
    found: list[str] = []
    if left_usual:
        found.append(f"{left_usual[:1].upper()}{left_usual[1:]}: say on the dashboard whether this is normal.")
    if waiting:
        found.append("A candidate waits for your decision: see Loop.")
    if predictions == 0:
        where = "Log predictions from your machines" if external else "Send images"
        found.append(f"{where}: the dashboard fills as they arrive.")
    if pipeline.training_data.state == "off":
        found.append("Choose the dataset this model was trained on in Settings: drift and outlier scores need it.")
    if predictions and reviewed == 0:
        found.append("Review a few images: precision, recall and the next dataset version come from reviews.")
    if pipeline.feedback_loop.active and not pipeline.continuous_training.active:
        found.append("Switch continuous training on in Settings, so that reviews retrain the model.")
    if pipeline.continuous_training.active and not pipeline.continuous_deployment.active:
        found.append("Choose in Settings what happens to a candidate that passes the gate.")
    return found
