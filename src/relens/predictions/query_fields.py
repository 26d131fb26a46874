"""What a query may ask for: fields, their other names, and what each compares with."""

from __future__ import annotations

import difflib
import math
import re
from dataclasses import dataclass
from typing import Literal

from relens.kit import clock
from relens.kit.clock import DAY, HOUR, SECOND, Micros
from relens.kit.errors import Invalid
from relens.metrics.kinds.image_statistics import STATISTICS

Kind = Literal["text", "words", "number", "time", "detection"]
"""`text`: one text or none. `words`: any number of texts, which is compared with each. A metadata value is words and number at once.
`detection`: what some detection of the answer is like (see `query_detections`)."""

METADATA = "metadata."
TEXT_OPERATORS = ("=", "!=", "~", "in", "is")
NUMBER_OPERATORS = ("=", "!=", "<", "<=", ">", ">=", "in", "is")
TIME_OPERATORS = ("<", "<=", ">", ">=", "=", "!=")


@dataclass(frozen=True, slots=True)
class Field:
    """`column`: where it stands in the log. `values`: all it can be, where that is known."""

    name: str
    kind: Kind
    says: str
    column: str = ""
    other_names: tuple[str, ...] = ()
    values: tuple[str, ...] = ()

    @property
    def operators(self) -> tuple[str, ...]:
        if self.name.startswith(METADATA):
            return ("=", "!=", "~", "<", "<=", ">", ">=", "in", "is")
        return {"number": NUMBER_OPERATORS, "time": TIME_OPERATORS, "detection": ("=", "!=", "in")}.get(
            self.kind, TEXT_OPERATORS
        )


_ALL = (
    Field("label", "words", "the label of a detection that was answered; none: nothing was detected", "label", ("class", "labels")),
    Field("confidence", "number", "of the most confident detection, 0 to 1", "confidence", ("score",)),
    Field("detection", "detection", 'some answered detection is like "cell 12,7", "confidence 0.48 to 0.5", "side 32 to 96", "share above 0.5" or "ratio up to 1 of bolt"', "detections"),
    Field("count", "number", "how many detections were answered", "count", ("detections",)),
    Field("outlier", "number", "how strange the image is, 0 to 1", "outlier", ("outlier_score", "strangeness")),
    Field("taken_at", "time", "when the image was taken: 2026-11-22T18:00:00Z, 2026-11-22, 2 days ago, -2d", "taken_at", ("time", "taken")),
    Field("logged_at", "time", "when it was logged", "logged_at", ("logged",)),
    Field("source", "text", "camera, line or site", "source", ("camera", "line", "site")),
    Field("tag", "words", "a tag", "tag", ("tags",)),
    Field("review", "text", "the review state", "review", ("state", "verdict"), ("pending", "accepted", "corrected", "unusable", "skipped")),
    Field("truth", "words", "a label that a review found to be true of the image", "truth", ("true_label",)),
    Field("mistake", "words", "how a reviewed answer was wrong", "mistake", ("mistakes",), ("label", "location", "label_and_location", "duplicate", "background", "missed")),
    Field("taken_for", "words", "what a review found was taken for what: bolt as nut; nothing as nut was invented, bolt as nothing missed", "taken_for", ("confused",)),
    Field("question", "words", "what somebody asked about the image", "question", ("asked", "flag"), ("open", "answered")),
    Field("version", "text", "the model version that answered", "model_version", ("model", "model_version")),
    Field("role", "text", "the role of that version", "role", (), ("champion", "canary", "shadow")),
    Field("error", "text", "why there is no answer", "error", ("failure",)),
    Field("latency", "number", "milliseconds; empty: its sender did not say", "latency_ms", ("latency_ms",)),
    Field("origin", "text", "answered here, elsewhere, or imported", "origin", (), ("served", "external", "imported")),
    Field("threshold", "number", "the deployment's at that moment", "threshold"),
    Field("width", "number", "of the image in pixels", "width"),
    Field("height", "number", "of the image in pixels", "height"),
    Field("area", "number", "of the image: width × height", "area"),
    Field("aspect", "number", "of the image: width / height", "aspect"),
    *(Field(name, "number", f"of the image: {meaning}", f"look.{name}", (name.removeprefix("log_"),) if name.startswith("log_") else ()) for name, (meaning, _) in STATISTICS.items()),
    Field("id", "text", "the prediction's id", "id", ("prediction",)),
    Field("client_id", "text", "the id its sender gave", "client_id", ("client",)),
    Field("asset", "text", "the SHA-256 of the image", "asset", ("image",)),
    Field("trace", "text", "the trace id it came with", "trace", ("trace_id",)),
    Field("writer", "text", "the program that sent it", "writer"),
)  # fmt: skip
FIELDS: dict[str, Field] = {field.name: field for field in _ALL}
_NAMES = {name: field for field in _ALL for name in (field.name, *field.other_names)}

_LONG_UNITS = {
    "sec": SECOND, "second": SECOND, "min": 60 * SECOND, "minute": 60 * SECOND, "hour": HOUR, "day": DAY, "week": 7 * DAY,
    "month": 30 * DAY, "year": 365 * DAY,
}  # fmt: skip
_UNITS = {
    "s": SECOND,
    "m": 60 * SECOND,
    "h": HOUR,
    "d": DAY,
    "w": 7 * DAY,
    **_LONG_UNITS,
    **{f"{name}s": length for name, length in _LONG_UNITS.items()},
}


def field_named(name: str) -> Field | None:
    """By any of its names; `metadata.KEY` for any key. Capitals do not matter, but in a key."""
    if name.lower().startswith(METADATA) and len(name) > len(METADATA):
        key = name[len(METADATA) :]
        return Field(METADATA + key, "words", "a value of the metadata", METADATA + key)
    return _NAMES.get(name.lower())


def nearest(name: str) -> str | None:
    """The field somebody may have meant."""
    found = difflib.get_close_matches(name.lower(), [*_NAMES, "metadata."], 1)
    return found[0] if found else None


def number(written: str) -> float:
    """Raises ValueError with a sentence."""
    try:
        value = float(written)
    except ValueError:
        raise ValueError("it is not a number") from None
    if not math.isfinite(value):
        raise ValueError("it is not finite")
    return value


def instant(written: str, now: Micros) -> Micros:
    """RFC 3339, a date (its beginning in UTC), `now`, `-2d`, `2 days ago` (also without the ago). Raises ValueError with a sentence."""
    text = written.strip().lower()
    if text == "now":
        return now
    if past := re.fullmatch(r"-?(\d{1,9}(?:\.\d{1,6})?)\s*([a-z]+)(?:\s+ago)?", text, re.ASCII):
        if past[2] not in _UNITS:
            raise ValueError(f"'{past[2]}' is no length of time: write s, m, h, d or w, or seconds to years")
        return max(0, now - round(float(past[1]) * _UNITS[past[2]]))
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII):
        text += "T00:00:00Z"
    try:
        return clock.from_text(text.upper())
    except Invalid:
        raise ValueError("it is not a time: write it as 2026-11-22T18:00:00Z, 2026-11-22, 2 days ago or -2d") from None
