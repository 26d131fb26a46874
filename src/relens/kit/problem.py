"""How an error is named to whoever asked over HTTP, by the server and at the edge: the title and type of a problem document (RFC 9457)."""

import re

_BETWEEN_WORDS = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def title(kind: str) -> str:
    """The name of an error's class as words: "NotAModel" is "Not a model"."""
    return _BETWEEN_WORDS.sub(" ", kind).capitalize()


def address(kind: str) -> str:
    """What programs tell it by, which is no address of the web: "urn:relens:problem:not-a-model"."""
    return f"urn:relens:problem:{title(kind).lower().replace(' ', '-')}"
