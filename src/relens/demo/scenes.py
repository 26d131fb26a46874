"""A simulated camera picture of parts on a conveyor belt, with the exact box of every part.

Everything follows from the numbers of one random generator: the same seed gives the same bytes.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from relens.demo.belts import HEIGHT, WIDTH, Floats, Light, Line, crop, illumination
from relens.demo.parts import BLACK, LABELS, LENGTH, METALS, SIZE, Metal, height_map
from relens.vision.annotation import Annotation
from relens.vision.shapes import Box

_MARGIN = 16
"""A part's middle stays this far inside the picture, and clear of the rails."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part as it lies: its middle and length in pixels, its turn in degrees."""

    label: str
    variant: int
    metal: Metal
    x: float
    y: float
    length: float
    turn: float


@dataclass(frozen=True, slots=True)
class Picture:
    """JPEG bytes and what is true of them."""

    data: bytes
    annotations: tuple[Annotation, ...]


def picture(line: Line, seed: list[int], *, black_bolts: bool = False) -> Picture:
    """One picture from the camera over `line`. `black_bolts`: the bolts of the new delivery, black all over."""
    chance = np.random.default_rng(seed)
    canvas = crop(line, int(chance.integers(1 << 16)))
    light = _flickering(line.light, chance)
    boxes = [_lay(canvas, part, light, chance) for part in _arrange(chance, black_bolts)]
    canvas *= illumination(light)
    return Picture(_photograph(canvas, line, chance), tuple(boxes))


def _arrange(chance: np.random.Generator, black_bolts: bool) -> list[Part]:
    """Three to seven parts that cover each other a little at most."""
    wanted, parts = int(chance.integers(3, 8)), list[Part]()
    for _ in range(wanted * 12):
        if len(parts) == wanted:
            break
        label = str(chance.choice(LABELS, p=(0.36, 0.24, 0.2, 0.2)))
        if black_bolts and chance.random() < 0.35:
            label = "bolt"
        metals = METALS[label]
        metal = BLACK if black_bolts and label == "bolt" else metals[int(chance.integers(len(metals)))]
        x, y = chance.uniform(_MARGIN, WIDTH - _MARGIN), chance.uniform(_MARGIN + 12, HEIGHT - _MARGIN - 12)
        part = Part(label, int(chance.integers(4)), metal, x, y, chance.uniform(*LENGTH[label]), chance.uniform(0, 360))
        if all(_apart(part, other) for other in parts):
            parts.append(part)
    return parts


def _apart(one: Part, other: Part) -> bool:
    return float(np.hypot(one.x - other.x, one.y - other.y)) > 0.36 * (one.length + other.length)


def _flickering(light: Light, chance: np.random.Generator) -> Light:
    swing = float(chance.normal(1, 0.05))
    return Light(light.direction, light.tint, light.exposure * min(max(swing, 0.85), 1.15), light.falloff)


def _lay(canvas: Floats, part: Part, light: Light, chance: np.random.Generator) -> Annotation:
    """Draws one part with its shadow into `canvas` (in place) and says where it is."""
    height, coverage = _turned(part)
    side = height.shape[0]
    left, top = round(part.x - side / 2), round(part.y - side / 2)
    _cast_shadow(canvas, coverage, left, top, light, part)
    rows, columns, inside = _window(left, top, side)
    shaded = _lit(height, part.metal, light, chance)[inside]
    cover = coverage[inside][..., None]
    canvas[rows, columns] = canvas[rows, columns] * (1 - cover) + shaded * cover
    return Annotation(part.label, _box(coverage, left, top))


def _turned(part: Part) -> tuple[Floats, Floats]:
    """The height map and coverage as the part lies, scaled; one transform for both."""
    scale = part.length / (SIZE * 0.95)
    side = int(SIZE * scale * 1.05) + 4
    angle = np.deg2rad(part.turn)
    cos, sin, middle, half = np.cos(angle) / scale, np.sin(angle) / scale, (SIZE - 1) / 2, (side - 1) / 2
    back = (cos, sin, middle - half * (cos + sin), -sin, cos, middle - half * (cos - sin))
    smaller = _softened(part.label, part.variant, scale < 0.45)
    turned = [
        np.asarray(layer.transform((side, side), Image.Transform.AFFINE, back, Image.Resampling.BILINEAR))
        for layer in smaller
    ]
    return turned[0] * np.float32(scale), turned[1]


