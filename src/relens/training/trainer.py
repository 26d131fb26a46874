"""A trainer: a program of its own that is given a folder with images and leaves a model file in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
from typing import Any

from relens.kit.errors import Conflict, Invalid, MissingPackage

Parameters = Mapping[str, Any]


class BadParameters(Invalid):
    """A parameter the trainer does not know, or a value it cannot use."""


class WrongTask(Conflict):
    """The trainer cannot train for this dataset's task."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """What a person may set. `default` None: the trainer decides by the data. `owner_only`: it says what runs on this machine."""

    default: Any
    title: str
    owner_only: bool = False


@dataclass(frozen=True, slots=True)
class Trainer:
    """`command(run_folder, parameters)` is the program and its arguments, without a shell.

    `check(parameters)` refuses values before anything starts. `needs` is the import name of a package that only the program
    imports and `extra` what installs it; `interpreter` is a parameter that names another Python, which has it. `environment` is
    added to the program's. A trainer that `reads_only` is given links to the kept images, any other one copies: what it writes
    into its folder must not change what is kept. `notice`: what one should know before choosing it. `instead`: parameters of
    which one takes the others' place. `packages`: those whose versions are kept with a run.
    """

    title: str
    tasks: tuple[str, ...]
    parameters: Mapping[str, Parameter]
    command: Callable[[Path, Parameters], list[str]]
    check: Callable[[Parameters], None] = lambda parameters: None
    needs: str | None = None
    extra: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    reads_only: bool = False
    interpreter: str | None = None
    notice: str | None = None
    instead: tuple[frozenset[str], ...] = ()
    packages: tuple[str, ...] = ()

    def missing(self, name: str, parameters: Parameters = MappingProxyType({})) -> str | None:
        """The sentence that says what to install for the trainer called `name`; None when it can run here. Imports nothing."""
        elsewhere = self.interpreter is not None and parameters.get(self.interpreter)
        if self.needs is None or elsewhere or find_spec(self.needs) is not None:
            return None
        return f"trainer '{name}' needs the package '{self.needs}': pip install 'relens[{self.extra or self.needs}]'"

    def must_be_there(self, name: str, parameters: Parameters) -> None:
        """Raises MissingPackage."""
        if missing := self.missing(name, parameters):
            raise MissingPackage(missing)

    def checked(self, parameters: Parameters) -> dict[str, Any]:
        """The parameters as they were given, all of them known and usable. Raises BadParameters."""
        unknown = [name for name in parameters if name not in self.parameters]
        if unknown:
            known = ", ".join(self.parameters) or "(none)"
            raise BadParameters(f"this trainer has no parameter '{unknown[0]}': it has {known}")
        self.check(parameters)
        return dict(parameters)

    def task_for(self, dataset_task: str) -> str:
        """What it trains on a dataset of that task; outlines have boxes, so it can detect what is segmented. Raises WrongTask."""
        if dataset_task in self.tasks:
            return dataset_task
        if dataset_task == "segmentation" and "detection" in self.tasks:
            return "detection"
        raise WrongTask(f"this trainer trains {' and '.join(self.tasks)}, and the dataset is for {dataset_task}")
