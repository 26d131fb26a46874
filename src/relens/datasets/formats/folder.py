"""One folder of images per label, optionally below train/, val/ and test/; for classification.

An export has a relens.json beside the folders: names, groups and sources that folders cannot say. Without it they are made up anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from relens.datasets.formats import CannotWrite, Entry, Format
from relens.datasets.formats._folders import children, files_below, hidden, is_image, top
from relens.datasets.formats._names import UNSAFE, image_path
from relens.datasets.formats._side import Side, about, read_side, side_entry
from relens.datasets.found import FoundImage, FoundSet, NotADataset, Problem
from relens.datasets.item import BadItem, Declared, Item, UnknownSplit, declared, safe_name
from relens.kit.errors import RelensError
from relens.kit.ids import content_id
from relens.vision.annotation import Annotation
from relens.vision.labels import LabelMap

_PASSED_OVER = frozenset({".json", ".txt", ".md", ".csv", ".yaml", ".yml", ".rst", ".pdf", ""})


def looks_like(root: Path) -> bool:
    folder = top(root)
    return any(path.is_dir() and any(is_image(file) for file in files_below(path)) for path in children(folder))


def read(root: Path) -> FoundSet:
    """A label for each folder, in the order of their names. Raises NotADataset."""
    folder = top(root)
    side = read_side(folder)
    problems: list[Problem] = []
    images: list[FoundImage] = []
    labels: dict[str, None] = dict.fromkeys(side.labels)
    left_out = 0
    for split, place in _split_folders(folder):
        for path in children(place):
            if path.is_dir():
                found, bad = _label_folder(folder, path, split, side, problems)
                images += found
                left_out += bad
                labels.update(dict.fromkeys(image.annotations[0].label for image in found))
                if not found and path.name and not side.labels:
                    labels[path.name] = None
            elif is_image(path):
                problems.append(
                    Problem(None, path.relative_to(folder).as_posix(), "this image lies in no label's folder")
                )
                left_out += 1
    if not images and not problems:
        raise NotADataset("no images in folders were found: make one folder for each label and put its images there")
    usable = _usable_labels(labels, problems)
    if not usable:
        raise NotADataset("no folder has a name that can be a label: make one folder for each label")
    ordered = usable if side.labels else tuple(sorted(usable))
    return FoundSet("classification", ordered, tuple(images), tuple(problems), left_out)


def write(name: str, task: str, labels: Sequence[str], items: Sequence[Item]) -> Iterator[Entry]:
    """split/label/file for every image, and relens.json. Raises CannotWrite for anything but labelled whole images."""
    if task != "classification":
        raise CannotWrite(f"folders can only say one label per image, and this is a {task} dataset: export it as coco")
    bare = next((item for item in items if len(item.annotations) != 1), None)
    if bare is not None:
        raise CannotWrite(f"'{bare.file_name}' has no label, and folders cannot say that: export it as coco")
    extra = next((item for item in items if item.annotations[0] != Annotation(item.annotations[0].label)), None)
    if extra is not None:
        raise CannotWrite(
            f"'{extra.file_name}' has a crowd mark or an area, and folders cannot say that: export it as coco"
        )
    return _entries(name, labels, items)


def _entries(name: str, labels: Sequence[str], items: Sequence[Item]) -> Iterator[Entry]:
    taken: set[str] = set()
    paths = [image_path(f"{item.split}/{_folder_name(item.annotations[0].label)}", item, taken) for item in items]
    images = [about(item, path) | {"label": item.annotations[0].label} for path, item in zip(paths, items, strict=True)]
    yield side_entry(name, "classification", labels, images)
    for path, item in zip(paths, items, strict=True):
        yield Entry(path, asset=item.asset)


def _folder_name(label: str) -> str:
    name = UNSAFE.sub(lambda found: "".join(f"%{byte:02X}" for byte in found.group().encode()), label)
    if hidden(Path(name)):
        name = f"%{ord(name[0]):02X}{name[1:]}"
    return name if len(name.encode()) <= 150 else f"{name[:30]}~{content_id(label.encode())[:12]}"


def _split_folders(folder: Path) -> list[tuple[Declared | None, Path]]:
    """The folders that hold label folders: those called like splits when every folder is, otherwise the top itself."""
    inside = [path for path in children(folder) if path.is_dir()]
    try:
        splits: list[tuple[Declared | None, Path]] = [(declared(path.name), path) for path in inside]
    except UnknownSplit:
        return [(None, folder)]
    holds_folders = any(child.is_dir() for path in inside for child in children(path))
    return splits if splits and holds_folders else [(None, folder)]


def _label_folder(
    folder: Path, place: Path, split: Declared | None, side: Side, problems: list[Problem]
) -> tuple[list[FoundImage], int]:
    found, bad = [], 0
    for path in files_below(place):
        name = path.relative_to(folder).as_posix()
        if path.suffix.lower() in _PASSED_OVER:
            continue
        try:
            if not is_image(path):
                raise BadItem("this is no image file that is known")
            if not path.resolve().is_relative_to(folder.resolve()):
                raise BadItem("this file leads out of the folder")
            found.append(_image(folder, path, place.name, split, side.of(name)))
        except RelensError as error:
            problems.append(Problem(None, name, str(error)))
            bad += 1
    return found, bad


def _image(folder: Path, path: Path, label: str, split: Declared | None, said: Mapping[str, Any]) -> FoundImage:
    below = folder / path.relative_to(folder).parts[0] if split else folder
    file_name = said.get("file_name") or path.relative_to(below).as_posix()
    return FoundImage(
        path=path,
        file_name=safe_name(str(file_name)),
        split=split,
        group=said.get("group"),
        source=said.get("source"),
        annotations=(Annotation(str(said.get("label") or label)),),
        lines=(None,),
    )


def _usable_labels(labels: dict[str, None], problems: list[Problem]) -> tuple[str, ...]:
    usable = []
    for label in labels:
        try:
            LabelMap((label,))
            usable.append(label)
        except RelensError as error:
            problems.append(Problem(None, label[:60], f"this folder's name cannot be a label: {error}"))
    return tuple(usable)


FORMAT = Format(
    "Folder per label",
    "one folder of images for each label, optionally below train/, val/ and test/",
    ("classification",),
    looks_like,
    read,
    write,
    fallback=True,
)