@cache
def _softened(label: str, variant: int, much: bool) -> tuple[Image.Image, Image.Image]:
    """Blurred before it is made smaller, as a lens would; otherwise threads would shimmer."""
    height, coverage = height_map(label, variant)
    radius = 1.4 if much else 0.8
    low, high = float(height.min()), float(height.max())
    layers = [(height - low) / (high - low), coverage]
    soft = [Image.fromarray(np.uint8(layer * 255)).filter(ImageFilter.GaussianBlur(radius)) for layer in layers]
    tall, cover = (np.asarray(layer, np.float32) / 255 for layer in soft)
    return Image.fromarray(tall * (high - low) + low), Image.fromarray(cover)


def _lit(height: Floats, metal: Metal, light: Light, chance: np.random.Generator) -> Floats:
    """Diffuse light and a glint (Blinn-Phong) on the slopes of the height map, float32 (side, side, 3)."""
    slope_y, slope_x = np.gradient(height)
    lamp = np.asarray(light.direction, np.float32) / np.linalg.norm(light.direction)
    between = lamp + np.array([0, 0, 1], np.float32)
    between /= np.linalg.norm(between)
    length = np.sqrt(slope_x**2 + slope_y**2 + 1)
    facing = (-slope_x * lamp[0] - slope_y * lamp[1] + lamp[2]) / length
    mirrored = np.clip((-slope_x * between[0] - slope_y * between[1] + between[2]) / length, 0, 1)
    brushed = chance.normal(1, 0.03, (height.shape[0], 1)).astype(np.float32)
    diffuse = (0.34 + 0.80 * np.clip(facing, 0, None)) * brushed
    glint = 190 * metal.glint * mirrored**metal.sharpness * 0.55
    shaded: Floats = diffuse[..., None] * np.asarray(metal.colour, np.float32) + glint[..., None]
    return shaded


def _cast_shadow(canvas: Floats, coverage: Floats, left: int, top: int, light: Light, part: Part) -> None:
    tall = 0.10 if part.label != "washer" else 0.05
    away = -np.asarray(light.direction[:2]) * part.length * tall
    soft = Image.fromarray(np.uint8(np.pad(coverage, 6) * 255)).filter(ImageFilter.BoxBlur(2))
    shade = np.asarray(soft, np.float32) / 255
    rows, columns, inside = _window(left - 6 + round(float(away[0])), top - 6 + round(float(away[1])), shade.shape[0])
    canvas[rows, columns] *= 1 - 0.55 * shade[inside][..., None]


def _window(left: int, top: int, side: int) -> tuple[slice, slice, tuple[slice, slice]]:
    """Where a square patch falls in the picture, and which part of the patch that is."""
    x1, y1, x2, y2 = max(left, 0), max(top, 0), min(left + side, WIDTH), min(top + side, HEIGHT)
    return slice(y1, y2), slice(x1, x2), (slice(y1 - top, y2 - top), slice(x1 - left, x2 - left))


def _box(coverage: Floats, left: int, top: int) -> Box:
    """Around the pixels the part covers by half or more, cut at the picture's edge."""
    rows, columns = np.flatnonzero((coverage > 0.5).any(axis=1)), np.flatnonzero((coverage > 0.5).any(axis=0))
    whole = Box(left + columns[0], top + rows[0], left + columns[-1] + 1, top + rows[-1] + 1)
    cut = whole.clipped(WIDTH, HEIGHT)
    return Box(*(float(v) for v in cut.corners()))


def _photograph(canvas: Floats, line: Line, chance: np.random.Generator) -> bytes:
    """Through the lens, onto the sensor, into a JPEG."""
    seen = canvas
    if line.blur:
        exact = np.uint8(np.clip(canvas, 0, 255))
        seen = np.asarray(Image.fromarray(exact).filter(ImageFilter.GaussianBlur(line.blur)), np.float32)
    noisy = seen + _noise(chance) * np.float32(line.noise)
    out = io.BytesIO()
    Image.fromarray(np.uint8(np.clip(noisy, 0, 255))).save(out, "JPEG", quality=88)
    return out.getvalue()


def _noise(chance: np.random.Generator) -> Floats:
    """Sensor noise of standard deviation 1: one made once, rolled to a place of its own for each picture."""
    down, right = (int(n) for n in chance.integers(0, 64, 2))
    return _noise_field()[down : down + HEIGHT, right : right + WIDTH]


@cache
def _noise_field() -> NDArray[np.float32]:
    chance = np.random.default_rng(417)
    grey, colour = chance.normal(size=(HEIGHT + 64, WIDTH + 64, 1)), chance.normal(size=(HEIGHT + 64, WIDTH + 64, 3))
    return (0.85 * grey + 0.5 * colour).astype(np.float32)
