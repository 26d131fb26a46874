"""The storyline on the deployment's own page, where people look: which station of the line it is at, and what is happening there.

It stands in the deployment's free settings, under `story`; the page draws it. While the demonstration runs, it says so every few
seconds (`at`): one that was killed cannot say that it is over, and the page then sees it by the silence.
"""

from __future__ import annotations

from contextlib import suppress
from threading import Event, Lock, Thread
from types import TracebackType
from typing import Literal, Self

from relens.kit import clock
from relens.kit.errors import RelensError
from relens.sdk.client import Client
from relens.sdk.jobs import Json

Station = Literal["predict", "measure", "review", "retrain", "judge", "swap"]

_EVERY_S = 45.0
STOPPED = "This demonstration was stopped before its end."


class Board:
    """Says on the page what it is told, once each; `every_s`: how often it says that it is still there."""

    def __init__(self, client: Client, deployment: str, *, every_s: float = _EVERY_S) -> None:
        self._deployment = client.deployment(deployment)
        self._said: Json | None = None
        self._one_at_a_time = Lock()
        self._over = Event()
        self._every_s = every_s

    def __enter__(self) -> Self:
        Thread(target=self._go_on, name="story", daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._over.set()
        if error is not None and self._said is not None and not self._said["over"]:
            with suppress(RelensError):
                self._keep({**self._said, "sentence": STOPPED, "page": None, "button": None, "over": True})

    def tell(self, station: Station, sentence: str, *, page: str | None = None, button: str | None = None) -> None:
        """`page`: the tab, or the tile of the dashboard, where it can be seen or done; `button`: what stands on the way there."""
        self._keep({"station": station, "sentence": sentence, "page": page, "button": button, "over": False})

    def end(self, sentence: str) -> None:
        """The loop is round; from now on people may put the story away."""
        self._keep(
            {"station": "swap", "sentence": sentence, "page": "loop", "button": "See every decision", "over": True}
        )

    def _keep(self, story: Json) -> None:
        with self._one_at_a_time:
            if story != self._said:
                self._write(story)
                self._said = story

    def _go_on(self) -> None:
        while not self._over.wait(self._every_s):
            with self._one_at_a_time, suppress(RelensError):
                if self._said is not None and not self._said["over"]:
                    self._write(self._said)

    def _write(self, story: Json) -> None:
        self._deployment.keep(story={**story, "at": clock.to_text(clock.now())})
