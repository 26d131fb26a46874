"""A shadow is judged on the random checks that came while it ran, and on nothing else."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection

from relens.assets import store as assets
from relens.assets.asset import Asset
from relens.deployments import change
from relens.deployments.deployment import Role
from relens.infra.database import Database
from relens.kit import clock
from relens.kit.ids import content_id
from relens.loop import configure
from relens.loop.beside import EVERY, LEAST, always, fresh
from relens.loop.decision import Decision
from relens.loop.gate import Comparison, Labels
from relens.loop.policy import AfterShadow, ContinuousDeployment, Demands
from relens.loop.vocabulary import Vocabulary
from relens.predictions import store as predictions
from relens.predictions.logged import Entry, Logged
from relens.review.settle import settle
from relens.vision.annotation import Annotation
from relens.vision.prediction import Detection
from tests.rooms.loop_world import as_random_checks
from tests.rooms.test_rollback import LABELS, Shop


class Beside(Shop):
    """The same with version 2 as shadow of version 1, both of which answer each image."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.names = 0

    def begin(self, after: AfterShadow, critical: tuple[str, ...] = ()) -> Decision:
        now = self.now()
        chosen = ContinuousDeployment(True, "shadow", after_shadow=after, demands=Demands(critical))
        self.database.write(lambda connection: configure.continuous_deployment(connection, now, chosen, self.alice))
        begun = self.judged(self.version())
        assert begun.applied == "shadow"
        return begun

    def come(
        self,
        images: int,
        *,
        right: float,
        shadow_right: float,
        checks: bool = True,
        true: int = 0,
        silent: bool = False,
    ) -> None:
        """So many images of one label (number `true`) come and are reviewed: the champion is right in the share `right` of them, the shadow in `shadow_right`.

        Otherwise they say the other label, or nothing (`silent`).
        """
        wrong = None if silent else LABELS[1 - true]
        names = [f"image {self.names + i}" for i in range(images)]
        self.names += images
        now = self.now()

        def work(connection: Connection) -> list[Logged]:
            lines = []
            for i, name in enumerate(names):
                asset = Asset(content_id(name.encode()), 64, 48, "PNG", 10, content_id(name.encode()), 0)
                assets.remember(connection, [asset])
                said = [LABELS[true] if (i + 0.5) / images <= share else wrong for share in (right, shadow_right)]
                line = _log(connection, now.id, asset, now.champion, "champion", said[0])
                lines.append(line)
                if now.shadow:
                    _log(connection, now.id, asset, now.shadow, "shadow", said[1], line.id)
            return lines

        lines = self.database.write(work)
        if checks:
            as_random_checks(self.database, lines)

        def review(connection: Connection) -> None:
            for line in lines:
                settle(connection, line.id, "corrected", [Annotation(LABELS[true])], actor=self.alice)

        self.database.write(review)

    def decision(self) -> Decision:
        (found,) = self.decisions()
        return found


def _log(
    connection: Connection,
    deployment: str,
    asset: Asset,
    version: str | None,
    role: Role,
    label: str | None,
    parent: str | None = None,
) -> Logged:
    said = (Detection(label, 0.9),) if label else ()
    entry = Entry(deployment, asset.id, 64, 48, version, role, said, 0.0, 1.0, clock.now(), parent=parent)
    return predictions.append(connection, entry)[0]


@pytest.fixture
def beside(database: Database) -> Beside:
    return Beside(database)


def test_a_shadow_that_is_clearly_better_is_promoted_after_enough_random_checks(beside: Beside) -> None:
    begun = beside.begin("promote")
    beside.come(LEAST - 1, right=0.6, shadow_right=0.95)
    assert beside.step() == 1
    assert f"{LEAST - 1} of the {LEAST} random checks so far" in beside.decision().note
    beside.come(1, right=1.0, shadow_right=1.0)
    assert beside.step() == 2
    made = beside.decision()
    assert (made.applied, made.id) == ("promoted", begun.id)
    assert made.numbers["beside"]["images"] == LEAST
    assert "clearly better" in made.numbers["beside"]["reasons"][0]
    assert beside.now().shadow is None


