"""How reviews travel to another labelling tool and back: the port, and the catalog of `exchanges/`.

An image is known by the id of its prediction all the way, so that nothing depends on names of files or numbers of tasks.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from relens.kit.catalog import Catalog
from relens.kit.errors import Invalid
from relens.review.verdict import Status
from relens.vision.annotation import Annotation
from relens.vision.prediction import Detection

_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


class BadExchange(Invalid):
    """A file that is not what the chosen tool writes."""


@dataclass(frozen=True, slots=True)
class About:
    """Which deployment's images these are: its labels, its task, and the address under which its server gives images."""

    deployment: str
    task: str
    labels: tuple[str, ...]
    address: str

    def image(self, one: Outgoing) -> str:
        """Where its picture is. The address ends with the prediction, because many tools name files after its last part."""
        return f"{self.address}/api/v1/assets/{one.asset}/as/{one.prediction}"


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One image on its way out. `answered` is filled in there; `said`: it was reviewed already, and goes as that (() for nothing here).

    `revision` of what was said of it, 0 for nothing: it tells on the way back whether somebody reviewed it meanwhile.
    """

    prediction: str
    asset: str
    width: int
    height: int
    version: str
    answered: tuple[Detection, ...]
    revision: int = 0
    said: tuple[Annotation, ...] | None = None


@dataclass(frozen=True, slots=True)
class Incoming:
    """What a file says of one image. `place`: where in the file ("task 12"). `status` None: nothing was said of it there.

    `revision` None: the file does not remember it. `problem`: why it cannot be taken.
    """

    place: str
    prediction: str | None
    status: Status | None = None
    annotations: tuple[Annotation, ...] = ()
    revision: int | None = None
    by: str = ""
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Exchange:
    """`ending` of a file; `write` and `read` hold a few thousand images. `setup`: what the tool has to be told before (its labels), if anything.

    `empty`: an image without annotations says there that nothing is on it; where it may as well mean that nobody looked, the person who brings
    it back has to say so.
    """

    title: str
    ending: str
    empty: bool
    write: Callable[[Sequence[Outgoing], About], bytes]
    read: Callable[[bytes, About], list[Incoming]]
    setup: Callable[[About], str] | None = None


exchanges: Catalog[Exchange] = Catalog("labelling tool", "relens.review.exchanges", "EXCHANGE")


def prediction_in(*texts: object) -> str | None:
    """The first prediction's id that stands in one of these texts: tools keep names of files and drop what they do not know."""
    for text in texts:
        if isinstance(text, str) and (found := _ID.search(text.lower())):
            return found.group()
    return None


def read_json(data: bytes, tool: str) -> Any:
    """Raises BadExchange."""
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise BadExchange(f"this is no JSON, and so no file of {tool}: {error}") from error
