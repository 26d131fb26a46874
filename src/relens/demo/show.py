"""What people see while the demonstration runs: stages, progress, sentences, live numbers; and the plain form of it."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol, TextIO


class Show(Protocol):
    """`seconds` holds how long each finished stage took, by title."""

    seconds: dict[str, float]

    def stage(self, title: str) -> AbstractContextManager[None]: ...

    def progress(self, done: float, total: float, message: str = "") -> None: ...

    def say(self, sentence: str) -> None: ...

    def number(self, name: str, value: object) -> None: ...

    def close(self) -> None: ...


class Plain:
    """Lines on stderr; progress every few seconds, and the same line again only after half a minute, as a sign of life."""

    EVERY_S, SAME_AGAIN_S = 5.0, 30.0

    def __init__(self, out: TextIO | None = None) -> None:
        self.seconds: dict[str, float] = {}
        self._out = out or sys.stderr
        self._numbers: dict[str, object] = {}
        self._shown_at, self._shown = 0.0, ""

    @contextmanager
    def stage(self, title: str) -> Iterator[None]:
        started = time.monotonic()
        self._shown_at = started
        self._print(f"== {title}")
        yield
        self.seconds[title] = round(time.monotonic() - started, 2)
        self._print(f"   done in {self.seconds[title]:.1f} s{self._numbers_line()}")

    def progress(self, done: float, total: float, message: str = "") -> None:
        now = time.monotonic()
        if now - self._shown_at >= self.EVERY_S:
            count = f"{done:g} of {total:g}  " if total else ""
            line = f"   {count}{message}{self._numbers_line()}"
            if line != self._shown or now - self._shown_at >= self.SAME_AGAIN_S:
                self._shown_at, self._shown = now, line
                self._print(line)

    def say(self, sentence: str) -> None:
        self._print(f"   {sentence}")

    def number(self, name: str, value: object) -> None:
        self._numbers[name] = value

    def close(self) -> None:
        self._out.flush()

    def _numbers_line(self) -> str:
        if not self._numbers:
            return ""
        return "  [" + ", ".join(f"{name} {value}" for name, value in self._numbers.items()) + "]"

    def _print(self, line: str) -> None:
        print(line, file=self._out, flush=True)
