"""relens demo: opens a home, starts a server, plays the loop on it, and tidies up."""

from __future__ import annotations

import contextlib
import json
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

from relens.demo.browser import open_page
from relens.demo.builtin import built_in
from relens.demo.coco_folder import read_folder
from relens.demo.farewell import farewell
from relens.demo.options import Options
from relens.demo.play import Stage, play
from relens.demo.report import Outcome
from relens.demo.server_process import ServerProcess
from relens.demo.show import Plain, Show
from relens.demo.stream import Stream
from relens.kit.errors import RelensError

_REMOVED_WITHIN_S = 15.0


def run(options: Options) -> int:
    """The exit code. With `headless` it ends with the loop, otherwise the server stays up until Ctrl-C."""
    signal.signal(signal.SIGTERM, _leave)
    try:
        with playing(options) as (outcome, stream, server):
            if options.as_json:
                print(json.dumps(outcome.to_json()), flush=True)
            if not options.headless:
                kept = options.keep or options.home is not None
                for line in farewell(outcome, stream, server.url, server.home, kept=kept):
                    print(line, file=sys.stderr)
                _stay(server)
    except KeyboardInterrupt:
        return 130
    return 0


@contextlib.contextmanager
def playing(options: Options, show: Show | None = None) -> Iterator[tuple[Outcome, Stream, ServerProcess]]:
    """Plays the whole round; inside, the server is still up with what it holds."""
    stream = read_folder(options.data) if options.data is not None else built_in(options.seed)
    with _home(options) as home, _server(home, options) as server:
        with _shown(options, stream, server, show) as shown:
            visit = (lambda page: None) if options.headless else (lambda page: open_page(server.url + page))
            outcome = play(Stage(stream, options, server.url, shown, visit))
        yield outcome, stream, server


@contextlib.contextmanager
def _home(options: Options) -> Iterator[Path]:
    """The folder asked for, or a temporary one that goes afterwards unless it is to be kept."""
    if options.home is not None:
        yield options.home.expanduser().absolute()
        return
    home = Path(tempfile.mkdtemp(prefix="relens-demo-"))
    try:
        yield home
    finally:
        if not options.keep:
            _remove(home)


def _remove(home: Path) -> None:
    """A trainer that is told to stop takes a few seconds, and may write until then."""
    deadline = time.monotonic() + _REMOVED_WITHIN_S
    while home.exists() and time.monotonic() < deadline:
        shutil.rmtree(home, ignore_errors=True)
        time.sleep(0.2)


@contextlib.contextmanager
def _server(home: Path, options: Options) -> Iterator[ServerProcess]:
    server = ServerProcess(home, options.port, threads=1 if options.lockstep else None)
    server.start()
    try:
        yield server
    finally:
        server.stop()


@contextlib.contextmanager
def _shown(options: Options, stream: Stream, server: ServerProcess, show: Show | None) -> Iterator[Show]:
    shown = show or _choose_show(options, stream, server)
    shown.say(
        f"{'a simulated stream' if stream.simulated else stream.title}: {len(stream.train)} images to train on, {len(stream.production)} arrive later"
    )
    for note in stream.notes:
        shown.say(note)
    if not options.headless:
        shown.say(f"watch it at {server.url}")
    try:
        yield shown
    finally:
        shown.close()


def _choose_show(options: Options, stream: Stream, server: ServerProcess) -> Show:
    if options.headless or not sys.stderr.isatty():
        return Plain()
    from relens.demo.terminal import Terminal

    return Terminal("demo on a simulated conveyor" if stream.simulated else f"demo on {stream.title}", server.url)


def _stay(server: ServerProcess) -> None:
    with contextlib.suppress(KeyboardInterrupt):
        server.wait()
        raise RelensError(f"the server has stopped by itself; its last words are in {server.log}")


def _leave(_signal: int, _frame: FrameType | None) -> None:
    raise SystemExit(143)
