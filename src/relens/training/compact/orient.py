"""Whether the objects have an up: which mirror images and turns of them could be objects of the same set.

Looking at the objects and not at whole images leaves out what is fixed in front of the camera: uneven light, a belt.
"""

from collections.abc import Sequence

import numpy as np
from PIL import Image

from relens.training.compact.augment import Ways
from relens.training.compact.data import Floats, Indices, Picture

SIDE = 12
TOLD_APART = 0.85
ENOUGH, AT_MOST = 8, 3000


def equal_ways(pictures: Sequence[Picture]) -> Ways:
    """Upside down and turned count as equal when objects hardly give away that they were flipped or turned.

    Mirrored left to right always counts as equal, as is usual.
    """
    thumbs, labels = object_thumbs(pictures)
    flip = given_away(thumbs, thumbs[:, ::-1], labels) < TOLD_APART
    turn = flip and given_away(thumbs, thumbs.transpose(0, 2, 1, 3), labels) < TOLD_APART
    return Ways(mirror=True, flip=flip, turn=turn)


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
