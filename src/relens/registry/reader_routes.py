"""HTTP: the output readers there are, for the one who must name one."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel

from relens.inference.reader import READERS
from relens.infra.web import Page
from relens.kit.errors import RelensError

router = APIRouter(prefix="/api/v1", tags=["models"])


class ReaderOut(BaseModel):
    """One reader; `error` says why a plug-in cannot be used."""

    name: str
    title: str
    tasks: list[str]
    error: str | None = None


@router.get("/readers")
def list_readers() -> Page[ReaderOut]:
    """Ours, those of installed packages, and those in plugins/outputs of the home folder."""
    return Page(items=[_reader(name) for name in READERS.names()])


def _reader(name: str) -> ReaderOut:
    try:
        found = READERS.get(name)
    except RelensError as error:
        return ReaderOut(name=name, title=name, tasks=[], error=str(error))
    return ReaderOut(name=name, title=found.title, tasks=list(found.tasks))
