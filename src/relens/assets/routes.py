"""HTTP: put an image, get it back, get it small."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel

from relens.access.asking import Asking
from relens.assets import read, store
from relens.assets.asset import Asset
from relens.assets.keep import described, keep_together
from relens.infra.database import Database
from relens.infra.settings import Settings
from relens.infra.storage import NoBytes, Storage
from relens.infra.upload import ONE_FILE, body_within
from relens.infra.web import part

router = APIRouter(prefix="/api/v1", tags=["assets"])

MEDIA = {
    "jpeg": "image/jpeg",
    "png": "image/png",
    "webp": "image/webp",
    "bmp": "image/bmp",
    "gif": "image/gif",
    "tiff": "image/tiff",
}
AssetId = Annotated[str, Path(pattern="^[0-9a-f]{64}$", description="the SHA-256 of the image's bytes")]
Bytes = Annotated[Storage, part(Storage)]


class AssetOut(BaseModel):
    """An image kept here."""

    asset: str
    width: int
    height: int
    format: str
    size_bytes: int

    @staticmethod
    def of(asset: Asset) -> AssetOut:
        return AssetOut(
            asset=asset.id, width=asset.width, height=asset.height, format=asset.format, size_bytes=asset.size_bytes
        )


@router.post("/assets", status_code=201, openapi_extra=ONE_FILE)
async def put_asset(
    request: Request,
    actor: Asking,
    storage: Bytes,
    database: Annotated[Database, part(Database)],
    settings: Annotated[Settings, part(Settings)],
) -> AssetOut:
    """Keeps the image in the body; the same bytes again are the same asset."""
    actor.must_be("reviewer")
    data = await body_within(request, settings.max_image_bytes)
    asset = await run_in_threadpool(described, data)
    await run_in_threadpool(keep_together, database, storage, [(asset, data)])
    return AssetOut.of(asset)


@router.get(
    "/assets/{asset_id}",
    response_class=Response,
    responses={200: {"content": {"image/*": {}, "application/octet-stream": {}}}},
)
def get_asset(
    asset_id: AssetId,
    storage: Bytes,
    database: Annotated[Database, part(Database)],
    size: Annotated[int | None, Query(ge=16, le=4096, description="long side of a small copy in pixels")] = None,
) -> Response:
    """The image as it came, or a small JPEG of it. It never changes, so browsers may keep it for ever.

    410 when it was let go (the sentence says why), 404 when it never was here.
    """
    try:
        if size is not None:
            return _picture(read.thumbnail(storage, asset_id, size), "image/jpeg")
        data = read.image_bytes(storage, asset_id)
    except NoBytes as error:
        with database.read() as connection:
            left = store.left(connection, asset_id)
        raise error if left is None else left.gone(asset_id) from error
    with database.read() as connection:
        known = store.get(connection, asset_id)
    return _picture(data, MEDIA.get(known.format.lower() if known else "", "application/octet-stream"))


@router.get(
    "/assets/{asset_id}/as/{name}",
    response_class=Response,
    responses={200: {"content": {"image/*": {}, "application/octet-stream": {}}}},
)
def get_asset_named(
    asset_id: AssetId,
    name: Annotated[str, Path(max_length=200, description="what it is to be called elsewhere: anything")],
    storage: Bytes,
    database: Annotated[Database, part(Database)],
) -> Response:
    """The same, under an address that ends with a name of one's own: other tools call an image after the end of its address."""
    return get_asset(asset_id, storage, database)


def _picture(data: bytes, media: str) -> Response:
    # nosniff: what people upload must never be taken for a page of ours.
    return Response(
        data,
        media_type=media,
        headers={"Cache-Control": "private, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"},
    )
