"""What was learned of a training data set: its numbers, its outlier model and its images; kept as one npz file."""

from __future__ import annotations

import io
import json
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from relens.inference.features import NAMES
from relens.infra.storage import NoBytes, Storage
from relens.kit.errors import Invalid
from relens.metrics.components import Components
from relens.metrics.outlier import OutlierModel
from relens.metrics.outlier_check import Calibration
from relens.metrics.reference import Feature, Reference, Shown, Spread

_KEPT_IN_MEMORY = 16


class Judged(Protocol):
    """What a score rests on; a line of the log, or one that is about to be logged."""

    @property
    def scalars(self) -> NDArray[np.float32] | None: ...
    @property
    def feature(self) -> NDArray[np.float16] | None: ...


class UnreadableReference(Invalid):
    """The file of a fitted reference is not what it should be."""


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """`assets[i]` is the reference image whose numbers are `scalars[i]` (float32, features in order).

    `held_out[i]`: the model was not trained on it, and there are enough of those that its numbers come from them alone.
    `components`: what makes the last of the features of a model's feature vector; None where it has none.
    """

    reference: Reference
    outlier: OutlierModel
    assets: tuple[str, ...]
    scalars: NDArray[np.float32]
    held_out: NDArray[np.bool_]
    components: Components | None = None

    def column(self, i: int) -> NDArray[np.float32]:
        """The values of one feature that production is compared with: of the image itself all, of the model the held-out ones."""
        apart = self.reference.features[i].family != "image" and self.held_out.any()
        return self.scalars[self.held_out, i] if apart else self.scalars[:, i]

    def scores(self, lines: Sequence[Judged], own: Sequence[bool]) -> list[float | None]:
        """Outlier scores; None where an image's numbers are not known.

        A prediction of another version than the reference's is judged by appearance only: the features of two networks
        cannot be compared.
        """
        scores: list[float | None] = [None] * len(lines)
        image = image_columns(self.reference.features)
        for with_features in (True, False):
            chosen = [
                i
                for i, line in enumerate(lines)
                if line.scalars is not None and self._has_features(line, own[i]) == with_features
            ]
            if not chosen:
                continue
            statistics = self._measured([lines[i] for i in chosen])[:, image]
            vectors = np.array([lines[i].feature for i in chosen], dtype=np.float32) if with_features else None
            for i, score in zip(chosen, self.outlier.score(vectors, statistics), strict=True):
                scores[i] = float(score)
        return scores

    def numbers(self, lines: Sequence[Judged], own: Sequence[bool]) -> list[NDArray[np.float32] | None]:
        """Each line's numbers in the order of the reference's features; None where nothing was measured, NaN what is not known.

        What is read off the features of a network says nothing of another one's: only of lines that are `own` it is known.
        """
        table = self._measured(lines)
        if self.components is not None:
            width = len(self.components.centre)
            first = self.reference.names().index(self.components.features()[0].name)
            its = [i for i, one in enumerate(lines) if own[i] and one.feature is not None and len(one.feature) == width]
            if its:
                table[its, first : first + self.components.numbers] = self.components.of(
                    np.array([lines[i].feature for i in its], dtype=np.float32)
                )
        return [
            None if line.scalars is None else row.astype(np.float32) for line, row in zip(lines, table, strict=True)
        ]

    def _measured(self, lines: Sequence[Judged]) -> NDArray[np.float64]:
        """(lines, features) by name: lines that were written before something was measured do not have it."""
        places = [NAMES.index(one.name) if one.name in NAMES else -1 for one in self.reference.features]
        table = np.full((len(lines), len(places)), np.nan)
        alike: dict[int, list[int]] = {}
        for row, line in enumerate(lines):
            if line.scalars is not None:
                alike.setdefault(len(line.scalars), []).append(row)
        for length, rows in alike.items():
            known = [column for column, place in enumerate(places) if 0 <= place < length]
            values = np.array([lines[row].scalars for row in rows])
            table[np.ix_(rows, known)] = values[:, [places[column] for column in known]]
        return table

    def _has_features(self, line: Judged, own: bool) -> bool:
        known = self.outlier.features
        return own and known is not None and line.feature is not None and len(line.feature) == known.bank.shape[1]


