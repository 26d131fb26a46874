"""Questions about predictions: beside every review, found by the query language, forgotten with the prediction."""

from __future__ import annotations

import pytest

from relens.access.actor import Actor
from relens.deployments.deployment import Deployment
from relens.infra.database import Database
from relens.kit.errors import NotAllowed
from relens.predictions import browse
from relens.predictions.browse import Filter
from relens.predictions.logged import Logged
from relens.review import question_rows, store
from relens.review.ask import answer, ask, withdraw
from relens.review.forget import forget
from relens.review.question import BadQuestion, NotAsked
from relens.review.settle import reopen, settle
from relens.vision.prediction import Detection
from tests.rooms.test_review import BOX, alice, deployment, log, logged  # noqa: F401 - fixtures


def found(database: Database, where: Deployment, query: str) -> int:
    with database.read() as connection:
        return browse.count(connection, where.id, Filter(query=query), 10).count


def test_a_question_is_found_by_its_state_and_reviews_nothing(
    database: Database,
    deployment: Deployment,  # noqa: F811
    logged: Logged,  # noqa: F811
    alice: Actor,  # noqa: F811
) -> None:
    log(database, deployment, Detection("WBC", 0.9, BOX), name="another")
    database.write(lambda c: ask(c, logged.id, "  A cell or dust? ", actor=alice))
    assert found(database, deployment, 'question = "open" and review = pending') == 1
    assert found(database, deployment, "not (question = open)") == 1
    said = database.write(lambda c: answer(c, logged.id, "Dust.", actor=alice))
    assert (said.text, said.answer, said.state) == ("A cell or dust?", "Dust.", "answered")
    assert found(database, deployment, "question = open") == 0
    assert found(database, deployment, "question = answered") == 1
    database.write(lambda c: ask(c, logged.id, "Sure?", actor=alice))
    with database.read() as connection:
        assert question_rows.get(connection, logged.id).state == "open"  # type: ignore[union-attr]
    database.write(lambda c: withdraw(c, logged.id, actor=alice))
    assert found(database, deployment, "question is empty") == 2


def test_a_question_says_something_and_is_answered_once(database: Database, logged: Logged, alice: Actor) -> None:  # noqa: F811
    with pytest.raises(BadQuestion):
        database.write(lambda c: ask(c, logged.id, "   ", actor=alice))
    with pytest.raises(BadQuestion):
        database.write(lambda c: ask(c, logged.id, "x" * 2_001, actor=alice))
    with pytest.raises(NotAsked):
        database.write(lambda c: answer(c, logged.id, "Dust.", actor=alice))
    viewer = Actor("x", "Charlie", "person", "viewer", 0)
    with pytest.raises(NotAllowed):
        database.write(lambda c: ask(c, logged.id, "Dust?", actor=viewer))


def test_an_erased_prediction_takes_its_question_along(
    database: Database,
    deployment: Deployment,  # noqa: F811
    logged: Logged,  # noqa: F811
    alice: Actor,  # noqa: F811
) -> None:
    database.write(lambda c: ask(c, logged.id, "Is this Mr Miller?", actor=alice))
    database.write(lambda c: forget(c, logged))
    with database.read() as connection:
        assert question_rows.get(connection, logged.id) is None
    assert found(database, deployment, "question = open") == 0


def test_todays_reviews_are_counted_as_they_stand(
    database: Database,
    deployment: Deployment,  # noqa: F811
    logged: Logged,  # noqa: F811
    alice: Actor,  # noqa: F811
) -> None:
    said = database.write(lambda c: settle(c, logged.id, "accepted", actor=alice))
    with database.read() as connection:
        assert store.said_since(connection, deployment.id, said.at, alice.id) == 1
        assert store.said_since(connection, deployment.id, said.at, "somebody else") == 0
        assert store.said_since(connection, deployment.id, said.at + 1, None) == 0
    database.write(lambda c: reopen(c, logged.id, actor=alice))
    with database.read() as connection:
        assert store.said_since(connection, deployment.id, 0, None) == 0
