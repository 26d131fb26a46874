"""The database commits together and undoes alone; jobs resume; storage is whole or nothing."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Column, Connection, Integer, String, Table, event, func, insert, select, update

from relens.bootstrap.wire import Relens
from relens.infra.database import Database
from relens.infra.follow import Follower
from relens.infra.jobs import JobRun, Jobs, store
from relens.infra.jobs.job import Stopping
from relens.infra.jobs.table import LANES
from relens.infra.settings import Settings
from relens.infra.statements import next_number
from relens.infra.storage import NoBytes
from relens.infra.storage.folder import Folder
from relens.infra.tables import metadata
from relens.kit.errors import Invalid, Unavailable

note = Table("test_note", metadata, Column("number", Integer, primary_key=True), Column("text", String(50)))


def _count(database: Database) -> int:
    with database.read() as connection:
        return int(connection.execute(select(func.count()).select_from(note)).scalar_one())


def test_writes_of_many_threads_are_all_there_when_they_return(database: Database) -> None:
    def write(number: int) -> int:
        database.write(lambda connection: connection.execute(insert(note).values(number=number)))
        with database.read() as connection:
            return int(connection.execute(select(note.c.number).where(note.c.number == number)).scalar_one())

    with ThreadPoolExecutor(16) as pool:
        assert sorted(pool.map(write, range(300))) == list(range(300))


def test_a_failing_write_undoes_only_its_own_rows(database: Database) -> None:
    held = threading.Event()
    first = database.write_soon(
        lambda _: held.wait(10)
    )  # keeps the writer busy, so that the next three share one transaction

    def half_done(connection: Connection) -> None:
        connection.execute(insert(note).values(number=7))
        raise Invalid("half way")

    before = database.write_soon(lambda c: c.execute(insert(note).values(number=1)))
    broken = database.write_soon(half_done)
    after = database.write_soon(lambda c: c.execute(insert(note).values(number=2)))
    held.set()
    first.result()
    before.result()
    after.result()
    with pytest.raises(Invalid, match="half way"):
        broken.result()
    with database.read() as connection:
        assert sorted(connection.execute(select(note.c.number)).scalars()) == [1, 2]


def _later(number: int) -> Any:
    return lambda connection: connection.execute(insert(note).values(number=number))


def test_what_is_written_later_is_there_for_whoever_reads_or_writes_next(database: Database) -> None:
    def seen(connection: Connection) -> int:
        return int(connection.execute(select(func.count()).select_from(note)).scalar_one())

    for number in range(1, 40, 2):
        database.write_later(_later(number))
        assert _count(database) == number
        database.write_later(_later(number + 1))
        assert database.write(seen) == number + 1
    database.write_later(_later(41))
    assert database.write_soon(seen, ahead=True).result() == 40, "who builds on nothing of it does not wait for it"
    database.write_later(_later(42))
    assert _count(database) == 42


def test_what_is_written_later_is_written_when_nobody_asks_and_at_the_end(tmp_path: Path) -> None:
    opened, done = Database(f"sqlite:///{tmp_path / 'x.db'}"), threading.Event()
    opened.create_tables()

    def write(connection: Connection) -> None:
        _later(1)(connection)
        done.set()

    opened.write_later(write)
    assert done.wait(10)
    opened.write_later(_later(2))
    opened.close()
    again = Database(f"sqlite:///{tmp_path / 'x.db'}")
    assert _count(again) == 2
    again.close()


def test_later_work_that_fails_is_told_in_the_log_and_hurts_nobody(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(connection: Connection) -> None:
        _later(1)(connection)
        raise Invalid("half way")

    database.write_later(broken)
    database.write_later(_later(2))
    assert _count(database) == 1
    assert "half way" in caplog.text


def test_a_thread_with_nothing_else_to_do_writes_itself_and_in_order(database: Database) -> None:
    def who(connection: Connection) -> str:
        _later(connection.execute(select(func.count()).select_from(note)).scalar_one() + 1)(connection)
        return threading.current_thread().name

    def write(_: int) -> str:
        return database.write_soon(who, ahead=True, here=True).result()

    assert write(0) == threading.current_thread().name
    with ThreadPoolExecutor(8, thread_name_prefix="mine") as pool:
        names = set(pool.map(write, range(200)))
    assert _count(database) == 201
    assert names <= {"database-writer", *(f"mine_{number}" for number in range(8))}
    with pytest.raises(RuntimeError, match="inside a write"):
        database.write_soon(lambda _: database.write(who), ahead=True, here=True).result()


def test_a_closed_database_refuses_instead_of_losing(tmp_path: Path) -> None:
    opened = Database(f"sqlite:///{tmp_path / 'x.db'}")
    opened.create_tables()
    opened.close()
    with pytest.raises(Unavailable, match="stopping"):
        opened.write(lambda connection: None)


def test_numbers_are_given_once_and_without_a_gap(database: Database) -> None:
    with ThreadPoolExecutor(8) as pool:
        numbers = list(pool.map(lambda _: database.write(lambda c: next_number(c, "test")), range(100)))
    assert sorted(numbers) == list(range(1, 101))


def test_a_follower_goes_on_after_a_step_that_failed() -> None:
    seen: list[int] = []
    third = threading.Event()

    def step() -> bool:
        seen.append(len(seen))
        if len(seen) == 1:
            raise RuntimeError("once")
        if len(seen) == 3:
            third.set()
        return True

    follower = Follower("test", step, every_s=0.01)
    follower.start()
    assert third.wait(10)
    follower.stop()


@pytest.fixture
def jobs(database: Database) -> Iterator[Jobs]:
    started = Jobs(database)
    yield started
    started.stop()


def _ended(jobs: Jobs, job_id: str) -> Any:
    done = threading.Event()
    while (job := jobs.get(job_id)).is_open:
        done.wait(0.02)
    return job


def test_the_same_key_is_the_same_job(database: Database, jobs: Jobs) -> None:
    def enqueue(connection: Connection) -> str:
        return jobs.enqueue(connection, "any", {}, title="t", created_by="me", key="once")

    assert database.write(enqueue) == database.write(enqueue)


def test_a_job_is_written_with_its_cause_or_not_at_all(database: Database, jobs: Jobs) -> None:
    def cause(connection: Connection) -> None:
        jobs.enqueue(connection, "any", {}, title="t", created_by="me", key="k")
        raise Invalid("the cause failed")

    with pytest.raises(Invalid):
        database.write(cause)
    with database.read() as connection:
        assert connection.execute(select(func.count()).select_from(metadata.tables["job"])).scalar_one() == 0


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_after_a_crash_a_job_goes_on_at_the_last_finished_step(database: Database) -> None:
    ran: list[str] = []
    in_second = threading.Event()
    crash = threading.Event()

    def work(run: JobRun) -> dict[str, Any]:
        first = run.step("first", lambda: ran.append("first") or 41)  # type: ignore[func-returns-value]

        def second() -> int:
            ran.append("second")
            in_second.set()
            if not crash.is_set():
                crash.wait(10)
                raise SystemExit  # the thread dies here, as in a kill: nothing about the job is written any more
            return int(first) + 1

        return {"answer": run.step("second", second)}

    dead = Jobs(database)
    dead.register("adding", work)
    job_id = database.write(lambda c: dead.enqueue(c, "adding", {}, title="t", created_by="me"))
    dead.start()
    assert in_second.wait(10)
    crash.set()
    alive = Jobs(database)
    alive.register("adding", work)
    alive.start()
    job = _ended(alive, job_id)
    assert (job.state, job.result) == ("succeeded", {"answer": 42})
    assert ran.count("first") == 1
    alive.stop()
    dead.stop()


def test_a_failed_job_says_why(database: Database, jobs: Jobs) -> None:
    def work(run: JobRun) -> None:
        raise Invalid("the dataset has no images: import some first")

    jobs.register("failing", work)
    jobs.start()
    job = _ended(jobs, database.write(lambda c: jobs.enqueue(c, "failing", {}, title="t", created_by="me")))
    assert (job.state, job.error) == ("failed", "the dataset has no images: import some first")


def test_a_running_job_can_be_cancelled(database: Database, jobs: Jobs) -> None:
    running = threading.Event()

    def work(run: JobRun) -> None:
        while True:
            run.progress(1, 2, "still here")
            running.set()
            run.check()

    jobs.register("endless", work)
    jobs.start()
    job_id = database.write(lambda c: jobs.enqueue(c, "endless", {}, title="t", created_by="me"))
    assert running.wait(10)
    jobs.cancel(job_id)
    assert _ended(jobs, job_id).state == "cancelled"


def test_bytes_put_are_the_bytes_got(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.put("a/b/c", b"one")
    folder.put("a/b/c", b"two")
    assert folder.get("a/b/c") == b"two"
    assert list(folder.keys("a/")) == ["a/b/c"]
    folder.delete("a/b/c")
    folder.delete("a/b/c")
    with pytest.raises(NoBytes, match="nothing is kept"):
        folder.get("a/b/c")


@pytest.mark.parametrize("key", ["", "../outside", "a/../../outside", "/etc/passwd"])
def test_no_key_leads_out_of_the_folder(tmp_path: Path, key: str) -> None:
    folder = Folder(tmp_path / "inside")
    with pytest.raises(Invalid):
        folder.put(key, b"x")
    assert not (tmp_path / "outside").exists()


def test_what_a_crash_left_half_written_is_cleared_at_the_next_start(tmp_path: Path) -> None:
    Folder(tmp_path)
    (tmp_path / ".writing" / "half").write_bytes(b"ha")
    assert list(Folder(tmp_path).keys()) == []
    assert not (tmp_path / ".writing" / "half").exists()


class Disk:
    """Makes a database one that can only be read, and a sound one again."""

    def __init__(self, database: Database) -> None:
        self.read_only = False
        event.listen(database.engine, "begin", self._on_begin)

    def _on_begin(self, connection: Connection) -> None:
        connection.exec_driver_sql(f"PRAGMA query_only={int(self.read_only)}")


def test_a_job_waits_for_a_disk_that_takes_nothing_and_its_lane_goes_on(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'relens.db'}")
    database.create_tables()
    disk, jobs = Disk(database), Jobs(database, lanes={"light": 1})
    refused = threading.Event()
    handler = logging.Handler()
    handler.emit = lambda record: refused.set() if "waits for the database" in record.msg else None  # type: ignore[method-assign]
    logging.getLogger("relens.jobs").addHandler(handler)

    def work(run: JobRun) -> dict[str, Any]:
        disk.read_only = True
        run.progress(1, 2, "nobody can see this")
        return {"step": run.step("one", lambda: 41)} if run.payload.get("steps") else {"answer": 42}

    jobs.register("any", work)
    ids = [
        database.write(lambda c, p={"steps": n}: jobs.enqueue(c, "any", p, title="t", created_by="me")) for n in (0, 1)
    ]
    jobs.start()
    for job_id, result in zip(ids, ({"answer": 42}, {"step": 41}), strict=True):
        assert refused.wait(20), "it runs into the disk"
        assert jobs.get(job_id).state == "running"
        disk.read_only = False
        job = _ended(jobs, job_id)
        assert (job.state, job.result) == ("succeeded", result)
        refused.clear()
    jobs.stop()
    logging.getLogger("relens.jobs").removeHandler(handler)
    database.close()


def test_a_result_that_is_no_json_fails_its_job_and_nothing_else(database: Database, jobs: Jobs) -> None:
    jobs.register("odd", lambda run: {"answer": run.payload["value"] if run.payload["value"] else float("nan")})
    jobs.start()
    for value, state in ((0, "failed"), (1, "succeeded")):
        job = _ended(
            jobs, database.write(lambda c, v=value: jobs.enqueue(c, "odd", {"value": v}, title="t", created_by="me"))
        )  # type: ignore[misc]
        assert job.state == state
    assert jobs.get(job.id).result == {"answer": 1}


def test_what_was_put_down_for_a_job_that_never_began_is_told_to_go(database: Database, jobs: Jobs) -> None:
    gone: list[Any] = []
    jobs.register("any", lambda run: None, dropped=lambda job: gone.append(job.payload["upload"]))

    def enqueue(upload: str) -> str:
        return database.write(lambda c: jobs.enqueue(c, "any", {"upload": upload}, title="t", created_by="me"))

    assert jobs.cancel(enqueue("waiting")).state == "cancelled"
    assert gone == ["waiting"]
    taken = enqueue("taken, and cancelled by another server before its work began")
    jobs._asked.add(taken)
    jobs.start()
    assert _ended(jobs, taken).state == "cancelled"
    assert len(gone) == 2
    assert _ended(jobs, enqueue("done")).state == "succeeded"
    assert len(gone) == 2


def test_a_job_that_is_cancelled_before_it_goes_on_after_a_stop_is_told_to_go_too(database: Database) -> None:
    begun, gone = threading.Event(), list[str]()

    def work(run: JobRun) -> None:
        while True:
            begun.set()
            run.check()

    first, second = Jobs(database, alone=False), Jobs(database, alone=False)
    for jobs in (first, second):
        jobs.register("any", work, dropped=lambda job: gone.append(job.id))
    job_id = database.write(lambda c: first.enqueue(c, "any", {}, title="t", created_by="me"))
    first.start()
    assert begun.wait(10)
    first.stop()
    cancelled = second.cancel(job_id)
    assert (cancelled.state, cancelled.error, gone) == ("cancelled", "cancelled before it went on", [job_id])


def test_a_server_that_was_slow_leaves_a_job_to_the_one_that_took_it_up(database: Database) -> None:
    second_works, first_may_go_on = threading.Event(), threading.Event()
    failed: list[Exception] = []

    def works_as(who: str) -> Callable[[JobRun], dict[str, str]]:
        def step() -> str:
            if who == "first":
                while not second_works.wait(0.05):
                    _lease_runs_out(database, servers[0])
            else:
                second_works.set()
                assert first_may_go_on.wait(20)
            return who

        def work(run: JobRun) -> dict[str, str]:
            try:
                return {"by": run.step("only", step)}
            except Stopping:
                first_may_go_on.set()
                raise
            except Exception as error:
                failed.append(error)
                raise

        return work

    servers = [Jobs(database, alone=False) for _ in range(2)]
    for who, jobs in zip(("first", "second"), servers, strict=True):
        jobs.register("any", works_as(who))
    job_id = database.write(lambda c: servers[0].enqueue(c, "any", {}, title="t", created_by="me"))
    for jobs in servers:
        jobs.start()
        if jobs is servers[0]:
            assert _taken_up(jobs, job_id)
    ended = _ended(servers[1], job_id)
    assert (ended.state, ended.result, failed) == ("succeeded", {"by": "second"}, [])
    for jobs in servers:
        jobs.stop()


def test_after_a_sleep_of_the_machine_no_job_is_done_twice_at_once(database: Database, jobs: Jobs) -> None:
    begun, done = threading.Semaphore(0), threading.Event()

    def slow(run: JobRun) -> None:
        begun.release()
        assert done.wait(20)

    jobs.register("slow", slow)
    jobs.register("quick", lambda run: None)
    slept = database.write(lambda c: jobs.enqueue(c, "slow", {}, title="t", created_by="me"))
    jobs.start()
    assert begun.acquire(timeout=10)

    def wakes_up(connection: Connection) -> str:
        connection.execute(update(store.job).where(store.job.c.id == slept).values(lease_until=1))
        return jobs.enqueue(connection, "quick", {}, title="t", created_by="me")

    assert _ended(jobs, database.write(wakes_up)).state == "succeeded"
    assert not begun.acquire(blocking=False)
    done.set()
    assert _ended(jobs, slept).state == "succeeded"


def _lease_runs_out(database: Database, server: Jobs) -> None:
    table = store.job
    database.write(lambda c: c.execute(update(table).where(table.c.owner == server._owner).values(lease_until=1)))


def _taken_up(jobs: Jobs, job_id: str) -> bool:
    for _ in range(1000):
        if jobs.get(job_id).state == "running":
            return True
        threading.Event().wait(0.01)
    return False


def test_the_lease_of_a_job_nobody_works_on_runs_out(database: Database) -> None:
    jobs = Jobs(database)
    ids = [database.write(lambda c: jobs.enqueue(c, "any", {}, title="t", created_by="me")) for _ in range(2)]
    for _ in ids:
        database.write(lambda c: store.take(c, ["any"], "server", 10, 20))
    database.write(lambda c: store.renew(c, "server", {ids[0]}, 90))
    taken = database.write(lambda c: store.take(c, ["any"], "other", 30, 50))
    assert taken is not None
    assert taken.id == ids[1]
    assert database.write(lambda c: store.take(c, ["any"], "other", 30, 50)) is None


def test_many_pictures_hold_up_nothing_that_the_loop_waits_for(database: Database, jobs: Jobs) -> None:
    begun, done = threading.Semaphore(0), threading.Event()

    def endless(run: JobRun) -> None:
        begun.release()
        done.wait(60)

    jobs.register("pictures", endless, "many")
    jobs.register("judge", lambda run: {"judged": True})
    for number in range(LANES["many"] + 1):
        database.write(lambda c, n=number: jobs.enqueue(c, "pictures", {"n": n}, title="t", created_by="me"))  # type: ignore[misc]
    jobs.start()
    for _ in range(LANES["many"]):
        assert begun.acquire(timeout=20)
    judged = _ended(jobs, database.write(lambda c: jobs.enqueue(c, "judge", {}, title="t", created_by="me")))
    assert judged.result == {"judged": True}
    done.set()


def test_what_goes_over_everything_at_hand_is_such_work(tmp_path: Path) -> None:
    relens = Relens(Settings(home=tmp_path))
    many = {kind for kind, (_, lane) in relens.jobs._kinds.items() if lane == "many"}
    assert many == {"predict-many", "review-many", "undo-review-many", "delete-deployment", "back-up", "delete-back-up"}
    relens.stop()
