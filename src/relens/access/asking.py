"""Who is asking: on loopback the local owner, elsewhere the bearer of the token."""

from __future__ import annotations

import hashlib
import hmac
import os
import threading
from collections.abc import Collection, Mapping
from typing import Annotated
from urllib.parse import unquote, urlsplit

from fastapi import Depends, Request

from relens.access import store
from relens.access.actor import Actor, Permission
from relens.infra.database import Database
from relens.infra.settings import Settings
from relens.kit.errors import NotAllowed, NotKnown

LOCAL_HOSTS = {"localhost", "127.0.0.1", "::1"}
PROGRAM_HEADER = "x-relens-actor"


class WrongHost(NotAllowed):
    """The request was addressed to another host name, or comes from another site's page."""


class Door:
    """Turns a request into an actor.

    Host and Origin are checked on loopback, where no token protects against a web page of another site that talks to 127.0.0.1.
    A program on this machine may name itself in the X-Relens-Actor header (the demo's simulated reviewer does); it never gets more
    than the local owner could do.
    """

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._settings = settings
        # Settings never change, and every request is asked this.
        self._on_loopback = settings.on_loopback
        public = urlsplit(settings.public_url).hostname if settings.public_url else None
        self._allowed = LOCAL_HOSTS | ({public} if public else set())
        self._known: dict[str, Actor] = {}
        self._lock = threading.Lock()
        self._owner_name = os.environ.get("USER") or os.environ.get("LOGNAME") or "owner"

    def owner(self) -> Actor:
        """The person who runs this server."""
        return self.program(self._owner_name, "owner", person=True)

    def program(self, name: str, permission: Permission = "operator", person: bool = False) -> Actor:
        """The actor of that name, made on first sight."""
        with self._lock:
            known = self._known.get(name)
        if known is None:
            known = self._database.write(
                lambda connection: store.named(connection, name, "person" if person else "program", permission)
            )
            with self._lock:
                self._known[name] = known
        return known

    def names(self, ids: Collection[str]) -> Mapping[str, str]:
        """Names by actor id, of those that are known."""
        with self._database.read() as connection:
            return store.names(connection, set(ids))

    def known(self, request: Request) -> Actor | None:
        """The actor when no database is needed to tell; checks the request all the same."""
        self.check(request)
        with self._lock:
            return self._known.get(request.headers.get(PROGRAM_HEADER) or self._owner_name)

    def identify(self, request: Request) -> Actor:
        """Refuses with NotKnown or WrongHost when nobody we trust is asking."""
        self.check(request)
        named = request.headers.get(PROGRAM_HEADER)
        return self.program(named) if named else self.owner()

    def check(self, request: Request) -> None:
        """The same without asking who it is: cheap, for before anything of the request is read."""
        if self._settings.token:
            self._check_token(request)
        elif self._on_loopback:
            self._check_local(request)

    def _check_token(self, request: Request) -> None:
        given = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
        given = given or unquote(request.cookies.get("relens_token", ""))
        wanted = hashlib.sha256((self._settings.token or "").encode()).digest()
        if not hmac.compare_digest(hashlib.sha256(given.encode()).digest(), wanted):
            raise NotKnown("send the server's token: Authorization: Bearer <RELENS_TOKEN>")

    def _check_local(self, request: Request) -> None:
        if _host_name(request.headers.get("host", "")) not in self._allowed:
            raise WrongHost("this server answers only as localhost: open it under 127.0.0.1, or set RELENS_PUBLIC_URL")
        origin = request.headers.get("origin")
        if origin and urlsplit(origin).hostname not in self._allowed:
            # "null" is what a sandboxed frame of any site sends.
            raise WrongHost(f"a page of {origin} may not talk to this server")
        if origin == "null" and request.method not in ("GET", "HEAD"):
            raise WrongHost("a page without an origin may not write to this server")


def _host_name(host: str) -> str | None:
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None


async def asking(request: Request) -> Actor:
    """The actor the server found at the door (async, because FastAPI would send a plain function through a thread)."""
    actor: Actor = request.state.actor
    return actor


Asking = Annotated[Actor, Depends(asking)]
