"""Images that wait: order, turns, limits; and the crew that works them off."""

from __future__ import annotations

from dataclasses import dataclass
from threading import Barrier, Condition, Event, Timer

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relens.serving.crew import Crew
from relens.serving.waiting import Waiting


@dataclass(frozen=True)
class Job:
    deployment: str
    version: str
    number: int
    size: int = 1


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(("v1", "v2")))), st.integers(1, 5))
def test_everything_comes_out_once_in_its_deployments_order_and_of_one_version_together(
    sent: list[tuple[str, str]], most: int
) -> None:
    waiting: Waiting[Job] = Waiting(1000, 1000)
    jobs = [Job(deployment, version, number) for number, (deployment, version) in enumerate(sent)]
    assert all(waiting.put(job) for job in jobs)
    assert len(waiting) == len(jobs)
    out: list[Job] = []
    while taken := waiting.take(lambda _: most):
        assert len(taken) <= most
        assert len({(job.deployment, job.version) for job in taken}) == 1
        out += taken
    assert len(waiting) == 0
    assert sorted(job.number for job in out) == [job.number for job in jobs]
    for deployment in "abc":
        assert [j.number for j in out if j.deployment == deployment] == [
            j.number for j in jobs if j.deployment == deployment
        ]


@given(st.integers(1, 40), st.integers(1, 8))
def test_deployments_take_turns_however_much_one_of_them_sends(flood: int, others: int) -> None:
    waiting: Waiting[Job] = Waiting(1000, 1000)
    for number in range(flood):
        waiting.put(Job("flood", "v", number))
    for number in range(others):
        waiting.put(Job(f"quiet-{number}", "v", number))
    first = [waiting.take(lambda _: 1)[0].deployment for _ in range(others + 1)]
    assert len(set(first)) == others + 1


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(1, 60))))
def test_no_deployment_holds_more_than_its_places_and_bytes_and_a_first_one_always_fits(
    sent: list[tuple[str, int]],
) -> None:
    waiting: Waiting[Job] = Waiting(5, 50)
    held: dict[str, list[int]] = {"a": [], "b": []}
    for number, (deployment, size) in enumerate(sent):
        if waiting.put(Job(deployment, "v", number, size)):
            held[deployment].append(size)
        else:
            assert held[deployment]
        assert waiting.of(deployment) == len(held[deployment]) <= 5
        assert len(held[deployment]) == 1 or sum(held[deployment]) <= 50


def test_draining_empties_it() -> None:
    waiting: Waiting[Job] = Waiting(5, 50)
    for number in range(4):
        waiting.put(Job("ab"[number % 2], "v", number))
    assert {job.number for job in waiting.drain()} == {0, 1, 2, 3}
    assert len(waiting) == 0
    assert waiting.put(Job("a", "v", 9))


class Work:
    """A crew whose work waits until it is let go, and remembers what it did."""

    def __init__(self, workers: int, together: int = 1) -> None:
        self.done: list[Job] = []
        self.pieces: list[int] = []
        self.begun = Event()
        self.go = Event()
        self._lock = Condition()
        self.crew: Crew[Job] = Crew(workers, self._do, lambda _: together, 8)

    def _do(self, jobs: list[Job]) -> None:
        self.begun.set()
        assert self.go.wait(20)
        with self._lock:
            self.done += jobs
            self.pieces.append(len(jobs))
            self._lock.notify_all()
        if jobs[0].version == "broken":
            raise ValueError("a worker must live through this")

    def all_done(self, count: int) -> bool:
        with self._lock:
            return self._lock.wait_for(lambda: len(self.done) >= count, 20)


def test_a_worker_takes_all_that_waits_up_to_its_limit() -> None:
    work = Work(1, together=4)
    work.crew.offer(Job("d", "v", 0))
    assert work.begun.wait(20)
    assert all(work.crew.offer(Job("d", "v", number)) for number in range(1, 8))
    work.go.set()
    work.crew.stop()
    assert work.pieces == [1, 4, 3]


