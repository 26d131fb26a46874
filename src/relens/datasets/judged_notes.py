"""What an import says of images that are in order and yet not what their owner may think. Pure."""

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


def dim_notes(files: Sequence[str]) -> Iterator[str]:
    """`files`: images of 16 bits that use no more than 12 of them, as cameras with 12 bits write them."""
    if not files:
        return
    several = len(files) > 1
    left = len(files) - EXAMPLES
    yield (
        f"{len(files):,} {'images have' if several else 'image has'} 16 bits of grey and {'use' if several else 'uses'} at most 12 of them "
        f"(no value above 4,095 of 65,535), so {'they are' if several else 'it is'} read as nearly black, here and in every answer: "
        f"multiply the values by 16 before they are imported or sent: {', '.join(files[:EXAMPLES])}{f' and {left:,} more' if left > 0 else ''}."
    )