def test_where_a_person_is_asked_the_shadow_waits_with_what_was_found(beside: Beside) -> None:
    beside.begin("ask")
    beside.come(LEAST, right=0.6, shadow_right=0.95)
    assert beside.step() == 1
    waits = beside.decision()
    assert waits.applied == "shadow"
    assert "after 100 random checks beside the champion: It is clearly better" in waits.note
    assert waits.note.endswith("approve it to let it answer.")


def test_a_shadow_that_is_worse_stops(beside: Beside) -> None:
    beside.begin("promote")
    beside.come(LEAST, right=0.95, shadow_right=0.6)
    assert beside.step() == 1
    assert beside.decision().applied == "refused"
    assert beside.now().shadow is None


@pytest.mark.parametrize(
    ("rare", "right", "applied", "because"),
    [
        (40, 0.4, "refused", "worse on the critical label"),
        (40, 0.8, "shadow", "may have fallen"),
        (12, 0.4, "promoted", "better"),
    ],
)
def test_a_shadow_that_is_better_is_not_promoted_while_a_critical_label_falls_on_enough_checks(
    beside: Beside, rare: int, right: float, applied: str, because: str
) -> None:
    beside.begin("promote", critical=(LABELS[1],))
    beside.come(rare, right=0.975, shadow_right=right, true=1, silent=True)
    beside.come(4 * LEAST, right=0.7, shadow_right=0.98, silent=True)
    beside.step()
    assert beside.decision().applied == applied
    assert because in " ".join(beside.decision().numbers["beside"]["reasons"])


def test_equal_ones_go_on_beside_each_other(beside: Beside) -> None:
    beside.begin("promote")
    beside.come(LEAST + EVERY, right=0.8, shadow_right=0.8)
    assert beside.step() == 1
    assert beside.decision().applied == "shadow"
    assert "not enough evidence" in beside.decision().note.lower()
    assert beside.now().shadow is not None


def test_hard_cases_and_what_came_before_it_ran_say_nothing_of_a_shadow(beside: Beside) -> None:
    beside.come(LEAST, right=0.0, shadow_right=1.0)
    begun = beside.begin("promote")
    beside.come(LEAST, right=0.0, shadow_right=1.0, checks=False)
    assert beside.step() == 1
    with beside.database.read() as connection:
        assert fresh(connection, beside.now(), begun, Vocabulary(Labels(LABELS, LABELS))) == ()


def test_a_frozen_deployment_promotes_no_shadow(beside: Beside) -> None:
    beside.begin("promote")
    now = beside.now()
    beside.database.write(lambda connection: configure.freeze(connection, now, True, beside.alice))
    beside.come(LEAST, right=0.6, shadow_right=0.95)
    assert beside.step() == 1
    beside.database.write(lambda connection: configure.freeze(connection, now, False, beside.alice))
    assert beside.step() == 2


def test_a_shadow_of_what_was_put_away_waits_until_it_is_restored(beside: Beside) -> None:
    beside.begin("promote")
    beside.database.write(lambda connection: change.archive(connection, beside.now()))
    beside.come(LEAST, right=0.6, shadow_right=0.95)
    assert beside.step() == 1
    beside.database.write(lambda connection: change.restore(connection, beside.now()))
    assert beside.step() == 2


def test_a_candidate_that_passes_for_what_was_put_away_is_held(beside: Beside) -> None:
    policy = ContinuousDeployment(True, "champion")
    beside.database.write(lambda c: configure.continuous_deployment(c, beside.now(), policy, beside.alice))
    candidate = beside.version()
    beside.database.write(lambda connection: change.archive(connection, beside.now()))
    made = beside.judged(candidate)
    assert (made.applied, beside.champion()) == ("held", 1)
    assert "restore it, then judge it again" in made.note


def test_bounds_for_every_look_are_wider_than_for_one() -> None:
    one = Comparison("accuracy", 0.6, 0.7, 0.1, 0.04, 0.034, 0.166, 0.001, 200, 200)
    every = always(one)
    assert every.lower < one.lower < one.upper < every.upper
    assert every.lower_clear < every.lower
