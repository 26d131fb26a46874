"""What can go wrong on the way to a server: not reachable, refused with a sentence, a job that failed."""

from typing import Any

from relens.kit.errors import RelensError, Unavailable


class NotReachable(Unavailable):
    """Nobody answers at that address, or the connection broke."""


class Refused(RelensError):
    """The server answered with a problem document: its sentence, the HTTP status and the whole document."""

    def __init__(self, sentence: str, status: int, problem: dict[str, Any] | None = None) -> None:
        super().__init__(sentence, status=status)
        self.status = status
        self.problem = problem or {}


class JobFailed(RelensError):
    """A job that was waited for failed or was cancelled; `job` is what the server says of it."""

    def __init__(self, job: dict[str, Any]) -> None:
        reason = job.get("error") or f"it was {job.get('state')}"
        super().__init__(f"{job.get('title') or job.get('kind')}: {reason}", job=job.get("id"))
        self.job = job


class TookTooLong(RelensError):
    """A wait ended before the thing waited for."""
