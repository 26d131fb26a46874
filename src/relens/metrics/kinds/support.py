"""How often each label occurs among all images: what the review says where there is one, otherwise what was answered."""

from collections import Counter
from collections.abc import Collection, Sequence

from relens.metrics.metric import Judged, States, Supervised, Value
from relens.metrics.mistakes import NOTHING, of_image


class Corrections:
    """A bench that holds what reviews say in place of answers."""

    def __init__(self, labels: Sequence[str]) -> None:
        self._images: dict[str, tuple[str, str]] = {}

    def insert(self, image: Judged) -> None:
        self._images.pop(image.key, None)
        for true, said in of_image(image).taken:
            self._images[image.key] = (true, said)

    def remove(self, key: str) -> None:
        self._images.pop(key, None)

    def value(self, keys: Collection[str] | None = None, label: str | None = None) -> Value:
        known = self._images.values() if keys is None else [self._images[key] for key in keys if key in self._images]
        true, said = Counter(one for one, _ in known), Counter(one for _, one in known if one != NOTHING)
        shown = sorted({*true, *said}) if label is None else [label]
        return {
            "reviewed": true.total(),
            "labels": {one: {"true": true[one], "answered": said[one]} for one in shown if true[one] or said[one]},
        }

    def point(self, keys: Collection[str], label: str | None = None) -> Value:
        return {"n": len(keys), "reviewed": self.value(keys, label)["reviewed"]}


def beside(reviewed: Value, answered: States) -> Value:
    """`answered`: the states of the label distribution over all images."""
    said = {label: int(state[0]) for label, state in answered.items()}
    found = reviewed.get("labels", {})
    counts = {
        label: max(
            said.get(label, 0) + found.get(label, {}).get("true", 0) - found.get(label, {}).get("answered", 0), 0
        )
        for label in sorted({*said, *found})
    }
    total = sum(counts.values())
    return {
        "labels": {
            label: {
                "count": count,
                "share": count / total if total else None,
                "reviewed": found.get(label, {}).get("true", 0),
                "answered": said.get(label, 0),
            }
            for label, count in counts.items()
        },
        "total": total,
        "reviewed": reviewed.get("reviewed", 0),
    }


METRIC = Supervised(
    title="Support distribution",
    definition="How many images each label has: the label a review found where the image was reviewed, otherwise the label that was answered.",
    formula="count = answered − answered of reviewed images + true of reviewed images; share = count / all",
    source="A count of our own",
    needs="predictions",
    tasks=("classification",),
    unit="images",
    bench=Corrections,
    corrects="label_distribution",
    together=beside,
)
