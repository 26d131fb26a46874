"""What ~ means: * is anything, ? is one character, capitals matter.

Whoever asks writes the pattern, so it must not matter how: a text is matched in at most as many steps as text and pattern have characters
together, times each other. A regular expression made of the same pattern would need a lifetime for a dozen stars.
"""

from __future__ import annotations

import re


def plainest(pattern: str) -> str:
    """The shortest pattern that means the same: of neighbours the ? first, then one *."""
    return re.sub(r"[*?]{2,}", lambda run: "?" * run[0].count("?") + "*" * ("*" in run[0]), pattern)


def matches(text: str, pattern: str) -> bool:
    """Whether the whole text is as the pattern says. Only the last * seen ever has to take one character more."""
    at = here = 0
    star, began = -1, 0
    while at < len(text):
        sign = pattern[here] if here < len(pattern) else ""
        if sign == "*":
            star, began = here, at
            here += 1
        elif sign and sign in ("?", text[at]):
            at, here = at + 1, here + 1
        elif star >= 0:
            began += 1
            at, here = began, star + 1
        else:
            return False
    return not pattern[here:].strip("*")


def as_glob(pattern: str) -> str:
    """For SQLite's GLOB."""
    return plainest(pattern).replace("[", "[[]")


def as_like(pattern: str) -> str:
    r"""For PostgreSQL's LIKE with \ before what is meant as it stands."""
    return re.sub(r"([\\%_])", r"\\\1", plainest(pattern)).replace("*", "%").replace("?", "_")


def beginning(pattern: str) -> str:
    """What every text begins with that the pattern fits."""
    return re.split(r"[*?]", pattern, maxsplit=1)[0]


def after(text: str) -> str | None:
    """The first text behind all that begin with `text`, by code points; None where there is none."""
    kept = text.rstrip("\U0010ffff")
    if not kept:
        return None
    following = ord(kept[-1]) + 1
    return kept[:-1] + chr(0xE000 if 0xD800 <= following < 0xE000 else following)
