"""Damage inside an archive costs the damaged file only."""

from __future__ import annotations

import random
import zipfile
from pathlib import Path

import pytest

from relens.datasets.unpack import unpack

WHOLE = b"whole and short"


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED])
def test_a_damaged_file_is_told_and_leaves_no_half_behind(tmp_path: Path, method: int) -> None:
    archive, folder = tmp_path / "a.zip", tmp_path / "out"
    noise = random.Random(1).randbytes(3 << 20).hex()  # hexadecimal packs to half: there is something to tear
    with zipfile.ZipFile(archive, "w", method) as packed:
        packed.writestr("torn.jpg", noise)
        packed.writestr("whole.txt", WHOLE)
    written = bytearray(archive.read_bytes())
    written[2 << 20 : (2 << 20) + 64] = b"\xff" * 64
    archive.write_bytes(written)
    problems = unpack(archive, folder, lambda done, total: None)
    assert [problem.file for problem in problems] == ["torn.jpg"]
    assert "damaged" in problems[0].problem
    assert [path.name for path in folder.iterdir()] == ["whole.txt"]
    assert (folder / "whole.txt").read_bytes() == WHOLE
