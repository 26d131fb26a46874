"""A job: one piece of long work, its steps, and what its code sees while it runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeVar

from relens.kit.clock import Micros
from relens.kit.errors import Conflict, RelensError

State = Literal["queued", "running", "succeeded", "failed", "cancelled"]
OPEN: tuple[State, ...] = ("queued", "running")
Result = TypeVar("Result")


class Cancelled(RelensError):
    """Somebody asked this job to stop."""


class Stopping(RelensError):
    """The server stops; the job goes on at its last finished step when it starts again."""


class JobOver(Conflict):
    """The job has ended already."""


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of long work. `about` names what it is for (a deployment, a dataset); `step` is the one it is in."""

    id: str
    kind: str
    title: str
    about: str | None
    state: State
    step: str | None
    done: int
    total: int | None
    message: str
    payload: Mapping[str, Any]
    result: Mapping[str, Any] | None
    error: str | None
    created_by: str
    created_at: Micros
    started_at: Micros | None
    finished_at: Micros | None
    finished_steps: tuple[str, ...] = field(default=())

    @property
    def is_open(self) -> bool:
        return self.state in OPEN


class JobRun(Protocol):
    """What a job's code sees: its payload, its steps, and whether it should stop."""

    id: str
    payload: Mapping[str, Any]

    def step(self, name: str, work: Callable[[], Result]) -> Result:
        """Runs `work` once and remembers what it returned (JSON); after a crash a finished step answers from memory.

        A step that was interrupted runs again from its start, so it must be safe to repeat.
        """

    def progress(self, done: int, total: int | None = None, message: str = "") -> None:
        """Shows how far it is; cheap enough to call for every image."""

    def check(self) -> None:
        """Raises Cancelled or Stopping when the work should end here."""


Work = Callable[[JobRun], Mapping[str, Any] | None]
