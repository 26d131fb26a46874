"""Images that a dataset sets apart as production: what a deployed model meets later is neither learned from nor tested on by itself."""

from __future__ import annotations

from dataclasses import replace

from relens.datasets.found import FoundSet
from relens.datasets.item import Split


def without_production(found: FoundSet, become: Split | None) -> FoundSet:
    """The set with those images in the split `become`; None leaves them out and says so."""
    arriving = sum(image.split == "production" for image in found.images)
    if not arriving:
        return found
    images = "1 image is" if arriving == 1 else f"{arriving:,} images are"
    if become is not None:
        moved = tuple(replace(one, split=become) if one.split == "production" else one for one in found.images)
        return replace(
            found, images=moved, notes=(*found.notes, f"{images} set apart as production: imported as {become}.")
        )
    kept = tuple(one for one in found.images if one.split != "production")
    sentence = (
        f"{images} set apart as production, for a deployed model to meet later, and left out; "
        "to import such images, say which split they become (production: train, validation or test)."
    )
    return replace(found, images=kept, notes=(*found.notes, sentence))
