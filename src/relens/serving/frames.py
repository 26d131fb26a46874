"""A program of its own: writes every n-th frame of a video to its output as JPEG.

    python -m relens.serving.frames VIDEO STRIDE FIRST PIXELS

Decoders of video are large, written in C, and fed with files of strangers: here one that fails takes nothing with it, may open no network
address, writes no file and has an end to its memory. Output: a header (frames, or 0 where the file does not say; frames per second), then
for each frame its number, its second and its JPEG's length before the JPEG; all little-endian.
"""

from __future__ import annotations

import os
import resource
import struct
import sys

HEAD = struct.Struct("<qd")
FRAME = struct.Struct("<qdI")
_MEMORY = 6 << 30
_CPU_S = 12 * 3600


def main(path: str, stride: int, first: int, pixels: int) -> None:
    # Only what has the form of a file: a playlist could name addresses inside the network.
    os.environ["OPENCV_FFMPEG_CAPTURE_OPTIONS"] = "protocol_whitelist;file"
    os.environ |= {"OPENCV_LOG_LEVEL": "OFF", "OPENCV_FFMPEG_LOGLEVEL": "-8"}
    import cv2

    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_S, _CPU_S))
    cv2.setNumThreads(1)
    video = cv2.VideoCapture(path, cv2.CAP_FFMPEG)
    if not video.isOpened():
        sys.exit("this file is no video that can be read")
    size = video.get(cv2.CAP_PROP_FRAME_WIDTH) * video.get(cv2.CAP_PROP_FRAME_HEIGHT)
    if not 0 < size <= pixels:
        sys.exit(f"the video's frames have {size:.0f} pixels, at most {pixels} are taken")
    out = sys.stdout.buffer
    out.write(HEAD.pack(max(0, int(video.get(cv2.CAP_PROP_FRAME_COUNT))), video.get(cv2.CAP_PROP_FPS)))
    number = 0
    while video.grab():
        if number % stride == 0 and number >= first:
            seen, frame = video.retrieve()
            written, jpeg = cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, 95]) if seen else (False, None)
            data = jpeg.tobytes() if written and jpeg is not None else b""
            out.write(FRAME.pack(number, video.get(cv2.CAP_PROP_POS_MSEC) / 1e3, len(data)) + data)
            out.flush()
        number += 1
    if not number:
        sys.exit("not one frame of the video can be read")


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
