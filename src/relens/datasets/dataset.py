"""A dataset: a name under which immutable versions are published."""

import re
from dataclasses import dataclass

from relens.kit.clock import Micros
from relens.kit.errors import Conflict, Invalid, NotFound

_NAME = re.compile(r"[\w][\w.\- ]{0,99}", re.UNICODE)


class BadDatasetName(Invalid):
    """A name that cannot stand in an address."""


class Archived(Conflict):
    """Nothing goes into an archived dataset."""


class NoDataset(NotFound):
    """There is no dataset or dataset version of that name."""


@dataclass(frozen=True, slots=True)
class Dataset:
    """A name and when it was first used; what it holds is in its versions. `archived_at`: it is out of the way, and takes nothing new."""

    id: str
    name: str
    task: str
    created_at: Micros
    created_by: str
    archived_at: Micros | None = None


def check_name(name: str) -> str:
    """`name` without spaces around it. Raises BadDatasetName."""
    stripped = name.strip()
    if not _NAME.fullmatch(stripped):
        raise BadDatasetName(
            f"'{name[:60]}' cannot be a dataset's name: use 1 to 100 letters, digits, spaces, '-', '_' and '.'"
        )
    return stripped
