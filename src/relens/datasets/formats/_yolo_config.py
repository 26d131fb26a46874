"""What a YOLO dataset says beside its text files: the names of its labels, and where each split lies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from relens.datasets.formats._folders import children, text_in
from relens.datasets.found import NotADataset
from relens.datasets.item import Declared
from relens.kit.errors import RelensError
from relens.vision.labels import LabelMap

_SPLITS: dict[str, Declared] = {
    "train": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "test": "test",
    "production": "production",
}
_LARGEST = 10 << 20


@dataclass(frozen=True, slots=True)
class Config:
    """`folders` and `listed`: the split of a folder, or of an image that a list names (by its path, or by its name alone)."""

    labels: tuple[str, ...]
    folders: Mapping[Path, Declared] = field(default_factory=dict)
    listed: Mapping[str, Declared] = field(default_factory=dict)

    def split_of(self, image: Path) -> Declared | None:
        if found := self.listed.get(image.as_posix()) or self.listed.get(image.name):
            return found
        # Where one split lies inside another (train: images, val: images/val), the nearest folder says it.
        around = [place for place in self.folders if image.is_relative_to(place)]
        return self.folders[max(around, key=lambda place: len(place.parts))] if around else None


def dump(value: Mapping[str, Any]) -> bytes:
    import yaml

    text: str = yaml.safe_dump(dict(value), allow_unicode=True, sort_keys=False, width=10_000)
    return text.encode()


def has_names(folder: Path) -> bool:
    return any(_names_in(_read_yaml(path)) is not None for path in _yaml_files(folder)) or any(_lists(folder))


def config_of(folder: Path) -> Config:
    """Raises NotADataset when nothing names the labels, or the names are none."""
    for path in _yaml_files(folder):
        said = _read_yaml(path)
        names = _names_in(said)
        if names is None:
            continue
        if "kpt_shape" in said:
            raise NotADataset(f"{path.name} describes poses: points of a body are none of the tasks here")
        folders, listed = _places(folder, path, said)
        return Config(_checked(names, path.name), folders, listed)
    for path in _lists(folder):
        lines = (line.strip() for line in text_in(path).splitlines())
        folders, listed = _places(folder, path, {split: f"{split}.txt" for split in _SPLITS})
        return Config(_checked([line for line in lines if line], path.name), folders, listed)
    raise NotADataset("nothing names the labels: a YOLO dataset has a data.yaml with 'names', or a classes.txt")


def _yaml_files(folder: Path) -> Iterator[Path]:
    """data.yaml first."""
    found = [path for path in children(folder) if path.suffix.lower() in (".yaml", ".yml") and path.is_file()]
    yield from sorted(found, key=lambda path: (path.stem != "data", path.name))


def _lists(folder: Path) -> Iterator[Path]:
    for path in (folder / "classes.txt", folder / "obj.names", folder / "labels" / "classes.txt"):
        if path.is_file():
            yield path


def _read_yaml(path: Path) -> dict[str, Any]:
    """Every value as text, as it is written: a label called `no` stays one. Nothing where it cannot be read."""
    import yaml

    if path.stat().st_size > _LARGEST:
        return {}
    try:
        said = yaml.load(path.read_text(encoding="utf-8-sig"), Loader=yaml.BaseLoader)
    except (yaml.YAMLError, ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _names_in(said: Mapping[str, Any]) -> list[str] | None:
    """Texts only: lists that stand for one another many times over would be endless as one."""
    names = said.get("names")
    if not all(isinstance(name, str) for name in (names.values() if isinstance(names, dict) else names or ())):
        return None
    if isinstance(names, dict):
        try:
            numbered = {int(number): name for number, name in names.items()}
        except ValueError:
            return None
        return (
            [numbered[number] for number in sorted(numbered)]
            if sorted(numbered) == list(range(len(numbered)))
            else None
        )
    return list(names) if isinstance(names, list) else None


def _checked(names: list[str], file: str) -> tuple[str, ...]:
    try:
        return LabelMap(tuple(names)).names
    except RelensError as error:
        raise NotADataset(f"the names in {file} cannot be labels: {error}") from error


def _places(folder: Path, file: Path, said: Mapping[str, Any]) -> tuple[dict[Path, Declared], dict[str, Declared]]:
    base = file.parent
    if isinstance(written := said.get("path"), str) and (base / written).is_dir():
        base = base / written
    folders: dict[Path, Declared] = {}
    listed: dict[str, Declared] = {}
    twice: set[Path] = set()
    for key, split in _SPLITS.items():
        value = said.get(key)
        for one in value if isinstance(value, list) else [value]:
            place = _inside(base, one, folder) if isinstance(one, str) and one else None
            if place is not None and place.is_dir():
                # The same folder for two splits (as in the smallest examples) says nothing.
                twice |= {place} if folders.setdefault(place, split) != split else set()
            elif place is not None:
                listed |= dict.fromkeys(_listed(place, base), split)
    return {place: split for place, split in folders.items() if place not in twice}, listed


def _inside(base: Path, written: str, folder: Path) -> Path | None:
    """Written for another place, as Roboflow's ../train/images, it is looked for here."""
    parts = [part for part in PurePosixPath(written.replace("\\", "/")).parts if part not in ("..", ".", "/")]
    for start in range(len(parts)):
        place = base.joinpath(*parts[start:])
        if place.exists() and place.resolve().is_relative_to(folder.resolve()):
            return place
    return None


def _listed(file: Path, base: Path) -> Iterator[str]:
    for line in text_in(file).splitlines():
        name = line.strip().replace("\\", "/")
        if name:
            path = base / name.removeprefix("./")
            yield path.as_posix() if path.is_file() else PurePosixPath(name).name
