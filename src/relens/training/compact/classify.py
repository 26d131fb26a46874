"""Classification as the training loop sees it: batches, loss, validation."""

from collections.abc import Sequence

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from relens.training.compact.augment import Ways, reorient
from relens.training.compact.data import Floats, Picture, Pixels
from relens.training.compact.loss import classification_loss
from relens.training.compact.network import Classifier
from relens.training.compact.plan import Plan

SMOOTHING = 0.1
MIXED, ENOUGH_PASSES = 0.5, 60


class Classification:
    """Trains a Classifier on pictures with one label each."""

    def __init__(self, plan: Plan, labels: int, pictures: Sequence[Picture], ways: Ways) -> None:
        self.plan, self.pictures, self.ways, self.labels = plan, pictures, ways, labels
        self.network = Classifier(labels, plan.channels)
        # Mixed views keep a long run from learning its images by heart; a short one they only hold up.
        self.mixed = MIXED * min(1.0, plan.passes / ENOUGH_PASSES)

    def batch(self, indices: Sequence[int], calm: bool, chance: np.random.Generator) -> tuple[Tensor, Tensor]:
        """Random views of these pictures: pixels uint8 (N, 3, H, W) and soft targets (N, C)."""
        crops = [self._crop(index, calm, chance) for index in indices]
        pixels = np.stack(crops)
        targets = np.full((len(crops), self.labels), SMOOTHING / self.labels, np.float32)
        label = [int(self.pictures[index].labels[0]) for index in indices]
        targets[np.arange(len(crops)), label] += 1 - SMOOTHING
        if not calm and len(crops) > 1:
            pixels, targets = mix(pixels, targets, self.mixed, chance)
        return torch.from_numpy(pixels).permute(0, 3, 1, 2), torch.from_numpy(targets)

    def _crop(self, index: int, calm: bool, chance: np.random.Generator) -> Pixels:
        picture = reorient(self.pictures[index], self.ways, chance)
        least = 0.7 if calm else 0.35
        crop = random_crop(picture.pixels, self.plan.height, self.plan.width, least, chance)
        return crop if calm else erase(crop, chance)

    def loss(self, network: nn.Module, pixels: Tensor, targets: Tensor, half: bool) -> Tensor:
        """The scalar to minimise."""
        with torch.autocast("cpu", torch.bfloat16, enabled=half):
            logits, _ = network(pixels)
        return classification_loss(logits.float(), targets)

    @torch.no_grad()
    def validate(self, network: nn.Module, pictures: Sequence[Picture], half: bool) -> dict[str, float]:
        """Accuracy and the mean over labels of the recall, on whole, stretched pictures."""
        right, labels = [], []
        for start in range(0, len(pictures), self.plan.batch):
            some = pictures[start : start + self.plan.batch]
            pixels = np.stack([stretch(picture.pixels, self.plan.height, self.plan.width) for picture in some])
            with torch.autocast("cpu", torch.bfloat16, enabled=half):
                logits, _ = network(torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 255)
            label = np.asarray([int(picture.labels[0]) for picture in some])
            right.append(logits.float().argmax(-1).numpy() == label)
            labels.append(label)
        hit, label = np.concatenate(right), np.concatenate(labels)
        recalls = [hit[label == one].mean() for one in np.unique(label)]
        return {"accuracy": round(float(hit.mean()), 4), "balanced_accuracy": round(float(np.mean(recalls)), 4)}


def stretch(pixels: Pixels, height: int, width: int) -> Pixels:
    """The whole picture at the input's size, proportions not kept."""
    return np.asarray(Image.fromarray(pixels).resize((width, height), Image.Resampling.BILINEAR))


def random_crop(pixels: Pixels, height: int, width: int, least: float, chance: np.random.Generator) -> Pixels:
    """A part of the picture of at least the share `least` of its area, stretched to the input's size."""
    full_h, full_w = pixels.shape[:2]
    area = chance.uniform(least, 1.0)
    proportion = np.exp(chance.uniform(-0.29, 0.29))
    w, h = min(1.0, (area * proportion) ** 0.5), min(1.0, (area / proportion) ** 0.5)
    x, y = chance.uniform(0, 1 - w), chance.uniform(0, 1 - h)
    box = (x * full_w, y * full_h, min(full_w, (x + w) * full_w), min(full_h, (y + h) * full_h))
    return np.array(Image.fromarray(pixels).resize((width, height), Image.Resampling.BILINEAR, box=box))


def erase(pixels: Pixels, chance: np.random.Generator) -> Pixels:
    """A quarter of the views lose a rectangle of up to a fifth of the area to grey."""
    if chance.random() < 0.25:
        height, width = pixels.shape[:2]
        share = chance.uniform(0.02, 0.2) ** 0.5
        h, w = max(1, int(height * share)), max(1, int(width * share))
        y, x = int(chance.integers(0, height - h + 1)), int(chance.integers(0, width - w + 1))
        pixels[y : y + h, x : x + w] = chance.integers(0, 256, 3)
    return pixels


def mix(pixels: Pixels, targets: Floats, often: float, chance: np.random.Generator) -> tuple[Pixels, Floats]:
    """A share of the batches: every view blended with another (mixup), or with a rectangle of another (cutmix)."""
    kind = chance.random()
    if kind >= often:
        return pixels, targets
    other = np.roll(np.arange(len(pixels)), 1)
    share = float(chance.beta(0.4, 0.4)) if kind < often / 2 else float(chance.uniform(0.3, 1.0))
    if kind < often / 2:
        blended = pixels * np.float32(share) + pixels[other] * np.float32(1 - share)
        return blended.round().astype(np.uint8), (targets * share + targets[other] * (1 - share)).astype(np.float32)
    height, width = pixels.shape[1:3]
    side = (1 - share) ** 0.5
    h, w = int(height * side), int(width * side)
    y, x = int(chance.integers(0, height - h + 1)), int(chance.integers(0, width - w + 1))
    out = pixels.copy()
    out[:, y : y + h, x : x + w] = pixels[other, y : y + h, x : x + w]
    kept = 1 - h * w / (height * width)
    return out, (targets * kept + targets[other] * (1 - kept)).astype(np.float32)
