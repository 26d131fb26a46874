"""Free values people keep with a deployment, apart from the settings that have an address of their own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from relens.deployments.keeping import keeping_of
from relens.deployments.time_zone import time_zone_of
from relens.kit.errors import Invalid

MOST_BYTES = 16_384
OWNED = {
    "threshold_by": "PATCH …/deployments/NAME {threshold}",
    "images": "PUT …/deployments/NAME/images",
    "review_queue": "PUT …/deployments/NAME/review-queue",
    "review_team": "PUT …/deployments/NAME/review-team",
    "added_labels": "POST …/deployments/NAME/labels",
    "drift_watch": "PUT …/deployments/NAME/drift",
}
"""What is checked where it is set; a free value under such a name would be read as one that was checked."""


class NotAFreeSetting(Invalid):
    """A setting that is set elsewhere, or more than is kept with a deployment."""


def free_settings(given: Mapping[str, Any], *, new: bool = False) -> dict[str, Any]:
    """`given`, checked. A `new` deployment may say beside them which images it keeps (`images`)."""
    for name in sorted(given.keys() & OWNED.keys()):
        if name != "images" or not new:
            raise NotAFreeSetting(f"settings.{name} is not set here: use {OWNED[name]}")
    if len(json.dumps(given)) > MOST_BYTES:
        raise NotAFreeSetting(f"a deployment keeps at most {MOST_BYTES} bytes of settings: keep the rest elsewhere")
    keeping_of(given)
    time_zone_of(given)
    return dict(given)


def changed(there: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """`there` with `given` merged in; null takes a value away."""
    merged = {**there, **free_settings(given)}
    left = {name: value for name, value in merged.items() if value is not None or name in OWNED}
    free_settings({name: value for name, value in left.items() if name not in OWNED})
    return left
