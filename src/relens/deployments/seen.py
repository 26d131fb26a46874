"""Nobody overwrites settings they have not seen: an ETag of each address that settings have, who changed what, and the refusal.

A tag holds some digits of every value, so that two people who change two things are in nobody's way.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Annotated, Any

from fastapi import Header, Response
from sqlalchemy import Connection

from relens.access import store as access_store
from relens.access.actor import Actor
from relens.deployments import store
from relens.deployments.deployment import Deployment, SettingChange
from relens.kit import clock
from relens.kit.errors import Outdated

IfMatch = Annotated[
    str | None,
    Header(description="the ETag you saw; refused (412) where somebody has changed meanwhile what this would change"),
]
Values = Mapping[str, Any]
"""By name, as JSON says them."""

_NAME, _VALUE = 6, 8
_LONGEST = 60


class SettingsChanged(Outdated):
    """Somebody else changed what this would have changed. `etag` in its facts: of what stands there now."""


@dataclass(frozen=True, slots=True)
class Saving:
    """One person saves the settings of one address: `area`, as the address ends."""

    deployment: Deployment
    area: str
    actor: Actor
    if_match: str | None

    def save(
        self, connection: Connection, wanted: Values, read: Callable[[], Values], write: Callable[[], object]
    ) -> str:
        """Writes, and remembers who changed what; answers the tag afterwards. `wanted`: what `read` should say then, or the part that changes.

        Raises SettingsChanged. What is there already is no conflict: whoever lost our answer repeats themselves with the old tag.
        """
        self.actor.must_be("operator")
        store.lock(connection, self.deployment.id)
        before, wanted = _plain(read()), _plain(wanted)
        seen = None if self.if_match is None or self.if_match.strip() == "*" else _read(self.if_match)
        if seen is not None:
            lost = [name for name, value in wanted.items() if value != before.get(name)]
            lost = [name for name in lost if seen.get(_digits(name, _NAME), _NOTHING) != _mark(before.get(name))]
            if lost:
                raise self._refusal(connection, before, seen, lost)
        write()
        after = _plain(read())
        changed = {
            name: [before.get(name), after.get(name)]
            for name in before.keys() | after.keys()
            if before.get(name) != after.get(name)
        }
        if changed:
            line = SettingChange(self.deployment.id, _line(self.area), changed, clock.now(), self.actor.id)
            store.remember_setting(connection, line)
        return tag_of(after)

    def _refusal(
        self, connection: Connection, now: Values, seen: Mapping[str, str], lost: Sequence[str]
    ) -> SettingsChanged:
        lines = store.setting_changes(connection, self.deployment.id, _line(self.area))
        people = access_store.names(connection, {line.by for line in lines})
        facts = [_since(lines, people, name, now.get(name), seen) for name in lost]
        return SettingsChanged(
            f"these settings of '{self.deployment.name}' have changed since you opened them "
            f"({'; '.join(map(_sentence, facts))}): yours were not kept; look again, then save once more",
            settings=self.area,
            changed=facts,
            etag=f'"{tag_of(now)}"',
        )


def show(response: Response, tag: str) -> None:
    response.headers["ETag"] = f'"{tag}"'


def tag_of(values: Values) -> str:
    return "-".join(sorted(_digits(name, _NAME) + _mark(value) for name, value in values.items()))


def _plain(values: Values) -> dict[str, Any]:
    """As JSON reads them back: what is remembered compares with what is there."""
    read: dict[str, Any] = json.loads(json.dumps(dict(values)))
    return read


def _digits(text: str, count: int) -> str:
    return blake2b(text.encode(), digest_size=count // 2).hexdigest()


def _mark(value: Any) -> str:
    return _digits(json.dumps(value, sort_keys=True), _VALUE)


_NOTHING = _mark(None)


def _read(tag: str) -> dict[str, str]:
    """By the digits of a name, those of its value; a tag that is none of ours has seen nothing."""
    parts = tag.strip().removeprefix("W/").strip('"').split("-")
    return {part[:_NAME]: part[_NAME:] for part in parts}


def _line(area: str) -> str:
    return f"changed:{area}"


def _since(
    lines: Sequence[SettingChange], people: Mapping[str, str], name: str, now: Any, seen: Mapping[str, str]
) -> dict[str, Any]:
    """Who changed `name` last and what it was before, as far as anybody remembers: the loop changes thresholds too."""
    found: dict[str, Any] = {"name": name, "now": now}
    told: Iterator[SettingChange] = (line for line in lines if name in line.value)
    for line in told:
        was, became = line.value[name]
        if "by" not in found:
            if became != now:
                break
            found["by"] = people.get(line.by, line.by)
        if _mark(was) == seen.get(_digits(name, _NAME)):
            found["was"] = was
            break
    return found


def _sentence(fact: Mapping[str, Any]) -> str:
    name, now = str(fact["name"]).replace("_", " "), _said(fact["now"])
    set_to = f"{fact['by']} set {name} to {now}" if "by" in fact else f"{name} is now {now}"
    return f"{set_to}, you saw {_said(fact['was'])}" if "was" in fact else set_to


def _said(value: Any) -> str:
    if value is None or value in ([], {}):
        return "nothing"
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, str):
        text = f"'{value}'"
    elif isinstance(value, float):
        text = f"{value:g}"
    elif isinstance(value, list) and all(isinstance(one, str) for one in value):
        text = ", ".join(value)
    else:
        text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
