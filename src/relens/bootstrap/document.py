"""The OpenAPI document of this version, without a server or a database: what the pages' types are generated from."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

from relens.bootstrap.routers import ROUTERS
from relens.infra.web import Parts
from relens.server.app import make_app


def document() -> dict[str, Any]:
    """What the server hands out at /api/v1/openapi.json."""
    return make_app(ROUTERS, Parts(), lambda _app: nullcontext()).openapi()
