"""A catalog finds the plug-ins of one kind: one file each, named like the plug-in."""

import importlib
import importlib.util
import pkgutil
import sys
from collections.abc import Iterator
from functools import cached_property
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import Generic, TypeVar, cast

from relens.kit.errors import Invalid, MissingPackage, NotFound

Plugin = TypeVar("Plugin")


class BrokenPlugin(Invalid):
    """A plug-in file that cannot be imported, or holds no plug-in."""


class Catalog(Generic[Plugin]):
    """The plug-ins of one folder, of the entry-point group of the same name, and of folders that are added.

    A plug-in file `softmax.py` holds one object under `attribute` (for example `READER`); its name everywhere is `softmax`.
    Files that begin with an underscore are not plug-ins.
    """

    def __init__(
        self, kind: str, package: str, attribute: str, extra: str | None = None, group: str | None = None
    ) -> None:
        self.kind = kind
        self._package = package
        self._attribute = attribute
        self._extra = extra
        self._group = group or package
        self._folders: list[Path] = []

    def add_folder(self, folder: Path) -> None:
        """From now on also the files in `folder`, which need not be there yet; names of ours cannot be taken."""
        if folder not in self._folders:
            self._folders.append(folder)

    @property
    def folders(self) -> tuple[Path, ...]:
        """The added folders, for another process that must know the same plug-ins."""
        return tuple(self._folders)

    def names(self) -> tuple[str, ...]:
        """Every plug-in there is, also those whose library is missing."""
        return tuple(sorted({*self._own, *self._foreign(), *self._files()}))

    def get(self, name: str) -> Plugin:
        """The plug-in called `name`; says so when there is none, or when its library is missing."""
        module = self.module(name)
        try:
            return cast(Plugin, getattr(module, self._attribute))
        except AttributeError as error:
            raise BrokenPlugin(f"{self.kind} '{name}' ({module.__file__}) does not define {self._attribute}") from error

    def module(self, name: str) -> ModuleType:
        """The file it is in, imported."""
        if name in self._own:
            return self._load(f"{self._package}.{name}", name)
        foreign = self._foreign()
        if name in foreign:
            return self._load(foreign[name], name)
        files = self._files()
        if name in files:
            return self._load_file(files[name], name)
        raise NotFound(f"there is no {self.kind} '{name}': choose one of {', '.join(self.names()) or '(none)'}")

    def __iter__(self) -> Iterator[tuple[str, Plugin]]:
        return ((name, self.get(name)) for name in self.names())

    @cached_property
    def _own(self) -> tuple[str, ...]:
        """Ours come with the program and stay as they are while it runs; looking at the folder for each image would be noticed."""
        folder = importlib.import_module(self._package)
        return tuple(found.name for found in pkgutil.iter_modules(folder.__path__) if not found.name.startswith("_"))

    def _foreign(self) -> dict[str, str]:
        return {point.name: point.module for point in entry_points(group=self._group)}

    def _files(self) -> dict[str, Path]:
        return {
            path.stem: path
            for folder in self._folders
            for path in sorted(folder.glob("*.py"))
            if path.stem.isidentifier() and not path.stem.startswith("_")
        }

    def _load_file(self, path: Path, name: str) -> ModuleType:
        """Imported once, under a name nothing else has; a file that is broken says so whenever it is asked for."""
        key = f"relens_plugins.{self._package.rpartition('.')[2]}.{name}"
        loaded = sys.modules.get(key)
        if loaded is not None and loaded.__file__ == str(path):
            return loaded
        spec = importlib.util.spec_from_file_location(key, path)
        if spec is None or spec.loader is None:
            raise BrokenPlugin(f"{self.kind} '{name}' ({path}) cannot be imported")
        module = importlib.util.module_from_spec(spec)
        sys.modules[key] = module
        try:
            spec.loader.exec_module(module)
        except Exception as error:
            del sys.modules[key]
            raise BrokenPlugin(
                f"{self.kind} '{name}' ({path}) cannot be imported: {type(error).__name__}: {error}"
            ) from error
        return module

    def _load(self, module_name: str, name: str) -> ModuleType:
        try:
            return importlib.import_module(module_name)
        except ModuleNotFoundError as error:
            if error.name is None or error.name.startswith("relens"):
                raise
            extra = self._extra or name
            raise MissingPackage(
                f"{self.kind} '{name}' needs the package '{error.name}': pip install 'relens[{extra}]'"
            ) from error
