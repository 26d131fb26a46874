"""Finds the text file of each image of a YOLO dataset and reads it; what cannot be right becomes a problem with its line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from relens.datasets.formats._folders import is_split, text_in
from relens.datasets.formats._side import Side, read_side, sharpened
from relens.datasets.formats._yolo_config import Config
from relens.datasets.formats._yolo_line import AsWritten, read_line, says_the_same
from relens.datasets.found import FoundImage, Problem
from relens.datasets.item import Declared, declared, safe_name
from relens.kit.errors import RelensError
from relens.vision.annotation import Annotation
from relens.vision.decode import peek
from relens.vision.shapes import Polygon

_AROUND = frozenset({"images", "obj_train_data"})


class Reading:
    """Goes through the images of one dataset. `labelled` counts those with a text file, `left_out` those that cannot be imported."""

    def __init__(self, folder: Path, config: Config) -> None:
        self.folder, self.config = folder, config
        self.side: Side = read_side(folder)
        self.problems: list[Problem] = []
        self.labelled = self.bare = self.left_out = 0

    def image(self, path: Path) -> FoundImage | None:
        text = label_file(path, self.folder)
        name = path.relative_to(self.folder).as_posix()
        self.labelled += text is not None
        self.bare += text is None
        said = self.side.of(name)
        try:
            file_name = safe_name(str(said.get("file_name") or _own_name(path.relative_to(self.folder))))
            lines = self._lines(path, text) if text is not None else []
        except RelensError as error:
            self.problems.append(Problem(None, name, str(error)))
            lines = None
        if lines is None:
            self.left_out += 1
            return None
        return FoundImage(
            path=path,
            file_name=file_name,
            split=self._split(path),
            group=said.get("group"),
            source=said.get("source"),
            annotations=tuple(annotation for _, annotation in lines),
            lines=tuple(number for number, _ in lines),
        )

    def task(self, images: Sequence[FoundImage]) -> str:
        """What our own export says; otherwise outlines all through are segmentation."""
        if self.side.task in ("detection", "segmentation"):
            return str(self.side.task)
        shapes = [one.shape for image in images for one in image.annotations]
        return "segmentation" if shapes and all(isinstance(shape, Polygon) for shape in shapes) else "detection"

    def notes(self) -> tuple[str, ...]:
        if not self.bare:
            return ()
        one = self.bare == 1
        return (f"{self.bare:,} {'image has' if one else 'images have'} no text file: nothing is to be found there.",)

    def _lines(self, image: Path, text: Path) -> list[tuple[int, Annotation]] | None:
        """None where a line is wrong: without it the image would teach that nothing is there."""
        width, height, _ = peek(image.read_bytes())
        size = AsWritten(width, height, self.config.labels)
        said = self.side.of(image.relative_to(self.folder).as_posix())
        found: list[tuple[int, Annotation]] = []
        bad = False
        for number, line in enumerate(text_in(text).splitlines(), 1):
            if not line.strip():
                continue
            try:
                one = read_line(line, size)
            except RelensError as error:
                self.problems.append(Problem(number, text.relative_to(self.folder).as_posix(), str(error)))
                bad = True
                continue
            exact = sharpened(said, len(found), one, lambda kept, one=one: says_the_same(kept, one, size))  # type: ignore[misc]
            found.append((number, exact))
        return None if bad else found

    def _split(self, path: Path) -> Declared | None:
        if split := self.config.split_of(path):
            return split
        above = path.relative_to(self.folder).parts[:-1]
        return next((declared(part) for part in above if is_split(part)), None)


def label_file(image: Path, folder: Path) -> Path | None:
    """labels/ in the place of the last images/ above it; otherwise beside it, or in labels/ at the top."""
    parts = list(image.relative_to(folder).parts)
    places = [image.with_suffix(".txt"), folder / "labels" / f"{image.stem}.txt"]
    if "images" in parts[:-1]:
        at = len(parts) - 2 - parts[-2::-1].index("images")
        mirrored = [*parts[:at], "labels", *parts[at + 1 :]]
        places.insert(0, folder.joinpath(*mirrored).with_suffix(".txt"))
    return next((place for place in places if place.is_file()), None)


def _own_name(path: Path) -> str:
    """Without the folders that only say what kind of file or split it is."""
    parts = list(path.parts)
    while len(parts) > 1 and (parts[0] in _AROUND or is_split(parts[0])):
        parts.pop(0)
    return "/".join(parts)
