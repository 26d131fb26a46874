"""An image in any form a program has it, as the bytes that are sent."""

import io
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Union

from relens.kit.errors import Invalid

if TYPE_CHECKING:
    import numpy as np
    from PIL import Image

ImageLike = Union[str, "os.PathLike[str]", bytes, bytearray, memoryview, "Image.Image", "np.ndarray[Any, Any]"]
"""A path, encoded bytes, a PIL image, or pixels: uint8 (height, width) or (height, width, 3), RGB."""


def image_bytes(image: ImageLike) -> bytes:
    """Encoded bytes: files and bytes as they are, pixels as PNG (nothing is lost, so the server sees what you see)."""
    if isinstance(image, bytes | bytearray | memoryview):
        return bytes(image)
    if isinstance(image, str | os.PathLike):
        path = Path(image)
        try:
            return path.read_bytes()
        except OSError as error:
            raise Invalid(f"cannot read the image {path}: {error.strerror}") from error
    return _png(image)


def _png(image: Any) -> bytes:
    from PIL import Image, ImageOps

    if not isinstance(image, Image.Image):
        if getattr(image, "ndim", 0) not in (2, 3) or str(getattr(image, "dtype", "")) != "uint8":
            raise Invalid(
                "an image is a path, bytes, a PIL image, or uint8 pixels of shape (height, width, 3) in RGB order"
            )
        image = Image.fromarray(image)
    upright = ImageOps.exif_transpose(image)
    out = io.BytesIO()
    (upright if upright.mode in {"RGB", "L"} else upright.convert("RGB")).save(out, "PNG", compress_level=1)
    return out.getvalue()
