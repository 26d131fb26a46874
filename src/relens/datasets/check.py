"""Checks a whole found dataset: every image is decoded, nothing is in it twice, groups and splits are given."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from relens.assets.asset import Asset
from relens.datasets.arriving import without_production
from relens.datasets.found import FoundImage, FoundSet, Problem
from relens.datasets.grouping import name_groups
from relens.datasets.item import Item, Split, as_split
from relens.datasets.judge import Cut, Judged, judge
from relens.datasets.judged_notes import cut_notes, dim_notes
from relens.datasets.sides import Earlier, wanted
from relens.datasets.split import assign
from relens.infra.jobs import JobRun
from relens.kit.errors import Invalid
from relens.vision.annotation import Annotation
from relens.vision.task import TASKS

THREADS = max(1, min(4, os.cpu_count() or 1))
_LEARNED = ("train", "validation")


class OtherTaskAsked(Invalid):
    """The dataset cannot be read as the task that was asked for."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What would be imported, and every problem. `skipped` images are left out; `notes` are sentences that are no problems."""

    task: str
    labels: tuple[str, ...]
    images: list[tuple[FoundImage, Asset, str, Split]]
    problems: list[Problem]
    skipped: int
    notes: list[str]

    def to_json(self, root: Path) -> dict[str, Any]:
        """For the next step of the job: paths below `root`, items and assets."""
        images = [
            {
                "path": found.path.relative_to(root).as_posix(),
                "asset": asdict(asset),
                "split": split,
                "group": group,
                "file_name": found.file_name,
                "source": found.source,
                "annotations": [annotation.to_json() for annotation in found.annotations],
            }
            for found, asset, group, split in self.images
        ]
        problems = [problem.to_json() for problem in self.problems]
        said = {"task": self.task, "labels": list(self.labels), "images": images, "problems": problems}
        return {**said, "skipped": self.skipped, "notes": self.notes, "note": " ".join(self.notes)}

    @staticmethod
    def items_from_json(written: Mapping[str, Any]) -> list[Item]:
        return [
            Item(
                asset=image["asset"]["id"],
                split=image["split"],
                group=image["group"],
                file_name=image["file_name"],
                source=image["source"],
                annotations=tuple(Annotation.from_json(one) for one in image["annotations"]),
            )
            for image in written["images"]
        ]


def check(
    found: FoundSet,
    run: JobRun,
    before: Sequence[Problem] = (),
    task: str | None = None,
    earlier: Earlier | None = None,
    production: Split | None = None,
) -> Checked:
    """Judges every image on a few threads.

    `before`: problems met while unpacking; `task`: read the set as this one instead; `earlier`: the dataset's versions so far;
    `production`: the split that images set apart as production become (None: they are left out).
    """
    found = without_production(found, production)
    task = _task(found, task)
    problems = [*before, *found.problems]
    good: list[tuple[FoundImage, Asset]] = []
    cuts: list[Cut] = []
    dim: list[str] = []
    seen: dict[str, FoundImage] = {}
    for judged in _judge_all(found.images, run):
        problems += judged.problems
        if judged.asset is None:
            continue
        twin = seen.setdefault(judged.asset.id, judged.found)
        if twin is judged.found:
            good.append((judged.found, judged.asset))
            cuts += judged.cuts
            dim += [judged.found.file_name] if judged.dim else []
        else:
            problems.append(Problem(judged.found.line, judged.found.file_name, _twice(judged.found, twin)))
    images, notes = _placed(good, earlier or Earlier())
    skipped = found.left_out + len(found.images) - len(good)
    shapes = sum(len(one.annotations) for one, _ in good)
    said = [*found.notes, *cut_notes(cuts, shapes), *dim_notes(dim), *notes]
    return Checked(task, found.labels, images, problems, skipped, said)


def _task(found: FoundSet, asked: str | None) -> str:
    """Outlines have boxes, so a segmentation set is a detection set too; the other ways lack something."""
    if asked in (None, found.task):
        return found.task
    kind = TASKS.get(str(asked))
    if any(not kind.takes(one.shape) for image in found.images for one in image.annotations):
        raise OtherTaskAsked(
            f"this is a {found.task} dataset, and it cannot be read as {asked}: {asked} wants {kind.wanted}"
        )
    return str(asked)


