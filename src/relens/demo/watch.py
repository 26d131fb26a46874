"""Watches a deployment's loop: what was added, whether a run is under way, what the gate decided."""

from __future__ import annotations

import time
from collections.abc import Callable

from relens.demo.board import Board
from relens.demo.show import Show
from relens.kit.errors import RelensError
from relens.sdk.client import Client
from relens.sdk.jobs import Json

_LOOK_EVERY_S = 0.3
_START_WITHIN_S = 60.0
_AROUND_TRAINING_S = 15.0
"""What a run does before and after it trains."""


class LoopStuck(RelensError):
    """Enough images were added, and no retraining began, or it failed."""


class Watch:
    """`look` asks the server, but not more often than every 0.3 s. `training_s`: how long a training is likely to take."""

    def __init__(
        self, client: Client, deployment: str, after: int, show: Show, training_s: float, board: Board | None = None
    ) -> None:
        self._deployment = client.deployment(deployment)
        self.after = after
        self._show = show
        self._board = board
        self._looked_at = 0.0
        self._due_since: float | None = None
        self._announced: set[str] = set()
        self._running: str | None = None
        self._last_run_s = training_s + _AROUND_TRAINING_S
        self._run_began = 0.0
        self._promoted_at: float | None = None
        self.when_promoted: Callable[[], None] | None = None
        """Called once, at the first new version that was promoted."""
        self.state: Json = {}
        self.decisions: list[Json] = []
        """Of the gate, the first one first."""

    def look(self, now: bool = False) -> None:
        moment = time.monotonic()
        if not now and moment - self._looked_at < _LOOK_EVERY_S:
            return
        self._looked_at = moment
        self.state = self._deployment.loop()
        self._show.number("added", f"{self.state['added']} of {self.after}")
        self._follow_run(moment)
        if self.running is None or now:
            self._announce_decisions()
        self._check_stuck(moment)

    @property
    def running(self) -> Json | None:
        return self.state.get("run") or None

    @property
    def busy(self) -> bool:
        """Whether a run is under way, or due."""
        return self.running is not None or bool(self.state.get("added", 0) >= self.after)

    def champion_answers(self) -> bool:
        """Whether the server has followed the last change of version."""
        seen = self._deployment.get()
        return bool(seen["serving"]["state"] == "live" and seen["serving"]["model_version"] == seen["champion"]["id"])

    def seconds_left(self) -> float:
        """A guess for the run under way."""
        return max(3.0, self._last_run_s - (time.monotonic() - self._run_began))

    def first_promotion_after(self, started: float) -> float | None:
        """Seconds from `started` (monotonic) until a new version was seen to be promoted; None when none was."""
        return None if self._promoted_at is None else round(self._promoted_at - started, 1)

    def _follow_run(self, moment: float) -> None:
        run = self.running
        job = str(run["job"]) if run else None
        if job == self._running:
            if run:
                self._show.progress(*_progress(run))
            return
        if self._running is not None:
            self._last_run_s = moment - self._run_began
            self._check_failed()
            self._announce_decisions()
        if job is not None:
            self._run_began = moment
            self._show.say("enough images were added: a retraining begins by itself")
            # Once a new version answers, what it says is the story: a second retraining begins at once and would take its place.
            if self._board is not None and self._promoted_at is None:
                self._board.tell(
                    "retrain",
                    "Enough images were added: a retraining began by itself.",
                    page="loop",
                    button="Watch it learn",
                )
        self._running = job

    def _announce_decisions(self) -> None:
        self.decisions = list(reversed(self._deployment.decisions()))
        for decision in self.decisions:
            if decision["id"] not in self._announced:
                self._announced.add(decision["id"])
                self._show.say(
                    f"the gate on {decision['candidate']['title']}: {decision['decision']}. {' '.join(decision['reasons'])}"
                )
                self._show.number("decision", decision["decision"])
                if self._board is not None:
                    self._board.tell("judge", _verdict(decision), page="loop", button="See why")
                if decision["applied"] == "promoted" and self._promoted_at is None:
                    self._promoted_at = time.monotonic()
                    if self.when_promoted is not None:
                        self.when_promoted()

    def _check_failed(self) -> None:
        if self.state["last_run_state"] == "failed":
            raise LoopStuck(f"the retraining failed: {self.state['last_error']}")

    def _check_stuck(self, moment: float) -> None:
        due = self.running is None and self.state["added"] >= self.after
        if not due:
            self._due_since = None
        elif self._due_since is None:
            self._due_since = moment
        elif moment - self._due_since > _START_WITHIN_S:
            raise LoopStuck(
                f"{self.state['added']} images were added and no retraining began within {_START_WITHIN_S:.0f} s"
            )


def _progress(run: Json) -> tuple[float, float, str]:
    said = run["progress"]
    return said["done"], said["total"] or 0, f"{run['step'] or 'retraining'} {said['message']}".strip()


def _verdict(decision: Json) -> str:
    """What the gate said, in a sentence."""
    said = {"promote": "is better and answers from now on", "keep champion": "is not better: it is held back"}
    what = said.get(decision["decision"], "cannot be told from the present one yet")
    return f"The gate compared them on images neither was trained on: {decision['candidate']['title']} {what}."
