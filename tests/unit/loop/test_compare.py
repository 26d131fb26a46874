"""From what two versions said of each image to the numbers a decision rests on."""

import json

import numpy as np

from relens.loop.compare import MAIN, compare, scores
from relens.loop.gate import Labels, decide
from relens.metrics.average_precision import ApStore
from relens.metrics.matching import match_image
from relens.training.evaluate import Evaluated
from relens.training.evaluation import SCORES
from tests.unit.metrics.coco import random_scene, xyxy

LABELS = ("bolt", "nut", "gear")


def detector(images: int, finds: float, seed: int = 0) -> Evaluated:
    """A detector that finds the share `finds` of the objects of the same random scenes."""
    scenes, luck = np.random.default_rng(seed), np.random.default_rng(99)
    store = ApStore(LABELS)
    for key in range(images):
        scene = random_scene(scenes, 3, decimals=4)
        boxes = np.concatenate([scene.dt, scene.gt])
        said = [LABELS[label] for label in (*scene.dt_labels, *scene.gt_labels)]
        keep = np.flatnonzero(np.concatenate([np.ones(len(scene.dt)), luck.random(len(scene.gt)) < finds]))
        confidence = np.concatenate([scene.scores * 0.5, 0.5 + luck.random(len(scene.gt)) * 0.5])
        truth = (xyxy(scene.gt), [LABELS[label] for label in scene.gt_labels], scene.crowd)
        store.insert(f"{key:03}", match_image(xyxy(boxes[keep]), confidence[keep], [said[i] for i in keep], *truth))
    summary = store.summary()
    by_label = summary.pop("labels")
    names = tuple(f"{key:03}" for key in range(images))
    scores = {name: summary.get(name) for name in SCORES}
    labels = {str(label): dict(numbers) for label, numbers in by_label.items()}
    return Evaluated("detection", scores, labels, names, names, (None,) * images, 0.3, store=store)


def classifier(correct: list[bool]) -> Evaluated:
    names = tuple(f"{key:03}" for key in range(len(correct)))
    scores: dict[str, float | None] = {"accuracy": sum(correct) / max(len(correct), 1)}
    labels = {"bolt": {"f1": 0.5, "positives": len(correct)}}
    return Evaluated(
        "classification", scores, labels, names, names, (None,) * len(correct), 0.0, correct=tuple(correct)
    )


def test_a_detector_that_finds_far_more_is_promoted_on_thirty_images() -> None:
    champion, candidate = detector(30, 0.2), detector(30, 0.9)
    compared = compare(MAIN["detection"], champion, candidate, 200)
    assert compared is not None
    assert compared.images == 30
    same = Labels(LABELS, LABELS)
    assert decide(compared, same).passed
    back = compare(MAIN["detection"], candidate, champion, 200)
    assert decide(back, same).decision == "keep champion"


def test_the_same_detector_twice_is_not_promoted_on_few_images() -> None:
    compared = compare("map50_95", detector(30, 0.5), detector(30, 0.5), 200)
    assert compared is not None
    assert compared.difference == 0
    assert decide(compared, Labels(LABELS, LABELS), gains=("it is newer",)).decision == "review more"


def test_what_is_kept_with_a_decision_is_plain_json() -> None:
    champion, candidate = detector(5, 0.5), detector(5, 0.9)
    written = json.loads(json.dumps(scores(champion, candidate), allow_nan=False))
    assert written["candidate"]["map50"] > written["champion"]["map50"]


def test_no_images_compare_nothing() -> None:
    assert compare("accuracy", classifier([]), classifier([]), None) is None
