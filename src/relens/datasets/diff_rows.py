"""Rows of what differs between two dataset versions; only what differs is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

from sqlalchemy import Connection, Select, and_, func, or_, select

from relens.datasets.item import Item
from relens.datasets.store import annotation, annotation_label, item_of, version_item
from relens.datasets.version import DatasetVersion

Kind = Literal["added", "removed", "changed"]
KINDS: tuple[Kind, ...] = get_args(Kind)

_old = version_item.alias("old")
_new = version_item.alias("new")
_before = annotation.alias("before")
_after = annotation.alias("after")


@dataclass(frozen=True, slots=True)
class Difference:
    """One image that differs: as it was, and as it is; None on the side where it is not."""

    position: int
    before: Item | None
    after: Item | None


def counts(connection: Connection, old: DatasetVersion, new: DatasetVersion) -> dict[Kind, dict[str, int]]:
    """Images by kind and split (of a changed one: the split it has now)."""
    found: dict[Kind, dict[str, int]] = {}
    for kind in KINDS:
        split = (_old if kind == "removed" else _new).c.split
        query = _differing(kind, old, new, [split, func.count()]).group_by(split)
        found[kind] = {name: int(count) for name, count in connection.execute(query)}
    return found


def page(
    connection: Connection,
    old: DatasetVersion,
    new: DatasetVersion,
    kind: Kind,
    split: str | None = None,
    label: str | None = None,
    after: int = -1,
    limit: int | None = None,
) -> list[Difference]:
    """Behind position `after` of the side that shows it. `label`: it has one on either side."""
    side = _old if kind == "removed" else _new
    columns: list[Any] = []
    if kind != "added":
        columns += [column.label(f"old_{column.name}") for column in _old.c]
        columns.append(_before.c.annotations.label("old_annotations"))
    if kind != "removed":
        columns += [column.label(f"new_{column.name}") for column in _new.c]
        columns.append(_after.c.annotations.label("new_annotations"))
    query = _differing(kind, old, new, columns).where(side.c.position > after).order_by(side.c.position)
    if kind != "added":
        query = query.join(_before, _before.c.id == _old.c.annotation)
    if kind != "removed":
        query = query.join(_after, _after.c.id == _new.c.annotation)
    if split:
        query = query.where(side.c.split == split)
    if label:
        having = select(annotation_label.c.annotation).where(annotation_label.c.label == label)
        sides = [one.c.annotation.in_(having) for one, absent in ((_old, "added"), (_new, "removed")) if kind != absent]
        query = query.where(or_(*sides))
    return [_read(row, kind) for row in connection.execute(query.limit(limit))]


def _differing(kind: Kind, old: DatasetVersion, new: DatasetVersion, columns: list[Any]) -> Select[Any]:
    was, now = _old.c.content_hash == old.content_hash, _new.c.content_hash == new.content_hash
    same = _old.c.asset == _new.c.asset
    query = select(*columns)
    if kind == "added":
        return query.select_from(_new).where(now, ~select(_old.c.asset).where(was, same).exists())
    if kind == "removed":
        return query.select_from(_old).where(was, ~select(_new.c.asset).where(now, same).exists())
    other = or_(_old.c.annotation != _new.c.annotation, _old.c.split != _new.c.split)
    return query.select_from(_new.join(_old, and_(same, was))).where(now, other)


def _read(row: Any, kind: Kind) -> Difference:
    before = None if kind == "added" else item_of(row, "old_")
    after = None if kind == "removed" else item_of(row, "new_")
    return Difference(int(row.old_position if kind == "removed" else row.new_position), before, after)
