"""Random light, colour casts and blur on whole batches."""

import torch
from torch import Tensor
from torch.nn import functional

GREY = torch.tensor([0.299, 0.587, 0.114])


def disturb(pixels: Tensor, strength: float, chance: torch.Generator) -> Tensor:
    """Pixels (N, 3, H, W) in 0..1 under other light; every image draws its own."""
    count = len(pixels)

    def draw(*shape: int) -> Tensor:
        return (torch.rand(count, *shape, generator=chance) * 2 - 1) * strength

    saturation = (1 + 0.6 * draw(1, 1)).clamp_min(0)
    eye = torch.eye(3)
    matrix = saturation * eye + (1 - saturation) * GREY.expand(3, 3)
    matrix = _hue(0.12 * draw()) @ matrix
    gains = torch.exp(0.15 * draw(3) + 0.3 * draw(1))
    matrix = gains[:, :, None] * matrix
    contrast = torch.exp(0.25 * draw(1, 1))
    offset = 0.06 * draw(1, 1) + 0.45 * (1 - contrast)
    flat = torch.baddbmm(offset.expand(-1, 3, 1), matrix * contrast, pixels.flatten(2))
    out = flat.clamp_(0, 1).view_as(pixels)
    for i in torch.nonzero(torch.rand(count, generator=chance) < 0.1 * strength).flatten().tolist():
        out[i] = functional.avg_pool2d(out[i], 3, 1, 1, count_include_pad=False)
    return out


def _hue(angle: Tensor) -> Tensor:
    """Rotations (N, 3, 3) about the grey axis by `angle` times pi."""
    cosine, sine = torch.cos(angle * torch.pi), torch.sin(angle * torch.pi)
    third, root = (1 - cosine) / 3, sine / 3**0.5
    same, back, forth = cosine + third, third - root, third + root
    rows = (
        torch.stack((same, back, forth), 1),
        torch.stack((forth, same, back), 1),
        torch.stack((back, forth, same), 1),
    )
    return torch.stack(rows, 1)
