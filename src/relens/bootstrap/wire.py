"""Builds one server's parts from its settings, and starts and stops what runs in the background."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio.to_thread
from fastapi import FastAPI

from relens.access.asking import Door
from relens.alerts.address_book import AddressBook
from relens.alerts.channel import Reach
from relens.alerts.evaluate import Evaluation as AlertEvaluation
from relens.alerts.heartbeat import Heartbeat
from relens.alerts.notify import Notification
from relens.alerts.series import EVERY_S as SERIES_EVERY_S
from relens.alerts.series import Series
from relens.bootstrap.routers import ROUTERS
from relens.datasets.bring_in import Importing
from relens.inference.reader import READERS
from relens.infra.back_up import BackUps
from relens.infra.database import Database
from relens.infra.folder_size import FolderSize
from relens.infra.follow import Follower
from relens.infra.jobs import Jobs
from relens.infra.jobs.routes import Names
from relens.infra.migrations import bring_up_to_date
from relens.infra.secrets import Secrets
from relens.infra.settings import Settings
from relens.infra.storage import Storage
from relens.infra.storage.folder import Folder
from relens.infra.web import Parts
from relens.loop import change_labels, feedback_rows, leave_out
from relens.loop.change_labels import LABELS
from relens.loop.dataset_end import Deleting
from relens.loop.judge import Judge
from relens.loop.leave_out import UNDO
from relens.loop.next_version import NextVersions
from relens.loop.replay import Replay
from relens.loop.retrain import Retrain
from relens.loop.start import Follow
from relens.loop.try_trainer import TryTrainer
from relens.monitoring.cameras import Cameras
from relens.monitoring.checked import Checked
from relens.monitoring.erased import ErasedSums
from relens.monitoring.estimating import Estimating
from relens.monitoring.fitted import FittedReferences
from relens.monitoring.headlines import Headlines
from relens.monitoring.keep_up import KeepUp
from relens.monitoring.marking import Marking
from relens.monitoring.marking import forget as forget_marks
from relens.monitoring.measure import Measuring
from relens.monitoring.project import Projection
from relens.monitoring.rebuild import Rebuilding
from relens.monitoring.reference import FitReference
from relens.monitoring.simulating import Simulating
from relens.monitoring.strangeness import Strangeness
from relens.monitoring.watch import DriftWatch
from relens.overview.sources import Sources
from relens.predictions.delete import Deletion
from relens.predictions.erase import Erasure
from relens.predictions.export import Exports
from relens.predictions.file_along import Filing
from relens.predictions.reading import Reading
from relens.predictions.record import Recorder
from relens.predictions.retention.expire import Retention
from relens.review import queue_rows
from relens.review.bulk import BulkReview
from relens.review.forget import forget
from relens.review.lineup import Lineup
from relens.server.app import make_app
from relens.serving.answer import Engine
from relens.serving.many import Batches
from relens.serving.swap import Swapper
from relens.serving.threads import sized
from relens.training.evaluations import Evaluations
from relens.training.run import Training


class Relens:
    """One server: `app` answers; `start` and `stop` run what works behind it."""

    def __init__(self, settings: Settings) -> None:
        settings.home.mkdir(parents=True, exist_ok=True)
        READERS.add_folder(settings.home / "plugins" / "outputs")
        self.settings = settings
        self.database = Database(settings.database_url, settings.durability)
        bring_up_to_date(self.database.engine)
        self.storage = Folder(settings.home / "files", sync=settings.durability == "power")
        self.jobs = Jobs(self.database, alone=settings.database_url.startswith("sqlite"))
        sizes = sized(settings.threads)
        self.swapper = Swapper(self.database, self.storage, sizes.threads)
        self.fitted = FittedReferences(self.storage)
        self.reading = Reading()
        strangeness = Strangeness(self.database, self.fitted)
        self.recorder = Recorder(self.database, self.storage, strangeness=strangeness, reading=self.reading)
        self.engine = Engine(self.swapper, self.recorder, sizes.workers)
        self.parts = Parts(settings, self.database, self.jobs, self.swapper, self.recorder, self.engine)
        self.batches = Batches(self.database, self.storage, settings, self.engine)
        self.batches.register(self.jobs)
        self.parts.add(self.batches)
        self.parts.add(self.storage, Storage)
        self.parts.add(FolderSize(settings.home, settings.back_ups))
        back_ups = BackUps(self.database, self.storage, settings)
        back_ups.register(self.jobs)
        self.parts.add(back_ups)
        door = Door(self.database, settings)
        self.parts.add(door)
        self.parts.add(door, Names)
        self.followers = [Follower("serving", self.swapper.step, 0.2), *self._monitoring(), *self._learning()]
        self.app = make_app(ROUTERS, self.parts, self._lifespan)

    def _monitoring(self) -> list[Follower]:
        """What counts, compares and tells."""
        projection = Projection(self.database, self.fitted, self.reading)
        fit = FitReference(self.database, self.storage, self.jobs, projection, self.fitted)
        self.parts.add(fit)
        self.parts.add(self.fitted)
        self.parts.add(Rebuilding(self.database, self.jobs, projection))
        self._erased_sums = ErasedSums(projection)
        metrics = Follower("metrics", projection.step, 1.0)
        queue = self._queue()
        filing = Filing(self.database, self.reading, tell=[metrics.poke, queue.poke])
        file_along = Follower("filing", filing.follow, 1.0, gather_s=0.1)
        self.recorder.after_a_batch = file_along.poke
        self.parts.add(filing)
        self.parts.add(Exports())
        checked = Checked()
        self.parts.add(Estimating(checked))
        self.parts.add(Simulating(checked))
        measuring = Measuring(self.database, projection, self.fitted)
        self.parts.add(measuring)
        self.parts.add(Sources(Cameras(projection, self.fitted)))
        return [
            *self._alerting(measuring, Headlines(projection, self.fitted)),
            file_along,
            metrics,
            queue,
            Follower("reviewed lines", Marking(self.database).step, 1.0),
            Follower("training data", KeepUp(self.database, fit).step, 1.0),
            Follower("drift", DriftWatch(self.database, self.fitted).step, 5.0),
        ]

    def _alerting(self, measuring: Measuring, headlines: Headlines) -> list[Follower]:
        """What watches the rules and tells."""
        reach = Reach(private=self.settings.allow_private_webhooks, loopback=self.settings.on_loopback)
        book = AddressBook(Secrets.of(self.settings), reach)
        book.seal_all(self.database)
        notification = Notification(self.database, book)
        estimating = self.parts.get(Estimating)
        evaluation = AlertEvaluation(self.database, measuring, self.settings.address, estimating=estimating)
        self.parts.add(book)
        self.parts.add(notification)
        followers = [
            Follower("alerts", evaluation.step, 1.0),
            Follower("notifications", notification.step, 0.5),
            Follower("series", Series(self.database, headlines).step, SERIES_EVERY_S),
        ]
        if url := self.settings.heartbeat_url:
            beat = Heartbeat(self.database, evaluation, url, self.settings.heartbeat_s)
            followers.append(Follower("heartbeat", beat.step, 1.0))
        return followers

    def _queue(self) -> Follower:
        lineup = Lineup(self.database, self.reading)
        self.parts.add(lineup)
        return Follower("queue", lineup.step, 1.0)

    def _learning(self) -> list[Follower]:
        """What goes round: images in, reviews, runs, decisions."""
        importing = Importing(self.database, self.storage, self.settings)
        training = Training(self.database, self.storage, self.settings)
        evaluations = Evaluations(self.database, self.storage, self.settings)
        judge = Judge(self.database, evaluations)
        replay = Replay(self.database, self.storage, self.swapper)
        BulkReview(self.database).register(self.jobs)
        changing = NextVersions(self.database, {LABELS: change_labels.plan, UNDO: leave_out.plan})
        deleting = Deleting(self.database)
        retrain, trial = Retrain(self.database, training, judge), TryTrainer(self.database, self.storage, self.settings)
        for one in (importing, training, evaluations, judge, replay, changing, deleting, retrain, trial):
            one.register(self.jobs)
            self.parts.add(one)
        retention = Retention(self.database, self.storage, on_leave=[queue_rows.close])
        erasure = Erasure(
            self.database, retention, forget=[forget, feedback_rows.forget, forget_marks, self._erased_sums.forget]
        )
        self.parts.add(erasure)
        Deletion(self.database, erasure).register(self.jobs)
        return [
            Follower("images without a line", self.recorder.tallied.step, 1.0),
            Follower("images", retention.step, 2.0),
            Follower("loop", Follow(self.database, self.jobs).step, 0.5),
        ]

    def start(self) -> None:
        self.jobs.start()
        for follower in self.followers:
            follower.start()

    def stop(self) -> None:
        """In the order of the way back: no new work, then what is under way, then the rows."""
        for follower in self.followers:
            follower.stop()
        self.engine.stop()
        self.jobs.stop()
        self.database.close()

    @asynccontextmanager
    async def _lifespan(self, _app: FastAPI) -> AsyncIterator[None]:
        # Handlers that wait for the database take a thread each; forty would be few beside a busy log.
        anyio.to_thread.current_default_thread_limiter().total_tokens = 64
        self.batches.loop = asyncio.get_running_loop()
        self.start()
        try:
            yield
        finally:
            await anyio.to_thread.run_sync(self.stop)
