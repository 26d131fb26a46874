"""What the demonstration writes on the deployment's page."""

from __future__ import annotations

import time
from typing import Any, cast

import pytest

from relens.demo.board import Board
from relens.sdk.client import Client


class Heard:
    """Stands in for the client: keeps what a deployment is told."""

    def __init__(self) -> None:
        self.kept: list[Any] = []

    def deployment(self, _name: str) -> Heard:
        return self

    def keep(self, **settings: Any) -> None:
        self.kept.append(settings["story"])


def test_it_says_a_thing_once_and_that_it_is_over() -> None:
    heard = Heard()
    board = Board(cast(Client, heard), "belt")
    board.tell("review", "Your turn.", page="review", button="Review now")
    board.tell("review", "Your turn.", page="review", button="Review now")
    board.end("The loop went round.")
    assert [(one["station"], one["sentence"], one["over"]) for one in heard.kept] == [
        ("review", "Your turn.", False),
        ("swap", "The loop went round.", True),
    ]


def test_it_says_that_it_runs_until_it_is_left() -> None:
    heard = Heard()
    with Board(cast(Client, heard), "belt", every_s=0.01) as board:
        board.tell("retrain", "A retraining began by itself.")
        until = time.monotonic() + 5
        while len(heard.kept) < 3 and time.monotonic() < until:
            time.sleep(0.01)
        board.end("The loop went round.")
    assert len(heard.kept) >= 4
    assert heard.kept[0]["at"] < heard.kept[2]["at"]
    assert [one["over"] for one in heard.kept[-2:]] == [False, True]


def stopped(heard: Heard) -> None:
    with Board(cast(Client, heard), "belt") as board:
        board.tell("retrain", "A retraining began by itself.", page="loop")
        raise SystemExit(143)


def test_one_that_is_stopped_says_so_where_it_was() -> None:
    heard = Heard()
    with pytest.raises(SystemExit):
        stopped(heard)
    last = heard.kept[-1]
    assert (last["station"], last["over"], last["page"]) == ("retrain", True, None)
    assert last["sentence"] == "This demonstration was stopped before its end."
