"""A thread that works beside another keeps off its core, where there is a second one."""

from __future__ import annotations

import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from relens.serving.cores import Elsewhere

linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux says on which core a thread runs")


@linux
def test_a_thread_keeps_off_the_core_of_the_one_that_asks() -> None:
    cores = os.sched_getaffinity(0)
    try:
        with ThreadPoolExecutor(1) as pool:
            beside = pool.submit(threading.get_native_id).result()
            elsewhere = Elsewhere(beside)
            for core in sorted(cores):
                os.sched_setaffinity(threading.get_native_id(), {core})
                elsewhere.stay_away()
                assert os.sched_getaffinity(beside) == (cores - {core} or cores)
                assert pool.submit(lambda: 1).result() == 1
    finally:
        os.sched_setaffinity(threading.get_native_id(), cores)


@linux
def test_where_there_is_one_core_all_stays_as_it_is() -> None:
    cores = os.sched_getaffinity(0)
    one = {min(cores)}
    try:
        os.sched_setaffinity(0, one)
        with ThreadPoolExecutor(1) as pool:
            beside = pool.submit(threading.get_native_id).result()
            Elsewhere(beside).stay_away()
            assert os.sched_getaffinity(beside) == one
    finally:
        os.sched_setaffinity(0, cores)
