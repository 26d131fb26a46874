"""The storyline on the deployment's own page, where people look: which station of the line it is at, and what is happening there.

It stands in the deployment's free settings, under `story`; the page draws it.
"""

from __future__ import annotations

from typing import Literal

from relens.sdk.client import Client
from relens.sdk.jobs import Json

Station = Literal["predict", "measure", "review", "retrain", "judge", "swap"]


class Board:
    """Says on the page what it is told, once each."""

    def __init__(self, client: Client, deployment: str) -> None:
        self._deployment = client.deployment(deployment)
        self._said: Json | None = None

    def tell(self, station: Station, sentence: str, *, page: str | None = None, button: str | None = None) -> None:
        """`page`: the tab, or the tile of the dashboard, where it can be seen or done; `button`: what stands on the way there."""
        self._keep({"station": station, "sentence": sentence, "page": page, "button": button, "over": False})

    def end(self, sentence: str) -> None:
        """The loop is round; from now on people may put the story away."""
        self._keep(
            {"station": "swap", "sentence": sentence, "page": "loop", "button": "See every decision", "over": True}
        )

    def _keep(self, story: Json) -> None:
        if story != self._said:
            self._deployment.keep(story=story)
            self._said = story
