"""Settings under which a round of the loop would run in vain are refused when they are saved, not after hours of training."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from relens.access.actor import Actor
from relens.assets import store as assets
from relens.assets.asset import Asset
from relens.datasets.item import Item
from relens.datasets.publish import publish
from relens.datasets.version import DatasetVersion
from relens.deployments.deployment import Deployment
from relens.infra.database import Database
from relens.infra.jobs import Jobs
from relens.kit.ids import content_id
from relens.loop import configure, store
from relens.loop.policy import ContinuousTraining, FeedbackLoop, Policies
from relens.loop.quiet_hours import BadPolicy
from relens.loop.start import start
from relens.registry.model_version import OtherTask
from relens.training.wish import Wish, must_be_possible
from relens.vision.annotation import Annotation
from relens.vision.shapes import Polygon
from tests.rooms.test_rollback import Shop


def dataset(database: Database, by: Actor, name: str, task: str, labels: tuple[str, ...]) -> DatasetVersion:
    """One image to train on."""
    image = Asset(content_id(name.encode()), 64, 48, "PNG", 10, content_id(b"print"), 0)
    shape = None if task == "classification" else Polygon(((1, 1, 9, 1, 9, 9),))
    item = Item(image.id, "train", image.id, "1.png", None, (Annotation(labels[0], shape),))

    def make(connection):  # type: ignore[no-untyped-def]
        assets.remember(connection, [image])
        return publish(connection, dataset=name, task=task, labels=labels, items=[item], origin="import", actor=by)

    return database.write(make)


@pytest.fixture
def shop(database: Database) -> Shop:
    return Shop(database)


@pytest.fixture
def outlines(shop: Shop) -> Deployment:
    """A deployment that answers with outlines and feeds a dataset of them."""
    there = dataset(shop.database, shop.alice, "outlines", "segmentation", ("glass", "paper"))
    feeds = Policies(FeedbackLoop(there.dataset, True))
    shop.database.write(lambda connection: store.keep_policies(connection, shop.id, feeds))
    return replace(shop.now(), task="segmentation")


def test_a_trainer_whose_versions_could_not_answer_is_refused_when_it_is_chosen(
    shop: Shop, outlines: Deployment
) -> None:
    """compact would train to detect what is outlined: a version that this deployment cannot take."""
    wanted = ContinuousTraining(True, 50, "compact", {})
    with pytest.raises(
        BadPolicy, match=r"trains detection and classification; 'waste' is for segmentation.*choose command"
    ):
        shop.database.write(lambda c: configure.continuous_training(c, outlines, wanted, shop.alice))
    with pytest.raises(BadPolicy, match="nothing it makes could answer here"):
        shop.database.write(lambda c: start(c, Jobs(shop.database), outlines, shop.alice, "asked for"))
    off = replace(wanted, active=False)
    assert shop.database.write(lambda c: configure.continuous_training(c, outlines, off, shop.alice)) == off


def test_a_run_that_could_not_be_registered_is_refused_before_it_is_trained(
    shop: Shop, outlines: Deployment, tmp_path: Path
) -> None:
    """The model of that name is a classifier."""

    with shop.database.read() as connection:
        feeds = store.policies(connection, outlines.id).feedback.dataset
        version = configure.newest_version(connection, str(feeds)).id
        must_be_possible(connection, Wish("command", "another", version, {"command": ["true"]}))
        with pytest.raises(OtherTask, match="the model 'waste' is for classification"):
            must_be_possible(connection, Wish("command", "waste", version, {"command": ["true"]}))


def test_a_detector_that_shall_feed_outlines_is_told_how_it_can(shop: Shop, outlines: Deployment) -> None:
    boxes = replace(outlines, task="detection")
    with pytest.raises(
        BadPolicy, match=r"'outlines' is for segmentation: .* as detection \(--task detection\), then choose that one"
    ):
        shop.database.write(lambda c: configure.feedback_loop(c, boxes, "outlines", True, 0.2, shop.alice))


def test_a_dataset_without_a_label_of_the_champion_is_no_target(shop: Shop) -> None:
    """What is trained on it could never name that label, and the gate would refuse every candidate."""
    now = shop.now()
    for name, labels in (("fewer", ("glass",)), ("more", ("glass", "metal", "paper"))):
        dataset(shop.database, shop.alice, name, "classification", labels)
    with pytest.raises(BadPolicy, match="'fewer' has no label paper, which the champion of 'waste' answers"):
        shop.database.write(lambda c: configure.feedback_loop(c, now, "fewer", True, 0.2, shop.alice))
    assert shop.database.write(lambda c: configure.feedback_loop(c, now, "more", True, 0.2, shop.alice)).active
