"""What the pages believe of the API is what the server says of itself: they compile against the types made from its document."""

from __future__ import annotations

import subprocess

import pytest

import build_web


@pytest.mark.timeout(180)
def test_the_pages_read_only_what_the_server_sends_and_send_only_what_it_takes() -> None:
    if not (build_web.WEB / "node_modules" / ".package-lock.json").is_file():
        pytest.skip("the pages' libraries are not installed: run `make web`")
    build_web.types()
    told = subprocess.run(
        ("npm", "exec", "--", "tsc", "--noEmit"),
        cwd=build_web.WEB,
        env=build_web.environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    assert told.returncode == 0, told.stdout
