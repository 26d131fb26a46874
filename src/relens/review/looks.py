"""Looks: which images look like one another, by their fingerprints, so that a person is not shown a scene twice."""

from __future__ import annotations

from collections.abc import Iterable

NEAR = 12
"""Bits of 256 in which two fingerprints may differ. Different photographs of one set differ in 30 or more."""


class Looks:
    """The fingerprints of some images. An image whose fingerprint is not known looks like none."""

    def __init__(self, fingerprints: Iterable[str] = ()) -> None:
        self._known = {int(one, 16) for one in fingerprints if one}

    def near(self, fingerprint: str) -> bool:
        """Whether one of them looks the same."""
        if not fingerprint:
            return False
        own = int(fingerprint, 16)
        return own in self._known or any((own ^ one).bit_count() <= NEAR for one in self._known)

    def add(self, fingerprint: str) -> None:
        if fingerprint:
            self._known.add(int(fingerprint, 16))
