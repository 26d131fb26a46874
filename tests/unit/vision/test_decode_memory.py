"""However an image file lies, no more memory is taken than its pixels allow; watched from outside, in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PROGRAM = """
import io, random, resource, struct, sys, zlib
import numpy as np
from PIL import Image as Pillow
from relens.kit.errors import RelensError
from relens.vision.decode import Limits, decode
from tests.unit.vision.test_decode_formats import MODES, SCENE, bomb_chunks, picture_in, png

def taken():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024

def written(form, mode, **options):
    file = io.BytesIO()
    picture_in(mode).save(file, form, **options)
    return file.getvalue()

good = [written(form, mode) for form, modes in MODES.items() for mode in modes]
good += [written("TIFF", "RGB", compression=kind) for kind in ("tiff_lzw", "tiff_deflate", "packbits", "jpeg")]
rows = b"".join(b"\\0" + row.tobytes() for row in SCENE)
good += [png(8, 2, rows, (37, 24), (one,)) for one in bomb_chunks()]
for data in good:
    decode(data)
limits = Limits(pixels=1_000_000)
before, chance, outcomes = taken(), random.Random(int(sys.argv[1])), {}
for number in range(4000):
    data = bytearray(chance.choice(good))
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(min(len(data), 400) if chance.random() < 0.7 else len(data))
        size = chance.choice((1, 1, 2, 4))
        data[at:at + size] = chance.choice((b"\\xff" * size, b"\\x7f" + b"\\xff" * (size - 1), b"\\0" * size, chance.randbytes(size)))
    if chance.random() < 0.2:
        del data[chance.randrange(1, len(data)):]
    try:
        image = decode(bytes(data), limits)
        assert image.pixels.shape[2] == 3 and image.width * image.height <= limits.pixels
        kind = "an image"
    except RelensError as error:
        kind = type(error).__name__
    outcomes[kind] = outcomes.get(kind, 0) + 1
print(taken() - before, outcomes)
"""


def test_whatever_the_bytes_it_is_an_image_or_a_named_error_within_the_memory_of_its_pixels() -> None:
    root = Path(__file__).parents[3]
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROGRAM, "7"], capture_output=True, text=True, cwd=root, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    megabytes, outcomes = int(done.stdout.split()[0]), done.stdout
    # A million pixels at 16 bytes each, and what the allocator keeps.
    assert megabytes <= 16 + 48, outcomes
    assert "an image" in outcomes
    assert "TruncatedImage" in outcomes
