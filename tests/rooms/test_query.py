"""The query language finds what it says, refuses with a place, and never reaches the database as text."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from relens.inference import features
from relens.infra.database import Database
from relens.kit import clock
from relens.kit.ids import content_id
from relens.predictions import browse, store
from relens.predictions.browse import Filter
from relens.predictions.complete import complete
from relens.predictions.logged import Entry
from relens.predictions.query import BadQuery, read_query
from relens.vision.prediction import Detection
from relens.vision.shapes import Box

BOX = Box(0, 0, 5, 5)
LOOKS = {"a": {"brightness": 0.25, "red_green": -0.5}, "b": {"brightness": 0.75, "red_green": 0.0}}
"""Beside these an image has no numbers."""


def numbers(name: str) -> np.ndarray | None:
    known = LOOKS.get(name)
    return None if known is None else np.array([known.get(one, np.nan) for one in features.NAMES], dtype=np.float32)


@pytest.fixture
def log(database: Database) -> Database:
    """Three predictions: a sure scratch on line-1, an unsure dent on line-2, nothing on lab_1."""

    def write(connection: Connection) -> None:
        for name, source, tags, found, more in (
            ("a", "line-1", ("day",), (Detection("scratch", 0.9, BOX),), {"shift": "night"}),
            (
                "b",
                "line-2",
                ("day", "50% off"),
                (Detection("dent", 0.4, BOX), Detection("scratch", 0.1, BOX)),
                {"n": 3},
            ),
            ("c", "lab_1", (), (), {}),
        ):
            store.append(
                connection,
                Entry(
                    "d",
                    content_id(name.encode()),
                    10,
                    10,
                    "v",
                    "champion",
                    found,
                    0.3,
                    5.0,
                    clock.now(),
                    name,
                    source,
                    tags,
                    more,
                    scalars=numbers(name),
                ),
            )

    database.write(write)
    return database


def found(database: Database, query: str) -> set[str | None]:
    with database.read() as connection:
        lines, _ = browse.page(connection, "d", Filter(query=query), "-taken_at", 50, None)
    return {line.client_id for line in lines}


def test_a_whole_image_is_found_by_its_answer_and_not_by_every_label_there_is(log: Database) -> None:
    said = {
        "sure": (Detection("red", 0.9, None), Detection("green", 0.06, None), Detection("blue", 0.04, None)),
        "several": (Detection("green", 0.8, None), Detection("blue", 0.6, None), Detection("red", 0.3, None)),
        "unsure": (Detection("blue", 0.4, None), Detection("red", 0.35, None)),
    }

    def write(connection: Connection) -> None:
        for name, detections in said.items():
            asset = content_id(name.encode())
            store.append(
                connection,
                Entry("d", asset, 9, 9, "v", "champion", detections, 0.0, 5.0, clock.now(), name, None, (), {}),
            )

    log.write(write)
    assert found(log, "label = red") == {"sure"}
    assert found(log, "label = green") == {"several"}
    assert found(log, "label = blue") == {"several", "unsure"}
    assert found(log, "count = 2 and label = green") == {"several"}
    with log.read() as connection:
        (line,) = browse.page(connection, "d", Filter(query="client_id = sure"), "-taken_at", 9, None)[0]
    assert [one.label for one in line.detections] == ["red", "green", "blue"], "everything that was said is kept"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ('label = "scratch"', {"a"}),
        ("label != scratch", {"b", "c"}),
        ("label ~ '*ent'", {"b"}),
        ("confidence < 0.5 and source ~ line-*", {"b"}),
        ('source ~ "lab_?"', {"c"}),
        ('source ~ "lin_-1"', set()),
        ("source = line-1 or source = lab_1", {"a", "c"}),
        ("source = line-1 or source = line-2 and confidence < 0.1", {"a"}),
        ("(source = line-1 or source = line-2) and confidence < 0.5", {"b"}),
        ("not source ~ line-*", {"c"}),
        ('tag = "50% off"', {"b"}),
        ("tag != day", {"c"}),
        ("review = pending and taken_at > 2020-01-01T00:00:00Z", {"a", "b", "c"}),
        ("outlier > 0.5", set()),
        ("brightness < 0.5", {"a"}),
        ("brightness <= 0.25", {"a"}),
        ("brightness < 0.25", set()),
        ("brightness > 0.25 or brightness is empty", {"b", "c"}),
        ("brightness >= 0.25 and brightness != 0.75", {"a"}),
        ("brightness in (0.25, 0.75) and not brightness = 0.25", {"b"}),
        ("brightness > -1e300 and brightness < 1e300", {"a", "b"}),
        ("red_green < 0", {"a"}),
        ("red_green <= 0 and red_green > -0.5", {"b"}),
        ("red_green >= -0.5 and red_green < -0.25", {"a"}),
        ("sharpness is empty", {"a", "b", "c"}),
        ("area = 100 and aspect <= 1", {"a", "b", "c"}),
        ("area > 100 or aspect in (0.5, 2)", set()),
        ('detection = "side up to 5"', {"a", "b"}),
        ('detection = "side above 5"', set()),
        ('detection = "side 4 to 5 of scratch"', {"a"}),
        ('detection = "share 0.2 to 0.25 of dent"', {"b"}),
        ('detection = "share above 0.25"', set()),
        ('detection in ("ratio up to 0.5", "ratio above 1")', set()),
        ("", {"a", "b", "c"}),
        ("label = none", {"c"}),
        ("label is empty or label = 'dent'", {"b", "c"}),
        ("label in (dent, 'no such')", {"b"}),
        ("label not in (dent, scratch)", {"c"}),
        ("count >= 1 and camera !~ line-2", {"a"}),
        ("taken_at > 2 days ago and time < now", {"a", "b", "c"}),
        ("taken_at < -1h", set()),
        ("metadata.shift = night", {"a"}),
        ('metadata."shift" != night', {"b", "c"}),
        ("metadata.n > 2.5", {"b"}),
        ("metadata.n = 3.0", {"b"}),
        ("metadata.n is empty", {"a", "c"}),
        ("tags ~ 50*", {"b"}),
        ("tag is empty", {"c"}),
        (r'tag = "50% \off"', {"b"}),
        ("error is not empty", set()),
        ("latency_ms = 5 and width = 10 and state = pending", {"a", "b", "c"}),
        ("client in (a, c)", {"a", "c"}),
        ("role = shadow", set()),
        (f'source ~ "{"*?" * 3}*-1"', {"a"}),
        (f'source ~ "{"*?" * 500}Z" or label ~ "{"*c*" * 200}Z"', set()),
    ],
)
def test_a_query_finds_what_it_says(log: Database, query: str, expected: set[str]) -> None:
    assert found(log, query) == expected


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("lable = x", "at character 1: 'lable' is no field"),
        ("label scratch", "at character 7: after 'label' comes one of"),
        ("source > 3", "at character 8: texts are compared with"),
        ("label in scratch", "at character 10: after in comes a list"),
        ("label in ()", "at character 11: after '(' comes a value"),
        ("label in (a, )", "at character 14: after ',' comes a value"),
        ("label in (a b)", "at character 13: a comma or the closing bracket"),
        ("source is full", "at character 11: after is comes empty"),
        ("camra = x", "did you mean 'camera'"),
        ("source ! x", "at character 8: a ! stands before"),
        ("source = \x00", "at character 10: this character cannot be searched for"),
        ("label =", "at character 8: the query ends where a value is expected"),
        ("confidence ~ 0.5", "numbers are compared"),
        ("confidence > high", "at character 14: 'high'"),
        ("confidence > nan", "not finite"),
        ('label = "open', "at character 9: a text begins here and does not end"),
        ("(label = x", "a closing bracket is expected"),
        ("label = x label = y", "at character 11: 'label' does not belong here"),
        ("taken_at > yesterday", "is not a time"),
    ],
)
def test_a_wrong_query_is_refused_with_the_place(query: str, said: str) -> None:
    with pytest.raises(BadQuery) as refused:
        read_query(query)
    assert said in str(refused.value)
    if said.startswith("at character"):
        assert refused.value.facts == {"position": int(said.split()[2].rstrip(":"))}


def suggested(database: Database, query: str, at: int | None = None) -> list[str]:
    with database.read() as connection:
        made = complete(connection, "d", query, len(query) if at is None else at)
    return [query[: made.start] + one.text for one in made.suggestions]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", "label"),
        ("lab", "label"),
        ("label", "labels"),
        ("cam", "camera"),
        ("label ", "label ="),
        ("label !", None),
        ("label = ", 'label = "dent"'),
        ("label = ", "label = none"),
        ("label = sc", 'label = "scratch"'),
        ('label = "sc', 'label = "scratch"'),
        ("label in (", 'label in ("dent"'),
        ("source ~ l", 'source ~ "line-1"'),
        ("tag = ", 'tag = "50% off"'),
        ("review = acc", "review = accepted"),
        ("confidence < 0.5 a", "confidence < 0.5 and"),
        ("confidence < 0.5 ", "confidence < 0.5 or"),
        ("label is ", "label is empty"),
        ("meta", "metadata.shift"),
        ("metadata.shift = ", 'metadata.shift = "night"'),
        ("taken_at > ", "taken_at > 1 day ago"),
        ("lable = ", None),
        ("label = 'dent' dent ", None),
    ],
)
def test_what_can_come_next_is_suggested_from_the_log(log: Database, query: str, expected: str | None) -> None:
    found = suggested(log, query)
    assert (expected in found) if expected else found == []


def test_a_suggestion_is_for_the_place_of_the_cursor(log: Database) -> None:
    with log.read() as connection:
        made = complete(connection, "d", 'label = "sc" and confidence < 0.5', 11)
    assert (made.start, made.end, made.suggestions[0].text) == (8, 11, '"scratch"')


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.text(max_size=30)
    | st.lists(st.sampled_from(["label", "=", "(", "'", '"', "in", "\\", "metadata.", "is", "not", ",", "\x00"])).map(
        " ".join
    )
)
def test_completion_answers_whatever_stands_before_the_cursor(log: Database, query: str) -> None:
    with log.read() as connection:
        made = complete(connection, "d", query, len(query))
    assert 0 <= made.start <= made.end == len(query)


def test_completion_looks_at_few_of_many_words(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key of which every image has a value of its own: what begins as it is written is found, however many there are."""
    monkeypatch.setattr("relens.predictions.complete.MOST_READ", 5)
    entries = [
        Entry("d", content_id(f"{n}".encode()), 10, 10, "v", "champion", (), 0.3, 5.0, clock.now(), None, None, (), {"serial": f"S{n:03}", f"k{n % 3}": n})
        for n in range(60)
    ]  # fmt: skip
    database.write(lambda connection: store.append_many(connection, entries, file_now=True))
    assert suggested(database, "metadata.serial = S05")[0] == 'metadata.serial = "S050"'
    assert suggested(database, "metadata.serial = s05")[0] == 'metadata.serial = "S050"'
    assert len(suggested(database, "metadata.serial = ")) == 20
    assert suggested(database, "metadata.") == ["metadata.k0", "metadata.k1", "metadata.k2", "metadata.serial"]
