"""Detection as the training loop sees it: batches, loss, validation."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from relens.training.compact.assign import Truths
from relens.training.compact.augment import View, Ways, letterbox, mosaic, reorient, single
from relens.training.compact.data import Picture
from relens.training.compact.evaluate import Found, choose, mean_average_precision
from relens.training.compact.loss import DetectionLoss
from relens.training.compact.network import Detector, cell_centres, decode
from relens.training.compact.plan import Plan

MOSAIC_SHARE = 0.8


class Detection:
    """Trains a Detector on pictures with boxes."""

    def __init__(self, plan: Plan, labels: int, pictures: Sequence[Picture], ways: Ways) -> None:
        self.plan, self.pictures, self.ways = plan, pictures, ways
        self.network = Detector(labels, plan.channels)
        self.loss_of = DetectionLoss(plan.height, plan.width)

    def batch(self, indices: Sequence[int], calm: bool, chance: np.random.Generator) -> tuple[Tensor, Truths]:
        """Random views of these pictures: pixels uint8 (N, 3, H, W) and their truths; `calm` is without mosaics."""
        views = [self._view(index, calm, chance) for index in indices]
        pixels = torch.from_numpy(np.stack([view.pixels for view in views])).permute(0, 3, 1, 2)
        counts = torch.tensor([len(view.boxes) for view in views])
        truths = Truths(
            torch.repeat_interleave(torch.arange(len(views)), counts),
            torch.from_numpy(np.concatenate([view.boxes for view in views]).astype(np.float32)),
            torch.from_numpy(np.concatenate([view.labels for view in views])),
        )
        return pixels, truths

    def _view(self, index: int, calm: bool, chance: np.random.Generator) -> View:
        height, width = self.plan.height, self.plan.width
        first = reorient(self.pictures[index], self.ways, chance)
        if calm or chance.random() > MOSAIC_SHARE:
            return single(first, height, width, 1.2 if calm else 1.6, chance)
        others = chance.integers(0, len(self.pictures), 3)
        four = [first, *(reorient(self.pictures[i], self.ways, chance) for i in others)]
        return mosaic(four, height, width, 1.6, chance)

    def loss(self, network: nn.Module, pixels: Tensor, truths: Truths, half: bool) -> Tensor:
        """The scalar to minimise."""
        with torch.autocast("cpu", torch.bfloat16, enabled=half):
            classes, sides, _ = network(pixels)
        return self.loss_of(classes.float(), sides.float(), truths)

    @torch.no_grad()
    def validate(self, network: nn.Module, pictures: Sequence[Picture], half: bool) -> dict[str, float]:
        """mAP on whole, letterboxed pictures."""
        plan = self.plan
        centres, strides = cell_centres(plan.height, plan.width)
        found: list[Found] = []
        truths = []
        for start in range(0, len(pictures), plan.batch):
            views = [letterbox(picture, plan.height, plan.width)[0] for picture in pictures[start : start + plan.batch]]
            pixels = torch.from_numpy(np.stack([view.pixels for view in views])).permute(0, 3, 1, 2)
            with torch.autocast("cpu", torch.bfloat16, enabled=half):
                classes, sides, _ = network(pixels.float() / 255)
            boxes = decode(sides.float(), centres, strides).numpy()
            scores = classes.float().sigmoid().numpy()
            found += [choose(*pair) for pair in zip(boxes, scores, strict=True)]
            truths += [(view.boxes, view.labels) for view in views]
        return mean_average_precision(found, truths)
