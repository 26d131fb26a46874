"""Numbers for all traffic: skipped images at their worst and best, unusable ones no part of it, averages that are the plain ones for a census."""

import numpy as np
import pytest

from relens.metrics.estimate import Estimate
from relens.metrics.traffic import FOLDS, Checks, Traffic, averages, extreme, guess, ratios

BINS = 50
IMAGES = 2_000
NAMES = ("precision", "recall", "f1")


def everything(seed: int) -> Checks:
    """A census: every image, judged."""
    rng = np.random.default_rng(seed)
    answers = rng.poisson(0.12, (IMAGES, BINS)).astype(float)
    right = rng.binomial(answers.astype(int), np.linspace(0.2, 0.95, BINS)).astype(float)
    objects = right.sum(axis=1) + rng.poisson(0.8, IMAGES)
    size = 0.3 + 0.7 * rng.gamma(2, 0.5, IMAGES)
    yes = np.ones(IMAGES, dtype=bool)
    return Checks(answers, right, answers.sum(axis=1), objects, size, rng.integers(0, FOLDS, IMAGES), yes, yes)


def drawn(of: Checks, k: int, rng: np.random.Generator) -> Checks:
    """The first k of a priority sample; `probability` of a census holds the sizes."""
    priority = of.probability / (1 - rng.random(IMAGES))
    order = np.argsort(-priority)
    chosen = np.zeros(IMAGES, dtype=bool)
    chosen[order[:k]] = True
    return of.of(chosen)._replace(probability=np.minimum(1.0, of.probability[chosen] / priority[order[k]]))


def truth(of: Checks) -> dict[str, float]:
    tp, said, gt = of.right.sum(), of.counted.sum(), of.objects.sum()
    return {"precision": tp / said, "recall": tp / gt, "f1": 2 * tp / (said + gt)}


def holds(one: Estimate, value: float) -> bool:
    assert one.lower is not None
    assert one.upper is not None
    return one.lower <= value <= one.upper


def test_skipping_the_hardest_images_cannot_push_the_truth_out_of_the_interval() -> None:
    """People skip what the version got wrong: what is left looks better than it is, and the interval knows."""
    of = everything(1)
    rng, true = np.random.default_rng(2), truth(of)
    held, narrow = dict.fromkeys(NAMES, 0), dict.fromkeys(NAMES, 0)
    traffic = Traffic(IMAGES, of.answers.sum(axis=0))
    for _ in range(40):
        some = drawn(of, 200, rng)
        wrong = (some.counted - some.right.sum(axis=1)) + (some.objects - some.right.sum(axis=1))
        skipped = np.zeros(200, dtype=bool)
        skipped[np.argsort(-wrong)[:30]] = True
        unknown = some._replace(known=~skipped, right=np.where(skipped[:, None], 0.0, some.right))
        found, blind = ratios(unknown, traffic, NAMES), ratios(some.of(~skipped), traffic, NAMES)
        for name in NAMES:
            held[name] += holds(found[name], true[name])
            narrow[name] += holds(blind[name], true[name])
    assert min(held.values()) >= 38, "whatever the skipped ones were"
    assert max(narrow.values()) <= 25, "as they would be passed by without a word"


def test_of_a_skipped_image_the_worst_and_the_best_bound_every_ratio() -> None:
    of = drawn(everything(3), 150, np.random.default_rng(4))
    some = of._replace(known=np.arange(150) % 5 != 0)
    worst, best = extreme(some, good=False), extreme(some, good=True)
    for name, value in truth(of).items():
        assert truth(worst)[name] <= value <= truth(best)[name]


def test_unusable_images_count_in_no_number() -> None:
    of = everything(5)
    bad = np.arange(IMAGES) % 10 == 0
    marked = of._replace(
        usable=~bad,
        right=np.where(bad[:, None], 0.0, of.right),
        counted=np.where(bad, 0.0, of.counted),
        objects=np.where(bad, 0.0, of.objects),
        probability=np.ones(IMAGES),
    )
    found = ratios(marked, Traffic(IMAGES, of.answers.sum(axis=0)), NAMES)
    expected = truth(of.of(~bad))
    assert {name: one.value for name, one in found.items()} == pytest.approx(expected)


