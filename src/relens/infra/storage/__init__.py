"""Bytes by key: a port, and one file for each place bytes can be kept."""

from relens.infra.storage._port import NoBytes, Room, Storage

__all__ = ["NoBytes", "Room", "Storage"]
