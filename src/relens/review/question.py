"""A question about a prediction: asked beside every review, by one person, for whoever knows the answer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from relens.access.actor import Actor
from relens.kit.clock import Micros
from relens.kit.errors import Conflict, Invalid

State = Literal["open", "answered"]
STATES: tuple[State, ...] = ("open", "answered")
LONGEST = 2_000


class BadQuestion(Invalid):
    """Nothing is asked or answered, or far too much."""


class NotAsked(Conflict):
    """There is no open question to answer or to withdraw."""


@dataclass(frozen=True, slots=True)
class Question:
    """The latest question about one prediction; asking again takes its place."""

    prediction: str
    deployment: str
    text: str
    actor: Actor
    at: Micros
    answer: str = ""
    answered_by: Actor | None = None
    answered_at: Micros | None = None

    @property
    def state(self) -> State:
        return "open" if self.answered_at is None else "answered"

    def answered(self, answer: str, actor: Actor, at: Micros) -> Question:
        return replace(self, answer=checked(answer), answered_by=actor, answered_at=at)


def checked(text: str) -> str:
    """What a person wrote, without the space around it; BadQuestion when it cannot be kept."""
    written = text.strip()
    if not written:
        raise BadQuestion("write what you want to know, or what you know, in a few words")
    if len(written) > LONGEST:
        raise BadQuestion(f"a question or an answer has {LONGEST:,} characters at most, not {len(written):,}")
    return written
