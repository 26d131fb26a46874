"""Three simulated conveyor lines: their belts, their lamps and what happens to line-2."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Floats = NDArray[Any]
"""float32"""

WIDTH, HEIGHT = 320, 240
_TILE = 512
_RAIL = 13
"""Pixels of steel rail at the upper and lower edge of the picture."""


@dataclass(frozen=True, slots=True)
class Light:
    """`direction` points to the lamp (x right, y down, z up); `tint` multiplies red, green, blue."""

    direction: tuple[float, float, float]
    tint: tuple[float, float, float]
    exposure: float = 1.0
    falloff: float = 0.25
    """How much darker the far side of the picture is."""


@dataclass(frozen=True, slots=True)
class Line:
    """One conveyor with its camera: `blur` in pixels, `noise` as the standard deviation of a grey level."""

    name: str
    belt: str
    colour: tuple[float, float, float]
    light: Light
    blur: float = 0.0
    noise: float = 3.0


LINES: dict[str, Line] = {
    "line-1": Line("line-1", "ribbed", (72, 76, 82), Light((-0.5, -0.6, 0.8), (0.97, 1.0, 1.06))),
    "line-2": Line("line-2", "woven", (62, 104, 84), Light((0.45, -0.65, 0.85), (1.0, 1.0, 0.98), 0.98)),
    "line-3": Line("line-3", "modular", (86, 112, 146), Light((-0.65, 0.35, 0.8), (1.08, 1.0, 0.88))),
}


def worn(line: Line) -> Line:
    """The same line after its lamp has weakened and its lens has clouded."""
    dim = replace(line.light, exposure=line.light.exposure * 0.46, tint=(1.06, 1.0, 0.86), falloff=0.42)
    return replace(line, light=dim, blur=1.5, noise=4.6)


@cache
def belt(name: str) -> Floats:
    """The belt's surface around 1.0, float32 (_TILE, _TILE), made so that it can be rolled round; read only."""
    surface = _SURFACE[name]() * _stains(name)
    surface.setflags(write=False)
    return surface


def crop(line: Line, along: int) -> Floats:
    """The stretch of belt in view after it has moved `along` pixels, in colour, float32 (HEIGHT, WIDTH, 3)."""
    surface = np.take(belt(line.belt)[:HEIGHT], (np.arange(WIDTH) + along) % _TILE, axis=1)
    picture = surface[..., None] * np.asarray(line.colour, np.float32)
    picture[:_RAIL] = picture[-_RAIL:] = 0
    picture[:_RAIL] += _rail()[:, None, None]
    picture[-_RAIL:] += _rail()[::-1, None, None]
    return picture


def illumination(light: Light) -> Floats:
    """What arrives at each pixel, float32 (HEIGHT, WIDTH, 3): the lamp's side is brighter, the corners darker."""
    return _illumination(light.direction, light.tint, light.falloff) * np.float32(light.exposure)


@cache
def _illumination(direction: tuple[float, float, float], tint: tuple[float, float, float], falloff: float) -> Floats:
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    x, y = x / WIDTH * 2 - 1, y / HEIGHT * 2 - 1
    toward = (x * direction[0] + y * direction[1]) / np.hypot(direction[0], direction[1])
    even = 1 + falloff * toward * 0.6 - 0.16 * (x**2 + y**2)
    tinted: Floats = even[..., None] * np.asarray(tint, np.float32)
    return tinted


@cache
def _rail() -> Floats:
    across = np.linspace(0, 1, _RAIL, dtype=np.float32)
    profile: Floats = 92 + 75 * np.exp(-((across - 0.35) ** 2) / 0.02) - 60 * np.clip((across - 0.8) / 0.2, 0, 1)
    return profile


def _ribbed() -> Floats:
    x = np.arange(_TILE, dtype=np.float32)[None, :].repeat(_TILE, 0)
    y = np.arange(_TILE, dtype=np.float32)[:, None].repeat(_TILE, 1)
    ribs = np.sin(x * 2 * np.pi / 8) * 0.07 + np.sin(y * 2 * np.pi / 64) * 0.02
    return 1 + ribs + _grain("ribbed", 0.05)


def _woven() -> Floats:
    x = np.arange(_TILE, dtype=np.float32)
    weave = np.sin(x[None, :] * 2 * np.pi / 4 + x[:, None] * 2 * np.pi / 8) * 0.035
    weave = weave + np.sin(x[None, :] * 2 * np.pi / 16 - x[:, None] * 2 * np.pi / 4) * 0.03
    return (1 + weave + _grain("woven", 0.04)).astype(np.float32)


def _modular() -> Floats:
    surface = 1 + _grain("modular", 0.03)
    pitch, link = 32, 64
    for row in range(0, _TILE, pitch):
        surface[row : row + 2] *= 0.55
        surface[row + 2 : row + 3] *= 1.18
        shift = link // 2 if (row // pitch) % 2 else 0
        for column in range(shift, _TILE, link):
            surface[row : row + pitch, column : column + 2] *= 0.6
            surface[row : row + pitch, column + 2 : column + 3] *= 1.12
    return surface


def _grain(name: str, strength: float) -> Floats:
    chance = np.random.default_rng(list(name.encode()))
    coarse = _smooth(chance, 128)
    fine = chance.normal(size=(_TILE, _TILE))
    return (strength * (0.7 * coarse + 0.5 * fine)).astype(np.float32)


def _stains(name: str) -> Floats:
    """Slow patches of dirt and a few long scratches."""
    chance = np.random.default_rng([7, *name.encode()])
    surface = 1 + 0.045 * _smooth(chance, 8) + 0.025 * _smooth(chance, 32)
    for _ in range(9):
        row, start, length = chance.integers(_TILE), chance.integers(_TILE), chance.integers(60, 240)
        columns = (start + np.arange(length)) % _TILE
        rows = (row + np.linspace(0, chance.uniform(-9, 9), length)).astype(int) % _TILE
        surface[rows, columns] *= chance.choice([0.8, 1.22])
    return surface.astype(np.float32)


def _smooth(chance: np.random.Generator, cells: int) -> Floats:
    """Gentle hills, `cells` along each side, standard deviation 1; the left edge meets the right one, the upper the lower."""
    margin = 3
    grid = np.pad(chance.normal(size=(cells, cells)), margin, mode="wrap").astype(np.float32)
    step = _TILE // cells
    side = _TILE + 2 * margin * step
    hills: Floats = np.asarray(Image.fromarray(grid).resize((side, side), Image.Resampling.BICUBIC))
    inner = hills[margin * step : -margin * step, margin * step : -margin * step]
    return inner / np.float32(inner.std())


_SURFACE = {"ribbed": _ribbed, "woven": _woven, "modular": _modular}
