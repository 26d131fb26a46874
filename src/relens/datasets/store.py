"""Rows of datasets, their versions and what is in them.

The annotations of one image are one JSON value, kept once under the hash of their content: they are only ever read together,
and a version that grew from another by a few images shares all the rest with it. Labels stand beside them for searching.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    Select,
    String,
    Table,
    Text,
    UniqueConstraint,
    func,
    select,
)

from relens.assets.store import asset
from relens.datasets.dataset import Dataset, NoDataset
from relens.datasets.item import Item, Split, as_split
from relens.datasets.relabel import Relabelling
from relens.datasets.version import DatasetVersion
from relens.infra.statements import upsert
from relens.infra.tables import metadata
from relens.kit import clock
from relens.kit.ids import new_id
from relens.vision.annotation import Annotation

dataset = Table(
    "dataset",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("name", String(100), nullable=False, unique=True),
    Column("task", String(40), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("created_by", String(36), nullable=False),
    Column("archived_at", BigInteger),
)

dataset_version = Table(
    "dataset_version",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("dataset", String(36), ForeignKey("dataset.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("content_hash", String(64), nullable=False),
    Column("task", String(40), nullable=False),
    Column("labels", JSON, nullable=False),
    Column("parent", String(36)),
    Column("origin", String(20), nullable=False),
    Column("note", Text, nullable=False),
    Column("images", JSON, nullable=False),
    Column("statistics", JSON, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("created_by", String(36), nullable=False),
    Column("relabelling", JSON(none_as_null=True)),
    UniqueConstraint("dataset", "number"),
    Index("dataset_version_by_content", "content_hash"),
)

annotation = Table(
    "annotation",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("annotations", JSON, nullable=False),
)

annotation_label = Table(
    "annotation_label",
    metadata,
    Column("annotation", String(64), ForeignKey("annotation.id"), primary_key=True),
    Column("label", String(200), primary_key=True),
)

# Rows of a content, not of a version: they can be written in pieces before the version that makes them visible is there.
version_item = Table(
    "version_item",
    metadata,
    Column("content_hash", String(64), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("asset", String(64), ForeignKey(asset.c.id), nullable=False),
    Column("split", String(12), nullable=False),
    Column("group_name", String(300), nullable=False),
    Column("file_name", Text, nullable=False),
    Column("source", String(300)),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("annotation", String(64), ForeignKey("annotation.id"), nullable=False),
    UniqueConstraint("content_hash", "asset"),
    Index("version_item_by_asset", "asset"),
)

_JOINED = select(dataset_version, dataset.c.name.label("dataset_name")).join(
    dataset, dataset.c.id == dataset_version.c.dataset
)


def named(connection: Connection, name: str, task: str, created_by: str) -> Dataset:
    """The dataset of that name, made on first use; its row is locked, so that numbers are given one at a time."""
    row = {"id": new_id(), "name": name, "task": task, "created_at": clock.now(), "created_by": created_by}
    upsert(connection, dataset, [row], ["name"])
    return _dataset(connection.execute(select(dataset).where(dataset.c.name == name).with_for_update()).one())


def datasets(connection: Connection) -> list[Dataset]:
    return [_dataset(row) for row in connection.execute(select(dataset).order_by(dataset.c.created_at, dataset.c.id))]


def find_dataset(connection: Connection, ref: str) -> Dataset:
    """By id or name. Raises NoDataset."""
    row = connection.execute(select(dataset).where((dataset.c.id == ref) | (dataset.c.name == ref))).first()
    if row is None:
        raise NoDataset(f"there is no dataset '{ref}'")
    return _dataset(row)


def versions(connection: Connection, dataset_id: str) -> list[DatasetVersion]:
    """The newest first."""
    rows = connection.execute(_JOINED.where(dataset.c.id == dataset_id).order_by(dataset_version.c.number.desc()))
    return [_version(row) for row in rows]


def get(connection: Connection, version_id: str) -> DatasetVersion:
    """Raises NoDataset."""
    row = connection.execute(_JOINED.where(dataset_version.c.id == version_id)).one_or_none()
    if row is None:
        raise NoDataset(f"there is no dataset version '{version_id}'")
    return _version(row)


def find(connection: Connection, ref: str) -> DatasetVersion:
    """A version by id, `name/2`, `name/latest`, or `name` (the latest). Raises NoDataset."""
    found = connection.execute(_JOINED.where(dataset_version.c.id == ref)).one_or_none()
    if found is None:
        found = connection.execute(_by_name(ref).limit(1)).first()
    if found is None:
        raise NoDataset(f"there is no dataset version '{ref}': write it as name/2, name/latest or by its id")
    return _version(found)


def with_content(connection: Connection, dataset_id: str, content_hash: str) -> DatasetVersion | None:
    """The newest version that holds exactly this, if there is one."""
    same = (dataset_version.c.dataset == dataset_id) & (dataset_version.c.content_hash == content_hash)
    row = connection.execute(_JOINED.where(same).order_by(dataset_version.c.number.desc()).limit(1)).first()
    return None if row is None else _version(row)


def next_number(connection: Connection, dataset_id: str) -> int:
    query = select(func.max(dataset_version.c.number)).where(dataset_version.c.dataset == dataset_id)
    return int(connection.execute(query).scalar() or 0) + 1


def newest(connection: Connection, dataset_id: str) -> DatasetVersion | None:
    """The version with the highest number, if there is any."""
    query = _JOINED.where(dataset_version.c.dataset == dataset_id).order_by(dataset_version.c.number.desc())
    row = connection.execute(query.limit(1)).first()
    return None if row is None else _version(row)


def places(connection: Connection, dataset_id: str, after: int = 0) -> list[tuple[str, str, Split, int]]:
    """(asset, group, split, number of the last version that says so) over all versions behind number `after`, in order of that number."""
    last = func.max(dataset_version.c.number)
    by = (version_item.c.asset, version_item.c.group_name, version_item.c.split)
    query = (
        select(*by, last)
        .join(dataset_version, dataset_version.c.content_hash == version_item.c.content_hash)
        .where(dataset_version.c.dataset == dataset_id, dataset_version.c.number > after)
        .group_by(*by)
        .order_by(last)
    )
    return [(asset, group, as_split(split), int(number)) for asset, group, split, number in connection.execute(query)]


def tested(connection: Connection, dataset_id: str) -> set[str]:
    """Every image that is a test image in some version."""
    query = (
        select(version_item.c.asset)
        .join(dataset_version, dataset_version.c.content_hash == version_item.c.content_hash)
        .where(dataset_version.c.dataset == dataset_id, version_item.c.split == "test")
        .distinct()
    )
    return set(connection.execute(query).scalars())


def laid_down(connection: Connection, content_hash: str) -> int:
    """How many items of a content have rows already."""
    query = select(func.count()).select_from(version_item).where(version_item.c.content_hash == content_hash)
    return int(connection.execute(query).scalar_one())


def items(connection: Connection, version_id: str, splits: Iterable[Split] | None = None) -> list[Item]:
    """Everything in a version, in the order of file names, or what is in some of its splits."""
    query = _items(version_id)
    if splits is not None:
        query = query.where(version_item.c.split.in_(list(splits)))
    return [item_of(row) for row in connection.execute(query)]


def page_of_items(
    connection: Connection, version_id: str, split: str | None, label: str | None, after: int, limit: int
) -> list[tuple[int, Item]]:
    """Items behind position `after`, with their positions."""
    query = _items(version_id).where(version_item.c.position > after).limit(limit)
    if split:
        query = query.where(version_item.c.split == split)
    if label:
        having = select(annotation_label.c.annotation).where(annotation_label.c.label == label)
        query = query.where(version_item.c.annotation.in_(having))
    return [(row.position, item_of(row)) for row in connection.execute(query)]


def _by_name(ref: str) -> Select[Any]:
    name, _, number = ref.rpartition("/")
    newest = _JOINED.order_by(dataset_version.c.number.desc())
    if number == "latest":
        return newest.where(dataset.c.name == name)
    # ASCII only: other scripts' digits pass isdigit, and int() of twenty digits is more than a column holds.
    if name and number.isascii() and number.isdigit() and len(number) < 10:
        return newest.where(dataset.c.name == name, dataset_version.c.number == int(number))
    return newest.where((dataset.c.name == ref) | (dataset.c.id == ref))


def _items(version_id: str) -> Select[Any]:
    joined = select(version_item, annotation.c.annotations).join(
        annotation, annotation.c.id == version_item.c.annotation
    )
    content = select(dataset_version.c.content_hash).where(dataset_version.c.id == version_id).scalar_subquery()
    return joined.where(version_item.c.content_hash == content).order_by(version_item.c.position)


def item_of(row: Any, before: str = "") -> Item:
    """From a row of items with their annotations, whose columns have `before` in front of their names."""

    def value(name: str) -> Any:
        return getattr(row, before + name)

    return Item(
        asset=value("asset"),
        split=as_split(value("split")),
        group=value("group_name"),
        file_name=value("file_name"),
        source=value("source"),
        annotations=tuple(Annotation.from_json(written) for written in value("annotations")),
        width=value("width"),
        height=value("height"),
    )


def _dataset(row: Any) -> Dataset:
    return Dataset(row.id, row.name, row.task, row.created_at, row.created_by, row.archived_at)


def _version(row: Any) -> DatasetVersion:
    names = (name for name in DatasetVersion.__dataclass_fields__ if name not in ("labels", "relabelling"))
    rules = None if row.relabelling is None else Relabelling.from_json(row.relabelling)
    return DatasetVersion(**{name: getattr(row, name) for name in names}, labels=tuple(row.labels), relabelling=rules)
