"""Opens pages for the person who watches; that there is no browser, or that it hangs, holds nothing up."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import webbrowser


def open_page(address: str) -> None:
    """In the background; only where there is a screen (a text browser would take the terminal away)."""
    if sys.platform.startswith("linux") and not any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")
    ):
        return
    threading.Thread(target=_open, args=(address,), daemon=True).start()


def _open(address: str) -> None:
    with contextlib.suppress(Exception):
        webbrowser.open(address)
