"""Settings: one home folder and a few switches, from arguments or the environment (RELENS_HOME, RELENS_PORT, ...)."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from relens.kit.errors import Invalid

DEFAULT_PORT = 8417
Durability = Literal["process", "power"]
_SHARES = ("blind_share", "second_share")


class BadSetting(Invalid):
    """A setting that cannot be used; the sentence names it."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything one server needs to know before it starts.

    `durability`: "process" survives `kill -9` of the server, "power" also a power cut (slower: every commit and image is fsynced).
    `blind_share` of the random checks begin without the answer, and `second_share` of the reviewed images are looked at twice: so a new deployment
    begins, and each can change it. Who is shown an answer overlooks what it lacks, and only these looks tell how much.
    """

    home: Path
    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    database: str | None = None
    durability: Durability = "process"
    public_url: str | None = None
    token: str | None = None
    threads: int = max(1, os.cpu_count() or 1)
    max_image_bytes: int = 64 * 1024 * 1024
    allow_private_webhooks: bool = False
    secret_key: str | None = field(default=None, repr=False)
    heartbeat_url: str | None = field(default=None, repr=False)
    heartbeat_s: int = 60
    back_up_to: Path | None = None
    blind_share: float = 0.05
    second_share: float = 0.05

    def __post_init__(self) -> None:
        if not 0 <= self.port <= 65535:
            raise BadSetting(f"port {self.port} is not a port: choose one from 1 to 65535")
        if self.durability not in ("process", "power"):
            raise BadSetting(f"durability is 'process' or 'power', not '{self.durability}'")
        if not self.on_loopback and not self.token:
            raise BadSetting(
                f"listening on {self.host} lets other machines in: set RELENS_TOKEN to a secret of at least 16 characters, "
                "or listen on 127.0.0.1"
            )
        if self.token is not None and len(self.token) < 16:
            raise BadSetting("RELENS_TOKEN must be at least 16 characters long")
        if self.heartbeat_url is not None and not self.heartbeat_url.startswith(("http://", "https://")):
            raise BadSetting("RELENS_HEARTBEAT_URL is an address that begins with http:// or https://")
        if self.heartbeat_s < 1:
            raise BadSetting("RELENS_HEARTBEAT_S is a number of seconds from 1 on")
        for name in _SHARES:
            if not 0 <= getattr(self, name) <= 1:
                raise BadSetting(f"RELENS_{name.upper()} is a share from 0 to 1, not {getattr(self, name)}")

    @property
    def on_loopback(self) -> bool:
        """Whether only this machine can reach the server."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def training_threads(self) -> int:
        """Threads of a trainer: one core is left to the server.

        Not only for the server's sake: threads that wait for each other at every step lose far more than the core they share. On two busy
        cores a run with two threads was ten times slower than with one; on two free ones it is 1.3 times quicker.
        """
        return max(1, self.threads - 1)

    @property
    def database_url(self) -> str:
        return self.database or f"sqlite:///{self.home / 'relens.db'}"

    @property
    def back_ups(self) -> Path:
        """The folder for back-ups; on a disk of its own it also helps when this one fails."""
        return self.back_up_to or self.home / "back-ups"

    @property
    def address(self) -> str:
        """Where people reach it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return self.public_url or f"http://{host}:{self.port}"


def from_environment(environment: Mapping[str, str] = os.environ, **given: object) -> Settings:
    """Settings from `given` (what is None does not count), then RELENS_* variables, then defaults."""
    values: dict[str, object] = {"home": Path(environment.get("RELENS_HOME") or Path.home() / ".relens")}
    for name in ("host", "database", "durability", "public_url", "token", "secret_key", "heartbeat_url"):
        if environment.get(f"RELENS_{name.upper()}"):
            values[name] = environment[f"RELENS_{name.upper()}"]
    for name in ("port", "threads", "max_image_bytes", "heartbeat_s"):
        if written := environment.get(f"RELENS_{name.upper()}"):
            if not written.isdigit():
                raise BadSetting(f"RELENS_{name.upper()} must be a whole number, not '{written}'")
            values[name] = int(written)
    for name in _SHARES:
        if written := environment.get(f"RELENS_{name.upper()}"):
            try:
                values[name] = float(written)
            except ValueError:
                raise BadSetting(f"RELENS_{name.upper()} must be a share from 0 to 1, not '{written}'") from None
    values["allow_private_webhooks"] = environment.get("RELENS_ALLOW_PRIVATE_WEBHOOKS", "").lower() in (
        "1",
        "true",
        "yes",
    )
    if environment.get("RELENS_BACK_UPS"):
        values["back_up_to"] = Path(environment["RELENS_BACK_UPS"]).expanduser().absolute()
    values |= {name: value for name, value in given.items() if value is not None}
    settings = Settings(**values)  # type: ignore[arg-type]
    return replace(settings, home=settings.home.expanduser().absolute())
