"""A label map: the names a model or dataset knows, in the order of its indices."""

from collections import Counter
from dataclasses import dataclass

from relens.kit.errors import Invalid
from relens.kit.strict_json import check_text

# ImageNet's largest list has 21,841.
MOST = 25_000


class BadLabels(Invalid):
    """Names that make no label map, or a name that is not in it."""


@dataclass(frozen=True, slots=True)
class LabelMap:
    """The labels of one model or dataset; a label's index is its place."""

    names: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.names:
            raise BadLabels("a label map needs at least one label")
        if len(self.names) > MOST:
            raise BadLabels(f"a label map has {MOST} labels at most, not {len(self.names)}")
        if any(not isinstance(name, str) or not name.strip() for name in self.names):
            raise BadLabels("a label must be a text that is not empty")
        for name in self.names:
            check_text(name, "a label")
        if any(len(name) > 200 for name in self.names):
            raise BadLabels("a label may be 200 characters long at most")
        if len(set(self.names)) != len(self.names):
            twice = sorted(name for name, times in Counter(self.names).items() if times > 1)
            raise BadLabels(f"these labels stand in the label map twice: {', '.join(twice[:20])}")

    def __len__(self) -> int:
        return len(self.names)

    def __contains__(self, name: object) -> bool:
        return name in self.names

    def index(self, name: str) -> int:
        """The index of `name`; refuses a name that is not in the map, listing those that are."""
        if name not in self.names:
            raise BadLabels(f"there is no label '{name}': the labels are {', '.join(self.names[:20])}")
        return self.names.index(name)
