"""Numbers as sentences say them, the same everywhere: 5 %, −46.3."""

from __future__ import annotations


def percent(share: float, digits: int = 0) -> str:
    """A share of 0 to 1, with a space before the sign as on the pages."""
    return f"{100 * share:.{digits}f} %"


def signed(value: float, digits: int = 1) -> str:
    """With its sign; the minus is a minus and not a hyphen."""
    return f"{value:+.{digits}f}".replace("-", "−")
