"""Turns COCO entries into found images; what cannot be right becomes a problem with its line, and its image is left out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from relens.datasets.formats import _coco_shape
from relens.datasets.formats._coco_file import CocoFile
from relens.datasets.formats._folders import find, kept_text
from relens.datasets.found import FoundImage, Problem
from relens.datasets.item import BadItem, Declared, declared, safe_name
from relens.kit.errors import RelensError
from relens.vision.annotation import Annotation
from relens.vision.labels import LabelMap

Lines = list[tuple[int, Annotation]]


class Reading:
    """Goes through the files of one dataset. `left_out` counts images that were named and cannot be imported."""

    def __init__(self, root: Path, task: str, problems: list[Problem]) -> None:
        self.root = root
        self.task = task
        self.problems = problems
        self.left_out = 0
        self._by_id: dict[int, str] = {}
        self._paths: set[Path] = set()

    def labels(self) -> tuple[str, ...]:
        """The categories seen, in the order of their ids."""
        return tuple(dict.fromkeys(name for _, name in sorted(self._by_id.items())))

    def images(self, file: CocoFile) -> Iterator[FoundImage]:
        """The images of one file that are in order so far."""
        categories = self._categories(file)
        entries = self._image_entries(file)
        annotations, broken = self._annotations(file, categories, set(entries))
        for image_id, (line, entry) in entries.items():
            found = None if image_id in broken else self._image(file, line, entry, annotations[image_id])
            if found is None:
                self.left_out += 1
            else:
                yield found

    def _categories(self, file: CocoFile) -> dict[Any, str]:
        named: dict[Any, str] = {}
        for line, entry in file.entries("categories"):
            number, name = (entry.get("id"), entry.get("name")) if isinstance(entry, dict) else (None, None)
            if isinstance(number, bool) or not isinstance(number, int) or not isinstance(name, str):
                self._note(line, file.name, "this category needs a whole number as id and a name")
            elif number in named or name in named.values():
                self._note(line, file.name, f"the category {number} '{name}' stands here twice, by id or by name")
            elif self._by_id.get(number, name) != name:
                self._note(
                    line,
                    file.name,
                    f"the category {number} is '{name}' here and '{self._by_id[number]}' in another file",
                )
            elif self._usable(line, file, name):
                named[number] = self._by_id[number] = name
        return named

    def _usable(self, line: int, file: CocoFile, name: str) -> bool:
        try:
            LabelMap((name,))
            name.encode()
        except (RelensError, UnicodeEncodeError) as error:
            self._note(line, file.name, f"the category '{name[:60]!r}' cannot be a label: {error}")
            return False
        return True

    def _image_entries(self, file: CocoFile) -> dict[Any, tuple[int, dict[str, Any]]]:
        entries: dict[Any, tuple[int, dict[str, Any]]] = {}
        for line, entry in file.entries("images"):
            image_id = entry.get("id") if isinstance(entry, dict) else None
            if not isinstance(image_id, int | str):
                self._leave_out(line, file.name, "this image has no id")
            elif image_id in entries:
                self._leave_out(
                    line, file.name, f"the image id {image_id!r} is used twice (first on line {entries[image_id][0]})"
                )
            else:
                entries[image_id] = (line, entry)
        return entries

    def _annotations(
        self, file: CocoFile, categories: dict[Any, str], images: set[Any]
    ) -> tuple[dict[Any, Lines], set[Any]]:
        """By image; and the images with an annotation that is wrong: without it they would teach that nothing is there."""
        found: dict[Any, Lines] = defaultdict(list)
        broken: set[Any] = set()
        seen: dict[Any, int] = {}
        for line, entry in file.entries("annotations"):
            image_id = entry.get("image_id") if isinstance(entry, dict) else None
            problem, annotation = self._annotation(entry, categories, seen, line)
            if not isinstance(image_id, int | str) or image_id not in images:
                self._note(line, file.name, f"this annotation is for image {image_id!r}, and there is no such image")
            elif annotation is None:
                self._note(line, file.name, problem)
                broken.add(image_id)
            else:
                found[image_id].append((line, annotation))
        return found, broken

    def _annotation(
        self, entry: Any, categories: dict[Any, str], seen: dict[Any, int], line: int
    ) -> tuple[str, Annotation | None]:
        if not isinstance(entry, dict):
            return "this is not an annotation", None
        number, category = entry.get("id"), entry.get("category_id")
        name = f"annotation {number}" if number is not None else "this annotation"
        if isinstance(number, int | str):
            if number in seen:
                return f"the annotation id {number!r} is used twice (first on line {seen[number]})", None
            seen[number] = line
        if not isinstance(category, int) or category not in categories:
            return f"{name} has the category {category!r}, which is not among the categories", None
        try:
            return "", _coco_shape.read(entry, categories[category], self.task)
        except RelensError as error:
            return f"{name}: {error}", None

    def _image(self, file: CocoFile, line: int, entry: dict[str, Any], annotations: Lines) -> FoundImage | None:
        written = entry.get("file_name")
        try:
            name = safe_name(written if isinstance(written, str) else "")
            split = self._split(file, entry)
        except BadItem as error:
            return self._refuse(line, str(written)[:300], str(error))
        path = find(self._places(file, split), name, self.root)
        if path is None:
            return self._refuse(line, name, "there is no such file beside the annotations")
        if path in self._paths:
            return self._refuse(line, name, "this file is named by two images")
        if self.task == "classification" and len(annotations) > 1:
            return self._refuse(line, name, f"it has {len(annotations)} labels: in classification an image has one")
        self._paths.add(path)
        return FoundImage(
            path=path,
            file_name=name,
            line=line,
            width=_size(entry.get("width")),
            height=_size(entry.get("height")),
            split=split,
            group=kept_text(entry.get("group")),
            source=kept_text(entry.get("source")) or kept_text(entry.get("domain")),
            annotations=tuple(annotation for _, annotation in annotations),
            lines=tuple(number for number, _ in annotations),
        )

    def _split(self, file: CocoFile, entry: dict[str, Any]) -> Declared | None:
        said = entry.get("split")
        return file.split if said in (None, "") else declared(str(said))

    def _places(self, file: CocoFile, split: Declared | None) -> list[Path]:
        beside = file.path.resolve().parent
        words = [
            word for word in ("train", "val", "valid", "validation", "test", "production") if declared(word) == split
        ]
        stem = file.path.stem.removeprefix("instances_")
        inner = [self.root / folder for folder in sorted(words)] + [
            self.root / "images" / folder for folder in sorted(words)
        ]
        return [
            beside / "images",
            beside,
            self.root / "images",
            self.root,
            *inner,
            self.root / stem,
            self.root / "images" / stem,
        ]

    def _note(self, line: int, file: str, problem: str) -> None:
        self.problems.append(Problem(line, file, problem))

    def _leave_out(self, line: int, file: str, problem: str) -> None:
        self.left_out += 1
        self._note(line, file, problem)

    def _refuse(self, line: int, file: str, problem: str) -> FoundImage | None:
        self._note(line, file, problem)
        return None


def _size(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None