def test_no_worker_takes_what_another_could_begin_with_at_once() -> None:
    meeting, pieces = Barrier(2, timeout=20), []

    def do(jobs: list[Job]) -> None:
        pieces.append(len(jobs))
        if jobs[0].number < 90:
            meeting.wait()

    crew: Crew[Job] = Crew(2, do, lambda _: 8)
    crew._ready.acquire()
    for number in range(8):
        assert crew._front.put(Job("d", "v", number))
    crew._ready.notify_all()
    crew._ready.release()
    crew.stop()
    assert sorted(pieces) == [1, 1, 2, 4]


def test_too_many_are_refused_and_the_others_still_have_room() -> None:
    work = Work(1)
    work.crew.offer(Job("flood", "v", 0))
    assert work.begun.wait(20)
    taken = [work.crew.offer(Job("flood", "v", number)) for number in range(1, 12)]
    assert taken == [True] * 8 + [False] * 3
    assert work.crew.offer(Job("quiet", "v", 50))
    assert work.crew.come_back_s("flood") >= 1.0
    work.go.set()
    work.crew.stop()
    assert [job.number for job in work.done].index(50) == 2


def test_a_shadow_begins_only_when_nobody_waits_and_a_processor_is_free() -> None:
    for workers in (1, 2):
        work = Work(workers)
        for number in range(workers):
            work.crew.offer(Job("d", "v", number))
        assert work.begun.wait(20)
        work.crew.offer_behind(Job("d", "shadow", 100))
        for number in range(workers, 7):
            work.crew.offer(Job("d", "v", number))
        work.go.set()
        assert work.all_done(8)
        assert [job.number for job in work.done].index(100) >= 7 - workers + 1, "at most the last ones beside it"
        work.crew.stop()


def test_an_image_that_comes_while_a_shadow_works_does_not_wait_for_it() -> None:
    begun, go, answered = Event(), Event(), Event()

    def do(jobs: list[Job]) -> None:
        if jobs[0].version == "v":
            answered.set()
            return
        begun.set()
        assert go.wait(20)

    crew: Crew[Job] = Crew(1, do, lambda _: 1)
    crew.offer_behind(Job("d", "shadow", 100))
    assert begun.wait(20)
    crew.offer(Job("d", "v", 0))
    assert answered.wait(20)
    go.set()
    crew.stop()


def test_what_nobody_will_look_at_any_more_is_handed_back_at_the_end() -> None:
    work = Work(1)
    work.crew.offer(Job("d", "v", 0))
    assert work.begun.wait(20)
    for number in (100, 101):
        work.crew.offer_behind(Job("d", "shadow", number))
    work.go.set()
    left = {job.number for job in work.crew.stop()}
    assert left | {job.number for job in work.done} == {0, 100, 101}
    assert not work.crew.offer(Job("d", "v", 1))


@pytest.mark.filterwarnings("error")
def test_a_worker_lives_through_work_that_fails(caplog: pytest.LogCaptureFixture) -> None:
    work = Work(1)
    work.go.set()
    work.crew.offer(Job("d", "broken", 0))
    work.crew.offer(Job("d", "v", 1))
    work.crew.stop()
    assert [job.number for job in work.done] == [0, 1]
    assert "not worked on" in caplog.text


def test_who_waits_for_calm_waits_for_the_last_image_and_not_for_ever() -> None:
    work = Work(1)
    work.crew.wait_for_calm(20)  # nobody is there
    work.crew.offer(Job("d", "v", 0))
    work.crew.offer(Job("d", "v", 1))
    assert work.begun.wait(20)
    work.crew.wait_for_calm(0.01)
    assert work.done == [], "it went on although an image was being worked on"
    Timer(0.05, work.go.set).start()
    work.crew.wait_for_calm(20)
    assert len(work.done) == 2
    work.crew.stop()
