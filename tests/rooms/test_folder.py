"""A folder holds bytes whole or not at all, also when the writer is killed in the middle."""

from __future__ import annotations

import hashlib
import random
import subprocess
import sys
from pathlib import Path
from threading import Event

import pytest

from relens.infra.storage import NoBytes
from relens.infra.storage.folder import Folder

WRITER = """
import os, sys
from hashlib import sha256
from pathlib import Path
from relens.infra.storage.folder import Folder
folder = Folder(Path(sys.argv[1]), sync=sys.argv[2] == "sync")
print("going", flush=True)
number = 0
while True:
    data = os.urandom(3_000_000)
    folder.put(f"assets/{sha256(data).hexdigest()}", data)
    folder.put("assets/same", bytes([number % 256]) * 2_000_000)
    number += 1
"""


@pytest.mark.parametrize("sync", ["sync", "soon"])
def test_a_writer_killed_in_the_middle_tears_nothing(tmp_path: Path, sync: str) -> None:
    chance = random.Random(sync)
    for _ in range(6):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), sync], stdout=subprocess.PIPE)
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"going\n"
        Event().wait(chance.random() * 0.2)
        writer.kill()
        writer.wait(30)
        writer.stdout.close()
        folder = Folder(tmp_path)
        assert list((tmp_path / ".writing").iterdir()) == []
        for key in folder.keys("assets/"):
            data = folder.get(key)
            if key == "assets/same":
                assert len(data) == 2_000_000
                assert len(set(data)) == 1
            else:
                assert key == f"assets/{hashlib.sha256(data).hexdigest()}"
                folder.delete(key)


def test_a_disk_that_ends_says_how_large_it_is_and_what_is_free(tmp_path: Path) -> None:
    room = Folder(tmp_path).room()
    assert room is not None
    assert 0 < room.free <= room.total


def test_what_was_deleted_is_gone_and_deleting_again_is_no_error(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.put("assets/ab/abc", b"x")
    folder.delete("assets/ab/abc")
    folder.delete("assets/ab/abc")
    with pytest.raises(NoBytes):
        folder.get("assets/ab/abc")
