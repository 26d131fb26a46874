"""The way back: by a person, by the guard of a promotion, and never to the version that was just left."""

from __future__ import annotations

from typing import Any

import pytest

from relens.access import store as actors
from relens.access.actor import Actor
from relens.alerts import store as alerts
from relens.alerts.alert import Alert
from relens.alerts.rule import AlertRule
from relens.deployments import change
from relens.deployments import store as deployments
from relens.deployments.deployment import Deployment, Threshold
from relens.deployments.succession import NothingBefore
from relens.infra.database import Database
from relens.infra.jobs import Jobs
from relens.kit import clock
from relens.kit.ids import new_id
from relens.loop import configure, promote, store
from relens.loop.decision import ChampionChanged, Decision
from relens.loop.policy import AtPromotion, ContinuousDeployment
from relens.loop.quiet_hours import BadPolicy
from relens.loop.start import Follow
from relens.loop.threshold import AtThreshold, Carried
from relens.registry import store as registry
from relens.registry.model_version import ModelVersion

LABELS = ("glass", "paper")


class Shop:
    """A deployment of version 1, more versions to come, and the loop that follows; its feedback loop is off."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.follow = Follow(database, Jobs(database))
        self.alice: Actor = database.write(lambda connection: actors.named(connection, "Alice", "person", "owner"))
        self.versions: list[ModelVersion] = []
        first = self.version()
        self.id = database.write(
            lambda connection: change.create(
                connection, name="waste", version=first, threshold=None, target="server", actor=self.alice
            )
        ).id

    def version(self, advised: float | None = None) -> ModelVersion:
        """The next version of the model."""
        number = len(self.versions) + 1
        model = self.database.write(
            lambda connection: registry.named(connection, "waste", "classification", self.alice.id)
        )
        about: dict[str, Any] = dict.fromkeys(("dataset_version", "training_run", "parent", "checkpoint"))
        made = ModelVersion(
            id=new_id(),
            number=number,
            artifact=f"{number:064x}",
            model=model.id,
            model_name="waste",
            task="classification",
            labels=LABELS,
            size_bytes=1,
            manifest={},
            scores={},
            note="",
            created_at=number,
            created_by=self.alice.id,
            advised_threshold=advised,
            **about,
        )
        self.database.write(lambda connection: registry.insert(connection, made))
        self.versions.append(made)
        return made

    def now(self) -> Deployment:
        with self.database.read() as connection:
            return deployments.get(connection, self.id)

    def champion(self) -> int:
        """Its number."""
        return next(version.number for version in self.versions if version.id == self.now().champion)

    def hand(self, version: ModelVersion) -> None:
        """A person makes it champion."""
        now = self.now()
        self.database.write(
            lambda connection: change.set_role(connection, now, "champion", version, "by hand", self.alice)
        )

    def back(self, expected: str | None = None) -> int:
        now = self.now()
        self.database.write(lambda connection: promote.rollback(connection, now, self.alice, expected=expected))
        return self.champion()

    def judged(self, candidate: ModelVersion, passed: bool = True, found: Carried | None = None) -> Decision:
        """The gate has judged it and `found` what becomes of the threshold; the policy does the rest."""
        said = Decision(
            new_id(),
            self.id,
            new_id(),
            candidate.id,
            str(self.now().champion),
            new_id(),
            "promote" if passed else "keep champion",
            ("It is better." if passed else "It is worse.",),
            {"report": {"threshold": found.to_json()}} if found else {},
            "ask",
            "held",
            "",
            clock.now(),
        )
        return self.database.write(lambda connection: promote.roll_out(connection, said))

    def threshold(self, value: float | None = None) -> tuple[float, str]:
        """The deployment's, which a person may change, and who chose it."""
        if value is not None:
            now = self.now()
            self.database.write(lambda connection: change.set_threshold(connection, now, value))
        return self.now().threshold, self.now().answers_from.by

    def why(self) -> str:
        """What stands in the history of the present champion."""
        with self.database.read() as connection:
            return next(line.reason for line in deployments.history(connection, self.id) if line.until is None)

    def guarded(self, *metrics: str) -> None:
        for metric in metrics:
            self.watched(metric)
        self.save(ContinuousDeployment(True, "champion", guard=metrics))

    def save(self, chosen: ContinuousDeployment) -> None:
        now = self.now()
        self.database.write(lambda connection: configure.continuous_deployment(connection, now, chosen, self.alice))

    def watched(self, metric: str) -> None:
        rule = AlertRule(
            new_id(), self.id, metric, "accuracy", "below", 0.8, 3600, 10, True, clock.now(), self.alice.id
        )
        self.database.write(lambda connection: alerts.insert_rule(connection, rule))

    def alarm(self, metric: str, since: int | None = None) -> None:
        """An alert that fires, since now."""
        made = Alert(
            new_id(), new_id(), self.id, metric, "accuracy", "below", 0.4, 0.8, 90,
            "firing", clock.now() if since is None else since, None, None, None, "accuracy fell",
        )  # fmt: skip
        self.database.write(lambda connection: alerts.insert_alert(connection, made))

    def step(self) -> int:
        self.follow.step()
        return self.champion()

    def decisions(self) -> list[Decision]:
        with self.database.read() as connection:
            return store.decisions(connection, self.id)


