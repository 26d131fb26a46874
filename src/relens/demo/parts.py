"""Small machine parts as height maps and metals: what lies on the simulated conveyor belts.

A part is modelled from above: a height in pixels and a coverage for each pixel, at `SIZE` x `SIZE`. It is turned and
scaled as a height map and lit afterwards, so that light keeps falling from the same side however the part lies.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[Any]
"""float32"""

LABELS = ("bolt", "nut", "washer", "gear")
SIZE = 128
"""Pixels along each side of a height map; a part's longest side nearly fills it."""


@dataclass(frozen=True, slots=True)
class Metal:
    """How a surface answers light: its colour (0 to 255), how strongly and how sharply it glints."""

    colour: tuple[float, float, float]
    glint: float
    sharpness: float


ZINC = Metal((176, 182, 190), 0.75, 14.0)
STEEL = Metal((136, 139, 144), 0.85, 22.0)
BRASS = Metal((196, 160, 84), 0.70, 16.0)
COPPER = Metal((178, 112, 80), 0.60, 12.0)
NYLON = Metal((222, 218, 204), 0.18, 5.0)
BLACK = Metal((26, 26, 29), 0.30, 9.0)
"""Black oxide: no image of the training set shows it."""

METALS: dict[str, tuple[Metal, ...]] = {
    "bolt": (ZINC, STEEL, BRASS),
    "nut": (ZINC, STEEL, BRASS),
    "washer": (ZINC, STEEL, COPPER),
    "gear": (STEEL, BRASS, NYLON),
}
LENGTH: dict[str, tuple[float, float]] = {"bolt": (58, 86), "nut": (34, 46), "washer": (32, 46), "gear": (52, 74)}
"""The longest side in pixels of the finished picture, from and to."""


@cache
def height_map(label: str, variant: int) -> tuple[Floats, Floats]:
    """(height in pixels, coverage 0 to 1) of one of a label's four variants, both float32 (SIZE, SIZE); read only."""
    height, coverage = _BUILD[label](np.random.default_rng([LABELS.index(label), variant]))
    height, coverage = height.astype(np.float32), np.clip(coverage, 0, 1).astype(np.float32)
    height.setflags(write=False)
    coverage.setflags(write=False)
    return height, coverage


def _grid() -> tuple[Floats, Floats]:
    axis = (np.arange(SIZE, dtype=np.float32) - (SIZE - 1) / 2) / (SIZE / 2)
    return np.meshgrid(axis, axis)


def _soft(distance: Floats, width: float = 0.02) -> Floats:
    """1 where `distance` is well below zero, 0 well above, smooth between."""
    return np.clip(0.5 - distance / width, 0, 1)


def _hexagon(x: Floats, y: Floats, radius: float) -> Floats:
    """Signed distance to a hexagon whose flat sides lie `radius` from its middle."""
    turns = np.arange(3) * np.pi / 3
    across: Floats = np.max([np.abs(x * np.cos(t) + y * np.sin(t)) for t in turns], axis=0)
    return across - radius


def _bolt(chance: np.random.Generator) -> tuple[Floats, Floats]:
    x, y = _grid()
    radius, head = chance.uniform(0.135, 0.175), chance.uniform(0.30, 0.36)
    neck, tip = -0.95 + chance.uniform(0.26, 0.32), 0.95
    pitch = chance.uniform(0.075, 0.1)
    plain = neck + chance.uniform(0.12, 0.5)
    ridge = np.where(x > plain, 0.022 * np.abs(((x + 0.35 * y) / pitch) % 1 - 0.5) * 2, 0.0)
    taper = np.clip((x - tip + 0.09) / 0.09, 0, 1) * 0.06
    reach = radius - ridge - taper
    on_shaft = np.maximum(np.maximum(np.abs(y) - reach, neck - 0.02 - x), x - tip)
    shaft_cover = _soft(on_shaft)
    shaft = np.sqrt(np.clip(reach**2 - y**2, 0, None)) * 62 + ridge * 90
    on_head = np.maximum(np.maximum(np.abs(y) - head, -0.95 - x), x - neck)
    facet = np.where(np.abs(y) < head * 0.52, 1.0, 1.0 - (np.abs(y) - head * 0.52) / (head * 0.48) * 0.55)
    dome = np.clip((x + 0.95) / 0.07, 0, 1) * 0.25 + 0.75
    head_cover = _soft(on_head)
    raised = np.where(head_cover > 0.5, facet * dome * 21, shaft)
    return raised, np.maximum(shaft_cover, head_cover)


def _nut(chance: np.random.Generator) -> tuple[Floats, Floats]:
    x, y = _grid()
    outside, hole = _hexagon(x, y, 0.80), chance.uniform(0.40, 0.48)
    far = np.hypot(x, y)
    cover = _soft(outside) * _soft(hole - far)
    chamfer = np.clip((far - 0.74) / 0.2, 0, 1) * 9 + np.clip((hole + 0.09 - far) / 0.09, 0, 1) * 8
    edge = np.clip(1 + outside / 0.03, 0, 1) * 5
    return 24 - chamfer - edge, cover


def _washer(chance: np.random.Generator) -> tuple[Floats, Floats]:
    x, y = _grid()
    far, hole, rim = np.hypot(x, y), chance.uniform(0.42, 0.58), 0.93
    cover = _soft(far - rim) * _soft(hole - far)
    bevel = np.clip((far - rim + 0.07) / 0.07, 0, 1) ** 2 + np.clip((hole + 0.07 - far) / 0.07, 0, 1) ** 2
    turned = np.sin(far * 120 + chance.uniform(0, 6)) * 0.12
    return 6 - bevel * 4 + turned, cover


def _gear(chance: np.random.Generator) -> tuple[Floats, Floats]:
    x, y = _grid()
    far, angle = np.hypot(x, y), np.arctan2(y, x)
    teeth, hub = int(chance.integers(12, 19)), chance.uniform(0.14, 0.2)
    tooth = np.clip(np.cos(angle * teeth) * 1.9, -1, 1)
    rim = 0.86 + 0.085 * tooth
    cover = _soft(far - rim) * _soft(hub - far)
    windows = int(chance.choice([0, 4, 5, 6]))
    if windows:
        apart = np.abs((angle * windows / (2 * np.pi)) % 1 - 0.5) * 2 * np.pi / windows * far
        cover *= 1 - _soft(np.hypot(far - 0.46, apart) - 0.13)
    web = _soft(far - 0.66, 0.05) * _soft(hub + 0.13 - far, 0.05)
    bevel = np.clip((far - rim + 0.04) / 0.04, 0, 1) * 5
    return 20 - web * 8 - bevel, cover


_BUILD: dict[str, Callable[[np.random.Generator], tuple[Floats, Floats]]] = {
    "bolt": _bolt,
    "nut": _nut,
    "washer": _washer,
    "gear": _gear,
}
