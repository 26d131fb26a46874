"""Publishes a dataset version: immutable from then on, and the same content is the same version."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from relens.access.actor import Actor
from relens.assets import store as assets
from relens.assets.asset import Asset
from relens.datasets import store
from relens.datasets.content import annotations_hash, content_hash
from relens.datasets.dataset import Archived, check_name
from relens.datasets.item import Item, plain
from relens.datasets.relabel import Relabelling
from relens.datasets.version import DatasetVersion, Origin, checked, count_images, count_labels
from relens.infra.database import Database
from relens.infra.statements import add, upsert
from relens.kit import clock
from relens.kit.errors import Conflict, NotFound
from relens.kit.ids import new_id

PIN = "dataset version"
PIECE = 100


class OtherTask(Conflict):
    """A dataset holds one task from its first version on."""


class TrainsOnTestImages(Conflict):
    """A version would be trained on what an earlier one kept for testing."""


class OtherVersionNow(Conflict):
    """Another version was published since the content was put together: put it together again."""


class ImageMissing(NotFound):
    """An item names an image that is not kept here."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """The content of a version, checked and named, items in the order of their file names.

    It is made outside the transaction because that takes its time. `truths` names the annotations of each item.
    """

    task: str
    labels: tuple[str, ...]
    items: tuple[Item, ...]
    truths: tuple[str, ...]
    content_hash: str


def manifest(task: str, labels: Sequence[str], items: Sequence[Item]) -> Manifest:
    """Raises ImageTwice, BadItem, WrongShape or BadLabels."""
    kept = tuple(replace(item, annotations=tuple(plain(one) for one in item.annotations)) for item in items)
    named = tuple(sorted(checked(task, labels, kept), key=lambda item: item.file_name))
    truths = tuple(annotations_hash(item.annotations) for item in named)
    return Manifest(task, tuple(labels), named, truths, content_hash(task, labels, named))


def publish(
    connection: Connection,
    *,
    dataset: str,
    task: str,
    labels: Sequence[str],
    items: Sequence[Item],
    parent: str | None = None,
    origin: Origin,
    note: str = "",
    actor: Actor,
) -> DatasetVersion:
    """`publish_manifest` for content that was not made into a manifest yet."""
    content = manifest(task, labels, items)
    return publish_manifest(connection, content, dataset=dataset, parent=parent, origin=origin, note=note, actor=actor)


def publish_manifest(
    connection: Connection,
    content: Manifest,
    *,
    dataset: str,
    parent: str | None = None,
    origin: Origin,
    note: str = "",
    actor: Actor,
    after: int | None = None,
    relabelling: Relabelling | None = None,
) -> DatasetVersion:
    """The next version of the dataset called `dataset` (made if it is new), or the one that holds this content already.

    What people took back must not stay the newest: from reviews, only the newest version stands for its content, an older one is
    published anew; a change of labels is always a version of its own. `parent` is the id of the version it grew from. `after`: the number of the newest version with whose test images
    the content was put together, OtherVersionNow if there is a newer one; without it all of them are looked at here.
    Raises OtherTask, ImageMissing or TrainsOnTestImages.
    """
    name = check_name(dataset)
    found = store.named(connection, name, content.task, actor.id)
    if found.archived_at is not None:
        raise Archived(f"the dataset '{name}' is archived: restore it, or use another name")
    if found.task != content.task:
        raise OtherTask(f"the dataset '{name}' is for {found.task}: publish {content.task} data under another name")
    number = store.next_number(connection, found.id)
    there = store.with_content(connection, found.id, content.content_hash)
    if there is not None and relabelling is None and (origin == "import" or there.number == number - 1):
        return there
    if after is None:
        _check_tested(content, store.tested(connection, found.id), name)
    elif after != number - 1:
        raise OtherVersionNow(f"version {number - 1} of '{name}' was published in the meantime: try again")
    if store.laid_down(connection, content.content_hash) < len(content.items):
        _lay_down(connection, content, 0, len(content.items))
    version = DatasetVersion(
        id=new_id(),
        dataset=found.id,
        dataset_name=name,
        number=number,
        content_hash=content.content_hash,
        task=content.task,
        labels=content.labels,
        parent=parent,
        origin=origin,
        note=note,
        images=count_images(content.items),
        statistics=count_labels(content.labels, content.items),
        created_at=clock.now(),
        created_by=actor.id,
        relabelling=relabelling,
    )
    fields = {name: getattr(version, name) for name in DatasetVersion.__dataclass_fields__ if name != "dataset_name"}
    rules = None if relabelling is None else relabelling.to_json()
    add(connection, store.dataset_version, {**fields, "labels": list(version.labels), "relabelling": rules})
    return version


def _check_tested(content: Manifest, tested: Collection[str], name: str) -> None:
    lost = [item for item in content.items if item.split != "test" and item.asset in tested]
    if lost:
        raise TrainsOnTestImages(
            f"'{lost[0].file_name}' is a test image of '{name}' in an earlier version, and so are {len(lost) - 1} more of the images to "
            "learn from: leave them in the test split",
            images=len(lost),
        )


def lay_down(database: Database, content: Manifest, images: Sequence[Asset] = ()) -> None:
    """Writes what a version holds in small transactions, so that publishing a large one keeps nobody waiting.

    `images` are assets that may have no row yet. Nothing of it can be seen before `publish_manifest`; safe to repeat.
    """
    known = {image.id: image for image in images}
    for start in range(0, len(content.items), PIECE):
        stop = start + PIECE
        mine = [known[item.asset] for item in content.items[start:stop] if item.asset in known]

        def write(connection: Connection, start: int = start, stop: int = stop, mine: list[Asset] = mine) -> None:
            assets.remember(connection, mine)
            _lay_down(connection, content, start, stop)

        database.write(write)


def _lay_down(connection: Connection, content: Manifest, start: int, stop: int) -> None:
    """The rows of items `start` to `stop`: annotations, their labels, the items, and the pins of their images."""
    truths = content.truths[start:stop]
    items = _with_sizes(connection, content.items[start:stop])
    written = {
        truth: {"id": truth, "annotations": [one.to_json() for one in item.annotations]}
        for truth, item in zip(truths, items, strict=True)
    }
    upsert(connection, store.annotation, list(written.values()), ["id"])
    labels = {(truth, one.label) for truth, item in zip(truths, items, strict=True) for one in item.annotations}
    rows = [{"annotation": truth, "label": label} for truth, label in sorted(labels)]
    upsert(connection, store.annotation_label, rows, ["annotation", "label"])
    placed = [
        _row(content.content_hash, position, item, truth)
        for position, item, truth in zip(range(start, stop), items, truths, strict=False)
    ]
    upsert(connection, store.version_item, placed, ["content_hash", "position"])
    assets.pin(connection, (item.asset for item in items), PIN, content.content_hash)


def _row(content: str, position: int, item: Item, truth: str) -> dict[str, object]:
    return {
        "content_hash": content,
        "position": position,
        "asset": item.asset,
        "split": item.split,
        "group_name": item.group,
        "file_name": item.file_name,
        "source": item.source,
        "width": item.width,
        "height": item.height,
        "annotation": truth,
    }


def _with_sizes(connection: Connection, items: Sequence[Item]) -> list[Item]:
    known = assets.several(connection, [item.asset for item in items])
    missing = [item for item in items if item.asset not in known]
    if missing:
        raise ImageMissing(
            f"the image '{missing[0].file_name}' ({missing[0].asset[:12]}...) is not kept here: import it first"
        )
    return [replace(item, width=known[item.asset].width, height=known[item.asset].height) for item in items]
