"""Which images a rule looks at: all of them, or those of one source, tag or label; each by itself where the rule says so. Pure.

A slice is kept by its name: a source by its own, a tag and a label with the word before it ("tag night"); "" is all images.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from relens.alerts.rule import AlertRule
from relens.kit.clock import SECOND, Micros
from relens.monitoring.window import Window


class Slice(NamedTuple):
    """What chooses images; None: any."""

    source: str | None
    tag: str | None
    label: str | None

    @staticmethod
    def of(rule: AlertRule, name: str) -> Slice:
        """The slice `name` of a rule."""
        own = Slice(rule.source, rule.tag, rule.label)
        if rule.each is None:
            return own
        if rule.each == "source":
            return own._replace(source=name or None)
        return own._replace(**{rule.each: name.removeprefix(f"{rule.each} ") or None})

    def window(self, rule: AlertRule, at: Micros) -> Window:
        """The rule's window, which ends now, without what was imported: the past is nothing to be told of now."""
        return Window(at - rule.window_s * SECOND, at + SECOND, self.source, self.tag, self.label, imported=False)


LONGEST = 200
"""Of a name: a tag or label whose name would be longer is not looked at by itself."""


def named(rule: AlertRule, values: Iterable[str]) -> list[str]:
    """The names of the slices with these sources, tags or labels."""
    names = [value if rule.each in (None, "source") else f"{rule.each} {value}" for value in values]
    return [name for name in names if len(name) <= LONGEST]


def whole(rule: AlertRule) -> str:
    """The name of the only slice of a rule that has one, or what all its slices have in common."""
    parts = (rule.source, rule.tag and f"tag {rule.tag}", rule.label and f"label {rule.label}")
    return ", ".join(part for part in parts if part)[:LONGEST]


def shown(rule: AlertRule, name: str) -> str:
    """The slice as people read it: with what else the rule asks of its images."""
    return name if rule.each is None else ", ".join(part for part in (whole(rule), name) if part)
