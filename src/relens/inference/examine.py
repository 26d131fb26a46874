"""A model file is examined: read, understood, brought to the form that is served, and tried. All of it, in this process.

A file from elsewhere is examined in a process of its own (`registry.apart`), because a hostile one may take time and memory.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from relens.inference.adapt import FEATURES, adapt, add_features
from relens.inference.backbone import find_features
from relens.inference.graph import graph_of, parse
from relens.inference.manifest import Manifest, manifest_of
from relens.inference.trial import trial


@dataclass(frozen=True, slots=True)
class Given:
    """What comes with a file and wins over what it says: task, labels, the name of a reader, the description of its input."""

    task: str | None = None
    labels: Sequence[str] | None = None
    reader: str | None = None
    image: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Examined:
    """How to serve it, and the file as it is served: the one that was sent where nothing had to be changed."""

    manifest: Manifest
    onnx: bytes


def examine(onnx: bytes, given: Given = Given()) -> Examined:
    """What it takes to serve `onnx`. Raises NotAModel, ModelTooLarge, ExternalData, CannotBeServed, BadLabels, NotFound."""
    model = parse(onnx)
    graph = graph_of(model).given(task=given.task, labels=given.labels, outputs=given.reader, image=given.image)
    manifest, declared = manifest_of(graph)
    changed = adapt(model, manifest.input, declared)
    if declared.unbatched:
        manifest = replace(manifest, input=replace(manifest.input, batch=False))
    if manifest.feature_output is None:
        manifest, added = _with_features(model, manifest)
        changed = changed or added
    served = bytes(model.SerializeToString(deterministic=True)) if changed else onnx
    return Examined(trial(served, manifest), served)


def _with_features(model: Any, manifest: Manifest) -> tuple[Manifest, bool]:
    """The manifest with a feature output that was added to the model, or saying that there is none."""
    names = {name for node in model.graph.node for name in (*node.input, *node.output)}
    if FEATURES in names:
        why = "appearance only: something in the file that is no feature vector is called 'features'"
        return replace(manifest, features=why), False
    try:
        found = find_features(model, manifest.input, manifest.task)
    except Exception as error:  # noqa: BLE001 - shape inference raises what it likes; monitoring then has no features
        why = f"appearance only: the shapes inside the file cannot be followed ({str(error)[:120]})"
        return replace(manifest, features=why), False
    if found is None:
        return replace(manifest, features="appearance only: no feature map of a backbone was found in the file"), False
    add_features(model, found)
    return replace(manifest, feature_output=FEATURES, features=str(found)), True
