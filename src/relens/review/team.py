"""How several people review one deployment: who looks at what, which images two people look at, and which begin without the answer.

One review of an image counts, always: the first, until somebody changes it. A second look is an opinion beside it that counts nowhere; where the
two differ, a third person (or the owner) says what is true, and that change counts like any other.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from relens.access.actor import Actor
from relens.kit.errors import Invalid
from relens.kit.ids import share_of
from relens.predictions.query import read_query

SettledBy = Literal["third person", "owner"]
_MOST_RULES = 50


class BadTeam(Invalid):
    """A team that cannot work like this."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What the query finds is offered to these people (names) alone."""

    query: str
    people: tuple[str, ...]

    def __post_init__(self) -> None:
        read_query(self.query)
        if not self.query.strip():
            raise BadTeam("a rule without a query is for every image: say which images it is about")
        if not self.people or any(not name.strip() for name in self.people):
            raise BadTeam(f"the images of '{self.query}' need somebody who looks at them: name at least one person")


@dataclass(frozen=True, slots=True)
class Team:
    """`rules`: the first that fits an image decides; what none fits is for everybody.

    `second_share` of the reviewed images are looked at by another person, who does not see what the first said. `blind_share` of the random checks
    begin without the answer. `show_speed`: everybody sees how quick each is, not only each their own. `patience_days`: a random check that a rule's
    people leave waiting for longer is offered to everybody, since none that comes after it counts before (None: it waits for them for ever).
    """

    rules: tuple[Rule, ...] = ()
    second_share: float = 0.0
    blind_share: float = 0.0
    settled_by: SettledBy = "third person"
    show_speed: bool = False
    patience_days: float | None = 7.0

    def __post_init__(self) -> None:
        for share in (self.second_share, self.blind_share):
            if not isinstance(share, int | float) or not math.isfinite(share) or not 0 <= share <= 1:
                raise BadTeam(f"a share lies between 0 and 1, not at {share}")
        patience = self.patience_days
        if patience is not None and not (isinstance(patience, int | float) and 0 <= patience < math.inf):
            raise BadTeam(f"random checks wait for their people for some days, not for {patience}")
        if self.settled_by not in get_args(SettledBy):
            raise BadTeam(
                f"what two people see differently is settled by a third person or the owner, not '{self.settled_by}'"
            )
        if len(self.rules) > _MOST_RULES:
            raise BadTeam(f"{len(self.rules)} rules are more than the {_MOST_RULES} that anybody could keep in mind")

    def second(self, prediction: str) -> bool:
        """Whether another person should look too; it depends on the image's id alone, so nobody can choose."""
        return share_of(prediction, "second look") < self.second_share

    def blind(self, prediction: str) -> bool:
        """Whether a random check begins without the answer."""
        return share_of(prediction, "blind check") < self.blind_share

    def may_settle(self, actor: Actor, looked: Sequence[str | None]) -> bool:
        """`looked`: the ids of those whose looks differ."""
        return actor.may("owner") if self.settled_by == "owner" else actor.id not in looked

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def team_of(settings: Mapping[str, Any]) -> Team:
    """That in a deployment's settings; in one without, from before there were shares to begin with, everybody looks at everything, once."""
    written = settings.get("review_team")
    if not isinstance(written, Mapping):
        return Team()
    rules = tuple(Rule(str(rule["query"]), tuple(rule["people"])) for rule in written.get("rules", ()))
    return Team(**{**written, "rules": rules})
