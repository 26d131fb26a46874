"""Finds a Chromium on this machine."""

from __future__ import annotations

import os
import shutil

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")


def chromium() -> str | None:
    """RELENS_TEST_CHROMIUM, or the first of the usual names; None when Playwright's own is left."""
    return os.environ.get("RELENS_TEST_CHROMIUM") or next(
        (path for name in NAMES if (path := shutil.which(name))), None
    )
