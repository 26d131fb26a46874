"""Files lines of the log: writes beside each what it is searched, sorted and counted by.

A line that was answered alone is filed right after its answer (`file_soon.py`), a small batch in the transaction that logs it. Big batches are only
logged, which is several times faster; a follower files them after that, in the order of the log. `filed` is the place up to which every line is filed; whoever follows the log reads up to there.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, select

from relens.infra.statements import append_rows, next_number, quick, quick_change, upsert
from relens.infra.tables import counter
from relens.predictions.logged import ERASED, Logged
from relens.predictions.query_fields import number
from relens.predictions.tables import UNKNOWN_COUNT, posting, signal, term
from relens.predictions.writers.run_rows import arrive

LONGEST = 200
"""A longer text in metadata is no word to search by; it is found by looking at every line."""
_SIGNAL = (
    "log_seq", "deployment", "review", "outlier", "priority", "taken_at", "confidence", "latency_ms", "count", "role",
    "source", "model_version", "error", "origin", "asset",
)  # fmt: skip

Word = tuple[str, str]
"""Kind and value."""


def words_of(line: Logged) -> set[Word]:
    """Everything the line can be found by. Champion and served are what most lines are: nobody looks for them by an index."""
    words = {("label", label) for label in {*line.columns.answers(line.threshold).labels}}
    words |= {("tag", tag) for tag in line.tags}
    for kind, value, usual in (
        ("source", line.source, None),
        ("model_version", line.model_version, None),
        ("error", line.error, None),
        ("role", line.role, "champion"),
        ("origin", line.origin, "served"),
    ):
        if value is not None and value != usual:
            words.add((kind, value))
    for key, value in line.metadata.items():
        written = as_word(value)
        if written is not None and len(key) <= 100:
            words.add((f"metadata.{key}", written))
    return words


def as_word(value: Any) -> str | None:
    """A value of metadata as it is searched for: text, true, false or a number; None for what is longer or has parts."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value) if abs(value) < 10**100 else None
    if isinstance(value, float):
        return f"{value:.15g}"
    return value if isinstance(value, str) and len(value) <= LONGEST else None


def file(connection: Connection, lines: Sequence[Logged]) -> None:
    """Writes what stands beside these lines, which are not filed yet."""
    if not lines:
        return
    append_rows(connection, signal, _SIGNAL, [_signal_row(line) for line in lines])
    by_deployment: dict[str, list[Logged]] = {}
    for line in lines:
        by_deployment.setdefault(line.deployment, []).append(line)
    for deployment, own in by_deployment.items():
        words = [words_of(line) for line in own]
        ids = numbers(connection, deployment, set().union(*words))
        rows = [(ids[word], line.taken_at, line.log_seq) for line, its in zip(own, words, strict=True) for word in its]
        append_rows(connection, posting, ("term", "taken_at", "log_seq"), sorted(rows))
    arrive(connection, lines)
    count(connection, Counter((line.deployment, line.role == "shadow", _stands_as(line)) for line in lines))


def _stands_as(line: Logged) -> str:
    """How a line that nobody has reviewed is counted: what was erased is still a line, and no longer one to review."""
    return ERASED if line.erased else "pending"


def _signal_row(line: Logged) -> tuple[Any, ...]:
    best = max(line.columns.confidences, default=0.0)
    answered = len(line.columns.answers(line.threshold).labels)
    count = UNKNOWN_COUNT if line.erased else answered
    return (
        line.log_seq, line.deployment, "pending", None, None, line.taken_at, best, line.latency_ms, count, line.role,
        line.source, line.model_version, line.error, line.origin, line.asset,
    )  # fmt: skip


def numbers(connection: Connection, deployment: str, words: set[Word]) -> dict[Word, int]:
    """The numbers of these words; new ones are written."""
    known = find_words(connection, deployment, words)
    fresh = sorted(words - known.keys())
    if fresh:
        first = next_number(connection, "term", len(fresh))
        rows = [(first + i, deployment, kind, value, _number(value)) for i, (kind, value) in enumerate(fresh)]
        append_rows(connection, term, ("id", "deployment", "kind", "value", "number"), rows)
        known |= find_words(connection, deployment, fresh)  # another server may have written some of them first
    return known


def _number(value: str) -> float | None:
    try:
        return number(value)
    except ValueError:
        return None


def find_words(connection: Connection, deployment: str, words: Iterable[Word]) -> dict[Word, int]:
    """Those of `words` that any line was filed under, with their numbers."""
    wanted = sorted(words)
    found: dict[Word, int] = {}
    for start in range(0, len(wanted), 400):
        some = wanted[start : start + 400]
        kinds, values = {kind for kind, _ in some}, {value for _, value in some}
        rows = quick(connection, _numbers_of(len(kinds), len(values)), (deployment, *kinds, *values))
        found |= {(kind, value): at for kind, value, at in rows}
    return {word: found[word] for word in wanted if word in found}


@functools.lru_cache(1000)
def _numbers_of(kinds: int, values: int) -> str:
    """Kinds and values are matched apart, which names a few words too many and is what an index answers."""
    kind, value = (", ".join("?" * count) for count in (kinds, values))
    return f"SELECT kind, value, id FROM term WHERE deployment = ? AND kind IN ({kind}) AND value IN ({value})"


def count(connection: Connection, changes: Mapping[tuple[str, bool, str], int]) -> None:
    """Adds to how many lines a deployment has in a review state; by (deployment, a shadow's, review state)."""
    for (deployment, shadow, review), lines in sorted(changes.items()):
        if lines:
            quick_change(connection, _COUNT, (deployment, int(shadow), review, lines))


_COUNT = (
    "INSERT INTO tally (deployment, shadow, review, lines) VALUES (?, ?, ?, ?) "
    "ON CONFLICT (deployment, shadow, review) DO UPDATE SET lines = tally.lines + excluded.lines"
)


def filed(connection: Connection) -> int:
    """Every line up to this place of the log is filed."""
    return int(connection.execute(select(counter.c.value).where(counter.c.name == "filed")).scalar() or 0)


def ends(connection: Connection) -> tuple[int, int]:
    """The last line of the log, and the place up to which every line is filed; asked so often that it is one plain statement."""
    rows = quick(connection, _ENDS, ("log", "filed"))
    places = {name: int(at) for name, at in rows}
    return places.get("log", 0), places.get("filed", 0)


_ENDS = "SELECT name, value FROM counter WHERE name IN (?, ?)"


def last_logged(connection: Connection) -> int:
    return int(connection.execute(select(counter.c.value).where(counter.c.name == "log")).scalar() or 0)


def move_filed(connection: Connection, after: int, until: int) -> bool:
    """False, and nothing moved, when the place was not `after` (any more)."""
    if after == 0:
        upsert(connection, counter, [{"name": "filed", "value": 0}], ["name"])
    return quick_change(connection, _MOVE, (until, after)) == 1


_MOVE = "UPDATE counter SET value = ? WHERE name = 'filed' AND value = ?"
