"""A long report in few lines: problems of one kind together, with a count and the first examples. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from relens.datasets.found import Problem

EXAMPLES = 3
# What differs between two sentences of one kind: names in quotes, lists of numbers, numbers.
_PARTICULARS = re.compile(r"'[^']*'|\[[^\]]*\]|\([-\d., ]+\)|-?\d[\d.,]*")


@dataclass(slots=True)
class KindOfProblem:
    """`sentence` is the problem itself where all are worded alike, otherwise with a gap for what differs."""

    sentence: str
    count: int = 0
    examples: list[Problem] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        return {"problem": self.sentence, "count": self.count, "examples": [one.to_json() for one in self.examples]}


def kinds_of(problems: Iterable[Problem]) -> list[KindOfProblem]:
    """The most frequent kind first."""
    found: dict[str, KindOfProblem] = {}
    for one in problems:
        plain = _PARTICULARS.sub("…", one.problem)
        kind = found.setdefault(plain, KindOfProblem(one.problem))
        kind.count += 1
        if kind.sentence != one.problem:
            kind.sentence = plain
        if len(kind.examples) < EXAMPLES:
            kind.examples.append(one)
    return sorted(found.values(), key=lambda kind: -kind.count)
