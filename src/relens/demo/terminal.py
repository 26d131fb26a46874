"""The demonstration in a live terminal: stages with their times, a progress bar, numbers that move, the latest sentences."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

_SENTENCES = 9


class Terminal:
    """Draws itself on stderr eight times a second until `close`; what was said stays on the screen afterwards."""

    def __init__(self, title: str, address: str) -> None:
        self.seconds: dict[str, float] = {}
        self._title, self._address = title, address
        self._running: tuple[str, float] | None = None
        self._done, self._total, self._message = 0.0, 0.0, ""
        self._said: deque[str] = deque(maxlen=_SENTENCES)
        self._numbers: dict[str, object] = {}
        self._spinner = Spinner("dots", style="cyan")
        self._live = Live(get_renderable=self._draw, console=Console(stderr=True), refresh_per_second=8)
        self._live.start()

    @contextmanager
    def stage(self, title: str) -> Iterator[None]:
        self._running = (title, time.monotonic())
        self._done, self._total, self._message = 0.0, 0.0, ""
        yield
        self.seconds[title] = round(time.monotonic() - self._running[1], 2)
        self._running = None

    def progress(self, done: float, total: float, message: str = "") -> None:
        self._done, self._total, self._message = done, total, message

    def say(self, sentence: str) -> None:
        self._said.append(sentence)

    def number(self, name: str, value: object) -> None:
        self._numbers[name] = value

    def close(self) -> None:
        self._live.stop()

    def _draw(self) -> RenderableType:
        parts: list[RenderableType] = [self._stages()]
        if self._running is not None:
            parts.append(self._bar())
        if self._numbers:
            parts.append(self._number_row())
        parts.extend(Text(f"  {sentence}") for sentence in self._said)
        return Panel(
            Group(*parts),
            title=f"[bold]Relens[/] {self._title}",
            subtitle=self._address,
            border_style="cyan",
            padding=(1, 2),
        )

    def _stages(self) -> Table:
        table = Table.grid(padding=(0, 1))
        for title, seconds in self.seconds.items():
            table.add_row(Text("✓", style="green"), title, Text(f"{seconds:.1f} s", style="dim"))
        if self._running is not None:
            title, started = self._running
            table.add_row(
                self._spinner, Text(title, style="bold"), Text(f"{time.monotonic() - started:.0f} s", style="dim")
            )
        return table

    def _bar(self) -> Table:
        row = Table.grid(padding=(0, 1))
        if self._total:
            row.add_row(
                ProgressBar(self._total, min(self._done, self._total), width=40),
                f"{self._done:g} of {self._total:g}",
                self._message,
            )
        else:
            row.add_row(Text(self._message, style="dim"))
        return row

    def _number_row(self) -> Table:
        row = Table.grid(padding=(0, 3))
        row.add_row(
            *(Text.assemble((f"{name} ", "dim"), (str(value), "bold")) for name, value in self._numbers.items())
        )
        return row
