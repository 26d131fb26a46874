"""An actor: the person or program that stands behind every write."""

from dataclasses import dataclass
from typing import Literal

from relens.kit.clock import Micros
from relens.kit.errors import Invalid, NotAllowed

Permission = Literal["viewer", "reviewer", "operator", "owner"]
Kind = Literal["person", "program"]
ORDER: tuple[Permission, ...] = ("viewer", "reviewer", "operator", "owner")


class BadName(Invalid):
    """A name that cannot be shown or kept."""


@dataclass(frozen=True, slots=True)
class Actor:
    """`permission` says what they may do; each one includes those before it: viewer, reviewer, operator, owner."""

    id: str
    name: str
    kind: Kind
    permission: Permission
    created_at: Micros

    def __post_init__(self) -> None:
        if not self.name.strip() or len(self.name) > 100 or not self.name.isprintable():
            raise BadName("a name has 1 to 100 printable characters")

    def may(self, permission: Permission) -> bool:
        return ORDER.index(self.permission) >= ORDER.index(permission)

    def must_be(self, permission: Permission) -> None:
        """Refuses when they may not do what needs `permission`."""
        if not self.may(permission):
            raise NotAllowed(f"{self.name} is a {self.permission}; this needs a {permission}")
