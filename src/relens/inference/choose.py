"""Which reader understands a model's outputs: the one that is named, else the one whose description fits."""

from __future__ import annotations

from relens.inference.errors import CannotBeServed
from relens.inference.graph import Graph
from relens.inference.reader import READERS, Reader
from relens.kit.catalog import BrokenPlugin
from relens.kit.errors import MissingPackage


def choose_reader(graph: Graph) -> tuple[str, Reader]:
    """The reader and its name. Raises CannotBeServed, saying what was found in the file and why each reader passed."""
    named, task = graph.metadata.get("relens.outputs"), graph.metadata.get("relens.task")
    if named is not None:
        reader = READERS.get(named)
        why = _why_not(reader, graph, task)
        if why is not None:
            raise CannotBeServed(
                f"the reader '{named}' does not understand this model, because {why} (its outputs are: {graph.outputs_in_words()})"
            )
        return named, reader
    passed = []
    for name in READERS.names():
        try:
            reader = READERS.get(name)
        except (MissingPackage, BrokenPlugin) as error:
            passed.append(f"{name}: {error}")
            continue
        why = _why_not(reader, graph, task)
        if why is None:
            return name, reader
        passed.append(f"{name}: {why}")
    raise CannotBeServed(
        f"no reader understands this model's outputs, which are: {graph.outputs_in_words()}. Name one, or bring your own as "
        f"a file plugins/outputs/NAME.py in the server's home folder. Tried {'; '.join(passed)}"
    )


def _why_not(reader: Reader, graph: Graph, task: str | None) -> str | None:
    if task is not None and task not in reader.tasks:
        return f"it reads {' and '.join(reader.tasks)}, not {task}"
    return reader.refusal(graph)
