"""One folder of images per label, optionally below train/, val/ and test/; for classification.

An export has a relens.json beside the folders: names, groups and sources that folders cannot say. Without it they are made up anew.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from relens.datasets.formats import CannotWrite, Entry, Format
from relens.datasets.formats._folders import children, files_below, hidden, is_image, top
from relens.datasets.found import FoundImage, FoundSet, NotADataset, Problem
from relens.datasets.item import BadItem, Item, Split, UnknownSplit, safe_name, split_named
from relens.kit.errors import RelensError
from relens.kit.ids import content_id
from relens.vision.annotation import Annotation
from relens.vision.labels import LabelMap

_SIDE_FILE = "relens.json"
_PASSED_OVER = frozenset({".json", ".txt", ".md", ".csv", ".yaml", ".yml", ".rst", ".pdf", ""})
_UNSAFE = re.compile(r'[\x00-\x1f\x7f%/\\:*?"<>|]|^[. ]|[. ]$')


def looks_like(root: Path) -> bool:
    folder = top(root)
    return any(path.is_dir() and any(is_image(file) for file in files_below(path)) for path in children(folder))


def read(root: Path) -> FoundSet:
    """A label for each folder, in the order of their names. Raises NotADataset."""
    folder = top(root)
    side = _side_file(folder)
    problems: list[Problem] = []
    images: list[FoundImage] = []
    labels: dict[str, None] = dict.fromkeys(side.get("labels", ()))
    left_out = 0
    for split, place in _split_folders(folder):
        for path in children(place):
            if path.is_dir():
                found, bad = _label_folder(folder, path, split, side, problems)
                images += found
                left_out += bad
                labels.update(dict.fromkeys(image.annotations[0].label for image in found))
                if not found and path.name and not side:
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
    ordered = usable if side else tuple(sorted(usable))
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
    paths = [_path(item, taken) for item in items]
    images: list[dict[str, str | None]] = [
        {
            "path": path,
            "label": item.annotations[0].label,
            "split": item.split,
            "file_name": item.file_name,
            "group": item.group,
            "source": item.source,
        }
        for path, item in zip(paths, items, strict=True)
    ]
    side = {"relens": 1, "name": name, "labels": list(labels), "images": images}
    yield Entry(_SIDE_FILE, data=json.dumps(side, ensure_ascii=False, indent=1).encode())
    for path, item in zip(paths, items, strict=True):
        yield Entry(path, asset=item.asset)


def _path(item: Item, taken: set[str]) -> str:
    """Safe on every file system: also where upper and lower case are one."""
    label = _folder_name(item.annotations[0].label)
    file = PurePosixPath(item.file_name)
    suffix = file.suffix if len(file.suffix) <= 8 else ""
    path = f"{item.split}/{label}/{file.name}"
    if (
        path.lower() in taken
        or len(file.name.encode()) > 200
        or not is_image(Path(file.name))
        or _UNSAFE.search(file.name)
    ):
        path = f"{item.split}/{label}/{item.asset}{suffix.lower() if is_image(Path('x' + suffix)) else '.img.png'}"
    taken.add(path.lower())
    return path


def _folder_name(label: str) -> str:
    name = _UNSAFE.sub(lambda found: "".join(f"%{byte:02X}" for byte in found.group().encode()), label)
    if hidden(Path(name)):
        name = f"%{ord(name[0]):02X}{name[1:]}"
    return name if len(name.encode()) <= 150 else f"{name[:30]}~{content_id(label.encode())[:12]}"


def _side_file(folder: Path) -> dict[str, Any]:
    """Labels, and what is said of each image by its path; nothing when it is not ours or not readable."""
    try:
        written = json.loads((folder / _SIDE_FILE).read_text(encoding="utf-8"))
        labels = [label for label in written["labels"] if isinstance(label, str)]
        return {"labels": labels, "images": {str(image["path"]): image for image in written["images"]}}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _split_folders(folder: Path) -> list[tuple[Split | None, Path]]:
    """The folders that hold label folders: those called like splits when every folder is, otherwise the top itself."""
    inside = [path for path in children(folder) if path.is_dir()]
    try:
        splits: list[tuple[Split | None, Path]] = [(split_named(path.name), path) for path in inside]
    except UnknownSplit:
        return [(None, folder)]
    holds_folders = any(child.is_dir() for path in inside for child in children(path))
    return splits if splits and holds_folders else [(None, folder)]


def _label_folder(
    folder: Path, place: Path, split: Split | None, side: dict[str, Any], problems: list[Problem]
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
            found.append(_image(folder, path, place.name, split, side.get("images", {}).get(name, {})))
        except RelensError as error:
            problems.append(Problem(None, name, str(error)))
            bad += 1
    return found, bad


def _image(folder: Path, path: Path, label: str, split: Split | None, said: dict[str, Any]) -> FoundImage:
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


FORMAT = Format("Folder per label", looks_like, read, write)
