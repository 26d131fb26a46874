"""A cursor is read only where it could have come from."""

from __future__ import annotations

import pytest

from relens.infra.web import BadCursor, read_cursor, write_cursor


def test_a_cursor_of_another_list_is_refused_and_never_reaches_a_database() -> None:
    assert read_cursor(write_cursor(3, "x"), int, str) == [3, "x"]
    assert read_cursor(write_cursor("-outlier", 0.5, 7), str, object, object) == ["-outlier", 0.5, 7]
    for other in (("x", 3), (3,), (True, "x"), (3, "x", 1), ("x", "x"), (3.5, "x"), (None, "x"), ([3], "x")):
        with pytest.raises(BadCursor):
            read_cursor(write_cursor(*other), int, str)
