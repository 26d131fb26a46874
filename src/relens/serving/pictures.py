"""The pictures of an uploaded zip or video, one after the other, the same in the same order each time."""

from __future__ import annotations

import struct
import subprocess
import sys
import threading
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Literal

from relens.kit.errors import Invalid, MissingPackage, TooLarge
from relens.serving.frames import FRAME, HEAD
from relens.vision.decode import DEFAULT

Kind = Literal["zip", "video"]
MOST_PICTURES = 200_000
_MOST_DIRECTORY = 64 << 20
_END = b"PK\5\6"
# What a zip's reader raises over a damaged or encrypted entry.
_DAMAGE = (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, RuntimeError, OSError)


class NotPictures(Invalid):
    """The upload is neither a zip of images nor a video."""


class TooManyPictures(TooLarge):
    """More than one batch takes."""


@dataclass(frozen=True, slots=True)
class Picture:
    """`name` in the zip, or of the frame; `at_s` its second in the video; without `data` there is a `problem`."""

    number: int
    name: str
    data: bytes | None
    problem: str = ""
    at_s: float | None = None


def kind_of(path: Path) -> Kind:
    """What the file's first bytes say it is. Raises NotPictures, MissingPackage for a video that nobody here can read."""
    with path.open("rb") as file:
        head = file.read(256)
    if head.startswith((b"PK\3\4", _END)):
        return "zip"
    if not _is_video(head):
        raise NotPictures("send a zip of images, or a video (MP4, MOV, MKV, WebM, AVI, MPEG)")
    if find_spec("cv2") is None:
        raise MissingPackage(
            "reading a video needs the package 'opencv-python-headless': pip install 'relens[video]'; "
            "or send its frames as a zip of images"
        )
    return "video"


def pictures(path: Path, kind: Kind, stride: int, first: int, most_bytes: int) -> tuple[int | None, Iterator[Picture]]:
    """How many there are, where that is known, and those from number `first` on (each `stride`-th frame has the next number)."""
    if kind == "zip":
        return _zipped(path, first, most_bytes)
    return None, _filmed(path, stride, first)


def _zipped(path: Path, first: int, most_bytes: int) -> tuple[int, Iterator[Picture]]:
    _check_directory(path)
    try:
        packed = zipfile.ZipFile(path)
    except _DAMAGE as error:
        raise NotPictures(f"this is no zip archive that can be read: {error}") from error
    entries = sorted(
        (one for one in packed.infolist() if not one.is_dir() and not _is_clutter(one.filename)), key=_order
    )
    if len(entries) > MOST_PICTURES:
        packed.close()
        raise TooManyPictures(f"the zip holds {len(entries)} files, one batch takes {MOST_PICTURES}")

    def each() -> Iterator[Picture]:
        with packed:
            for number, entry in enumerate(entries[first:], first):
                yield _unzipped(packed, entry, number, most_bytes)

    return len(entries), each()


def _order(entry: zipfile.ZipInfo) -> tuple[str, int]:
    return entry.filename, entry.header_offset


def _is_clutter(name: str) -> bool:
    """What file managers put into archives on their own."""
    return name.startswith("__MACOSX/") or name.rpartition("/")[2].startswith(".")


def _unzipped(packed: zipfile.ZipFile, entry: zipfile.ZipInfo, number: int, most_bytes: int) -> Picture:
    name = entry.filename[:300]
    try:
        with packed.open(entry) as file:
            data = file.read(most_bytes + 1)
    except _DAMAGE as error:
        return Picture(number, name, None, f"this file of the zip cannot be read: {error}"[:300])
    if len(data) > most_bytes:
        return Picture(number, name, None, f"the file has more than {most_bytes} bytes")
    return Picture(number, name, data)


def _check_directory(path: Path) -> None:
    """Reading a zip takes memory for its whole directory; its size stands near the end of the file."""
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(max(0, size - (1 << 16) - 64))
        tail = file.read()
    at = tail.rfind(_END)
    if at < 0 or at + 20 > len(tail):
        raise NotPictures("this zip archive has no end: send the whole file")
    (length,) = struct.unpack_from("<I", tail, at + 12)
    big = tail.rfind(b"PK\6\6", 0, at)
    if length == 0xFFFFFFFF and 0 <= big <= len(tail) - 56:
        (length,) = struct.unpack_from("<Q", tail, big + 40)
    if length > _MOST_DIRECTORY:
        raise TooManyPictures(f"the zip's list of files alone has {length >> 20} MiB: send it in parts")


def _filmed(path: Path, stride: int, first: int) -> Iterator[Picture]:
    with _program(path, stride, first * stride) as out:
        if len(out.read(HEAD.size)) < HEAD.size:
            return
        while len(head := out.read(FRAME.size)) == FRAME.size:
            frame, at_s, length = FRAME.unpack(head)
            data = out.read(length)
            name = f"frame {frame}"
            if frame // stride >= MOST_PICTURES:
                raise TooManyPictures(f"one batch takes {MOST_PICTURES} frames: choose a larger stride")
            if length == 0 or len(data) < length:
                yield Picture(frame // stride, name, None, "this frame cannot be read", at_s)
            else:
                yield Picture(frame // stride, name, data, at_s=at_s)


@contextmanager
def _program(path: Path, stride: int, first: int) -> Iterator[IO[bytes]]:
    """The output of the program that reads the video; NotPictures with its last words when it fails."""
    command = [sys.executable, "-m", "relens.serving.frames", str(path), str(stride), str(first), str(DEFAULT.pixels)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        last = bytearray()
        # Read all the time: a program whose words nobody takes stops.
        listening = threading.Thread(target=_keep_last, args=(running.stderr, last), daemon=True)
        listening.start()
        try:
            yield running.stdout
        except BaseException:
            running.kill()
            raise
        failed = running.wait() != 0
        listening.join()
        words = last.decode(errors="replace").strip().splitlines()
        if failed:
            raise NotPictures(
                words[-1] if words and running.returncode == 1 else "the video's reader broke down over it"
            )


def _keep_last(words: IO[bytes], last: bytearray) -> None:
    while some := words.read(4096):
        last += some
        del last[:-4096]


def _is_video(head: bytes) -> bool:
    return (
        head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip")
        or head.startswith((b"\x1a\x45\xdf\xa3", b"\0\0\1\xba", b"FLV\1"))
        or (head.startswith(b"RIFF") and head[8:12] == b"AVI ")
        or (len(head) > 188 and head[0] == head[188] == 0x47)
    )
