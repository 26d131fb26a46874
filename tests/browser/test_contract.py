"""What the pages believe of the API is what the server says of itself."""

from __future__ import annotations

import json
import shutil
import subprocess
from contextlib import nullcontext
from pathlib import Path

import pytest

from relens.bootstrap.routers import ROUTERS
from relens.infra.web import Parts
from relens.server.app import make_app

WEB = Path(__file__).parents[2] / "web"
TOOLS = WEB / "node_modules" / ".bin"


@pytest.mark.timeout(120)
def test_the_pages_read_only_what_the_server_sends(tmp_path: Path) -> None:
    if shutil.which("node") is None or not (TOOLS / "openapi-typescript").exists():
        pytest.skip("the pages' libraries are not installed: run `npm ci` in web/")
    document = tmp_path / "openapi.json"
    app = make_app(ROUTERS, Parts(), lambda _app: nullcontext())
    document.write_text(json.dumps(app.openapi()))
    types = WEB / "contract" / "server.d.ts"
    made = (TOOLS / "openapi-typescript", document, "-o", types, "--root-types", "--root-types-no-schema-prefix")
    subprocess.run(made, cwd=WEB, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    told = subprocess.run(
        (TOOLS / "tsc", "--noEmit", "-p", "contract"), cwd=WEB, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    assert told.returncode == 0, told.stdout
