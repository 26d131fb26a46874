"""A model file is tried before it is accepted: loaded once, run on made-up frames, its answer read."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from relens.inference.errors import BrokenModel, CannotBeServed
from relens.inference.graph import read_graph
from relens.inference.load import LoadedVersion, load
from relens.inference.manifest import Manifest
from relens.inference.predict import predict
from relens.inference.preprocess import Preprocess
from relens.inference.probe import probe_image
from relens.inference.runtime import Outputs
from relens.vision.decode import decode


def trial(onnx: bytes, manifest: Manifest) -> Manifest:
    """The manifest, corrected by what the model really does; raises CannotBeServed when it cannot answer an image.

    A file may declare a free batch and still fail, or answer otherwise, for two images at once: `input.batch` is then False.
    """
    loaded = load(onnx, manifest, "this file", title="this file")
    try:
        loaded.warm_up()
        _check_shapes(onnx, loaded)
        predict(probe_image(), loaded)
        together = manifest.input.batch and _same_together(loaded)
    except BrokenModel as error:
        raise CannotBeServed(f"the model failed when it was tried on a made-up image: {error}") from error
    except (KeyError, IndexError, ValueError, TypeError) as error:
        raise CannotBeServed(
            f"the reader '{manifest.outputs}' cannot read what the model answers to a made-up image ({error}): "
            "its outputs are not what they were declared to be"
        ) from error
    finally:
        loaded.close()
    return replace(manifest, input=replace(manifest.input, batch=together))


def _check_shapes(onnx: bytes, loaded: LoadedVersion) -> None:
    """What the file left open is seen in a real answer: the shapes must suit the reader and the labels."""
    answer = loaded.run(_frame(loaded.preprocess)[None])
    manifest = loaded.manifest
    graph = read_graph(onnx).given(task=manifest.task, labels=manifest.labels.names, outputs=manifest.outputs)
    seen = tuple(replace(value, shape=np.asarray(answer[value.name]).shape) for value in graph.outputs)
    graph = replace(graph, outputs=seen)
    why = loaded.reader.refusal(graph)
    if why is not None:
        raise CannotBeServed(f"the model's answer does not suit the reader '{loaded.manifest.outputs}', because {why}")
    classes = loaded.reader.declared(graph).classes
    if classes is not None and classes != len(loaded.manifest.labels):
        raise CannotBeServed(
            f"the model answers with {classes} classes, but {len(loaded.manifest.labels)} labels are given: "
            "name each class once, in the order of the outputs"
        )


def _same_together(loaded: LoadedVersion) -> bool:
    """Whether two images run at once get the answers they get alone."""
    frame = _frame(loaded.preprocess)
    darker = (frame * 0.5).astype(frame.dtype)
    alone = [loaded.run(one[None]) for one in (frame, darker)]
    try:
        both = loaded.run(np.stack((frame, darker)))
    except BrokenModel:
        return False
    return all(_agree(both, alone, name) for name in both)


def _agree(both: Outputs, alone: list[Outputs], name: str) -> bool:
    if len(both[name]) != 2:
        return False
    return all(np.allclose(both[name][row], one[name][0], rtol=1e-3, atol=1e-3) for row, one in enumerate(alone))


def _frame(preprocess: Preprocess) -> Any:
    tensor, _ = preprocess(decode(probe_image()))
    return tensor
