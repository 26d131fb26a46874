"""Says what an import cut at the edges of the images, so that whoever wonders about a box finds out. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from relens.datasets.judge import Cut

EXAMPLES = 3
_MANY = 0.1
"""More than this share of all shapes is more than rounding and augmentation do."""


def cut_notes(cuts: Sequence[Cut], annotations: int) -> Iterator[str]:
    """`annotations`: how many there are in the images that are imported."""
    if not cuts:
        return
    images = len({cut.file for cut in cuts})
    several = len(cuts) > 1
    yield (
        f"{len(cuts):,} of {annotations:,} shapes, in {images:,} {'image' if images == 1 else 'images'}, "
        f"{'reach' if several else 'reaches'} over the edge and {'are' if several else 'is'} cut there "
        f"(by up to {max(cut.pixels for cut in cuts):,.0f} pixels): {_places(cuts)}."
    )
    if len(cuts) > max(EXAMPLES, _MANY * annotations):
        yield "That is many: look at a few of them; annotations made for another size of the images look like this."


def _places(cuts: Sequence[Cut]) -> str:
    """The farthest first."""
    farthest = sorted(cuts, key=lambda cut: -cut.pixels)[:EXAMPLES]
    places = [cut.file if cut.line is None else f"{cut.file} (line {cut.line})" for cut in farthest]
    left = len(cuts) - len(places)
    return ", ".join(places) + (f" and {left:,} more" if left else "")
