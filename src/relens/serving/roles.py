"""Which version answers an image: the champion, or the canary for its share of them."""

from __future__ import annotations

from relens.deployments.deployment import Deployment, Role
from relens.kit.ids import share_of


def chosen(deployment: Deployment, key: str) -> tuple[Role, str]:
    """The role and the version for what `key` names: a source where there is one, else the request or its image.

    The same key always gets the same answer; a growing share only moves keys from the champion to the canary, none back. Another
    canary draws its keys anew, so that it is not always the same line that goes first.
    """
    if deployment.canary is None or share_of(key, deployment.canary) >= deployment.canary_share:
        return "champion", str(deployment.champion)
    return "canary", deployment.canary
