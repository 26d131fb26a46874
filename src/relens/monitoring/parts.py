"""Parts of the measured training images, kept in storage between the steps of the job that fits a reference."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from relens.inference.predict import Inferred
from relens.metrics.categories import among
from relens.metrics.reference import Feature
from relens.monitoring.learn import Measured


def part_key(reference_id: str, start: int) -> str:
    """Where a part lies in storage until all are done."""
    return f"references/{reference_id}/part-{start}.npz"


def packed(
    assets: Sequence[str],
    validation: Sequence[bool],
    seen: Sequence[Inferred],
    mixes: Sequence[Feature],
    threshold: float,
) -> bytes:
    """One part as an npz file: asset, whether it is a validation image, and what the model said, by row; what it answered from `threshold` on, counted."""
    vectors = [one.feature for one in seen if one.feature is not None]
    written = io.BytesIO()
    np.savez(
        written,
        assets=np.array(assets, dtype="U64"),
        validation=np.array(validation, dtype=bool),
        scalars=np.array([one.scalars for one in seen], dtype=np.float32).reshape(len(seen), -1),
        mixes=np.array([_counted(one, mixes, threshold) for one in seen], dtype=np.int32).reshape(len(seen), -1),
        vectors=np.array(vectors, dtype=np.float16).reshape(len(vectors), -1),
    )
    return written.getvalue()


def _counted(one: Inferred, mixes: Sequence[Feature], threshold: float) -> NDArray[np.int64]:
    """How many answers fall into each category, of one feature after the other."""
    said = one.prediction
    answered = said.above(threshold).detections[: 1 if all(found.shape is None for found in said.detections) else None]
    rows = [list(among(feature, answered, said.width, said.height)) for feature in mixes]
    counts = [np.bincount(row, minlength=len(f.categories)) for f, row in zip(mixes, rows, strict=True)]
    return np.concatenate(counts) if counts else np.empty(0, dtype=np.int64)


def unpacked(parts: Sequence[bytes], mixes: Sequence[Feature] = ()) -> Measured:
    """All parts together, in order."""
    tables = [np.load(io.BytesIO(part), allow_pickle=False) for part in parts]
    filled = [table for table in tables if len(table["assets"])]
    if not filled:
        return Measured((), np.zeros(0, bool), np.zeros((0, 0), np.float32), None, mixes=mixes)
    vectors = np.concatenate([table["vectors"] for table in filled]) if all(t["vectors"].size for t in filled) else None
    return Measured(
        tuple(str(asset) for table in filled for asset in table["assets"]),
        np.concatenate([table["validation"] for table in filled]),
        np.concatenate([table["scalars"] for table in filled]),
        vectors,
        tuple(mixes),
        np.concatenate([table["mixes"] for table in filled]) if mixes and all("mixes" in t for t in filled) else None,
    )
