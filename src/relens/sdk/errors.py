"""What can go wrong on the way to a server: not reachable, refused with a sentence, a job that failed."""

from typing import Any

from relens.kit.errors import RelensError, Unavailable


class NotReachable(Unavailable):
    """Nobody answers at that address, or the connection broke."""


class Refused(RelensError):
    """The server answered with a problem document: its sentence, the HTTP status and the whole document.

    `retry_after_s`: when the server asked to be asked again, where it did.
    """

    def __init__(
        self, sentence: str, status: int, problem: dict[str, Any] | None = None, retry_after_s: float | None = None
    ) -> None:
        super().__init__(sentence, status=status)
        self.status = status
        self.problem = problem or {}
        self.retry_after_s = retry_after_s


class JobFailed(RelensError):
    """A job that was waited for failed or was cancelled; `job` is what the server says of it."""

    def __init__(self, job: dict[str, Any]) -> None:
        reason = job.get("error") or f"it was {job.get('state')}"
        super().__init__(f"{job.get('title') or job.get('kind')}: {reason}", job=job.get("id"))
        self.job = job


class TookTooLong(RelensError):
    """A wait ended before the thing waited for."""