def test_without_counted_traffic_the_checks_speak_alone() -> None:
    of = everything(6)
    rng, true = np.random.default_rng(7), truth(of)
    counted = Traffic(IMAGES, of.answers.sum(axis=0))
    held, wider = 0, []
    for _ in range(60):
        some = drawn(of, 200, rng)
        alone, helped = (ratios(some, traffic, ("precision",))["precision"] for traffic in (None, counted))
        held += holds(alone, true["precision"])
        wider.append(alone.standard_error - helped.standard_error)
    assert held >= 52
    assert np.mean(wider) > 0


def labelled(seed: int) -> dict[str, Checks]:
    """A classifier of three labels on IMAGES images."""
    rng = np.random.default_rng(seed)
    true = rng.choice(3, IMAGES, p=[0.6, 0.3, 0.1])
    said = np.where(rng.random(IMAGES) < 0.75, true, rng.choice(3, IMAGES))
    confidence = np.where(said == true, rng.beta(6, 2, IMAGES), rng.beta(3, 3, IMAGES))
    cell = np.eye(BINS)[np.minimum((confidence * BINS).astype(int), BINS - 1)]
    size = 0.3 + 0.7 * rng.gamma(2, 0.5, IMAGES)
    fold, yes = rng.integers(0, FOLDS, IMAGES), np.ones(IMAGES, dtype=bool)
    found = {}
    for label in range(3):
        mine = (said == label).astype(float)
        answers = cell * mine[:, None]
        right = answers * (true == label)[:, None]
        found[str(label)] = Checks(answers, right, mine, (true == label).astype(float), size, fold, yes, yes)
    return found


def rates(of: dict[str, Checks]) -> dict[str, float]:
    tp, said, true = (np.array([f(one) for one in of.values()]) for f in (lambda c: c.right.sum(), lambda c: c.counted.sum(), lambda c: c.objects.sum()))  # fmt: skip
    precision, recall, f1 = tp / said, tp / true, 2 * tp / (said + true)
    share = true / true.sum()
    return {
        "balanced_accuracy": recall.mean(),
        "macro_precision": precision.mean(),
        "macro_recall": recall.mean(),
        "macro_f1": f1.mean(),
        "weighted_precision": (share * precision).sum(),
        "weighted_recall": (share * recall).sum(),
        "weighted_f1": (share * f1).sum(),
    }


def test_averages_over_labels_hold_what_they_say() -> None:
    of = labelled(8)
    expected = rates(of)
    traffic = {label: Traffic(IMAGES, one.answers.sum(axis=0)) for label, one in of.items()}
    census = averages({label: one._replace(probability=np.ones(IMAGES)) for label, one in of.items()}, traffic, IMAGES)
    assert {name: one.value for name, one in census.items()} == pytest.approx(expected)
    rng, held, errors = np.random.default_rng(9), dict.fromkeys(expected, 0), []
    size = next(iter(of.values())).probability
    for _ in range(80):
        priority = size / (1 - rng.random(IMAGES))
        order = np.argsort(-priority)
        chosen = np.zeros(IMAGES, dtype=bool)
        chosen[order[:700]] = True
        probability = np.minimum(1.0, size[chosen] / priority[order[700]])
        some = {label: one.of(chosen)._replace(probability=probability) for label, one in of.items()}
        found = averages(some, traffic, IMAGES)
        errors.append(found["macro_f1"].value - expected["macro_f1"])
        for name in expected:
            held[name] += holds(found[name], expected[name])
    assert min(held.values()) >= 69
    assert abs(np.mean(errors)) < 0.01


def test_an_average_that_hangs_on_a_rare_label_has_no_interval() -> None:
    of = {label: one._replace(probability=np.ones(IMAGES)) for label, one in labelled(8).items()}
    few = np.arange(IMAGES) < 150
    found = averages({label: one.of(few) for label, one in of.items()}, None, 150)
    assert found["macro_f1"].lower is None
    assert found["macro_f1"].value > 0


def test_a_guess_needs_no_review_and_says_no_more_than_the_confidences() -> None:
    of = everything(10)
    traffic = Traffic(IMAGES, of.answers.sum(axis=0))
    blind, taught = guess(None, traffic), guess(of._replace(probability=np.ones(IMAGES)), traffic)
    assert blind["precision"] == pytest.approx(
        float(traffic.answers @ (np.arange(BINS) + 0.5) / BINS / traffic.answers.sum())
    )
    assert taught["precision"] == pytest.approx(truth(of)["precision"], abs=0.01)
    assert guess(None, Traffic(0, np.zeros(BINS))) == {}
