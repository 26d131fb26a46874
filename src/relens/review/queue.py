"""The review queue: which pending predictions a person should look at next.

Two lanes are mixed: random checks, which speak for all traffic, and hard cases, which a model learns most from. Of images that look the
same one is in a person's hands at a time. A random check that looks like one reviewed before still comes up, in its turn: what is true of it is
not known from the other, and passing it over would bend every number for all traffic.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from relens.assets import store as assets
from relens.deployments.deployment import Deployment
from relens.infra.database import Database
from relens.kit.clock import SECOND
from relens.predictions import store as predictions
from relens.predictions.logged import Logged
from relens.review import queue_rows
from relens.review.assigned import Offered
from relens.review.habits import Habits
from relens.review.hard import Asked, hardest
from relens.review.lineup import with_images
from relens.review.looks import Looks
from relens.review.queue_tables import Lane

_AHEAD = 4
_TRIES = 6
_PAGE, _FARTHEST = 200, 4_000
"""Where rules say who reviews what: so many are looked at in one go, and so far into the queue."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """A prediction to look at, and the lane that chose it."""

    logged: Logged
    lane: Lane


def choose(
    connection: Connection,
    deployment: Deployment,
    limit: int,
    habits: Habits,
    actor: str = "",
    now: int = 0,
    offered: Offered | None = None,
) -> list[Chosen]:
    """The next `limit` predictions to review, each look once and none that another person holds; the same until one is settled.

    `offered`: only what this person is offered.
    """
    offered = offered or Offered(deployment, "")
    checked = _checked(connection, deployment, limit * _AHEAD, actor, now, offered)
    held = predictions.several(connection, queue_rows.held(connection, deployment.id, actor, now))
    prints = _fingerprints(connection, [*checked, *held])
    batch = _Batch(prints, Looks(prints.get(line.asset, "") for line in held))
    by_chance = [int((place + 1) * habits.random_share) > int(place * habits.random_share) for place in range(limit)]
    random = iter(checked)
    batch.take(random, "random checks", by_chance.count(True))
    wanted = limit - len(batch.chosen)
    if wanted:
        asked = Asked(wanted, habits.sampler, actor, now, offered)
        batch.take(hardest(connection, deployment, asked, batch.shown, batch.images), "hard cases", wanted)
        batch.take(random, "random checks", limit - len(batch.chosen))
    # Where nothing else waits, those that look like others fill up what was asked for, in their turn.
    batch.take(checked, "random checks", limit - len(batch.chosen), of_any_look=True)
    return _woven(batch.chosen, by_chance)


def _checked(
    connection: Connection, deployment: Deployment, wanted: int, actor: str, now: int, offered: Offered
) -> list[Logged]:
    """The first of the random checks that this person is offered, as far as it is looked for them."""
    found: list[Logged] = []
    skip, page = 0, wanted if offered.everything else max(wanted, _PAGE)
    while True:
        ids = queue_rows.by_chance(connection, deployment.id, page, actor, now, skip)
        found += offered.checks(connection, with_images(connection, predictions_in_order(connection, ids)), now)
        skip += len(ids)
        if offered.everything or len(found) >= wanted or len(ids) < page or skip >= _FARTHEST:
            return found[:wanted]


class _Batch:
    """What one person is given: each image once, and each look."""

    def __init__(self, prints: dict[str, str], shown: Looks) -> None:
        self.chosen: list[Chosen] = []
        self.images: set[str] = set()
        self.shown = shown
        self._prints = prints

    def take(self, waiting: Iterable[Logged], lane: Lane, most: int, of_any_look: bool = False) -> None:
        """The first `most` of `waiting` that are not shown yet."""
        end = len(self.chosen) + most
        for line in waiting if most > 0 else ():
            mark = self._prints.get(line.asset, "")
            if line.asset in self.images or (not of_any_look and self.shown.near(mark)):
                continue
            self.images.add(line.asset)
            self.shown.add(mark)
            self.chosen.append(Chosen(line, lane))
            if len(self.chosen) == end:
                return


def _woven(chosen: Sequence[Chosen], by_chance: Sequence[bool]) -> list[Chosen]:
    """The two lanes mixed place by place, as far as each goes."""
    lanes = {lane: [one for one in chosen if one.lane == lane][::-1] for lane in ("random checks", "hard cases")}
    woven = []
    for wants_random in by_chance[: len(chosen)]:
        first, second = ("random checks", "hard cases") if wants_random else ("hard cases", "random checks")
        woven.append((lanes[first] or lanes[second]).pop())
    return woven


def hand_out(
    database: Database,
    deployment: Deployment,
    limit: int,
    habits: Habits,
    actor: str,
    now: int,
    offered: Offered | None = None,
) -> list[Chosen]:
    """Chooses and holds for `actor`; where others were quicker, chooses again, so that nobody goes short while more waits."""
    with database.read() as connection:
        chosen = choose(connection, deployment, limit, habits, actor, now, offered)

    def again(connection: Connection) -> tuple[int, list[Chosen]]:
        fresh = choose(connection, deployment, limit, habits, actor, now, offered)
        return len(fresh), give_out(connection, fresh, actor, now)

    given = database.write(lambda connection: give_out(connection, chosen, actor, now)) if chosen else []
    wanted = len(chosen)
    for _ in range(_TRIES):
        if len(given) == wanted:
            break
        # In one transaction: where only one can write, nobody comes in between.
        wanted, given = database.write(again)
    return given


def give_out(connection: Connection, chosen: Sequence[Chosen], actor: str, now: int) -> list[Chosen]:
    """Those of `chosen` that are `actor`'s for the next ten minutes: another may have been quicker. Keeps which lane chose each first."""
    mine = queue_rows.hold(connection, [one.logged.id for one in chosen], actor, now + queue_rows.HOLD_S * SECOND, now)
    given = [one for one in chosen if one.logged.id in mine]
    for lane in ("random checks", "hard cases"):
        queue_rows.mark(connection, lane, [one.logged.id for one in given if one.lane == lane], now)
    return given


def predictions_in_order(connection: Connection, ids: Sequence[str]) -> list[Logged]:
    """The predictions of `ids`, in that order; those erased meanwhile are left out."""
    found = {logged.id: logged for logged in predictions.several(connection, ids)}
    return [found[one] for one in ids if one in found]


def _fingerprints(connection: Connection, lines: Sequence[Logged]) -> dict[str, str]:
    found = assets.several(connection, sorted({line.asset for line in lines}))
    return {asset: one.fingerprint for asset, one in found.items()}
