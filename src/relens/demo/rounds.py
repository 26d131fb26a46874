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
from relens.vision.prediction import Detection

_RESERVE = 0.15
"""The share of the stream that waits until a retraining is over, so that the next version has something to answer."""
_SLOWEST_S, _QUICKEST_S, _ASIDE_S = 3.0, 0.02, 0.5
_CATCH_UP_S = 60.0
_SITTING = 10
"""Reviews at a time: with fewer, the two lanes of the queue would hardly mix."""


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
        self._since_settled = 0
        self._owed = 0
        # One at a time: a retraining begins with the review that makes it due, and the next one must not slip in.
        self._sitting = 1 if lockstep else _SITTING
        self.failed_reviews: list[str] = []

    def play(self, arrivals: Sequence[Arrival]) -> None:
        """Returns when every image was sent and the last run is over."""
        for number, arrival in enumerate(arrivals, 1):
            answer = self._traffic.send(arrival)
            self._show.number("predictions", self._traffic.predictions)
            if answer is not None:
                self._owe(arrival)
            if self._lockstep:
                self._settle_when_due()
            else:
                self._pace(len(arrivals) - number, max(2, round(len(arrivals) * _RESERVE)))
            if not self._watch.running:
                self._show.progress(number, len(arrivals), "images arrive and are reviewed")
        self.settle()

    def review(self, arrival: Arrival, answer: Answer) -> None:
        """The simulated reviewer settles this very prediction, as somebody does who came upon it, if it has the time."""
        if answer.id is not None and self._reviewer.has_time_for(arrival.name):
            self._settle_one(arrival.name, answer.id, answer.detections)

    def _owe(self, arrival: Arrival) -> None:
        self._owed += self._reviewer.has_time_for(arrival.name)
        if self._owed >= self._sitting:
            self._sit()

    def _sit(self) -> None:
        """The simulated reviewer goes through the queue for as many images as it had time for since it last did."""
        while self._owed and (given := self._reviewer.next(min(self._owed, self._sitting))):
            for name, prediction, answered in given:
                self._settle_one(name, prediction, answered)
            self._owed -= len(given)
        self._owed = 0

    def _settle_one(self, name: str, prediction: str, answered: Sequence[Detection]) -> None:
        try:
            self._reviewer.settle(name, prediction, answered)
        except RelensError as error:
            self.failed_reviews.append(f"{name}: {error}")
        self._since_settled += 1
        self._show.number("reviewed", self._reviewer.settled.total())

    def breathe(self) -> None:
        """The pause between two images when somebody watches."""
        time.sleep(self._pause)

    def settle(self) -> None:
        """Until every review has reached the loop, no run is under way or due, and the champion answers; requests go on meanwhile."""
        self._sit()
        deadline = time.monotonic() + _CATCH_UP_S
        while True:
            self._watch.look(now=True)
            busy = self._watch.busy
            if not busy and not self._watch.state["unplaced"] and self._watch.champion_answers():
                self._since_settled = 0
                return
            if busy:
                deadline = time.monotonic() + _CATCH_UP_S
                if not self._lockstep:
                    self._traffic.ask_on_the_side()
            elif time.monotonic() > deadline:
                raise LoopStuck(f"{self._watch.state['unplaced']} reviews have not reached the loop")
            time.sleep(_ASIDE_S if busy else 0.05)

    def _settle_when_due(self) -> None:
        """Only where a retraining may begin now: before that, nothing depends on how far the loop has followed."""
        known = int(self._watch.state.get("added", 0))
        if known + self._since_settled >= self._watch.after:
            self.settle()

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
