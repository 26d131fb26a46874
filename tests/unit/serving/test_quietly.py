"""Work on a thread of low priority."""

from __future__ import annotations

import os
import sys
import threading

import pytest

from relens.serving.quietly import NICE, quietly


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux gives each thread its own priority")
def test_the_work_is_nice_and_whoever_waits_for_it_is_not() -> None:
    before = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    inside = quietly(lambda: os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
    assert inside == min(19, before + NICE)
    assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) == before


def test_its_error_is_the_callers() -> None:
    with pytest.raises(ZeroDivisionError):
        quietly(lambda: 1 / 0)
