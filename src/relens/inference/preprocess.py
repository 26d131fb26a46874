"""An image becomes the tensor a model wants, and the placement that leads its boxes back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image as Pillow

from relens.inference.input import InputSpec
from relens.vision.decode import Image

Tensor = npt.NDArray[np.generic]
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Placement:
    """Where the original image lies in the input: x_input = x * x_scale + left.

    `width`, `height` are the original's, `input_width`, `input_height` the input's; all in pixels.
    """

    x_scale: float
    y_scale: float
    left: float
    top: float
    width: int
    height: int
    input_width: int
    input_height: int

    def back(self, boxes: npt.NDArray[np.floating]) -> Floats:
        """Boxes (n, 4) x1 y1 x2 y2 in input pixels, as pixels of the original, clipped to it (some may then be empty)."""
        shift = np.array([self.left, self.top] * 2)
        scale = np.array([self.x_scale, self.y_scale] * 2)
        most = np.array([self.width, self.height] * 2, np.float64)
        return np.asarray(np.clip((boxes - shift) / scale, 0.0, most), np.float32)

    def forth(self, boxes: npt.NDArray[np.floating]) -> Floats:
        """The other way: original pixels to input pixels, not clipped."""
        scale = np.array([self.x_scale, self.y_scale] * 2)
        return np.asarray(boxes * scale + np.array([self.left, self.top] * 2), np.float32)


@dataclass(frozen=True, slots=True)
class Preprocess:
    """Feeds images to one input."""

    input: InputSpec

    @property
    def smallest(self) -> int:
        """How long the longer side of a decoded image must be so that nothing is lost (see `vision.decode`)."""
        longest = max(self.input.width, self.input.height)
        return longest if self.input.resize == "letterbox" else 2 * longest

    def __call__(self, image: Image) -> tuple[Tensor, Placement]:
        """The tensor of one image, (3, h, w) or (h, w, 3) without a batch axis, and where the image lies in it."""
        pixels, placement = self.place(image)
        return self._numbers(pixels), placement

    def place(self, image: Image) -> tuple[npt.NDArray[np.uint8], Placement]:
        """Pixels (input height, input width, 3) RGB and where the image lies in them."""
        wanted = self.input
        across, down = wanted.width / image.width, wanted.height / image.height
        if wanted.resize == "stretch":
            pixels = _resized(image, wanted.width, wanted.height)
            return pixels, Placement(across, down, 0, 0, image.width, image.height, wanted.width, wanted.height)
        width, height, left, top = self._letterbox(image) if wanted.resize == "letterbox" else self._crop(image)
        scales = width / image.width, height / image.height
        placement = Placement(*scales, left, top, image.width, image.height, wanted.width, wanted.height)
        return self._laid(_resized(image, width, height), left, top), placement

    def _letterbox(self, image: Image) -> tuple[int, int, int, int]:
        """Width, height, left and top of the image in the input; rounded as Ultralytics rounds, so that frames are the same."""
        wanted = self.input
        ratio = min(wanted.width / image.width, wanted.height / image.height)
        width, height = max(1, round(image.width * ratio)), max(1, round(image.height * ratio))
        return width, height, round((wanted.width - width) / 2 - 0.1), round((wanted.height - height) / 2 - 0.1)

    def _crop(self, image: Image) -> tuple[int, int, int, int]:
        """The same where the middle is cut out; rounded as torchvision's Resize and CenterCrop round."""
        wanted = self.input
        ratio = max(wanted.width / image.width, wanted.height / image.height)
        width = max(wanted.width, int(image.width * ratio + 1e-6))
        height = max(wanted.height, int(image.height * ratio + 1e-6))
        return width, height, -round((width - wanted.width) / 2), -round((height - wanted.height) / 2)

    def _laid(self, part: npt.NDArray[np.uint8], left: int, top: int) -> npt.NDArray[np.uint8]:
        wanted = self.input
        if part.shape[:2] == (wanted.height, wanted.width):
            return part
        if wanted.resize == "crop":
            return part[max(0, -top) :, max(0, -left) :][: wanted.height, : wanted.width]
        frame = np.full((wanted.height, wanted.width, 3), wanted.pad, np.uint8)
        frame[top : top + part.shape[0], left : left + part.shape[1]] = part
        return frame

    def _numbers(self, pixels: npt.NDArray[np.uint8]) -> Tensor:
        wanted = self.input
        if wanted.colour == "bgr":
            pixels = pixels[:, :, ::-1]
        if wanted.layout == "nchw":
            pixels = pixels.transpose(2, 0, 1)
        if wanted.dtype == "uint8":
            return np.ascontiguousarray(pixels)
        tensor = np.multiply(pixels, np.float32(wanted.scale), dtype=np.float32, order="C")
        if wanted.mean != (0.0, 0.0, 0.0) or wanted.std != (1.0, 1.0, 1.0):
            shape = (3, 1, 1) if wanted.layout == "nchw" else (3,)
            tensor -= np.asarray(wanted.mean, np.float32).reshape(shape)
            tensor /= np.asarray(wanted.std, np.float32).reshape(shape)
        return tensor if wanted.dtype == "float32" else tensor.astype(wanted.dtype)


def _resized(image: Image, width: int, height: int) -> npt.NDArray[np.uint8]:
    """Bilinear with the reach of the filter grown to the factor of reduction, so that fine texture does not alias."""
    if image.picture.size == (width, height):
        return image.pixels
    return np.asarray(image.picture.resize((width, height), Pillow.Resampling.BILINEAR))
