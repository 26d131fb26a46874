"""HTTP: who am I."""

from fastapi import APIRouter
from pydantic import BaseModel

from relens.access.actor import Actor, Kind, Permission
from relens.access.asking import Asking
from relens.infra.web import Instant

router = APIRouter(prefix="/api/v1", tags=["access"])


class ActorOut(BaseModel):
    """A person or program as the API shows them."""

    id: str
    name: str
    kind: Kind
    permission: Permission
    created_at: Instant

    @staticmethod
    def of(actor: Actor) -> "ActorOut":
        return ActorOut(
            id=actor.id, name=actor.name, kind=actor.kind, permission=actor.permission, created_at=actor.created_at
        )


@router.get("/me")
def me(actor: Asking) -> ActorOut:
    return ActorOut.of(actor)
