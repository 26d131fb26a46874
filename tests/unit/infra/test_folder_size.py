"""What a folder holds is counted also where a part of it is not ours to look at."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from relens.infra.folder_size import FolderSize


def test_a_folder_that_may_not_be_read_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "lost+found").mkdir()
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "a").write_bytes(b"12345")
    scandir = os.scandir

    def guarded(path: str) -> Any:
        if path.endswith("lost+found"):
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", guarded)
    found = FolderSize(tmp_path).now()
    assert (found.files, found.size_bytes) == (1, 5)
