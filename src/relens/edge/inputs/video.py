"""Frames of a camera, a network stream or a video file, read by OpenCV."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from relens.edge.inputs.frame import Frame
from relens.kit import clock
from relens.kit.errors import Invalid, MissingPackage

QUALITY = 92
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.5, 30.0


class NoVideo(Invalid):
    """What shall be read cannot be opened as a video."""


class Video:
    """`address`: a camera's number, an RTSP or HTTP address, or a file; every `stride`-th frame counts.

    A file is read to its end, each frame once however often it is read. A camera or stream is live: frames that arrive while one is
    being answered are passed over (`passed` counts those that would have counted), and it is opened again when it breaks.
    """

    def __init__(self, address: str | int, source: str, stride: int = 1) -> None:
        self._cv2 = _opencv()
        if stride < 1:
            raise Invalid("a stride of 1 takes every frame; it cannot be less")
        self._address = address
        self._source = source
        self._stride = stride
        self._file = Path(address) if isinstance(address, str) and "://" not in address else None
        if self._file is not None and not self._file.is_file():
            raise NoVideo(f"{self._file} is not there: give a camera's number, a file, or an address like rtsp://…")
        self.passed = 0
        self.connected = False

    def frames(self, stopping: threading.Event, *, once: bool = False) -> Iterator[Frame]:
        """For ever where it is live; to its end where it is a file or, with `once`, where the stream ends."""
        if self._file is not None:
            yield from self._of_file(self._file, stopping)
            return
        pause = _FIRST_PAUSE_S
        while not stopping.is_set():
            for frame in self._live(stopping):
                pause = _FIRST_PAUSE_S
                yield frame
            if once:
                return
            stopping.wait(pause)
            pause = min(pause * 2, _LONGEST_PAUSE_S)

    def close(self) -> None:
        """Nothing is held between frames."""

    def _of_file(self, path: Path, stopping: threading.Event) -> Iterator[Frame]:
        ended = int(path.stat().st_mtime * 1e6)
        capture = self._open()
        if not capture.isOpened():
            raise NoVideo(f"{path} is no video that OpenCV can read")
        began = ended - self._length(capture)
        number = 0
        try:
            while not stopping.is_set() and capture.grab():
                if number % self._stride == 0:
                    at = began + int(capture.get(self._cv2.CAP_PROP_POS_MSEC) * 1000)
                    read, pixels = capture.retrieve()
                    if read:
                        name = f"{self._source}:{path.name[-120:]}:{ended}:{number}"
                        yield Frame(self._jpeg(pixels), clock.to_text(at), name, f"{path.name}, frame {number}")
                number += 1
        finally:
            capture.release()

    def _length(self, capture: Any) -> int:
        """Microseconds from the first frame to the end. A file is last written when its recording ends, so its frames were taken before."""
        frames, rate = capture.get(self._cv2.CAP_PROP_FRAME_COUNT), capture.get(self._cv2.CAP_PROP_FPS)
        return int(frames / rate * 1e6) if frames > 0 and rate > 0 else 0

    def _live(self, stopping: threading.Event) -> Iterator[Frame]:
        """The newest frame each time one is asked for; a thread of its own reads on, or the stream would lag behind."""
        latest, ended = _Latest(), threading.Event()
        reader = threading.Thread(target=self._read_on, args=(latest, ended, stopping), daemon=True)
        reader.start()
        try:
            while not stopping.is_set():
                found = latest.take(0.2)
                if found is not None:
                    pixels, at = found
                    yield Frame(self._jpeg(pixels), clock.to_text(at))
                elif ended.is_set():
                    return
        finally:
            ended.set()
            reader.join(10)
            self.passed += latest.passed

    def _read_on(self, latest: _Latest, ended: threading.Event, stopping: threading.Event) -> None:
        capture = self._open()
        number = 0
        try:
            self.connected = capture.isOpened()
            while self.connected and not ended.is_set() and not stopping.is_set() and capture.grab():
                if number % self._stride == 0:
                    read, pixels = capture.retrieve()
                    if read:
                        latest.put((pixels, clock.now()))
                number += 1
        finally:
            self.connected = False
            capture.release()
            ended.set()

    def _open(self) -> Any:
        return self._cv2.VideoCapture(self._address if isinstance(self._address, int) else str(self._address))

    def _jpeg(self, pixels: Any) -> bytes:
        written, data = self._cv2.imencode(".jpg", pixels, [self._cv2.IMWRITE_JPEG_QUALITY, QUALITY])
        if not written:
            raise NoVideo("a frame could not be written as JPEG")
        return bytes(data.tobytes())


class _Latest:
    """One place: a newer frame takes that of an older one that nobody has taken."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._frame: tuple[Any, int] | None = None
        self.passed = 0

    def put(self, frame: tuple[Any, int]) -> None:
        with self._changed:
            self.passed += self._frame is not None
            self._frame = frame
            self._changed.notify()

    def take(self, seconds: float) -> tuple[Any, int] | None:
        with self._changed:
            self._changed.wait_for(lambda: self._frame is not None, seconds)
            frame, self._frame = self._frame, None
            return frame


def _opencv() -> Any:
    try:
        import cv2
    except ImportError as error:
        raise MissingPackage(
            "cameras, streams and videos need the package 'opencv-python-headless': pip install 'relens[video]'"
        ) from error
    return cv2
