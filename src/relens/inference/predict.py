"""The way of one image: bytes in, everything a model version says of it out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from relens.inference import features
from relens.inference.errors import BrokenModel
from relens.inference.load import LoadedVersion
from relens.inference.preprocess import Placement
from relens.inference.reader import Found
from relens.kit import clock
from relens.kit.ids import content_id
from relens.vision.decode import DEFAULT, Image, Limits, decode
from relens.vision.prediction import Detection, Prediction


@dataclass(frozen=True, eq=False)
class Inferred:
    """A prediction and what monitoring needs of its image, which is worked out when first asked for.

    `looked`: what the image alone says, where somebody has looked already while the model ran.
    """

    prediction: Prediction
    image: Image
    found: Found
    feature: npt.NDArray[np.float16] | None
    threshold: float | None
    looked: features.Look | None = None

    @property
    def format(self) -> str:
        return self.image.format

    @cached_property
    def look(self) -> features.Look:
        return self.looked or features.look(self.image)

    @property
    def fingerprint(self) -> str:
        return self.look.fingerprint

    @cached_property
    def scalars(self) -> npt.NDArray[np.float32]:
        """The numbers `features.NAMES` names, in that order; NaN where one does not apply."""
        return features.scalars(self.image, self.found, self.feature, self.threshold, self.look)


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """An image on its way into a model; several of one model's tensors may be stacked and run at once."""

    asset: str
    image: Image
    tensor: Any
    placement: Placement
    started: float


def predict(data: bytes, loaded: LoadedVersion, limits: Limits = DEFAULT) -> Inferred:
    """Everything one version says of one image. The caller logs it and answers `.prediction.above(threshold)`.

    Raises NotAnImage, TruncatedImage, ImageTooLarge, BrokenModel.
    """
    prepared = prepare(data, loaded, limits)
    outputs = loaded.run(prepared.tensor[None])
    return conclude(prepared, {name: values[0] for name, values in outputs.items()}, loaded)


def prepare(data: bytes, loaded: LoadedVersion, limits: Limits = DEFAULT) -> Prepared:
    """The first half of `predict`: up to the tensor of one image, without a batch axis."""
    started = clock.stopwatch()
    image = decode(data, limits, loaded.preprocess.smallest)
    tensor, placement = loaded.preprocess(image)
    return Prepared(content_id(data), image, tensor, placement, started)


def conclude(
    prepared: Prepared, outputs: Mapping[str, Any], loaded: LoadedVersion, looked: features.Look | None = None
) -> Inferred:
    """The second half: from the outputs of this one image, without the batch axis, to the prediction. Raises BrokenModel."""
    loaded.check(outputs)
    manifest, image = loaded.manifest, prepared.image
    found, detections = _read(prepared, outputs, loaded)
    prediction = Prediction(
        prepared.asset,
        loaded.version_id,
        detections,
        clock.milliseconds_since(prepared.started),
        image.width,
        image.height,
    )
    vector = outputs[manifest.feature_output] if manifest.feature_output else None
    feature = None if vector is None else np.clip(vector, -_HALF, _HALF).astype(np.float16)
    return Inferred(prediction, image, found, feature, manifest.threshold, looked)


def _read(prepared: Prepared, outputs: Mapping[str, Any], loaded: LoadedVersion) -> tuple[Found, tuple[Detection, ...]]:
    """Anybody may bring a reader: what it stumbles over is the version's fault and not the server's."""
    labels = loaded.manifest.labels
    try:
        found = loaded.reader.read(outputs, prepared.placement)
        if len(found.labels) and not 0 <= found.labels.min() <= found.labels.max() < len(labels):
            raise BrokenModel(
                f"model version {loaded.title} answered with a class it has no label for ({len(labels)} labels)",
                "unknown label",
                model_version=loaded.version_id,
            )
        return found, found.detections(labels)
    except BrokenModel:
        raise
    except Exception as error:
        raise BrokenModel(
            f"model version {loaded.title} answered with what its reader '{loaded.manifest.outputs}' cannot read ({error})",
            model_version=loaded.version_id,
        ) from error


_HALF = 65504.0
