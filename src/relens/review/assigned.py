"""Which waiting predictions a person is offered, where rules say who reviews what."""

from __future__ import annotations

import math
from collections.abc import Sequence

from sqlalchemy import Connection

from relens.deployments.deployment import Deployment
from relens.kit.clock import DAY, Micros
from relens.predictions import browse
from relens.predictions.browse import Filter
from relens.predictions.logged import Logged
from relens.review.team import Rule, team_of


class Offered:
    """The rules of one deployment as they concern one person (by name)."""

    def __init__(self, deployment: Deployment, person: str) -> None:
        self._deployment = deployment.id
        team = team_of(deployment.settings)
        self._rules: tuple[Rule, ...] = team.rules
        self._patience = team.patience_days
        self._person = person

    def checks(self, connection: Connection, lines: Sequence[Logged], now: Micros) -> list[Logged]:
        """Of waiting random checks also those that their people have left waiting for too long: none that comes after them counts before."""
        mine = {line.id for line in self.of(connection, lines)}
        late = -math.inf if self._patience is None else now - self._patience * DAY
        return [line for line in lines if line.id in mine or line.logged_at < late]

    @property
    def everything(self) -> bool:
        return not self._rules

    def of(self, connection: Connection, lines: Sequence[Logged]) -> list[Logged]:
        """Those the person is offered, in their order. What no search finds yet is nobody's for this moment."""
        if not self._rules:
            return list(lines)
        left = browse.among(connection, self._deployment, Filter(), [line.log_seq for line in lines])
        mine: set[int] = set()
        for rule in self._rules:
            fitting = browse.among(connection, self._deployment, Filter(query=rule.query), sorted(left))
            left -= fitting
            if self._person in rule.people:
                mine |= fitting
        return [line for line in lines if line.log_seq in mine | left]
