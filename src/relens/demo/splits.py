"""Which images of a folder are trained on, arrive later, and test: as the file says, and cut here where it does not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from relens.demo.cut import cut
from relens.demo.entry import Entry, Stratum

Splits = dict[str, list[Entry]]

OWN_SHARES = {"train": 0.5, "production": 0.3, "holdout": 0.2}
_NAMES = {
    "train": ("train", "training", "validation", "val", "valid", "dev"),
    "production": ("production",),
    "holdout": ("holdout", "test", "testing"),
}


def as_part(split: object) -> str | None:
    """What an image that calls its split so is here; None where it calls it nothing that is known."""
    said = str(split or "").strip().lower()
    return next((part for part, names in _NAMES.items() if said in names), None)


def split_up(entries: Sequence[Entry]) -> tuple[Splits, list[str]]:
    """(the images by part, sentences about what was decided)

    What is declared stays where it is. A part that nobody declared is cut out of the images that declare none, or else out of the largest
    part, so that near-duplicates stay together and every label has its share.
    """
    parts = {part: [entry for entry in entries if entry.split == part] for part in OWN_SHARES}
    silent = [entry for entry in entries if entry.split is None]
    missing = [part for part in OWN_SHARES if not parts[part]]
    if len(missing) == len(OWN_SHARES):
        return _cut(entries, missing, entries), [
            "no train, production and holdout in images[].split: cut here, near-duplicates together"
        ]
    notes = []
    if missing and silent:
        parts |= _cut(silent, missing, entries)
        notes.append(f"images without a split became {' and '.join(missing)}: {len(silent)}")
    elif missing:
        largest = max(parts, key=lambda part: len(parts[part]))
        parts |= _cut(parts[largest], [largest, *missing], entries)
        notes.append(
            f"no {' and '.join(missing)} in images[].split: cut out of {largest} here, near-duplicates together"
        )
    elif silent:
        notes.append(f"images left out because they declare no split that is known: {len(silent)}")
    seen = {entry.content for part in ("train", "production") for entry in parts[part]}
    unseen = [entry for entry in parts["holdout"] if entry.content not in seen]
    if twins := len(parts["holdout"]) - len(unseen):
        notes.append(f"holdout images left out because train or production has the same ones: {twins}")
    return parts | {"holdout": unseen}, notes


def by_rarest_label(entries: Sequence[Entry]) -> Stratum:
    """Of the labels on an image the one that the fewest of these have, "" where nothing is on it."""
    images = Counter(label for entry in entries for label in {one.label for one in entry.annotations})

    def rarest(entry: Entry) -> str:
        return min((one.label for one in entry.annotations), key=lambda label: (images[label], label), default="")

    return rarest


def _cut(some: Sequence[Entry], parts: Sequence[str], entries: Sequence[Entry]) -> Splits:
    total = sum(OWN_SHARES[part] for part in parts)
    found = cut(some, by_rarest_label(entries), [OWN_SHARES[part] / total for part in parts])
    return dict(zip(parts, found, strict=True))
