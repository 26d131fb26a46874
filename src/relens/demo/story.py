"""The storyline of the built-in stream: a quiet past, a line that goes wrong, drift that names it, an alert, a person's chance.

Every number said here was asked of the server at that moment. Other streams have no story: theirs is their own.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime

from relens.demo.board import Board
from relens.demo.builtin import TROUBLED
from relens.demo.prepare import Prepared
from relens.demo.reviewer import NAME, agrees
from relens.demo.rounds import Rounds
from relens.demo.show import Show
from relens.demo.stream import Arrival, Stream
from relens.demo.traffic import Traffic
from relens.sdk.answer import Answer
from relens.sdk.client import Client
from relens.sdk.jobs import Json
from relens.vision.annotation import Annotation
from relens.vision.prediction import Detection

_LATEST_DRIFT_SHARE = 0.4
"""Of the stream: when drift has not shown by then, the story goes on and says so."""
_ASK_EVERY = 8
_OWN_TIME_S, _OWN_REVIEWS = 20.0, 6
_ALERT_WITHIN_S = 15.0
_COMPARED = 12
DRIFT_LIMIT = 0.15
"""Of the alert rule: a Kolmogorov-Smirnov distance beyond what chance would give for that many images."""


class Story:
    """`live`: somebody watches, and may review a few images themselves."""

    def __init__(
        self,
        client: Client,
        prepared: Prepared,
        stream: Stream,
        traffic: Traffic,
        show: Show,
        board: Board,
        *,
        live: bool,
    ) -> None:
        self._client, self._prepared, self._stream = client, prepared, stream
        self._deployment = client.deployment(prepared.names.deployment)
        self._page = f"{client.url}/deployments/{prepared.names.deployment}"
        self._traffic, self._show, self._board, self._live = traffic, show, board, live
        self._unreviewed: list[tuple[Arrival, Answer]] = []
        self._drifting_since = datetime.now(UTC)

    def past(self) -> None:
        """Twenty quiet days, predicted now and dated back by `taken_at`."""
        self._board.tell("predict", "Three cameras, twenty quiet days: every image is answered, kept and measured.")
        for number, arrival in enumerate(self._stream.past, 1):
            self._traffic.send(arrival)
            self._show.number("predictions", self._traffic.predictions)
            self._show.progress(number, len(self._stream.past), "past days are predicted")

    def until_drift_shows(self, rounds: Rounds) -> Sequence[Arrival]:
        """Sends images without a review until the server itself says that something has moved; what is left of the stream."""
        self._deployment.add_alert_rule(
            "drift", "above", DRIFT_LIMIT, field="d_beyond_chance", window_s=3600, min_count=30
        )
        self._board.tell(
            "measure", f"New images arrive. Watch {TROUBLED}: nobody has said yet that something is wrong."
        )
        arrivals = self._stream.production
        latest = round(len(arrivals) * _LATEST_DRIFT_SHARE)
        for number, arrival in enumerate(arrivals[:latest], 1):
            answer = self._traffic.send(arrival)
            self._show.number("predictions", self._traffic.predictions)
            self._show.progress(number, latest, "images arrive")
            if answer is not None:
                self._unreviewed.append((arrival, answer))
            rounds.breathe()
            if number % _ASK_EVERY == 0 and self._drift_named():
                break
        else:
            self._show.say("drift has not shown in these images; the story goes on")
        self._wait_for_alert()
        return arrivals[len(self._unreviewed) :]

    def own_reviews(self) -> None:
        """Twenty seconds in which a person can review six images in the browser; each review gives twenty more."""
        if not self._live:
            return
        before = int(self._deployment.overview()["reviewed"])
        self._show.say(f"review six yourself: {self._page}/review")
        mine, until = 0, time.monotonic() + _OWN_TIME_S
        while (left := until - time.monotonic()) > 0:
            now = int(self._deployment.overview()["reviewed"]) - before
            if now > mine:
                mine, until = now, time.monotonic() + _OWN_TIME_S
            self._your_turn(mine)
            self._show.progress(mine, _OWN_REVIEWS, f"reviewed by you; the {NAME} goes on in {left:.0f} s")
            if mine >= _OWN_REVIEWS:
                return
            time.sleep(0.5)

    def _your_turn(self, mine: int) -> None:
        left = f"{_OWN_REVIEWS - mine} more" if mine else f"{_OWN_REVIEWS} images"
        self._board.tell(
            "review",
            f"Your turn: review {left} yourself, right or wrong as you see it. After {_OWN_TIME_S:.0f} s without you the {NAME} goes on.",
            page="review",
            button="Review now",
        )

    def review_the_rest(self, rounds: Rounds) -> None:
        """The simulated reviewer settles what arrived so far and nobody has reviewed."""
        self._board.tell(
            "review",
            f"The {NAME} goes on. Each review counts towards the next version.",
            page="loop",
            button="See it count",
        )
        for number, (arrival, answer) in enumerate(self._unreviewed, 1):
            self._show.progress(number, len(self._unreviewed), f"the {NAME} settles what arrived so far")
            if answer.id is not None and self._client.prediction(answer.id)["review"] == "pending":
                rounds.review(arrival, answer)
                rounds.breathe()

    def side_by_side(self) -> None:
        """One image of the line that went wrong: what version 1 said, and what the version that answers now says.

        The first of a dozen corrected ones that the new version gets right by the review, else the first.
        """
        champion = self._deployment.get()["champion"]
        compared = [self._compared(answer, champion["id"]) for answer in self._corrected()[:_COMPARED]]
        if champion["id"] == self._prepared.first["id"] or not compared:
            return
        answer, after, right = next((one for one in compared if one[2]), compared[0])
        self._show.say(f"the same image of {TROUBLED} ({self._page}/predictions/{answer.id}):")
        self._show.say(f"  {answer.model_version} said {_said(answer.detections)}")
        now = f"{champion['title']} says {_said(after)}{', as the review does' if right else ''}"
        self._show.say(f"  {now}")
        self._board.tell(
            "swap",
            f"The same image of {TROUBLED}: {answer.model_version} said {_said(answer.detections)}; {now}.",
            page=f"predictions/{answer.id}?beside={champion['id']}",
            button="Look at it",
        )

    def _corrected(self) -> list[Answer]:
        """Answers of version 1 on the line that went wrong which were corrected."""
        wrong = [answer for arrival, answer in self._unreviewed if arrival.phase and arrival.source == TROUBLED]
        return [answer for answer in wrong if answer.id and self._client.prediction(answer.id)["review"] == "corrected"]

    def _compared(self, answer: Answer, version: str) -> tuple[Answer, list[Detection], bool]:
        assert answer.id is not None
        now = self._client.replay(answer.id, version)["detections"]
        after = [Detection.from_json(d) for d in now if d["confidence"] >= answer.threshold]
        reviewed = [Annotation.from_json(a) for a in self._client.review.verdict(answer.id)["annotations"]]
        return answer, after, agrees(after, reviewed)

    def _drift_named(self) -> bool:
        value: Json = self._deployment.metrics("drift", from_=self._drifting_since).get("value") or {}
        if not value:
            return False
        self._show.number("drift", f"{value['d']:.2f}" if value.get("d") is not None else "-")
        behind = (value.get("slice") or {}).get("source")
        if value.get("usual", True) or behind != TROUBLED:
            return False
        said = value.get("sentence") or f"{behind} is behind it"
        self._show.say(f"drift: {said} (distance {value['d']:.2f} to the training data over {value['n']} images)")
        self._board.tell("measure", f"Drift says what has moved: {said}", page="#drift", button="See what moved")
        return True

    def _wait_for_alert(self) -> None:
        until = time.monotonic() + _ALERT_WITHIN_S
        while time.monotonic() < until:
            for alert in self._client.alerts.list(deployment=self._prepared.names.deployment):
                self._show.say(f"alert: {alert['sentence']}")
                self._board.tell(
                    "measure", f"An alert fires: {alert['sentence']}", page="#drift", button="See what moved"
                )
                self._show.number("alerts", 1)
                return
            time.sleep(0.3)
        self._show.say("no alert has fired yet")


def _said(detections: Sequence[Detection]) -> str:
    return ", ".join(f"{d.label} {d.confidence:.2f}" for d in detections) or "nothing"
