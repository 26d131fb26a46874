"""A manifest: what must be known of a model file to feed it an image and to understand its answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, cast

from relens.inference.choose import choose_reader
from relens.inference.errors import CannotBeServed
from relens.inference.graph import Graph, read_graph
from relens.inference.image_input import assumptions, image_input
from relens.inference.input import InputSpec
from relens.inference.reader import Declared
from relens.vision.labels import LabelMap


@dataclass(frozen=True, slots=True)
class Manifest:
    """`outputs` names the reader; `feature_output` the output holding a pooled feature vector, where there is one.

    `features` says in words where that vector comes from, or why there is none ("appearance only: ..."). `assumed` are sentences
    about what neither the file nor the one who sent it says. `threshold` is the version's own advised one: image statistics that count detections need one that never moves.
    """

    task: str
    labels: LabelMap
    input: InputSpec
    outputs: str
    feature_output: str | None = None
    threshold: float | None = None
    features: str = ""
    assumed: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """What JSON gives back unchanged: lists, no tuples."""
        entry = asdict(self.input)
        entry["mean"], entry["std"] = list(self.input.mean), list(self.input.std)
        return {**asdict(self), "labels": list(self.labels.names), "input": entry, "assumed": list(self.assumed)}

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
            written.get("features", ""),
            tuple(written.get("assumed", ())),
        )


def read_manifest(
    onnx: bytes,
    *,
    task: str | None = None,
    labels: Sequence[str] | None = None,
    outputs: str | None = None,
    image: Mapping[str, Any] | None = None,
) -> Manifest:
    """What the ONNX file declares, completed by what is given; a given value wins over a declared one.

    `outputs` names a reader, `image` describes the input as `relens.input` does. Raises NotAModel, ModelTooLarge, ExternalData,
    CannotBeServed, BadLabels, or NotFound for a reader there is none of.
    """
    return manifest_of(read_graph(onnx).given(task=task, labels=labels, outputs=outputs, image=image))[0]


def manifest_of(graph: Graph) -> tuple[Manifest, Declared]:
    """The same of a graph that is read and completed, with what its family says. Raises CannotBeServed, BadLabels, NotFound."""
    name, reader = choose_reader(graph)
    declared = reader.declared(graph)
    vector = graph.output(graph.features)
    pooled = vector is not None and len(vector.shape) == 2
    manifest = Manifest(
        task=graph.metadata.get("relens.task") or declared.task,
        labels=_labels(graph, declared),
        input=image_input(graph, declared),
        outputs=name,
        feature_output=vector.name if vector is not None and pooled else None,
        features=f"the file's own output '{graph.features}'"
        if pooled
        else "appearance only: the file has no feature output",
        assumed=assumptions(graph, declared),
    )
    return manifest, declared


_BACKGROUND = ("__background__", "background", "__bg__")


def _labels(graph: Graph, declared: Declared) -> LabelMap:
    names = graph.labels or declared.labels
    if names and declared.background and names[0].lower() in _BACKGROUND:
        names = names[1:]
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
