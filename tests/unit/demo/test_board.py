"""What the demonstration writes on the deployment's page."""

from __future__ import annotations

from typing import Any, cast

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
