"""The stream flows: image by image, reviewed as it goes, while the loop retrains and swaps behind it."""

from __future__ import annotations

import time
from collections.abc import Sequence

from relens.demo.reviewer import SimulatedReviewer
from relens.demo.show import Show
from relens.demo.stream import Arrival
from relens.demo.traffic import Traffic
from relens.demo.watch import LoopStuck, Watch
from relens.kit.errors import RelensError
from relens.sdk.answer import Answer

_RESERVE = 0.15
"""The share of the stream that waits until a retraining is over, so that the next version has something to answer."""
_SLOWEST_S, _QUICKEST_S, _ASIDE_S = 3.0, 0.02, 0.5
_CATCH_UP_S = 60.0


class Rounds:
    """Sends, reviews, and paces the rest of the stream so that it lasts through every retraining."""

    def __init__(
        self,
        traffic: Traffic,
        reviewer: SimulatedReviewer,
        watch: Watch,
        show: Show,
        *,
        lockstep: bool,
        per_second: float | None,
    ) -> None:
        self._traffic, self._reviewer, self._watch, self._show = traffic, reviewer, watch, show
        self._lockstep = lockstep
        self._pause = 1 / per_second if per_second else 0.0
        self.failed_reviews: list[str] = []

    def play(self, arrivals: Sequence[Arrival]) -> None:
        """Returns when every image was sent and the last run is over."""
        for number, arrival in enumerate(arrivals, 1):
            answer = self._traffic.send(arrival)
            self._show.number("predictions", self._traffic.predictions)
            if answer is not None:
                self.review(arrival, answer)
            if self._lockstep:
                self.settle()
            else:
                self._pace(len(arrivals) - number, max(2, round(len(arrivals) * _RESERVE)))
            if not self._watch.running:
                self._show.progress(number, len(arrivals), "images arrive and are reviewed")
        self.settle()

    def review(self, arrival: Arrival, answer: Answer) -> None:
        """The simulated reviewer settles one prediction, if it is among those it looks at."""
        if answer.id is None or not self._reviewer.looks_at(arrival.name):
            return
        try:
            self._reviewer.settle(arrival.name, answer.id, answer.detections)
        except RelensError as error:
            self.failed_reviews.append(f"{arrival.name}: {error}")
        self._show.number("reviewed", self._reviewer.settled.total())

    def breathe(self) -> None:
        """The pause between two images when somebody watches."""
        time.sleep(self._pause)

    def settle(self) -> None:
        """Until every review has reached the loop and no run is under way or due; requests go on meanwhile."""
        deadline = time.monotonic() + _CATCH_UP_S
        while True:
            self._watch.look(now=True)
            if not self._watch.busy and self._caught_up():
                return
            if self._watch.busy:
                deadline = time.monotonic() + _CATCH_UP_S
                if not self._lockstep:
                    self._traffic.ask_on_the_side()
            elif time.monotonic() > deadline:
                raise LoopStuck(
                    f"the loop has seen {self._watch.state['verdicts']} of {self._reviewer.settled.total()} reviews"
                )
            time.sleep(0.05 if not self._watch.busy else _ASIDE_S)

    def _caught_up(self) -> bool:
        return int(self._watch.state["verdicts"]) >= self._reviewer.settled.total()

    def _pace(self, left: int, reserve: int) -> None:
        self._watch.look()
        if not self._watch.busy:
            time.sleep(self._pause)
            return
        if left > reserve:
            self._wait(min(max(self._watch.seconds_left() / (left - reserve), _QUICKEST_S), _SLOWEST_S))
            return
        while self._watch.busy:
            self._wait(_ASIDE_S)

    def _wait(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            time.sleep(min(left, _ASIDE_S))
            if seconds >= _ASIDE_S:
                self._traffic.ask_on_the_side()
            self._watch.look()
            if not self._watch.busy:
                return