REPORT = "classification_report"


@pytest.fixture
def shop(database: Database) -> Shop:
    return Shop(database)


def test_each_rollback_goes_one_champion_further_back(shop: Shop) -> None:
    shop.hand(shop.version())
    shop.hand(shop.version())
    assert [shop.back(), shop.back()] == [2, 1]
    with pytest.raises(NothingBefore, match="back at its first champion"):
        shop.back()
    shop.hand(shop.versions[2])
    assert shop.back() == 1


def test_an_earlier_version_that_a_person_chose_is_no_rollback(shop: Shop) -> None:
    """Champions 1, 2, 3, then 1 again by hand: what came before is 3, and before that 2."""
    for version in (shop.version(), shop.version(), shop.versions[0]):
        shop.hand(version)
    assert [shop.back(), shop.back(), shop.back()] == [3, 2, 1]


def test_who_saw_another_champion_rolls_nothing_back(shop: Shop) -> None:
    shop.hand(shop.version())
    shop.hand(shop.version())
    seen = str(shop.now().champion)
    assert shop.back(seen) == 2
    with pytest.raises(ChampionChanged, match="waste v2 answers now; nothing was rolled back"):
        shop.back(seen)
    assert shop.champion() == 2


def test_a_rollback_is_written_on_the_decision_it_takes_back(shop: Shop) -> None:
    shop.guarded(REPORT)
    assert shop.judged(shop.version()).applied == "promoted"
    shop.back()
    (decision,) = shop.decisions()
    assert (decision.applied, decision.settled_by) == ("taken back", shop.alice.id)
    assert decision.note == "Taken back by Alice."


def test_an_alert_of_the_guard_takes_a_promotion_back_without_a_feedback_loop(shop: Shop) -> None:
    shop.guarded(REPORT)
    shop.judged(shop.version())
    assert shop.step() == 2
    shop.alarm(REPORT, since=clock.now() - clock.HOUR)
    shop.alarm("latency")
    assert shop.step() == 2, "an older alert, or one on another metric, is no objection"
    shop.alarm(REPORT)
    assert shop.step() == 1
    assert shop.decisions()[0].applied == "taken back"
    assert "taken back by its guard: accuracy fell" in shop.why()
    assert shop.decisions()[0].note == "Taken back by its guard: accuracy fell."
    assert shop.step() == 1


def test_a_candidate_that_was_held_since_does_not_hide_the_promotion(shop: Shop) -> None:
    shop.guarded(REPORT)
    shop.judged(shop.version())
    assert shop.judged(shop.version(), passed=False).applied == "held"
    shop.alarm(REPORT)
    assert shop.step() == 1


def test_who_brings_the_version_back_in_spite_of_the_alert_is_not_overruled(shop: Shop) -> None:
    shop.guarded(REPORT)
    shop.judged(shop.version())
    shop.alarm(REPORT)
    assert shop.step() == 1
    shop.hand(shop.versions[1])
    assert shop.step() == 2


def test_an_alert_from_before_the_role_is_no_objection(shop: Shop) -> None:
    shop.guarded(REPORT)
    shop.judged(shop.version())
    shop.hand(shop.versions[0])
    shop.alarm(REPORT)
    shop.hand(shop.versions[1])
    assert shop.step() == 2
    shop.alarm(REPORT)
    assert shop.step() == 1


def test_a_guard_with_nothing_to_go_back_to_leaves_the_champion(shop: Shop) -> None:
    shop.guarded(REPORT)
    shop.judged(shop.version())
    past = deployments.role_history.c.until.is_not(None)
    shop.database.write(lambda connection: connection.execute(deployments.role_history.delete().where(past)).rowcount)
    shop.alarm(REPORT)
    assert shop.step() == 2


def test_a_guard_on_what_no_rule_watches_is_refused(shop: Shop) -> None:
    chosen = ContinuousDeployment(True, "champion", guard=(REPORT,))
    with pytest.raises(BadPolicy, match="no alert rule of 'waste' watches classification_report"):
        shop.save(chosen)
    shop.watched(REPORT)
    shop.save(chosen)
    assert shop.database.write(lambda connection: store.policies(connection, shop.id)).rollout == chosen


