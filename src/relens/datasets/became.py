"""What became of a label in later versions of its dataset: a verdict or a model that still uses an old name is understood. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from relens.datasets.relabel import Relabelling
from relens.vision.annotation import Annotation


@dataclass(frozen=True, slots=True)
class Became:
    """`changes`: the relabellings of a dataset with the number of the version each made, the oldest first; `labels`: those of now.

    A name that is in use now means what it means now, whatever was called so before.
    """

    labels: tuple[str, ...]
    changes: tuple[tuple[int, Relabelling], ...] = ()

    def now(self, label: str, since: int | None = None) -> frozenset[str]:
        """What it may be called now: several names after a split, none after it was dropped, itself where nobody ever changed it.

        `since`: the version in whose sense it is meant, where that is known.
        """
        if since is None and label in self.labels:
            return frozenset({label})
        found = frozenset({label})
        for number, change in self.changes:
            if since is None or number > since:
                found = frozenset(name for one in found for name in change.may_become(one))
        return found

    def of(self, annotations: Iterable[Annotation], asset: str, source: str | None) -> tuple[Annotation, ...]:
        """What was said, in the names of now; what was dropped is left out, what cannot be told keeps its old name."""
        said = tuple(annotations)
        if all(one.label in self.labels for one in said):
            return said
        return tuple(after for one in said if (after := self._one(one, asset, source)) is not None)

    def since(
        self, number: int, annotations: Iterable[Annotation], asset: str, source: str | None
    ) -> tuple[Annotation, ...]:
        """The same of what is in version `number`: there a name means what it meant then, also where it means something else now."""
        found = tuple(annotations)
        for at, change in self.changes:
            if at > number:
                found = tuple(after for one in found if (after := change.of(one, asset, source)) is not None)
        return found

    def _one(self, annotation: Annotation, asset: str, source: str | None) -> Annotation | None:
        if annotation.label in self.labels:
            return annotation
        found: Annotation | None = annotation
        for _, change in self.changes:
            if found is not None:
                found = change.of(found, asset, source)
        return annotation if found is not None and found.label not in self.labels else found


def unchanged(labels: Sequence[str]) -> Became:
    """Of a dataset whose labels nobody changed."""
    return Became(tuple(labels))
