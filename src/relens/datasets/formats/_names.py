"""Names of files in an export that every file system takes, also where upper and lower case are one."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

from relens.datasets.formats._folders import is_image
from relens.datasets.item import Item

UNSAFE = re.compile(r'[\x00-\x1f\x7f-\x9f\ufffe\uffff%/\\:*?"<>|]|^[. ]|[. ]$')


def image_path(folder: str, item: Item, taken: set[str], *, stems: bool = False) -> str:
    """Below `folder`, by the item's own name where that will do, else by its asset. `stems`: another file may be named by the stem."""
    file = PurePosixPath(item.file_name)
    suffix = file.suffix if len(file.suffix) <= 8 else ""
    usual = is_image(Path(file.name)) and len(file.name.encode()) <= 200
    key = f"{folder}/{file.stem if stems else file.name}".lower()
    if not usual or key in taken or UNSAFE.search(file.name) or UNSAFE.search(file.stem):
        ending = suffix.lower() if is_image(Path("x" + suffix)) else ".img.png"
        file = PurePosixPath(f"{item.asset}{ending}")
        key = f"{folder}/{file.stem if stems else file.name}".lower()
    taken.add(key)
    return f"{folder}/{file.name}"
