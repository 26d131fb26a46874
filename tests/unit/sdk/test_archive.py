"""A folder becomes one file, or a sentence says which of its files is in the way."""

import os
import zipfile
from pathlib import Path

import pytest

from relens.kit.errors import Invalid
from relens.sdk.archive import zipped


def test_files_without_a_date_are_packed_like_others(tmp_path: Path) -> None:
    (tmp_path / "old.jpg").write_bytes(b"x")
    os.utime(tmp_path / "old.jpg", (0, 0))
    with zipped(tmp_path) as archive, zipfile.ZipFile(archive) as packed:
        assert packed.namelist() == ["old.jpg"]


def test_a_name_that_is_no_text_is_said(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"caf\xe9.jpg")).write_bytes(b"x")
    with pytest.raises(Invalid, match="rename the file"), zipped(tmp_path):
        pass


def test_a_file_that_may_not_be_read_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "locked.jpg").write_bytes(b"x")

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    # Nothing is unreadable to root, who may be running this.
    monkeypatch.setattr(zipfile.ZipFile, "open", refuse)
    with pytest.raises(Invalid, match=r"locked\.jpg may not be read"), zipped(tmp_path):
        pass
