"""The network: a plain residual trunk, a two-way pyramid and a shared anchor-free head, or a linear classifier."""

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

STRIDES = (8, 16, 32)
BINS = 16
WIDTHS = (16, 32, 64, 128, 192)
DEPTHS = (0, 1, 2, 2, 1)


class Unit(nn.Sequential):
    """Convolution, batch normalisation, activation."""

    def __init__(self, inside: int, outside: int, kernel: int = 3, stride: int = 1) -> None:
        super().__init__(
            nn.Conv2d(inside, outside, kernel, stride, kernel // 2, bias=False),
            nn.BatchNorm2d(outside, eps=1e-3, momentum=0.03),
            nn.SiLU(inplace=True),
        )


class Residual(nn.Module):
    """Two units and a way around them."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.body = nn.Sequential(Unit(channels, channels), Unit(channels, channels))

    def forward(self, x: Tensor) -> Tensor:
        return x + cast(Tensor, self.body(x))


class WideView(nn.Module):
    """Pools over growing neighbourhoods so that the deepest cells see most of the image (SPPF)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.narrow = Unit(channels, channels // 2, 1)
        self.widen = Unit(channels * 2, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        views = [self.narrow(x)]
        for _ in range(3):
            views.append(functional.max_pool2d(views[-1], 5, 1, 2))
        return cast(Tensor, self.widen(torch.cat(views, 1)))


class Trunk(nn.Module):
    """Pixels (N, 3, H, W) in 0..1 to maps at strides 8, 16 and 32."""

    def __init__(self, width: float) -> None:
        super().__init__()
        self.widths = [max(8, 8 * round(channels * width / 8)) for channels in WIDTHS]
        stages: list[nn.Module] = []
        before = 3
        for channels, depth in zip(self.widths, DEPTHS, strict=True):
            blocks = [Residual(channels) for _ in range(depth)]
            stages.append(nn.Sequential(Unit(before, channels, 3, 2), *blocks))
            before = channels
        stages[-1].append(WideView(before))  # type: ignore[operator]
        self.stages = nn.ModuleList(stages)

    def forward(self, pixels: Tensor) -> list[Tensor]:
        x = (pixels - 0.45) * 4.0
        maps = []
        for stage in self.stages:
            x = stage(x)
            maps.append(x)
        return maps[2:]


class Pyramid(nn.Module):
    """Maps at three strides, each told what the others saw, all with the same number of channels."""

    def __init__(self, inside: Sequence[int], channels: int) -> None:
        super().__init__()
        self.lateral = nn.ModuleList(Unit(width, channels, 1) for width in inside)
        self.down = nn.ModuleList(Unit(channels, channels) for _ in range(2))
        self.shrink = nn.ModuleList(Unit(channels, channels, 3, 2) for _ in range(2))
        self.up = nn.ModuleList(Unit(channels, channels) for _ in range(2))

    def forward(self, maps: list[Tensor]) -> list[Tensor]:
        fine, middle, coarse = (layer(x) for layer, x in zip(self.lateral, maps, strict=True))
        middle = self.down[0](middle + functional.interpolate(coarse, scale_factor=2.0))
        fine = self.down[1](fine + functional.interpolate(middle, scale_factor=2.0))
        middle = self.up[0](middle + self.shrink[0](fine))
        coarse = self.up[1](coarse + self.shrink[1](middle))
        return [fine, middle, coarse]


class Head(nn.Module):
    """One set of convolutions for all strides, with normalisation statistics of each stride's own."""

    def __init__(self, channels: int, labels: int, depth: int = 2) -> None:
        super().__init__()
        self.labels = labels
        self.to_class = nn.ModuleList(nn.Conv2d(channels, channels, 3, 1, 1, bias=False) for _ in range(depth))
        self.to_box = nn.ModuleList(nn.Conv2d(channels, channels, 3, 1, 1, bias=False) for _ in range(depth))
        self.norms = nn.ModuleList(
            nn.ModuleList(nn.BatchNorm2d(channels, eps=1e-3, momentum=0.03) for _ in range(2 * depth)) for _ in STRIDES
        )
        self.classes = nn.Conv2d(channels, labels, 1)
        self.sides = nn.Conv2d(channels, 4 * BINS, 1)
        nn.init.constant_(cast(Tensor, self.classes.bias), -4.6)
        nn.init.normal_(self.classes.weight, std=0.01)
        # An untrained box is about three strides wide, so that every stride first looks for objects of its size.
        cast(Tensor, self.sides.bias).data = torch.arange(BINS).mul(-0.5).repeat(4)

    def forward(self, maps: list[Tensor]) -> tuple[Tensor, Tensor]:
        """Class logits (N, A, C) and side logits (N, A, 4 * BINS), strides one after another, cells row by row."""
        classes, sides = [], []
        for x, norms in zip(maps, self.norms, strict=True):
            own = list(cast(nn.ModuleList, norms))
            depth = len(self.to_class)
            classes.append(self.classes(self._branch(x, self.to_class, own[:depth])).flatten(2))
            sides.append(self.sides(self._branch(x, self.to_box, own[depth:])).flatten(2))
        return torch.cat(classes, 2).transpose(1, 2), torch.cat(sides, 2).transpose(1, 2)

    @staticmethod
    def _branch(x: Tensor, layers: nn.ModuleList, norms: Sequence[nn.Module]) -> Tensor:
        for layer, norm in zip(layers, norms, strict=True):
            x = functional.silu(norm(layer(x)))
        return x


class Detector(nn.Module):
    """Pixels to class logits, side logits and pooled features; see `decode` for boxes."""

    def __init__(self, labels: int, width: float) -> None:
        super().__init__()
        self.trunk = Trunk(width)
        inside = self.trunk.widths[2:]
        self.pyramid = Pyramid(inside, inside[0])
        self.head = Head(inside[0], labels)

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        maps = self.trunk(pixels)
        classes, sides = self.head(self.pyramid(maps))
        return classes, sides, maps[-1].mean((2, 3))


class Classifier(nn.Module):
    """Pixels to logits (N, C) and pooled features (N, D)."""

    def __init__(self, labels: int, width: float) -> None:
        super().__init__()
        self.trunk = Trunk(width)
        self.linear = nn.Linear(self.trunk.widths[-1], labels)

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        features = self.trunk(pixels)[-1].mean((2, 3))
        return self.linear(functional.dropout(features, 0.2, self.training)), features


def cell_centres(height: int, width: int) -> tuple[Tensor, Tensor]:
    """Centres (A, 2) x y in input pixels and strides (A, 1) of every cell, in the head's order."""
    centres, strides = [], []
    for stride in STRIDES:
        y, x = torch.meshgrid(torch.arange(height // stride), torch.arange(width // stride), indexing="ij")
        centres.append((torch.stack((x, y), -1).reshape(-1, 2) + 0.5) * stride)
        strides.append(torch.full((len(centres[-1]), 1), float(stride)))
    return torch.cat(centres).float(), torch.cat(strides)


def decode(sides: Tensor, centres: Tensor, strides: Tensor) -> Tensor:
    """Side logits (..., A, 4 * BINS) to boxes (..., A, 4) x1 y1 x2 y2 in input pixels.

    A side's distance is the mean of a distribution over whole strides (Li et al. 2020, Generalized Focal Loss).
    """
    shape = (*sides.shape[:-1], 4, BINS)
    steps = torch.arange(BINS, dtype=sides.dtype, device=sides.device)
    distances = (sides.reshape(shape).softmax(-1) * steps).sum(-1) * strides
    return torch.cat((centres - distances[..., :2], centres + distances[..., 2:]), -1)
