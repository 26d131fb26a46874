"""What the demonstration tells of the loop that it watches."""

from __future__ import annotations

from typing import Any, cast

from relens.demo.board import Board
from relens.demo.show import Plain
from relens.demo.watch import Watch
from relens.sdk.client import Client

DECISION = {
    "id": "1",
    "candidate": {"title": "belt v2"},
    "decision": "promote",
    "reasons": ["It is better."],
    "applied": "promoted",
}


class Deployment:
    """Stands in for the client: a run that is over and promoted, and the next one right behind it."""

    def __init__(self) -> None:
        self.run: Any = {"job": "a", "step": "train", "progress": {"done": 0, "total": 1, "message": ""}}
        self.decided: list[Any] = []
        self.told: list[str] = []

    def deployment(self, _name: str) -> Deployment:
        return self

    def keep(self, **settings: Any) -> None:
        self.told.append(settings["story"]["station"])

    def loop(self) -> Any:
        return {"added": 0, "run": self.run, "last_run_state": "succeeded", "last_error": None}

    def decisions(self) -> list[Any]:
        return self.decided


def test_what_a_promoted_version_says_stays_in_sight_while_the_next_run_begins() -> None:
    here = Deployment()
    board = Board(cast(Client, here), "belt")
    watch = Watch(cast(Client, here), "belt", 50, Plain(), 1.0, board)
    watch.when_promoted = lambda: board.tell("swap", "The same image, twice.")
    watch.look(now=True)
    here.run, here.decided = here.run | {"job": "b"}, [DECISION]
    watch.look(now=True)
    assert here.told == ["retrain", "judge", "swap"]
