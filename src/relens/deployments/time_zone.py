"""Where the days of a deployment begin: its charts and what is counted by day go by the clock of the place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from relens.kit.calendar import UTC_NAME, NoTimeZone, zone


def time_zone_of(settings: Mapping[str, Any]) -> str:
    """The time zone in a deployment's settings (`time_zone`, an IANA name); UTC where none was chosen. Raises NoTimeZone."""
    name = settings.get("time_zone")
    if name is None:
        return UTC_NAME
    if not isinstance(name, str):
        raise NoTimeZone("settings.time_zone is a name, such as Europe/Paris")
    zone(name)
    return name