def image_columns(features: Sequence[Feature]) -> list[int]:
    """Where the numbers stand that depend on the image alone."""
    return [i for i, feature in enumerate(features) if feature.family == "image"]


def write(fitted: Fitted) -> bytes:
    """One npz file."""
    reference = fitted.reference
    about = {
        "id": reference.id,
        "images": reference.images,
        "features": [[f.name, f.title, f.family, f.down, f.up, f.shown, f.categories] for f in reference.features],
        "labels": dict(reference.labels),
        "assets": list(fitted.assets),
        "calibration": reference.calibration,
    }
    arrays: dict[str, NDArray[np.generic]] = {
        "about": np.array(json.dumps(about)),
        "scalars": fitted.scalars,
        "held_out": fitted.held_out,
    }
    for i, spread in enumerate(reference.all_spreads()):
        arrays |= {f"edges_{i}": spread.edges, f"counts_{i}": spread.counts}
    arrays |= {f"outlier_{name}": array for name, array in fitted.outlier.to_arrays().items()}
    if fitted.components is not None:
        arrays |= {f"components_{name}": array for name, array in fitted.components.to_arrays().items()}
    written = io.BytesIO()
    np.savez_compressed(written, allow_pickle=False, **arrays)
    return written.getvalue()


def read(data: bytes) -> Fitted:
    """What `write` wrote; UnreadableReference for anything else."""
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        about = json.loads(str(arrays["about"]))
        features = tuple(_feature(*words) for words in about["features"])
        spreads = [Spread(arrays[f"edges_{i}"], arrays[f"counts_{i}"]) for i in range(len(features) + 1)]
        model, components = (
            {name.removeprefix(f"{of}_"): a for name, a in arrays.items() if name.startswith(f"{of}_")}
            for of in ("outlier", "components")
        )
        outlier = OutlierModel.from_arrays(model)
        images, shares, *more = about.get("calibration") or (None, ())
        calibration = None if images is None else Calibration(images, tuple(shares), *more)
        reference = Reference(
            about["id"],
            about["images"],
            features,
            tuple(spreads[1:]),
            spreads[0],
            about["labels"],
            calibration,
            outlier.appearance_only,
        )
        scalars = arrays["scalars"]
        # Files of before there was a list of held-out images have none.
        held_out = arrays.get("held_out", np.zeros(len(scalars), dtype=bool))
        directions = Components.from_arrays(components) if components else None
        return Fitted(reference, outlier, tuple(about["assets"]), scalars, held_out, directions)
    except (KeyError, ValueError, TypeError, EOFError, OSError) as error:
        raise UnreadableReference("the file of this reference is damaged: set the training data again") from error


def _feature(
    name: str, title: str, family: str, down: str, up: str, shown: Shown, categories: Sequence[str] = ()
) -> Feature:
    return Feature(name, title, family, down, up, shown, tuple(categories))


def key(reference_id: str) -> str:
    """Where the file lies in storage."""
    return f"references/{reference_id}/fitted.npz"


class FittedReferences:
    """Reads fitted references, the latest few from memory."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._memory: OrderedDict[str, Fitted] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, reference_id: str) -> Fitted:
        """Raises NoBytes or UnreadableReference."""
        with self._lock:
            if reference_id in self._memory:
                self._memory.move_to_end(reference_id)
                return self._memory[reference_id]
        found = read(self._storage.get(key(reference_id)))
        with self._lock:
            self._memory[reference_id] = found
            while len(self._memory) > _KEPT_IN_MEMORY:
                self._memory.popitem(last=False)
        return found

    def there(self, reference_id: str) -> Fitted | None:
        """None where its file is gone or damaged."""
        try:
            return self.get(reference_id)
        except (NoBytes, UnreadableReference):
            return None

    def keep(self, fitted: Fitted) -> None:
        self._storage.put(key(fitted.reference.id), write(fitted))
