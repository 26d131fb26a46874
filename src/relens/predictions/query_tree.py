"""The tree of a query: as it was read (`query.py`), and as the database can be asked it (`query_sql.resolve`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select

from relens.predictions import by_line
from relens.predictions.query_fields import Field


@dataclass(frozen=True, slots=True)
class Condition:
    """`operator`: = < <= > >= ~ in empty. Values are texts, numbers or microseconds, as the field wants them; `empty` has none."""

    field: Field
    operator: str
    values: tuple[str | float, ...] = ()


@dataclass(frozen=True, slots=True)
class Both:
    """True where all `parts` are; no parts: everywhere."""

    parts: tuple[Node, ...] = ()


@dataclass(frozen=True, slots=True)
class Either:
    """True where some of `parts` is; no parts: nowhere."""

    parts: tuple[Node, ...] = ()


@dataclass(frozen=True, slots=True)
class Not:
    """True where `part` is not."""

    part: Node


@dataclass(frozen=True, slots=True)
class Filed:
    """What a condition on words becomes once these are looked up: lines filed under any of `words`, which are of one `kind`.

    `words`: their numbers, or what selects them where they are too many to list.
    """

    words: tuple[int, ...] | Select[Any]
    kind: str = ""

    @property
    def ids(self) -> tuple[int, ...] | None:
        return self.words if isinstance(self.words, tuple) else None

    @property
    def by_line(self) -> bool:
        """Whether each line is asked for its own words."""
        return self.ids is None and by_line.can_tell(self.kind)


Node = Condition | Both | Either | Not | Filed


def conjuncts(node: Node) -> tuple[Node, ...]:
    """The parts that must all be true."""
    return tuple(one for part in node.parts for one in conjuncts(part)) if isinstance(node, Both) else (node,)


def without(node: Node, parts: Sequence[Node]) -> Both:
    """What must be true beside these of its parts."""
    return Both(tuple(one for one in conjuncts(node) if not any(one is part for part in parts)))
