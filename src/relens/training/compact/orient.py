"""Whether the objects have an up: which mirror images and turns of them could be objects of the same set.

Looking at the objects and not at whole images leaves out what is fixed in front of the camera: uneven light, a belt.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image

from relens.training.compact.augment import Ways
from relens.training.compact.data import Floats, Indices, Picture

SIDE = 12
TOLD_APART = 0.85
# Measured: of handwritten digits mirrored or upside down 40 to 60 of 100 come to look like another digit, of blood cells and waste none.
CONFUSED, SURE = 0.1, 3.0
ENOUGH, AT_MOST = 8, 3000


def equal_ways(pictures: Sequence[Picture]) -> Ways:
    """Upside down and turned count as equal when objects hardly give away that they were flipped or turned.

    Mirrored left to right counts as equal, as is usual. Nothing does that makes objects look like those of other labels, as it
    makes digits, letters and arrows.
    """
    thumbs, labels = object_thumbs(pictures)

    def equal(changed: Floats) -> bool:
        return given_away(thumbs, changed, labels) < TOLD_APART and not confuses(thumbs, changed, labels)

    flip = equal(thumbs[:, ::-1])
    return Ways(
        mirror=not confuses(thumbs, thumbs[:, :, ::-1], labels),
        flip=flip,
        turn=flip and equal(thumbs.transpose(0, 2, 1, 3)),
    )


def given_away(images: Floats, changed: Floats, labels: Indices) -> float:
    """Share of images told from their changed twins by the mean difference of the others of their label, 0..1.

    Averaged over labels; 1 when no label has enough objects to tell.
    """
    apart = (images - changed).reshape(len(images), SIDE * SIDE * 3)
    shares = []
    for label in np.unique(labels):
        own = apart[labels == label]
        if len(own) >= ENOUGH:
            towards = (own * (own.sum(0) - own)).sum(1)
            shares.append(float(np.mean(towards > 0) + 0.5 * np.mean(towards == 0)))
    return float(np.mean(shares)) if shares else 1.0


def confuses(images: Floats, changed: Floats, labels: Indices) -> bool:
    """Whether clearly more of the changed images than of these are nearer to the mean of another label than to that of their own.

    Clearly: in one label or over all, by a tenth of them and by three standard errors of paired counts. An image is never compared
    with a mean that it, or its changed twin, is part of.
    """
    known = [label for label in np.unique(labels) if np.sum(labels == label) >= ENOUGH]
    if len(known) < 2:
        return False
    there = np.isin(labels, known)
    own = np.searchsorted(known, labels[there])
    before, after = (some.reshape(len(some), -1)[there].astype(np.float64) for some in (images, changed))
    right, still = _nearest_is_own(before, before, own), _nearest_is_own(after, before, own)
    lost, won = right & ~still, ~right & still
    for some in (np.ones(len(own), bool), *(own == label for label in range(len(known)))):
        b, c = int(lost[some].sum()), int(won[some].sum())
        if b - c > max(CONFUSED * some.sum(), SURE * (b + c) ** 0.5):
            return True
    return False


def _nearest_is_own(
    these: npt.NDArray[np.float64], twins: npt.NDArray[np.float64], own: Indices
) -> npt.NDArray[np.bool_]:
    """Of each of `these` (n, d): is the nearest mean that of its own label? Means are of `twins` (n, d), without its own one."""
    counts = np.bincount(own)
    sums = np.zeros((len(counts), twins.shape[1]))
    np.add.at(sums, own, twins)
    means = sums / counts[:, None]
    far = (these**2).sum(1)[:, None] - 2 * these @ means.T + (means**2).sum(1)
    others = (sums[own] - twins) / (counts[own] - 1)[:, None]
    far[np.arange(len(own)), own] = ((these - others) ** 2).sum(1)
    return np.asarray(far.argmin(1) == own)


def object_thumbs(pictures: Sequence[Picture]) -> tuple[Floats, Indices]:
    """Small pictures (n, SIDE, SIDE, 3) of the objects without their linear gradients, and their labels (n,)."""
    thumbs, labels = [], []
    for picture in pictures:
        image = Image.fromarray(picture.pixels)
        for box, label in zip(picture.boxes, picture.labels, strict=True):
            left, top = max(0.0, float(box[0])), max(0.0, float(box[1]))
            right, bottom = min(float(image.width), float(box[2])), min(float(image.height), float(box[3]))
            if right - left > 2 and bottom - top > 2:
                thumbs.append(image.resize((SIDE, SIDE), Image.Resampling.BOX, box=(left, top, right, bottom)))
                labels.append(label)
        if len(thumbs) >= AT_MOST:
            break
    values = np.asarray([np.asarray(thumb, np.float32) for thumb in thumbs], np.float32)
    return level(values.reshape(-1, SIDE, SIDE, 3)), np.asarray(labels, np.int64)


def level(images: Floats) -> Floats:
    """The images (n, SIDE, SIDE, 3) less their best-fitting planes: light from one side is not an up."""
    y, x = np.mgrid[0:SIDE, 0:SIDE].reshape(2, -1) / SIDE
    plane = np.stack((np.ones_like(x), x, y), 1)
    remove = np.eye(SIDE * SIDE) - plane @ np.linalg.pinv(plane)
    flat = images.reshape(len(images), SIDE * SIDE, 3)
    return np.asarray(np.einsum("pq,nqc->npc", remove, flat), np.float32).reshape(images.shape)
