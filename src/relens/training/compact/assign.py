"""Which cell answers for which object: task-aligned assignment (Feng et al. 2021, TOOD), near the object only.

Every object looks at a window of cells around its centre on each stride, so the cost grows with the objects and not
with objects times cells.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from relens.training.compact.network import STRIDES

REACH = 2
TOP = 10


@dataclass(frozen=True)
class Truths:
    """The objects of a batch: image index (T,), boxes (T, 4) in input pixels, labels (T,)."""

    image: Tensor
    boxes: Tensor
    labels: Tensor


@dataclass(frozen=True)
class Assigned:
    """Pairs of cell and object: image, cell, object indices (P,) and how much each pair counts (P,), 0..1."""

    image: Tensor
    cell: Tensor
    truth: Tensor
    weight: Tensor


def overlap(a: Tensor, b: Tensor, complete: bool = False) -> Tensor:
    """IoU of paired boxes (..., 4); `complete` also charges for distance and proportions (Zheng et al. 2020, CIoU)."""
    low, high = torch.maximum(a[..., :2], b[..., :2]), torch.minimum(a[..., 2:], b[..., 2:])
    inner = (high - low).clamp_min(0)
    side_a, side_b = a[..., 2:] - a[..., :2], b[..., 2:] - b[..., :2]
    shared, area_a, area_b = (side[..., 0] * side[..., 1] for side in (inner, side_a, side_b))
    iou = shared / (area_a + area_b - shared + 1e-7)
    if not complete:
        return iou
    around = torch.maximum(a[..., 2:], b[..., 2:]) - torch.minimum(a[..., :2], b[..., :2])
    apart = (a[..., :2] + a[..., 2:] - b[..., :2] - b[..., 2:]).pow(2).sum(-1) / 4
    angle = torch.atan(side_b[..., 0] / (side_b[..., 1] + 1e-7)) - torch.atan(side_a[..., 0] / (side_a[..., 1] + 1e-7))
    shape = 4 / torch.pi**2 * angle.pow(2)
    with torch.no_grad():
        trade = shape / (shape - iou + 1 + 1e-7)
    return iou - apart / (around.pow(2).sum(-1) + 1e-7) - trade * shape


def candidates(truths: Tensor, height: int, width: int) -> tuple[Tensor, Tensor]:
    """For boxes (T, 4): indices (T, K) of the cells around each centre, and which of them lie inside the object.

    An object smaller than a cell counts as 1.2 cells large, so that none is without a cell.
    """
    centre = (truths[:, :2] + truths[:, 2:]) / 2
    half = (truths[:, 2:] - truths[:, :2]) / 2
    steps = torch.arange(-REACH, REACH + 1)
    window = torch.stack(torch.meshgrid(steps, steps, indexing="ij"), -1).reshape(-1, 2).flip(-1)
    cells, inside = [], []
    before = 0
    for stride in STRIDES:
        columns, rows = width // stride, height // stride
        at = torch.floor(centre / stride)[:, None] + window
        middle = (at + 0.5) * stride
        reach = half.clamp_min(0.6 * stride) if stride == STRIDES[0] else half
        ok = ((middle - centre[:, None]).abs() <= reach[:, None]).all(-1)
        ok &= (at >= 0).all(-1) & (at[..., 0] < columns) & (at[..., 1] < rows)
        at = torch.minimum(at.clamp_min(0), torch.tensor([columns - 1.0, rows - 1.0])).long()
        cells.append(before + at[..., 1] * columns + at[..., 0])
        inside.append(ok)
        before += rows * columns
    return torch.cat(cells, 1), torch.cat(inside, 1)


@torch.no_grad()
def assign(scores: Tensor, boxes: Tensor, truths: Truths, height: int, width: int) -> Assigned:
    """Pairs for scores (N, A, C) in 0..1 and boxes (N, A, 4)."""
    cells, inside = candidates(truths.boxes, height, width)
    image = truths.image[:, None].expand_as(cells)
    iou = overlap(boxes[image, cells], truths.boxes[:, None]).clamp_min(0)
    score = scores[image, cells, truths.labels[:, None].expand_as(cells)]
    metric = torch.where(inside, score.sqrt() * iou.pow(6) + 1e-12, torch.zeros(()))
    best, place = metric.topk(TOP, 1)
    truth = torch.arange(len(cells))[:, None].expand_as(place)
    kept = best > 0
    truth, place, best = truth[kept], place[kept], best[kept]
    iou, cell, image = iou[truth, place], cells[truth, place], truths.image[truth]
    own = _one_object_per_cell(image * boxes.shape[1] + cell, iou + 1e-9 * best)
    truth, best, iou, cell, image = truth[own], best[own], iou[own], cell[own], image[own]
    highest = torch.zeros(len(cells)).scatter_reduce(0, truth, best, "amax")
    closest = torch.zeros(len(cells)).scatter_reduce(0, truth, iou, "amax")
    weight = best / highest[truth].clamp_min(1e-12) * closest[truth]
    return Assigned(image, cell, truth, weight)


def _one_object_per_cell(place: Tensor, worth: Tensor) -> Tensor:
    """True for the pair worth most at each place."""
    order = torch.argsort(worth, descending=True, stable=True)
    by_place = torch.argsort(place[order], stable=True)
    order = order[by_place]
    sorted_place = place[order]
    first = torch.ones_like(sorted_place, dtype=torch.bool)
    first[1:] = sorted_place[1:] != sorted_place[:-1]
    own = torch.zeros_like(first)
    own[order[first]] = True
    return own
