"""The wheel carries the built web pages, so that its users need no Node.js."""

import os
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

sys.path.insert(0, str(Path(__file__).parent))  # the build runs this file by path, without its folder
import build_web


class WebPages(BuildHookInterface):  # type: ignore[type-arg]
    """Builds the pages before the wheel is packed; RELENS_SKIP_WEB=1 leaves that to `make web`."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        return [] if os.environ.get("RELENS_SKIP_WEB") or build_web.system_node() else [build_web.NODE_WHEEL]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if not os.environ.get("RELENS_SKIP_WEB"):
            build_web.run("build")
            build_data["artifacts"].append("src/relens/server/static/**")
