"""The gap report: what writers numbered and the log does not have, over HTTP, on real rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relens.access.asking import Door
from relens.infra.database import Database
from relens.infra.settings import Settings
from relens.infra.storage import Storage
from relens.infra.storage.folder import Folder
from relens.infra.web import Parts
from relens.kit import clock
from relens.kit.clock import SECOND
from relens.predictions import elsewhere_routes
from relens.predictions import store as predictions
from relens.predictions.erase import Erasure
from relens.predictions.record import Recorder
from relens.predictions.retention.expire import Retention
from relens.predictions.writers import routes
from relens.predictions.writers.gaps import Hole, Loss, explained
from relens.server.app import make_app
from tests.rooms.test_elsewhere import World
from tests.rooms.test_registry_routes import Client, _nothing

START = clock.from_text("2026-03-01T02:00:00Z")
MINUTE = 60 * SECOND


class Line(World):
    """A world whose writers can be asked for their gaps."""

    def __init__(self, database: Database, home: Path) -> None:
        super().__init__(database, home)
        self.storage = storage = Folder(home / "files")
        parts = Parts(database, Recorder(database, storage), Settings(home=home))
        parts.add(storage, Storage)
        parts.add(Door(database, Settings(home=home)))
        self.client = Client(make_app((elsewhere_routes.router, routes.router), parts, _nothing))

    def arrive(
        self, *numbers: int, source: str | None = "line-3", writer: str = "cell-7", minute: float | None = None
    ) -> None:
        """One prediction a minute, unless said otherwise; the number of the first is 0."""
        items = [
            {
                "width": 9, "height": 9, "detections": [], "source": source, "writer": writer, "writer_seq": number,
                "client_id": f"{writer}/{source}/{number}",
                "taken_at": clock.to_text(START + int((number if minute is None else minute) * MINUTE)),
            }
            for number in numbers
        ]  # fmt: skip
        self.send(items)

    def tell(self, last_seq: int, losses: list[dict[str, Any]] | None = None, **said: Any) -> None:
        sources = [{"source": "line-3", "last_seq": last_seq, "waiting": 0}]
        body = {"sources": sources, "losses": losses or [], **said}
        answer = self.client._ask("PUT", "/api/v1/deployments/belt/writers/cell-7", json=body)
        assert answer.status_code == 204, answer.text

    def gaps(self, since: float = 0, until: float = 24 * 60) -> dict[str, Any]:
        window = f"from={clock.to_text(START + int(since * MINUTE))}&to={clock.to_text(START + int(until * MINUTE))}"
        answer = self.client.get(f"/api/v1/deployments/belt/gaps?{window}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


@pytest.fixture
def line(database: Database, tmp_path: Path) -> Line:
    return Line(database, tmp_path)


def test_a_hole_in_the_numbers_is_said_in_a_sentence_and_late_arrivals_close_it(line: Line) -> None:
    line.arrive(*range(1, 11), *range(32, 40))
    (gap,) = line.gaps()["items"]
    assert gap["sentence"] == "line-3 missed 21 predictions between 2026-03-01 02:10 and 02:32 UTC: they never arrived"
    line.arrive(*range(11, 31))
    (gap,) = line.gaps()["items"]
    assert (gap["count"], gap["first_seq"]) == (1, 31)
    line.arrive(31)
    assert line.gaps()["items"] == []


def test_each_source_and_each_writer_counts_for_itself(line: Line) -> None:
    line.arrive(1, 2, 3)
    line.arrive(1, 2, source="line-4")
    line.arrive(1, 2, writer="cell-8")
    line.arrive(5, 7, source=None)
    (gap,) = line.gaps()["items"]
    assert (gap["source"], gap["writer"], gap["count"]) == (None, "cell-7", 1)
    assert gap["sentence"].startswith("cell-7 missed 1 prediction between")


def test_what_was_let_go_refused_or_still_waits_is_told_apart(line: Line) -> None:
    line.arrive(1, 2, 8, 9)
    times = {"since": clock.to_text(START), "until": clock.to_text(START + MINUTE), "source": "line-3"}
    full = {**times, "first_seq": 3, "last_seq": 4, "reason": "full"}
    refused = {**times, "first_seq": 6, "last_seq": 6, "reason": "refused"}
    line.tell(12, [full, refused])
    report = line.gaps()
    assert [(g["first_seq"], g["last_seq"], g["why"]) for g in report["items"]] == [
        (3, 4, "dropped"),
        (5, 5, "missing"),
        (6, 6, "refused"),
        (7, 7, "missing"),
        (10, 12, "waiting"),
    ]
    assert report["counts"] == {"missing": 2, "waiting": 3, "dropped": 2, "refused": 1, "erased": 0}
    assert "its spool was full" in report["items"][0]["sentence"]
    line.tell(12, [{**full, "last_seq": 5}])
    assert report["counts"]["dropped"] + 1 == line.gaps()["counts"]["dropped"], "a loss may grow"


def test_what_a_person_erased_is_not_said_to_have_never_arrived(line: Line) -> None:
    line.arrive(1, 2, 3)
    with line.database.read() as connection:
        (second,) = [one for one in predictions.since(connection, 0, 10) if one.writer_seq == 2]
    Erasure(line.database, Retention(line.database, line.storage)).erase(second.id)
    (gap,) = line.gaps()["items"]
    assert (gap["first_seq"], gap["last_seq"], gap["why"]) == (2, 2, "erased")
    assert gap["sentence"].endswith("a person erased them here")


def test_a_writer_of_which_nothing_arrived_is_in_the_report(line: Line) -> None:
    line.tell(7)
    (gap,) = line.gaps()["items"]
    assert (gap["why"], gap["count"]) == ("waiting", 7)
    line.arrive(4, 5, 6, 7)
    (gap,) = line.gaps()["items"]
    assert (gap["why"], gap["count"], gap["since"]) == ("missing", 3, None)


def test_a_window_shows_the_gaps_around_it_and_no_others(line: Line) -> None:
    line.arrive(1, 2, 6, 7, 10, 11)
    assert [gap["first_seq"] for gap in line.gaps(0, 5)["items"]] == [3]
    assert [gap["first_seq"] for gap in line.gaps(3.5, 4.5)["items"]] == [3], (
        "also where the window lies inside of a gap"
    )
    assert [gap["first_seq"] for gap in line.gaps(6.5, 20)["items"]] == [8]
    line.arrive(3, 4, 5, minute=-999)
    assert [gap["first_seq"] for gap in line.gaps()["items"]] == [8], (
        "an image of another day has its number all the same"
    )


def test_a_writer_is_listed_with_what_it_runs(line: Line) -> None:
    line.tell(3, state="failed", message="the new champion could not be loaded", model_version="v1")
    line.tell(4)
    (writer,) = line.client.get("/api/v1/deployments/belt/writers").json()["items"]
    assert (writer["name"], writer["state"], writer["model_version"]) == ("cell-7", "failed", "v1")
    assert writer["sources"] == [{"source": "line-3", "last_seq": 4, "waiting": 0}]


def test_a_report_that_cannot_be_so_is_refused(line: Line) -> None:
    loss = {
        "source": "x",
        "first_seq": 5,
        "last_seq": 4,
        "since": "2026-01-01T00:00:00Z",
        "until": "2026-01-01T00:00:00Z",
        "reason": "full",
    }
    body = {"losses": [loss]}
    assert line.client._ask("PUT", "/api/v1/deployments/belt/writers/w", json=body).status_code == 422


_RANGES = st.lists(st.tuples(st.integers(1, 60), st.integers(0, 8), st.sampled_from(["full", "refused"])), max_size=6)


@settings(max_examples=200, deadline=None)
@given(st.tuples(st.integers(1, 40), st.integers(0, 30)), _RANGES)
def test_every_missing_number_is_in_exactly_one_gap(hole: tuple[int, int], ranges: list[tuple[int, int, str]]) -> None:
    first, more = hole
    losses = [Loss("w", "s", start, start + length, 5, 6, reason) for start, length, reason in ranges]
    gaps = explained([Hole("w", "s", first, first + more, 1, 9)], losses)
    assert [n for gap in gaps for n in range(gap.first, gap.last + 1)] == list(range(first, first + more + 1))
    told = {n for loss in losses for n in range(loss.first, loss.last + 1)}
    for gap in gaps:
        assert gap.sentence
        assert all((n in told) == (gap.why != "missing") for n in range(gap.first, gap.last + 1))
