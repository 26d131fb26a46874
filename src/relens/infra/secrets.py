"""Secrets: what nobody may read in the database or a copy of it, sealed with a key that is kept elsewhere.

The key is RELENS_SECRET_KEY, or a file in the home folder, made on the first start and readable by its owner only. Sealed with Fernet
(AES-128-CBC and HMAC-SHA256).
"""

from __future__ import annotations

import base64
import hashlib
import os
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from relens.infra.settings import BadSetting, Settings
from relens.kit.errors import Conflict

FILE = "secret.key"
_SHORTEST = 32


class WrongKey(Conflict):
    """Something was sealed with another key than the one there is now."""


class Secrets:
    """Seals and opens texts. Of several keys the first seals, all open: that is how a key is changed."""

    def __init__(self, *keys: str) -> None:
        self._keys = MultiFernet([Fernet(_as_fernet(key)) for key in keys])

    @staticmethod
    def of(settings: Settings) -> Secrets:
        """With the key of the settings (several with commas between), or of the home folder."""
        if settings.secret_key is None:
            return Secrets(_kept(settings.home / FILE))
        keys = [key.strip() for key in settings.secret_key.split(",")]
        if any(len(key) < _SHORTEST for key in keys):
            raise BadSetting(
                f"RELENS_SECRET_KEY must be at least {_SHORTEST} characters long: openssl rand -base64 32 makes a good one"
            )
        return Secrets(*keys)

    def seal(self, text: str) -> str:
        return self._keys.encrypt(text.encode()).decode()

    def open(self, sealed: str) -> str:
        """Raises WrongKey."""
        try:
            return self._keys.decrypt(sealed.encode()).decode()
        except InvalidToken as error:
            raise WrongKey(
                "this was sealed with another key: bring back RELENS_SECRET_KEY or the file secret.key of the home folder, the same on "
                "every server of one database, or enter the secret anew"
            ) from error


def _as_fernet(key: str) -> bytes:
    """Fernet wants 32 bytes; a key is as strong as it is long, whatever letters it is written in."""
    return base64.urlsafe_b64encode(hashlib.sha256(key.encode()).digest())


def _kept(path: Path) -> str:
    """The key in the file, made when there is none; never one that others on this machine could have read."""
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(Fernet.generate_key().decode() + "\n")
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError:
        pass
    key = path.read_text().strip()
    if len(key) < _SHORTEST:
        raise BadSetting(
            f"{path} holds no key: bring the old file back, or delete it and enter the secrets of the channels anew"
        )
    return key
