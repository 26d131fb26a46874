"""Images that wait for a worker: in order within a deployment, and the deployments take turns.

Pure: it holds no lock and starts nothing; `crew` does.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from typing import Generic, Protocol, TypeVar


class Waits(Protocol):
    """What can wait: whose turn it uses, which version it is for, and the memory it holds."""

    @property
    def deployment(self) -> str: ...

    @property
    def version(self) -> str: ...

    @property
    def size(self) -> int: ...


Job = TypeVar("Job", bound=Waits)


class Waiting(Generic[Job]):
    """At most `most` jobs and `most_bytes` bytes of each deployment, so that a busy one cannot push the others out."""

    def __init__(self, most: int, most_bytes: int) -> None:
        self._most = most
        self._most_bytes = most_bytes
        self._queues: OrderedDict[str, deque[Job]] = OrderedDict()
        self._bytes: dict[str, int] = {}
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def of(self, deployment: str) -> int:
        """How many of this deployment wait."""
        return len(self._queues.get(deployment, ()))

    def has_room(self, deployment: str, size: int) -> bool:
        """A first one always has room, however large it is."""
        here = self.of(deployment)
        return here == 0 or (here < self._most and self._bytes[deployment] + size <= self._most_bytes)

    def put(self, job: Job) -> bool:
        """False, and nothing changed, when its deployment has no room left."""
        if not self.has_room(job.deployment, job.size):
            return False
        self._queues.setdefault(job.deployment, deque()).append(job)
        self._bytes[job.deployment] = self._bytes.get(job.deployment, 0) + job.size
        self._count += 1
        return True

    def take(self, most: Callable[[str], int]) -> list[Job]:
        """The jobs of the deployment whose turn it is that come next and want the same version: at most `most(version)`."""
        if not self._queues:
            return []
        deployment, queue = next(iter(self._queues.items()))
        version = queue[0].version
        taken = [queue.popleft()]
        limit = most(version)
        while queue and queue[0].version == version and len(taken) < limit:
            taken.append(queue.popleft())
        self._count -= len(taken)
        self._bytes[deployment] -= sum(job.size for job in taken)
        if queue:
            self._queues.move_to_end(deployment)
        else:
            del self._queues[deployment], self._bytes[deployment]
        return taken

    def drain(self) -> Iterator[Job]:
        """Everything, in no order; afterwards it is empty."""
        while self._queues:
            _, queue = self._queues.popitem()
            self._count -= len(queue)
            yield from queue
        self._bytes.clear()