def images_say(at: float, best: float, worse: bool) -> Carried:
    """The test images say that `at` is worse for the candidate, or not, and `best` the best."""
    kept, there = (AtThreshold(one, 0.5, 0.9, 0.64, 100, 50) for one in (at, best))
    return Carried(kept, kept, there, worse, False, 60)


def promoting(threshold: AtPromotion) -> ContinuousDeployment:
    return ContinuousDeployment(True, "champion", threshold=threshold)


@pytest.mark.parametrize(
    ("policy", "worse", "then", "why"),
    [
        ("keep", True, (0.06, "person"), "the threshold stays at 0.06, as set for promotions"),
        ("keep unless worse", False, (0.06, "person"), "the threshold stays at 0.06, as chosen by a person"),
        ("keep unless worse", True, (0.42, "advised"), "the threshold moves from 0.06 to 0.42, where its F1 is best"),
        ("move", False, (0.42, "advised"), "the threshold moves from 0.06 to 0.42, where its F1 is best"),
    ],
)
def test_a_persons_threshold_goes_over_as_set_and_comes_back_with_the_champion_it_was_for(
    shop: Shop, policy: AtPromotion, worse: bool, then: tuple[float, str], why: str
) -> None:
    shop.threshold(0.06)
    shop.save(promoting(policy))
    made = shop.judged(shop.version(), found=images_say(0.06, 0.42, worse))
    assert (shop.threshold(), why in made.note, why in shop.why()) == (then, True, True)
    shop.back()
    assert shop.threshold() == (0.06, "person")


def test_what_a_person_chose_after_a_promotion_no_rollback_takes_away(shop: Shop) -> None:
    shop.threshold(0.06)
    shop.save(promoting("move"))
    shop.judged(shop.version(), found=images_say(0.06, 0.42, True))
    shop.threshold(0.5)
    shop.back()
    assert shop.threshold() == (0.5, "person")
    assert "stays at 0.5, as a person chose it since (waste v1 answered from 0.06 on)" in shop.why()


def test_each_champion_a_rollback_reaches_brings_its_own_threshold(shop: Shop) -> None:
    shop.threshold(0.06)
    shop.save(promoting("keep unless worse"))
    shop.judged(shop.version(), found=images_say(0.06, 0.42, True))
    # Nobody chose 0.42: it goes on to what is best for the next one.
    shop.judged(shop.version(), found=images_say(0.42, 0.3, False))
    assert shop.threshold() == (0.3, "advised")
    assert (shop.back(), shop.threshold()) == (2, (0.42, "advised"))
    assert "goes back from 0.3 to 0.42" in shop.why()
    assert (shop.back(), shop.threshold()) == (1, (0.06, "person"))
    with shop.database.read() as connection:
        told = [line.threshold for line in deployments.history(connection, shop.id)]
    assert told[-2] == (Threshold(0.06, "person"), Threshold(0.42, "advised"))


def test_a_threshold_that_a_person_moved_while_a_candidate_waited_is_theirs(shop: Shop) -> None:
    shop.threshold(0.06)
    waiting = shop.judged(shop.version(), found=images_say(0.06, 0.42, True))
    shop.threshold(0.2)
    made = shop.database.write(lambda connection: promote.approve(connection, waiting.id, shop.alice))
    assert (made.applied, shop.threshold()) == ("approved", (0.2, "person"))
    assert "as a person chose it since the candidate was judged" in made.note


def test_who_approves_may_say_with_which_threshold(shop: Shop) -> None:
    shop.threshold(0.06)
    waiting = shop.judged(shop.version(), found=images_say(0.06, 0.42, True))
    made = shop.database.write(lambda connection: promote.approve(connection, waiting.id, shop.alice, 0.35))
    assert shop.threshold() == (0.35, "person")
    assert "the threshold moves from 0.06 to 0.35, as Alice chose" in made.note
    shop.back()
    assert shop.threshold() == (0.06, "person")


def test_by_hand_an_advised_threshold_goes_with_its_version_and_a_chosen_one_stays(shop: Shop) -> None:
    now = shop.now()
    shop.database.write(lambda connection: change.set_threshold(connection, now, 0.3, "advised"))
    shop.hand(shop.version(advised=0.42))
    assert shop.threshold() == (0.42, "advised")
    shop.threshold(0.6)
    shop.hand(shop.version(advised=0.2))
    assert shop.threshold() == (0.6, "person")
    assert (shop.back(), shop.back(), shop.threshold()) == (2, 1, (0.6, "person"))
