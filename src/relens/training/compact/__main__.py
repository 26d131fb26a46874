"""One training run: `python -m relens.training.compact RUN_DIR`."""

import time

STARTED = time.monotonic()

import dataclasses  # noqa: E402
import json  # noqa: E402
import math  # noqa: E402
import signal  # noqa: E402
import sys  # noqa: E402
from collections.abc import Sequence  # noqa: E402
from pathlib import Path  # noqa: E402

import torch  # noqa: E402

from relens.training.compact.augment import Ways  # noqa: E402
from relens.training.compact.classify import Classification  # noqa: E402
from relens.training.compact.data import Picture, load_pictures, read_samples  # noqa: E402
from relens.training.compact.detect import Detection  # noqa: E402
from relens.training.compact.export import export  # noqa: E402
from relens.training.compact.fit import Learning, Pace, fit, steps_per_epoch  # noqa: E402
from relens.training.compact.order import CannotTrain, Order, read_order  # noqa: E402
from relens.training.compact.orient import equal_ways  # noqa: E402
from relens.training.compact.plan import PIXELS_PER_SECOND, Plan, make_plan  # noqa: E402
from relens.training.compact.start import adopt, load_checkpoint, save_checkpoint  # noqa: E402

EXPORT_SECONDS = 2.5
MOST_VALIDATED = 300


def say(line: str) -> None:
    print(line, flush=True)


def run(order: Order) -> None:
    """Train, export, keep a checkpoint and the metrics. Raises CannotTrain."""
    torch.set_flush_denormal(True)
    torch.set_num_threads(order.threads)
    torch.manual_seed(order.wishes.seed)
    samples = read_samples(order)
    training = [sample for sample in samples if sample.split == "train"]
    plan = make_plan(order, training)
    parent = load_checkpoint(order.start_from) if order.start_from else None
    if parent and order.wishes.width is None:
        plan = dataclasses.replace(plan, channels=parent["channels"])
    longest = round(1.25 * plan.longest)
    pictures = load_pictures(training, longest, order.folder / "train.pixels", order.threads)
    rest = [sample for sample in samples if sample.split == "validation"]
    rest = rest[:: math.ceil(len(rest) / MOST_VALIDATED)] if rest else rest
    validation = load_pictures(rest, longest, order.folder / "validation.pixels", order.threads)
    ways = equal_ways(pictures)
    say(f"{len(pictures)} training and {len(validation)} validation images, input {plan.width}x{plan.height}, {ways}")
    if not validation:
        say("no validation images: nothing is held out, the run reports no metrics")
    learning = learning_for(order, plan, pictures, ways)
    if parent:
        say(f"starting from the parent's weights: {adopt(learning.network, order.labels, parent)} tensors kept")
    # The last validation comes after the last step; the forward pass is about a third of a training step.
    reserve = EXPORT_SECONDS + len(validation) * plan.height * plan.width / (3 * PIXELS_PER_SECOND * order.threads)
    seconds = max(1.0, 60 * plan.minutes - reserve) if plan.minutes else None
    pace = Pace(steps_per_epoch(plan, len(pictures)), plan.epochs, seconds, STARTED, order.threads)
    network, metrics = fit(learning, plan, pace, len(pictures), validation, say)
    order.out.mkdir(parents=True, exist_ok=True)
    export(network, order.labels, plan.height, plan.width, order.out / "model.onnx")
    save_checkpoint(network, order.labels, plan.channels, order.out / "checkpoint.ckpt")
    (order.out / "metrics.json").write_text(json.dumps(metrics), encoding="utf-8")
    say(f"done in {time.monotonic() - STARTED:.1f} s: {json.dumps(metrics)}")


def learning_for(order: Order, plan: Plan, pictures: Sequence[Picture], ways: Ways) -> Learning:
    if order.task == "detection":
        return Detection(plan, len(order.labels), pictures, ways)
    return Classification(plan, len(order.labels), pictures, ways)


def main() -> int:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if len(sys.argv) != 2:
        print("usage: python -m relens.training.compact RUN_DIR", file=sys.stderr)
        return 2
    try:
        run(read_order(Path(sys.argv[1])))
    except CannotTrain as error:
        say(f"cannot train: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
