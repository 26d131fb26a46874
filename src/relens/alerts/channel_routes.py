"""HTTP: channels and their kinds. What is secret in them goes in and never comes out."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field
from sqlalchemy import Connection

from relens.access.asking import Asking
from relens.alerts import channel_rows
from relens.alerts.address_book import AddressBook
from relens.alerts.channel import CHANNELS, BadChannel, Channel, ChannelKind, missing
from relens.alerts.message import Message, Told
from relens.alerts.notify import Notification
from relens.alerts.routes import TestOut
from relens.infra.database import Database
from relens.infra.settings import Settings
from relens.infra.web import Instant, Page, part
from relens.kit import clock
from relens.kit.ids import new_id

router = APIRouter(prefix="/api/v1", tags=["alerts"])

Db = Annotated[Database, part(Database)]
Book = Annotated[AddressBook, part(AddressBook)]


class SettingOut(BaseModel):
    """One thing to fill in."""

    name: str
    title: str
    secret: bool
    required: bool
    hint: str
    choices: list[str]
    default: str
    long: bool


class ChannelKindOut(BaseModel):
    """A way to tell people. `missing`: what has to be installed before it can be used."""

    name: str
    title: str
    settings: list[SettingOut]
    missing: str | None

    @staticmethod
    def of(name: str, kind: ChannelKind) -> ChannelKindOut:
        settings = [
            SettingOut(
                name=key, title=one.title, secret=one.secret, required=one.required, hint=one.hint, choices=list(one.choices),
                default=one.default, long=one.long,
            )
            for key, one in kind.settings.items()
        ]  # fmt: skip
        return ChannelKindOut(name=name, title=kind.title, settings=settings, missing=missing(name, kind))


class ChannelIn(BaseModel):
    """A channel. `settings` as its kind names them, all of them texts."""

    name: str = Field(max_length=100)
    kind: str
    settings: dict[str, str] = Field(default_factory=dict)


class ChannelChange(BaseModel):
    """What is left out stays as it is, also among the settings: a secret is sent only to change it."""

    name: str | None = Field(None, max_length=100)
    settings: dict[str, str] | None = None
    active: bool | None = None


class ChannelOut(BaseModel):
    """A channel. `settings` without the secret ones, `place` where it leads; `off_reason`: why it was switched off by itself.

    `last_error`: what the latest attempt ended with, "" for well.
    """

    id: str
    name: str
    kind: str
    settings: dict[str, str]
    place: str
    active: bool
    off_reason: str
    last_at: Instant | None
    last_error: str
    created_at: Instant

    @staticmethod
    def of(channel: Channel) -> ChannelOut:
        return ChannelOut(**{name: getattr(channel, name) for name in ChannelOut.model_fields})


@router.get("/channel-kinds")
def list_kinds() -> Page[ChannelKindOut]:
    return Page(items=[ChannelKindOut.of(name, kind) for name, kind in CHANNELS])


@router.get("/channels")
def list_channels(database: Db) -> Page[ChannelOut]:
    with database.read() as connection:
        return Page(items=[ChannelOut.of(one) for one in channel_rows.every(connection)])


@router.post("/channels", status_code=201)
def add_channel(body: ChannelIn, actor: Asking, database: Db, book: Book) -> ChannelOut:
    actor.must_be("operator")
    made = book.made(body.name.strip(), body.kind, body.settings, actor.id, clock.now())
    database.write(lambda connection: channel_rows.insert(connection, made))
    return ChannelOut.of(made)


@router.patch("/channels/{channel_id}")
def change_channel(channel_id: str, body: ChannelChange, actor: Asking, database: Db, book: Book) -> ChannelOut:
    actor.must_be("operator")
    given = body.model_dump(exclude_unset=True, exclude={"settings"})
    for name, value in given.items():
        if value is None:
            raise BadChannel(f"'{name}' cannot be null: leave it out to keep it")

    def change(connection: Connection) -> Channel:
        after = book.changed(channel_rows.get(connection, channel_id, lock=True), body.settings, **given)
        channel_rows.replace_row(connection, after)
        return after

    return ChannelOut.of(database.write(change))


@router.delete("/channels/{channel_id}", status_code=204)
def delete_channel(channel_id: str, actor: Asking, database: Db) -> None:
    """Rules that told it do so no more; they go on without."""
    actor.must_be("operator")

    def remove(connection: Connection) -> None:
        channel_rows.get(connection, channel_id, lock=True)
        channel_rows.remove(connection, channel_id)

    database.write(remove)


@router.post("/channels/{channel_id}/test")
def test_channel(
    channel_id: str,
    actor: Asking,
    database: Db,
    notification: Annotated[Notification, part(Notification)],
    settings: Annotated[Settings, part(Settings)],
) -> TestOut:
    """Sends a test message and answers how that went."""
    actor.must_be("operator")
    with database.read() as connection:
        channel = channel_rows.get(connection, channel_id)
    told = Told("test", f"a test message to {channel.name}", "relens", f"{settings.address}/alerts")
    error = notification.try_out(channel, Message(new_id(), clock.now(), (told,)))
    return TestOut(delivered=not error, message=error or f"{channel.name} took the test message")
