"""How gradients become new weights: Muon for convolutions, AdamW for everything else.

Muon (Jordan et al. 2024) makes all directions of a layer's update equally long. From few images it needs about half the
steps that AdamW needs. Orthogonalising through the small Gram matrix is what makes it affordable on a CPU.
"""

import torch
from torch import Tensor, nn

QUINTIC = (3.4445, -4.7750, 2.0315)
ROUNDS = 5
MOMENTUM = 0.9
RELATIVE_RATE = 5.0
"""Muon's learning rate over AdamW's."""
DECAY = 0.02
OUTPUTS = ("head.classes.weight", "head.sides.weight")


def orthogonal(matrix: Tensor, precision: torch.dtype) -> Tensor:
    """Roughly the nearest (m, n) matrix whose singular values are all one; large products in `precision`.

    The Newton-Schulz rounds of Muon, carried out on the m x m Gram matrix instead of the m x n matrix.
    """
    wide = matrix if matrix.shape[0] <= matrix.shape[1] else matrix.T
    wide = (wide / (wide.norm() + 1e-7)).to(precision)
    gram = (wide @ wide.T).float()
    a, b, c = QUINTIC
    product: Tensor | None = None
    for _ in range(ROUNDS):
        factor = torch.addmm(gram, gram, gram, beta=b, alpha=c)
        factor.diagonal().add_(a)
        product = factor if product is None else factor @ product
        gram = factor @ (factor @ gram)
    assert product is not None
    made: Tensor = (product.to(precision) @ wide).float()
    return made if matrix.shape[0] <= matrix.shape[1] else made.T


class Steps:
    """Both optimizers as one; `rate` is set anew before every step."""

    def __init__(self, network: nn.Module, half: bool) -> None:
        self.precision = torch.bfloat16 if half else torch.float32
        named = dict(network.named_parameters())
        self.filters = [p for name, p in named.items() if p.ndim == 4 and p.shape[1] > 3 and name not in OUTPUTS]
        taken = {id(p) for p in self.filters}
        rest = [p for p in named.values() if id(p) not in taken]
        self.momenta = [torch.zeros_like(p) for p in self.filters]
        self.adam = torch.optim.AdamW(
            [
                {"params": [p for p in rest if p.ndim > 1], "weight_decay": 0.05},
                {"params": [p for p in rest if p.ndim <= 1], "weight_decay": 0.0},
            ],
            betas=(0.9, 0.99),
            fused=True,
        )
        self.parameters = list(named.values())

    @torch.no_grad()
    def step(self, rate: float) -> None:
        """Change the weights by their gradients and forget these."""
        torch.nn.utils.clip_grad_norm_(self.parameters, 10.0)
        for group in self.adam.param_groups:
            group["lr"] = rate
        self.adam.step()
        for weight, momentum in zip(self.filters, self.momenta, strict=True):
            self._turn(weight, momentum, RELATIVE_RATE * rate)
        for parameter in self.parameters:
            parameter.grad = None

    def _turn(self, weight: Tensor, momentum: Tensor, rate: float) -> None:
        if weight.grad is None:
            return
        momentum.mul_(MOMENTUM).add_(weight.grad)
        ahead = weight.grad.add(momentum, alpha=MOMENTUM).reshape(len(weight), -1)
        update = orthogonal(ahead, self.precision).reshape(weight.shape)
        tall = max(1.0, ahead.shape[0] / ahead.shape[1]) ** 0.5
        weight.mul_(1 - DECAY * rate).add_(update, alpha=-rate * tall)