def _judge_all(images: Sequence[FoundImage], run: JobRun) -> Iterator[Judged]:
    """In the order given; few at once, so that ten thousand images need no more memory than eight."""
    with ThreadPoolExecutor(THREADS, thread_name_prefix="import") as pool:
        ahead: list[Future[Judged]] = []
        left = iter(images)
        for done in range(len(images)):
            run.check()
            run.progress(done, len(images), "checking images")
            while len(ahead) < 2 * THREADS and (image := next(left, None)) is not None:
                ahead.append(pool.submit(judge, image))
            while not ahead[0].done():
                wait(ahead[:1], timeout=0.5, return_when=FIRST_COMPLETED)
                run.check()
            yield ahead.pop(0).result()


def _twice(found: FoundImage, twin: FoundImage) -> str:
    sentence = f"it has the same bytes as '{twin.file_name}'"
    if found.annotations != twin.annotations:
        sentence += ", with other annotations: one of the two is wrong"
    return sentence


def _placed(
    good: Sequence[tuple[FoundImage, Asset]], earlier: Earlier
) -> tuple[list[tuple[FoundImage, Asset, str, Split]], list[str]]:
    sides = earlier.sides
    assets = [asset.id for _, asset in good]
    # Those of earlier versions too: a near-duplicate of a test image is the same scene, also where this import lacks that image.
    others = {asset: look for asset, look in earlier.fingerprints.items() if look and asset not in set(assets)}
    groups = name_groups(
        [*assets, *others],
        [*(asset.fingerprint for _, asset in good), *others.values()],
        [*(found.group or sides.group_of(asset.id) for found, asset in good), *(sides.group_of(one) for one in others)],
    )[: len(good)]
    declared = [as_split(found.split) if found.split else None for found, _ in good]
    spoken = wanted(assets, groups, declared, sides)
    splits = assign(groups, spoken)
    images = [(found, asset, group, split) for (found, asset), group, split in zip(good, groups, splits, strict=True)]
    return images, [
        *_kept_notes(declared, splits, [sides.of(asset) for asset in assets]),
        *_notes(groups, spoken, splits),
    ]


def _kept_notes(
    declared: Sequence[Split | None], splits: Sequence[Split], before: Sequence[Split | None]
) -> Iterator[str]:
    """What became of images because of the dataset's earlier versions."""
    moved = [
        was for said, split, was in zip(declared, splits, before, strict=True) if said in _LEARNED and split == "test"
    ]
    if same := sum(was == "test" for was in moved):
        yield f"{same} of the images to learn from are test images of an earlier version and stay so: they are never trained on."
    if scenes := sum(was is None for was in moved):
        yield f"{scenes} images to learn from show a scene that is kept for testing, and are test images with it."
    if learned := sum(was in _LEARNED and split == "test" for was, split in zip(before, splits, strict=True)):
        yield (
            f"{learned} images that earlier versions were trained on are test images from now on: "
            "models that learned from them are not judged on them."
        )


def _notes(groups: Sequence[str], declared: Sequence[Split | None], splits: Sequence[Split]) -> Iterator[str]:
    moved = sum(1 for said, split in zip(declared, splits, strict=True) if said == "train" and split == "validation")
    if moved:
        said = "1 training image was" if moved == 1 else f"{moved} training images were"
        yield f"No validation split was declared: {said} set apart for it."
    elif splits and not any(declared):
        counted = Counter(splits)
        yield (
            "No splits were declared: "
            + ", ".join(f"{counted[split]} images for {split}" for split in sorted(counted))
            + "."
        )
    tested = {group for group, split in zip(groups, splits, strict=True) if split == "test"}
    if splits and not tested:
        yield "None of its images is for test: what is trained on it is judged only on images that reviews keep for testing."
    leaking = sum(1 for group, split in zip(groups, splits, strict=True) if split == "train" and group in tested)
    if leaking:
        yield f"{leaking} training images look the same as a test image: scores on the test split will be too good."
