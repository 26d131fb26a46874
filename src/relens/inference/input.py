"""The input of a model: which pixels it wants, in which order and on which scale."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from relens.inference.errors import CannotBeServed

Resize = Literal["letterbox", "stretch", "crop"]
LARGEST_SIDE = 4096


@dataclass(frozen=True, slots=True)
class InputSpec:
    """The tensor a model wants: value = (pixel * scale - mean) / std, per channel.

    `resize`: *letterbox* keeps proportions and pads with grey `pad`, centred; *stretch* does not keep them; *crop* scales the
    shorter side and cuts the middle out. `layout` is "nchw" or "nhwc". `batch`: whether several images may go in at once.
    """

    name: str
    width: int
    height: int
    resize: Resize = "letterbox"
    pad: int = 114
    scale: float = 1 / 255
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    std: tuple[float, float, float] = (1.0, 1.0, 1.0)
    colour: Literal["rgb", "bgr"] = "rgb"
    layout: Literal["nchw", "nhwc"] = "nchw"
    dtype: str = "float32"
    batch: bool = False

    def __post_init__(self) -> None:
        if not (1 <= self.width <= LARGEST_SIDE and 1 <= self.height <= LARGEST_SIDE):
            raise CannotBeServed(
                f"the model's input is {self.width} x {self.height} pixels: each side must be 1 to {LARGEST_SIDE}"
            )
        if self.resize not in ("letterbox", "stretch", "crop"):
            raise CannotBeServed(f"the model's input asks for resize '{self.resize}': it is letterbox, stretch or crop")
        if self.colour not in ("rgb", "bgr") or self.layout not in ("nchw", "nhwc"):
            raise CannotBeServed("the model's input declares an unknown colour order (rgb, bgr) or layout (nchw, nhwc)")
        numbers = (self.scale, *self.mean, *self.std)
        if len(self.mean) != 3 or len(self.std) != 3 or not all(map(math.isfinite, numbers)) or 0.0 in self.std:
            raise CannotBeServed(
                "the model's input needs a finite scale, and mean and std of three numbers each (std not 0)"
            )
        if not 0 <= self.pad <= 255:
            raise CannotBeServed(f"the model's input pads with {self.pad}: it must be 0 to 255")
