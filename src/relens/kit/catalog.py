"""A catalog finds the plug-ins of one kind: one file each, named like the plug-in."""

import importlib
import pkgutil
from collections.abc import Iterator
from importlib.metadata import entry_points
from types import ModuleType
from typing import Generic, TypeVar, cast

from relens.kit.errors import MissingPackage, NotFound

Plugin = TypeVar("Plugin")


class Catalog(Generic[Plugin]):
    """The plug-ins of one folder and of the entry-point group of the same name.

    A plug-in file `softmax.py` holds one object under `attribute` (for example `READER`); its name everywhere is `softmax`.
    Files that begin with an underscore are not plug-ins.
    """

    def __init__(self, kind: str, package: str, attribute: str, extra: str | None = None) -> None:
        self.kind = kind
        self._package = package
        self._attribute = attribute
        self._extra = extra

    def names(self) -> tuple[str, ...]:
        """Every plug-in there is, also those whose library is missing."""
        return tuple(sorted({*self._own(), *self._foreign()}))

    def get(self, name: str) -> Plugin:
        """The plug-in called `name`; says so when there is none, or when its library is missing."""
        if name in self._own():
            return self._load(f"{self._package}.{name}", name)
        foreign = self._foreign()
        if name in foreign:
            return self._load(foreign[name], name)
        raise NotFound(f"there is no {self.kind} '{name}': choose one of {', '.join(self.names()) or '(none)'}")

    def __iter__(self) -> Iterator[tuple[str, Plugin]]:
        return ((name, self.get(name)) for name in self.names())

    def _own(self) -> tuple[str, ...]:
        folder = importlib.import_module(self._package)
        return tuple(found.name for found in pkgutil.iter_modules(folder.__path__) if not found.name.startswith("_"))

    def _foreign(self) -> dict[str, str]:
        return {point.name: point.module for point in entry_points(group=self._package)}

    def _load(self, module_name: str, name: str) -> Plugin:
        try:
            module: ModuleType = importlib.import_module(module_name)
        except ModuleNotFoundError as error:
            if error.name is None or error.name.startswith("relens"):
                raise
            extra = self._extra or name
            raise MissingPackage(
                f"{self.kind} '{name}' needs the package '{error.name}': pip install 'relens[{extra}]'"
            ) from error
        return cast(Plugin, getattr(module, self._attribute))
