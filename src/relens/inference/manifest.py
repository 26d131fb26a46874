"""A manifest: what must be known of a model file to feed it an image and to understand its answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, cast

from relens.inference.choose import choose_reader
from relens.inference.errors import CannotBeServed
from relens.inference.graph import Graph, read_graph
from relens.inference.image_input import image_input
from relens.inference.input import InputSpec
from relens.inference.reader import Declared
from relens.vision.labels import LabelMap


@dataclass(frozen=True, slots=True)
class Manifest:
    """`outputs` names the reader; `feature_output` the output holding a pooled feature vector, where there is one.

    `threshold` is the version's own advised one: image statistics that count detections need one that never moves.
    """

    task: str
    labels: LabelMap
    input: InputSpec
    outputs: str
    feature_output: str | None = None
    threshold: float | None = None

    def to_json(self) -> dict[str, Any]:
        """What JSON gives back unchanged: lists, no tuples."""
        entry = asdict(self.input)
        entry["mean"], entry["std"] = list(self.input.mean), list(self.input.std)
        return {**asdict(self), "labels": list(self.labels.names), "input": entry}

    @staticmethod
    def from_json(written: dict[str, Any]) -> Manifest:
        """Reads what `to_json` wrote, also after it went through JSON."""
        entry = dict(written["input"])
        entry["mean"], entry["std"] = (cast(Any, tuple(entry[key])) for key in ("mean", "std"))
        return Manifest(
            written["task"],
            LabelMap(tuple(written["labels"])),
            InputSpec(**entry),
            written["outputs"],
            written.get("feature_output"),
            written.get("threshold"),
        )


def read_manifest(
    onnx: bytes, *, task: str | None = None, labels: Sequence[str] | None = None, outputs: str | None = None
) -> Manifest:
    """What the ONNX file declares, completed by what is given; a given value wins over a declared one.

    Raises NotAModel, ModelTooLarge, ExternalData, CannotBeServed, BadLabels, or NotFound for a reader there is none of.
    """
    graph = read_graph(onnx)
    wanted_task = task or graph.metadata.get("relens.task")
    name, reader = choose_reader(graph, outputs or graph.metadata.get("relens.outputs"), wanted_task)
    declared = reader.declared(graph)
    return Manifest(
        task=wanted_task or declared.task,
        labels=_labels(graph, declared, labels),
        input=image_input(graph, declared),
        outputs=name,
        feature_output=_feature_output(graph),
    )


def _labels(graph: Graph, declared: Declared, given: Sequence[str] | None) -> LabelMap:
    own = graph.declared_json("relens.labels")
    names = given or (own if isinstance(own, list) else None) or declared.labels
    if not names:
        room = f" ({declared.classes} of them)" if declared.classes else ""
        raise CannotBeServed(f"the model file does not name its labels: give them{room} in the order of its outputs")
    labels = LabelMap(tuple(names))
    if declared.classes is not None and declared.classes != len(labels):
        raise CannotBeServed(
            f"the model tells {declared.classes} classes apart, but {len(labels)} labels are given "
            f"({', '.join(labels.names[:10])}): name each class once, in the order of the outputs"
        )
    return labels


def _feature_output(graph: Graph) -> str | None:
    value = graph.output(graph.metadata.get("relens.features", "features"))
    return value.name if value is not None and len(value.shape) == 2 else None
