"""The image policies in force: what each deployment wants kept, at most a quarter of a second old."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from relens.deployments import store as deployments
from relens.deployments.deployment import NoDeployment
from relens.deployments.keeping import BadKeeping, Keeping, keeping_of
from relens.infra.database import Database
from relens.kit import clock
from relens.kit.errors import RelensError

logger = logging.getLogger("relens.predictions")
OLDEST_S = 0.25


class Policies:
    """Asks the database whether a deployment's revision has moved, no more often than every OLDEST_S."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._known: dict[str, tuple[int, Keeping, str]] = {}
        self._looked = float("-inf")

    def of(self, deployment: str) -> Keeping:
        """By deployment id. When the database does not answer, the policy known last goes on counting."""
        return self._of(deployment)[1]

    def name(self, deployment: str) -> str:
        """What the deployment is called."""
        return self._of(deployment)[2]

    def _of(self, deployment: str) -> tuple[int, Keeping, str]:
        if deployment not in self._known:
            with self._lock:
                self._look()
        elif clock.stopwatch() - self._looked > OLDEST_S and self._lock.acquire(blocking=False):
            # One looks, the others go on with what is known.
            try:
                with suppress(RelensError):
                    self._look()
            finally:
                self._lock.release()
        known = self._known.get(deployment)
        if known is None:
            raise NoDeployment(f"there is no deployment '{deployment}'")
        return known

    def _look(self) -> None:
        with self._database.read(behind=True) as connection:
            revisions = deployments.revisions(connection, archived=True)
            moved = any(self._known.get(one, (0,))[0] != revision for one, revision in revisions.items())
            found = deployments.all_of_them(connection, archived=True) if moved else []
        fresh = {one.id: (one.revision, _policy(one.name, one.settings), one.name) for one in found}
        self._known = {
            one: fresh.get(one) or self._known[one] for one in revisions if one in fresh or one in self._known
        }
        self._looked = clock.stopwatch()


def _policy(name: str, settings: Mapping[str, Any]) -> Keeping:
    try:
        return keeping_of(settings)
    except BadKeeping as error:
        logger.error("the image policy of '%s' cannot be followed, every image is kept: %s", name, error)
        return Keeping()
