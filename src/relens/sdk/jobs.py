"""Long work on the server: look at it, wait for it, cancel it."""

import time
from collections.abc import Callable, Iterator
from typing import Any

from relens.sdk.errors import JobFailed, NotReachable, TookTooLong
from relens.sdk.transport import Transport

Json = dict[str, Any]
Progress = Callable[[Json], None]
"""Called with the job each time it is looked at: state, step, done, total, message."""

ENDED = frozenset({"succeeded", "failed", "cancelled"})
_FIRST_LOOK_S, _LATER_LOOKS_S = 0.05, 0.5
AWAY_S = 120.0
"""So long is a server that does not answer waited for: its jobs go on when it is started again."""


class Jobs:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(self, *, state: str | None = None, about: str | None = None) -> Iterator[Json]:
        return self._transport.items("jobs", {"state": state, "about": about})

    def get(self, job_id: str) -> Json:
        return dict(self._transport.call("GET", f"jobs/{job_id}"))

    def cancel(self, job_id: str) -> Json:
        return dict(self._transport.call("POST", f"jobs/{job_id}/cancel", idempotent=True))

    def wait(self, job: Json | str, *, progress: Progress | None = None, timeout_s: float | None = None) -> Json:
        """The job once it has succeeded; raises JobFailed when it did not, TookTooLong after `timeout_s`."""
        job_id = job if isinstance(job, str) else str(job["id"])
        ended = wait_until(lambda: self.get(job_id), progress=progress, timeout_s=timeout_s)
        if ended["state"] != "succeeded":
            raise JobFailed(ended)
        return ended


def wait_until(
    look: Callable[[], Json],
    *,
    progress: Progress | None = None,
    timeout_s: float | None = None,
    away_s: float = AWAY_S,
) -> Json:
    """Looks again and again, at first often, until the thing's state is one of ENDED. Raises NotReachable after `away_s` without an answer."""
    deadline = time.monotonic() + timeout_s if timeout_s is not None else None
    pause = _FIRST_LOOK_S
    answered = time.monotonic()
    while True:
        try:
            seen = look()
        except NotReachable:
            if time.monotonic() - answered >= away_s or (deadline is not None and time.monotonic() > deadline):
                raise
            time.sleep(_LATER_LOOKS_S)
            continue
        answered = time.monotonic()
        if progress is not None:
            progress(seen)
        if seen["state"] in ENDED:
            return seen
        if deadline is not None and time.monotonic() > deadline:
            raise TookTooLong(
                f"{seen.get('title') or seen['id']} is still {seen['state']} after {timeout_s:.0f} s: wait longer, or cancel it"
            )
        time.sleep(pause)
        pause = min(pause * 1.5, _LATER_LOOKS_S)
