"""A whole server that kills itself within a step of a run: `python -m tests.journeys.mortal_server STEP CALLS serve ...`.

It dies by SIGKILL at the CALLSth call of a Python function within STEP, wherever that is; a step that makes fewer calls is
killed when its work is done and not yet remembered.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from relens.cli.main import main
from relens.infra.jobs import table


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def dying(step: str, calls: int) -> Callable[[table._Run, str, Callable[[], Any]], Any]:
    remembered = table._Run.step

    def carry_out(run: table._Run, name: str, work: Callable[[], Any]) -> Any:
        return remembered(run, name, (lambda: _to_the_death(work, calls)) if name == step else work)

    return carry_out


def _to_the_death(work: Callable[[], Any], calls: int) -> None:
    made = 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal made
        made += event == "call"
        if made >= calls:
            die()

    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(None)
    # So that the test knows that it came to the end.
    print(f"mortal: the work was done after {made} calls", flush=True)
    die()


if __name__ == "__main__":
    step, calls = sys.argv[1], int(sys.argv[2])
    table._Run.step = dying(step, calls)  # type: ignore[method-assign, assignment]
    sys.argv = ["relens", *sys.argv[3:]]
    main()
