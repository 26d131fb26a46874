"""Parts of the measured training images, kept in storage between the steps of the job that fits a reference."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np

from relens.inference.predict import Inferred
from relens.monitoring.learn import Measured


def part_key(reference_id: str, start: int) -> str:
    """Where a part lies in storage until all are done."""
    return f"references/{reference_id}/part-{start}.npz"


def packed(assets: Sequence[str], validation: Sequence[bool], seen: Sequence[Inferred]) -> bytes:
    """One part as an npz file: asset, whether it is a validation image, and what the model said, by row."""
    vectors = [one.feature for one in seen if one.feature is not None]
    written = io.BytesIO()
    np.savez(
        written,
        assets=np.array(assets, dtype="U64"),
        validation=np.array(validation, dtype=bool),
        scalars=np.array([one.scalars for one in seen], dtype=np.float32).reshape(len(seen), -1),
        vectors=np.array(vectors, dtype=np.float16).reshape(len(vectors), -1),
    )
    return written.getvalue()


def unpacked(parts: Sequence[bytes]) -> Measured:
    """All parts together, in order."""
    tables = [np.load(io.BytesIO(part), allow_pickle=False) for part in parts]
    filled = [table for table in tables if len(table["assets"])]
    if not filled:
        return Measured((), np.zeros(0, bool), np.zeros((0, 0), np.float32), None)
    vectors = np.concatenate([table["vectors"] for table in filled]) if all(t["vectors"].size for t in filled) else None
    return Measured(
        tuple(str(asset) for table in filled for asset in table["assets"]),
        np.concatenate([table["validation"] for table in filled]),
        np.concatenate([table["scalars"] for table in filled]),
        vectors,
    )
