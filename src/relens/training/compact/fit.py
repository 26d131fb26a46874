"""The training loop: batches prepared ahead, a warm-up and a cosine, averaged weights, a line per epoch."""

import copy
import json
import math
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn

from relens.training.compact.colour import disturb
from relens.training.compact.data import Picture
from relens.training.compact.muon import Steps
from relens.training.compact.plan import Plan

WARM_UP = 0.04
CALM_FROM = 0.85
LAST_RATE = 0.02
# An undisturbed run keeps its threads at least this busy (1 / 1.4 of the time): below that, others are taking the processor.
UNDISTURBED = 1.4
LONGER_AT_MOST = 4.0
AHEAD = 2
LEAST_STEPS = 5
VALIDATION_SHARE = 0.06


class Learning(Protocol):
    """A task as the loop sees it."""

    @property
    def network(self) -> nn.Module: ...

    def batch(self, indices: Sequence[int], calm: bool, chance: np.random.Generator) -> tuple[Tensor, Any]: ...

    def loss(self, network: nn.Module, pixels: Tensor, targets: Any, half: bool) -> Tensor: ...

    def validate(self, network: nn.Module, pictures: Sequence[Picture], half: bool) -> dict[str, float]: ...


@dataclass(frozen=True)
class Pace:
    """How far the run is: the larger of the share of its steps and the share of its time, 0..1.

    Time is wall time while the run has the machine for itself. Where others keep the processor busy it is the run's own processor
    time, so that a crowded machine makes a run longer, up to four times, and not worse.
    """

    steps_per_epoch: int
    epochs: int | None
    seconds: float | None
    started: float
    threads: int = 1

    def progress(self, step: int) -> float:
        """Progress when `step` steps are done."""
        by_steps = step / (self.steps_per_epoch * self.epochs) if self.epochs else 0.0
        by_time = self.spent() / self.seconds if self.seconds else 0.0
        return min(1.0, max(by_steps, by_time))

    def spent(self) -> float:
        """Seconds of the budget that are gone."""
        wall = time.monotonic() - self.started
        own = time.process_time() / self.threads
        return min(wall, max(own * UNDISTURBED, wall / LONGER_AT_MOST))


class Average:
    """A running mean of the network's weights over about the last twentieth of the steps so far."""

    def __init__(self, network: nn.Module) -> None:
        self.network = copy.deepcopy(network).eval().requires_grad_(False)
        self.steps = 0
        self.pairs = list(zip(self.network.state_dict().values(), network.state_dict().values(), strict=True))

    @torch.no_grad()
    def update(self) -> None:
        self.steps += 1
        share = 1 / min(1000.0, 1 + self.steps / 20)
        floats = [pair for pair in self.pairs if pair[0].is_floating_point()]
        torch._foreach_lerp_([mean for mean, _ in floats], [now for _, now in floats], share)
        for mean, now in self.pairs:
            if not mean.is_floating_point():
                mean.copy_(now)


def rate_at(progress: float) -> float:
    """Factor on the learning rate: a linear warm-up, then half a cosine."""
    if progress < WARM_UP:
        return max(0.02, progress / WARM_UP)
    along = (progress - WARM_UP) / (1 - WARM_UP)
    return LAST_RATE + (1 - LAST_RATE) * (1 + math.cos(math.pi * along)) / 2


def fit(
    learning: Learning, plan: Plan, pace: Pace, images: int, validation: Sequence[Picture], say: Callable[[str], None]
) -> tuple[nn.Module, dict[str, float]]:
    """Train until the pace says 1; the averaged network and its last validation metrics."""
    half = half_precision_is_quick()
    network = learning.network.to(memory_format=torch.channels_last).train()  # type: ignore[call-overload]
    average, steps = Average(network), Steps(network, half)
    colour = torch.Generator().manual_seed(plan.seed)
    report = Report(pace, say)
    for step, (pixels, targets) in enumerate(batches(learning, plan, pace, images)):
        seen = disturb(pixels.float().div_(255), 1.0, colour).contiguous(memory_format=torch.channels_last)
        loss = learning.loss(network, seen, targets, half)
        loss.backward()  # type: ignore[no-untyped-call]
        steps.step(plan.learning_rate * rate_at(pace.progress(step)))
        average.update()
        report.losses.append(float(loss.detach()))
        if (step + 1) % pace.steps_per_epoch == 0 and pace.progress(step + 1) < 1:
            if validation and report.may_validate():
                report.validated(learning.validate(average.network, validation, half))
            report.epoch_done(step + 1)
    if validation:
        report.validated(learning.validate(average.network, validation, half))
    report.epoch_done(step + 1)
    return average.network, report.metrics


def batches(learning: Learning, plan: Plan, pace: Pace, images: int) -> Iterator[tuple[Tensor, Any]]:
    """Batches until the end of the run, prepared by another thread while the network learns from the one before."""
    waiting: deque[Future[tuple[Tensor, Any]]] = deque()
    with ThreadPoolExecutor(1) as pool:
        for step, indices in enumerate(_endless(plan, images)):
            progress = pace.progress(step)
            if progress >= 1 and step >= LEAST_STEPS:
                break
            chance = np.random.default_rng((plan.seed, step))
            waiting.append(pool.submit(learning.batch, indices, progress > CALM_FROM, chance))
            if len(waiting) > AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _endless(plan: Plan, images: int) -> Iterator[list[int]]:
    """Indices of batch after batch; an epoch goes once through the images, in an order of its own.

    Fewer images than a batch are repeated to fill one: normalisation needs more than one view.
    """
    epoch = 0
    while True:
        chance = np.random.default_rng((plan.seed, epoch, 1))
        order = np.resize(chance.permutation(images), max(images, plan.batch))
        for some in np.array_split(order, steps_per_epoch(plan, images)):
            yield some.tolist()
        epoch += 1


def steps_per_epoch(plan: Plan, images: int) -> int:
    return max(1, round(images / plan.batch))


class Report:
    """The lines a run prints, and what they need to know."""

    def __init__(self, pace: Pace, say: Callable[[str], None]) -> None:
        self.pace, self.say = pace, say
        self.losses: list[float] = []
        self.metrics: dict[str, float] = {}
        self.epoch = 0
        self.validating = 0.0
        self.begun = self.asked = time.monotonic()

    def may_validate(self) -> bool:
        """Validation may take a small share of the time, whatever it costs."""
        self.asked = time.monotonic()
        return self.validating <= VALIDATION_SHARE * (self.asked - self.begun)

    def validated(self, metrics: dict[str, float]) -> None:
        self.validating += time.monotonic() - self.asked
        self.metrics = metrics

    def epoch_done(self, step: int) -> None:
        self.epoch += 1
        progress = max(self.pace.progress(step), 1e-6)
        spent = time.monotonic() - self.begun
        line = {
            "epoch": self.epoch,
            "epochs": max(self.epoch, round(step / self.pace.steps_per_epoch / progress)),
            "loss": round(sum(self.losses) / len(self.losses), 4),
            "metrics": self.metrics,
            "eta_s": round(spent * (1 - progress) / progress, 1),
        }
        self.losses.clear()
        self.say(json.dumps(line))


def half_precision_is_quick() -> bool:
    """Does this processor multiply bfloat16 in hardware? Then a step takes less than half the time."""
    known = getattr(torch.cpu, "_is_avx512_bf16_supported", None)
    return bool(known()) if known else False
