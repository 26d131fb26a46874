"""HTTP: waiting images out as a file of another labelling tool, and the reviews made there back in."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel

from relens.access.asking import Asking
from relens.deployments import store as deployments
from relens.deployments.deployment import Deployment
from relens.infra.database import Database
from relens.infra.settings import Settings
from relens.infra.upload import ONE_FILE
from relens.infra.web import Page, part
from relens.kit import clock
from relens.kit.errors import NotFound, TooLarge
from relens.review.exchange import About, exchanges
from relens.review.lineup import Lineup
from relens.review.travel import MOST, TAKEN, Becomes, Line, outgoing, take

router = APIRouter(prefix="/api/v1", tags=["review"])

Db = Annotated[Database, part(Database)]
Form = Annotated[str, Query(description="which tool: label_studio, coco, …")]
_LARGEST = 256 << 20


class ExchangeOut(BaseModel):
    """A labelling tool. `setup`: it has to be told the labels before. `empty`: there an image without annotations has nothing on it."""

    name: str
    title: str
    setup: bool
    empty: bool


class TravelLine(BaseModel):
    """`same`: it is said so already; `conflict`: somebody reviewed it meanwhile, and that stays; `left`: nothing was said of it."""

    place: str
    prediction: str | None
    becomes: Becomes
    says: str


class TravelOut(BaseModel):
    """`taken` False: it was only looked at. `reviews`: images whose review was written, or would be. `counts` by what becomes of them."""

    taken: bool
    reviews: int
    counts: dict[str, int]
    lines: list[TravelLine]

    @staticmethod
    def of(lines: list[Line], taken: bool) -> TravelOut:
        counts: dict[str, int] = {}
        for line in lines:
            counts[line.becomes] = counts.get(line.becomes, 0) + 1
        return TravelOut(
            taken=taken,
            reviews=sum(counts.get(one, 0) for one in TAKEN),
            counts=counts,
            lines=[
                TravelLine(place=line.place, prediction=line.prediction, becomes=line.becomes, says=line.says)
                for line in lines
            ],
        )


@router.get("/review-exchanges")
def list_exchanges() -> Page[ExchangeOut]:
    """The tools a queue can travel to."""
    return Page(
        items=[
            ExchangeOut(name=name, title=one.title, setup=one.setup is not None, empty=one.empty)
            for name, one in exchanges
        ]
    )


@router.get(
    "/deployments/{deployment}/review-export",
    response_class=Response,
    responses={200: {"content": {"application/json": {}}}},
)
def export_reviews(
    deployment: str,
    request: Request,
    actor: Asking,
    database: Db,
    settings: Annotated[Settings, part(Settings)],
    lineup: Annotated[Lineup, part(Lineup)],
    form: Form = "label_studio",
    limit: Annotated[int, Query(ge=1, le=MOST)] = 100,
    query: Annotated[str | None, Query(description="what waits and fits, instead of the queue")] = None,
) -> Response:
    """The next images of the queue as one file, with what was answered filled in. Nothing is held: who reviews meanwhile, here or there, keeps theirs."""
    chosen = exchanges.get(form)
    lineup.catch_up()
    with database.read() as connection:
        here = deployments.get(connection, deployment)
        images = outgoing(connection, here, limit, query, actor, clock.now())
    data = chosen.write(images, _about(here, request, settings))
    return _file(data, f"{here.name}-review.{chosen.ending}", "application/json")


@router.get(
    "/deployments/{deployment}/review-export/setup",
    response_class=Response,
    responses={200: {"content": {"application/xml": {}}}},
)
def export_setup(
    deployment: str,
    request: Request,
    database: Db,
    settings: Annotated[Settings, part(Settings)],
    form: Form = "label_studio",
) -> Response:
    """What the tool has to be told before it can show the file: its labels, and how they are placed."""
    chosen = exchanges.get(form)
    if chosen.setup is None:
        raise NotFound(f"{chosen.title} needs no setup: the file names its labels itself")
    with database.read() as connection:
        here = deployments.get(connection, deployment)
    return _file(chosen.setup(_about(here, request, settings)).encode(), f"{here.name}-{form}.xml", "application/xml")


@router.post("/deployments/{deployment}/review-import", openapi_extra=ONE_FILE)
async def import_reviews(
    deployment: str,
    request: Request,
    actor: Asking,
    database: Db,
    settings: Annotated[Settings, part(Settings)],
    form: Form = "label_studio",
    go: Annotated[bool, Query(description="write them; without it only what would become of each is told")] = False,
    empty: Annotated[
        bool, Query(description="images without annotations have nothing on them, whatever the tool")
    ] = False,
) -> TravelOut:
    """The file as the tool exports it, as the body. Matched by the prediction; nobody's review is overwritten, and the same file changes nothing."""
    data = await _body(request)

    def work() -> TravelOut:
        chosen = exchanges.get(form)
        with database.read() as connection:
            here = deployments.get(connection, deployment)
        came = chosen.read(data, _about(here, request, settings))
        return TravelOut.of(take(database, here, came, chosen, actor=actor, empty=empty, go=go), go)

    return await run_in_threadpool(work)


async def _body(request: Request) -> bytes:
    data = bytearray()
    async for piece in request.stream():
        data += piece
        if len(data) > _LARGEST:
            raise TooLarge(f"the file is larger than {_LARGEST >> 20} MiB: send it in parts")
    return bytes(data)


def _about(here: Deployment, request: Request, settings: Settings) -> About:
    address = (settings.public_url or str(request.base_url)).rstrip("/")
    return About(here.name, here.task, here.labels, address)


def _file(data: bytes, name: str, media_type: str) -> Response:
    header = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}"}
    return Response(data, media_type=media_type, headers=header)
