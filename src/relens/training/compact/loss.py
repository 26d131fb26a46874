"""What training minimises: for detection label, overlap and side distributions, for classification cross-entropy."""

import torch
from torch import Tensor
from torch.nn import functional

from relens.training.compact.assign import Truths, assign, overlap
from relens.training.compact.network import BINS, cell_centres, decode

OVERLAP_GAIN, LABEL_GAIN, SIDE_GAIN = 7.5, 0.5, 1.5


class DetectionLoss:
    """The loss for one input size; call it with the detector's outputs and the truths."""

    def __init__(self, height: int, width: int) -> None:
        self.height, self.width = height, width
        self.centres, self.strides = cell_centres(height, width)

    def __call__(self, classes: Tensor, sides: Tensor, truths: Truths) -> Tensor:
        """A scalar for class logits (N, A, C) and side logits (N, A, 4 * BINS)."""
        boxes = decode(sides.detach(), self.centres, self.strides)
        pairs = assign(classes.detach().sigmoid(), boxes, truths, self.height, self.width)
        wanted = torch.zeros_like(classes)
        wanted[pairs.image, pairs.cell, truths.labels[pairs.truth]] = pairs.weight
        total = pairs.weight.sum().clamp_min(1.0)
        label = functional.binary_cross_entropy_with_logits(classes, wanted, reduction="sum") / total
        if not len(pairs.cell):
            return LABEL_GAIN * label
        own = sides[pairs.image, pairs.cell]
        centres, strides = self.centres[pairs.cell], self.strides[pairs.cell]
        target = truths.boxes[pairs.truth]
        apart = 1 - overlap(decode(own, centres, strides), target, complete=True)
        spread = side_loss(own, centres, strides, target)
        near = (OVERLAP_GAIN * apart + SIDE_GAIN * spread) * pairs.weight
        return LABEL_GAIN * label + near.sum() / total


def side_loss(sides: Tensor, centres: Tensor, strides: Tensor, target: Tensor) -> Tensor:
    """How far the side distributions (P, 4 * BINS) are from the two bins next to the true distance, (P,)."""
    true = torch.cat((centres - target[:, :2], target[:, 2:] - centres), 1) / strides
    true = true.clamp(0, BINS - 1.01)
    lower = true.floor()
    logs = sides.view(-1, 4, BINS).log_softmax(-1)
    below = logs.gather(-1, lower.long()[..., None])[..., 0]
    above = logs.gather(-1, lower.long()[..., None] + 1)[..., 0]
    share = true - lower
    return -((1 - share) * below + share * above).mean(-1)


def classification_loss(logits: Tensor, targets: Tensor) -> Tensor:
    """Cross-entropy with soft targets (N, C) that sum to one."""
    return -(targets * logits.log_softmax(-1)).sum(-1).mean()
