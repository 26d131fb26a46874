"""What a reader found in a folder: images that are in order so far, and every problem with the line or file it is in."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from relens.datasets.item import Declared
from relens.kit.errors import Invalid
from relens.vision.annotation import Annotation


class NotADataset(Invalid):
    """The folder holds nothing a format can read; the sentence says what was looked for."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong. `line` counts from 1 in the annotation file; `file` is an image or an annotation file."""

    line: int | None
    file: str | None
    problem: str

    def to_json(self) -> dict[str, object]:
        return {"line": self.line, "file": self.file, "problem": self.problem}

    @staticmethod
    def from_json(written: dict[str, object]) -> Problem:
        line, file = written.get("line"), written.get("file")
        return Problem(
            line if isinstance(line, int) else None,
            file if isinstance(file, str) else None,
            str(written.get("problem") or ""),
        )


@dataclass(frozen=True, slots=True)
class FoundImage:
    """One image and what its dataset says of it. `lines`: the line of each annotation; sizes in pixels as the dataset claims them."""

    path: Path
    file_name: str
    line: int | None = None
    width: int | None = None
    height: int | None = None
    split: Declared | None = None
    group: str | None = None
    source: str | None = None
    annotations: tuple[Annotation, ...] = ()
    lines: tuple[int | None, ...] = ()


@dataclass(frozen=True, slots=True)
class FoundSet:
    """A dataset as its folder has it. `left_out`: images that are named but cannot be imported; `problems` says why.

    `notes`: sentences that are no problems.
    """

    task: str
    labels: tuple[str, ...]
    images: tuple[FoundImage, ...]
    problems: tuple[Problem, ...] = field(default=())
    left_out: int = 0
    notes: tuple[str, ...] = ()
