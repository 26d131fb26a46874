"""Everything one decision of the gate rests on, as JSON, so that a step of a job can remember it; and the decision that follows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from relens.datasets.item import Item
from relens.deployments.deployment import Deployment
from relens.loop.carry import at_promotion
from relens.loop.compare import MAIN, compare, scores
from relens.loop.counted import counted
from relens.loop.demands import objections
from relens.loop.flips import flips
from relens.loop.gate import Comparison, GateDecision, Labels, Objection, decide
from relens.loop.parts import by_label, by_source
from relens.loop.policy import ContinuousDeployment, Demands
from relens.loop.report import NewLabel, Report
from relens.loop.speed import Speed
from relens.loop.threshold import carried
from relens.loop.trial import Trial
from relens.training.evaluate import Evaluated


@dataclass(frozen=True, slots=True)
class Answers:
    """What came of the images: both versions' answers, their speed, and the candidate's numbers on labels that only it knows.

    `deployment` is where they answer, and `rollout` says what becomes of its threshold; `predictions` by asset, where an image came from
    production.
    """

    champion: Evaluated
    candidate: Evaluated
    speed: Speed | None
    new_labels: tuple[NewLabel, ...]
    deployment: Deployment
    rollout: ContinuousDeployment
    predictions: Mapping[str, str]


def seen_of(trial: Trial, answers: Answers, demands: Demands) -> dict[str, Any]:
    """The comparison, what stands against the candidate, what speaks for it, and the report. `demands` in the words of the trial."""
    champion, candidate, deployment = answers.champion, answers.candidate, answers.deployment
    metric = MAIN[champion.task]
    whole = champion.correct is not None
    compared = compare(
        metric, champion, candidate, None if whole else _objects(trial.items, champion.assets), trial.weights
    )
    shared = trial.labels.shared
    found = carried(champion, candidate, shared, deployment.threshold, trial.weights)
    then = at_promotion(deployment, trial.candidate, found, answers.rollout.threshold)
    thresholds = (deployment.threshold, then.value)
    report = Report(
        labels=by_label(champion, candidate, shared, trial.weights),
        sources=by_source(champion, candidate, metric, trial.weights),
        new_labels=answers.new_labels,
        flips=flips(champion, candidate, thresholds, shared),
        thresholds=thresholds,
        whole_image=whole,
        speed=answers.speed,
        sizes=(trial.champion.size_bytes, trial.candidate.size_bytes),
        critical=demands.critical,
        counts=counted(champion, candidate, shared, thresholds),
        carried=found,
    )
    against = objections(demands, report.labels, answers.speed, trial.candidate.size_bytes, champion.images)
    return {
        "champion": trial.champion.id,
        "candidate": trial.candidate.id,
        "dataset_version": trial.data.id,
        "labels": {"champion": list(trial.labels.champion), "candidate": list(trial.labels.candidate)},
        "comparison": None if compared is None else {name: getattr(compared, name) for name in Comparison.__slots__},
        "without_objects": champion.images if compared is None else 0,
        "gains": _gains(trial.newer, answers.speed),
        "no_faster": _no_faster(answers.speed),
        "objections": [{name: getattr(one, name) for name in Objection.__slots__} for one in against],
        "remarks": [*report.sentences(), *_remarks(trial, champion)],
        "numbers": {
            "scores": scores(champion, candidate),
            "report": report.to_json(answers.predictions),
            "newer_images": trial.newer,
            # The probabilities behind them change while people review: what decided is kept as it was.
            "weights": dict(trial.weights),
        },
    }


def decision_of(seen: Mapping[str, Any], test_share: float) -> dict[str, Any]:
    """What the gate says of it, with the remarks behind its reasons."""
    said: GateDecision = decide(
        Comparison(**seen["comparison"]) if seen["comparison"] else None,
        Labels(tuple(seen["labels"]["champion"]), tuple(seen["labels"]["candidate"])),
        gains=tuple(seen["gains"]),
        objections=tuple(Objection(**one) for one in seen["objections"]),
        no_faster=seen["no_faster"],
        test_share=test_share,
        without_objects=seen.get("without_objects", 0),
    )
    return {
        "decision": said.decision,
        "reasons": [*said.reasons, *seen["remarks"]],
        "numbers": {**said.numbers, **seen["numbers"]},
    }


def new_labels_of(found: Evaluated, labels: Sequence[str]) -> tuple[NewLabel, ...]:
    """The candidate's own numbers on `labels`, from all test images that both could be judged on and those that show such a label."""
    metric = "f1" if found.correct is not None else "ap50_95"
    shown = "f1" if found.correct is not None else "map50_95"
    own = {label: found.labels.get(label, {}) for label in labels}
    return tuple(
        NewLabel(label, shown, numbers.get(metric), int(numbers.get("positives", 0))) for label, numbers in own.items()
    )


def _objects(items: Sequence[Item], judged: Sequence[str]) -> int:
    there = set(judged)
    return sum(not annotation.crowd for item in items if item.asset in there for annotation in item.annotations)


def _gains(newer: int, speed: Speed | None) -> list[str]:
    said = []
    if newer > 0:
        said.append(f"it has learned {newer} {'image' if newer == 1 else 'images'} that the champion never saw")
    if speed is not None and speed.faster:
        said.append(f"it is faster ({_times(speed)})")
    return said


def _no_faster(speed: Speed | None) -> str | None:
    return f"it is not faster ({_times(speed)})" if speed is not None and not speed.faster else None


def _times(speed: Speed) -> str:
    return f"{speed.candidate_ms:.1f} ms an image, the champion {speed.champion_ms:.1f} ms"


def _remarks(trial: Trial, champion: Evaluated) -> list[str]:
    remarks = [f"Judged on the test images of {trial.data.title}.", *trial.vocabulary.sentences]
    if trial.seen:
        remarks.append(f"{trial.seen} test images were left out: one of the two has learned from them.")
    if champion.missing:
        remarks.append(f"{champion.missing} test images are not kept any more and were left out.")
    return remarks
