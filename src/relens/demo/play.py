"""The whole loop once round, from an empty server to the report, through the public HTTP API only."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from relens.demo import prepare, report
from relens.demo.board import Board
from relens.demo.bound import bound, must_count_in_epochs
from relens.demo.options import Options
from relens.demo.prepare import Names, Prepared
from relens.demo.reviewer import NAME, SimulatedReviewer
from relens.demo.rounds import Rounds
from relens.demo.show import Show
from relens.demo.story import Story
from relens.demo.stream import Arrival, Stream
from relens.demo.traffic import Traffic
from relens.demo.watch import Watch
from relens.sdk.client import Client

_FIRST = "Train version 1"
_PER_SECOND = 6.0
"""Images that arrive while people watch; headless there is no pause."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Where it is played: the stream, the options, the server's address, what shows it, and how to open one of its pages."""

    stream: Stream
    options: Options
    url: str
    show: Show
    visit: Callable[[str], None]


def play(stage: Stage) -> report.Outcome:
    """Plays everything; raises RelensError with a sentence when the loop does not go round."""
    started = time.monotonic()
    show, stream, options = stage.show, stage.stream, stage.options
    with (
        Client(stage.url, actor="demo") as client,
        Client(stage.url, actor="conveyor camera" if stream.simulated else "camera", retries=0) as camera,
        Client(stage.url, actor=NAME) as reviews,
    ):
        names = prepare.choose_names(client, stream.title)
        stage.visit(f"/deployments/{names.deployment}")
        prepared = _prepare(client, stage, names)
        traffic = Traffic(camera, prepared.names.deployment, stream.simulated)
        deployment = prepared.names.deployment
        reviewer = SimulatedReviewer(reviews, deployment, stream.truth, options.review_fraction, options.seed)
        with Board(client, deployment) as board:
            watch = Watch(client, deployment, prepared.retrain_after, show, show.seconds[_FIRST], board)
            rounds = Rounds(
                traffic,
                reviewer,
                watch,
                show,
                lockstep=options.lockstep,
                per_second=None if options.headless else _PER_SECOND,
            )
            story = Story(client, prepared, stream, traffic, show, board, live=not options.headless)
            watch.when_promoted = story.side_by_side
            rest = _tell(stage, story, rounds)
            with show.stage("Images arrive, are reviewed, and come back as a better version"):
                rounds.play(rest)
            with show.stage("Report"):
                watch.look(now=True)
                versions = report.measure_versions(client, prepared, show)
                added = report.images_added(client, prepared, int(watch.state["added"]))
                board.end(_round(watch))
            found = None
            if options.bound:
                with show.stage("Train on everything at once, for comparison"):
                    found = bound(client, prepared, stream, reviewer.known, show)
    return report.Outcome(
        deployment=prepared.names.deployment,
        latest=traffic.latest,
        first_promotion_s=watch.first_promotion_after(started),
        task=stream.task,
        versions=versions,
        decisions=report.decisions(watch.decisions),
        predictions=traffic.predictions,
        verdicts=reviewer.settled.total(),
        added=added,
        failed_requests=len(traffic.failed) + len(rounds.failed_reviews),
        seconds=round(time.monotonic() - started, 1),
        bound=found,
    )


def _round(watch: Watch) -> str:
    promoted = [one["candidate"]["title"] for one in watch.decisions if one["applied"] == "promoted"]
    if not promoted:
        return "The loop went round once: no candidate was better, so nothing changed."
    return f"The loop went round: {promoted[-1]} answers now, made of what was corrected here."


def _tell(stage: Stage, story: Story, rounds: Rounds) -> Sequence[Arrival]:
    """The storyline up to the first reviews; what is left of the stream then."""
    if not stage.stream.past or stage.options.lockstep:
        # The moment at which drift shows depends on the machine's speed; lockstep leaves out what does.
        return stage.stream.production
    with stage.show.stage("Twenty quiet days"):
        story.past()
    with stage.show.stage("Line-2 goes wrong, and drift says so"):
        rest = story.until_drift_shows(rounds)
    with stage.show.stage("Review"):
        story.own_reviews()
        story.review_the_rest(rounds)
    return rest


def _prepare(client: Client, stage: Stage, names: Names) -> Prepared:
    show, stream, options = stage.show, stage.stream, stage.options
    with show.stage("Import the images"):
        version, held_back = prepare.import_data(client, stream, names, show)
    parameters = prepare.training_parameters(client, options, stream)
    if options.bound:
        must_count_in_epochs(parameters, options.trainer)
    with show.stage(_FIRST):
        first = prepare.train_first(client, names, version, options, parameters, show)
    with show.stage("Deploy version 1"):
        prepare.deploy(client, names, first, stream, show)
    after = prepare.retrain_after(options, stream)
    with show.stage("Set training data and switch the loop on"):
        prepare.switch_loop_on(client, names, version, after, options, parameters, show)
    return Prepared(names, version, held_back, first, after)
