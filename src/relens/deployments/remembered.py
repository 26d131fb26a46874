"""Deployments as they were last looked up, for those who ask many hundred times a second.

What is remembered may have changed since: whoever writes by it makes sure of that in the same transaction (`store.check_revision`).
"""

from __future__ import annotations

from relens.deployments import store
from relens.deployments.deployment import Deployment
from relens.infra.database import Database

_MOST = 1000


class Remembered:
    """From any thread."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: dict[str, Deployment] = {}

    def get(self, reference: str) -> Deployment:
        """By id or by a name of now or before; raises NoDeployment."""
        found = self._known.get(reference)
        if found is not None:
            return found
        with self._database.read() as connection:
            found = store.get(connection, reference)
        # A former name leads elsewhere as soon as another deployment takes it, and no revision tells; nobody writes to what is put away,
        # so nobody would notice that it is back.
        if reference in (found.id, found.name) and found.archived_at is None:
            if len(self._known) >= _MOST:
                self._known.clear()
            self._known[reference] = found
        return found

    def forget(self, reference: str) -> None:
        """It has changed."""
        self._known.pop(reference, None)
