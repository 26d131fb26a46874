"""A message: what one channel is told at once, about one deployment. Several things that happen together are one message."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

from relens.kit import clock
from relens.kit.clock import Micros

Kind = Literal["firing", "resolved", "reminder", "no data", "data", "test"]
HEADS: dict[Kind, str] = {
    "firing": "Firing",
    "resolved": "Over",
    "reminder": "Still firing",
    "no data": "No data",
    "data": "Data again",
    "test": "Test",
}
_GRAVEST = ("firing", "reminder", "no data", "data", "resolved", "test")


@dataclass(frozen=True, slots=True)
class Told:
    """One thing to tell. `value` is the number now, `value_then` the one at the beginning of the alert; None where there is none.

    `sentence` says it all in one line, `cause` what is likely behind it, `next_step` what to do; `link` leads to the pages.
    """

    state: Kind
    sentence: str
    deployment: str
    link: str
    rule: str = ""
    alert: str | None = None
    metric: str = ""
    field: str = ""
    operator: str = ""
    source: str | None = None
    slice: str | None = None
    severity: str = "warning"
    value: float | None = None
    value_then: float | None = None
    limit: float | None = None
    count: int | None = None
    since: str | None = None
    cause: str = ""
    next_step: str = ""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @staticmethod
    def from_json(said: Mapping[str, Any]) -> Told:
        """Reads also what an earlier version wrote: fields it did not have keep their defaults, those gone are left out."""
        names = {one.name for one in fields(Told)}
        return Told(**{name: value for name, value in said.items() if name in names})


@dataclass(frozen=True, slots=True)
class Message:
    """`id` stays the same over all attempts, so that receivers can tell. `at`: when the first of its `items` happened."""

    id: str
    at: Micros
    items: tuple[Told, ...]

    @property
    def kind(self) -> Kind:
        """The gravest of what it tells."""
        return min((one.state for one in self.items), key=_GRAVEST.index)

    @property
    def deployment(self) -> str:
        return self.items[0].deployment

    @property
    def title(self) -> str:
        """One line: "Firing: latency p95 of conveyor is ..." or "conveyor: 3 alerts firing, 1 over"."""
        if len(self.items) == 1:
            return f"{HEADS[self.kind]}: {self.items[0].sentence}"
        return f"{self.deployment}: " + ", ".join(
            f"{sum(one.state == kind for one in self.items)} {HEADS[kind].lower()}"
            for kind in HEADS
            if any(one.state == kind for one in self.items)
        )


def lines(told: Told) -> Sequence[tuple[str, str]]:
    """The facts of one thing told, as name and text, in the order a person wants them."""
    since = f"{told.since[:19].replace('T', ' ')} UTC" if told.since else ""
    facts = (
        ("Severity", told.severity if told.state in ("firing", "reminder") else ""),
        ("Since", since),
        ("Likely cause", told.cause),
        ("Next step", told.next_step if told.state in ("firing", "reminder", "no data") else ""),
        ("Look", told.link),
    )
    return [(name, text) for name, text in facts if text]


def as_text(message: Message) -> str:
    """The message for channels that take plain text."""
    parts = []
    for one in message.items:
        facts = "\n".join(f"{name}: {text}" for name, text in lines(one))
        parts.append(f"{HEADS[one.state]}: {one.sentence}\n{facts}")
    return "\n\n".join(parts)


def event(message: Message) -> dict[str, Any]:
    """A CloudEvents 1.0 event in structured mode. `data` is the first thing told; `group` holds all of them where there are several."""
    first = message.items[0]
    data = first.as_json()
    if len(message.items) > 1:
        data["group"] = [one.as_json() for one in message.items]
    return {
        "specversion": "1.0",
        "id": message.id,
        "source": first.link or "relens",
        "type": f"relens.alert.{message.kind.replace(' ', '_')}",
        "subject": message.deployment,
        "time": clock.to_text(message.at),
        "datacontenttype": "application/json",
        "data": data,
    }
