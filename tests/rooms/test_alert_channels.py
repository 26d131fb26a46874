"""Channels on real rows and against real servers on this machine: mail, Slack, Apprise, the inbox; sealed, masked, switched off."""

from __future__ import annotations

import datetime
import json
import socket
import ssl
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from sqlalchemy import select

from relens.alerts import channel_rows, delivery_rows
from relens.alerts.address_book import AddressBook
from relens.alerts.channel import (
    CHANNELS,
    BadChannel,
    BadTarget,
    Channel,
    Closed,
    NotDelivered,
    Reach,
    Refused,
    Way,
    complete,
)
from relens.alerts.delivery import Delivery
from relens.alerts.message import Message, Told
from relens.alerts.notify import Notification
from relens.alerts.tables import delivery as delivery_table
from relens.infra.database import Database
from relens.infra.secrets import Secrets, WrongKey
from relens.infra.settings import BadSetting, Settings
from relens.infra.storage.folder import Folder
from relens.infra.telemetry import OLD_DELIVERIES
from relens.kit.clock import DAY, SECOND
from relens.kit.errors import MissingPackage, RelensError
from tests.contracts.test_channels import Receiver
from tests.rooms.monitoring_material import Site, make_site
from tests.rooms.test_alerts import BOOK, NOW, client_of

HERE = Reach(loopback=True)
TOLD = Told(
    "firing", "latency p95 of conveyor is 812 ms, above 500 ms", "conveyor", "http://relens/deployments/conveyor",
    severity="critical", since="2026-03-01T08:00:00.000000Z", cause="most of it from line-2", next_step="look at line-2",
)  # fmt: skip
MESSAGE = Message("m1", NOW, (TOLD,))


@pytest.fixture
def site(database: Database, tmp_path: Path) -> Site:
    return make_site(database, Folder(tmp_path / "home"))


def unread(_: Message) -> None:
    """An inbox nobody looks into."""


def deliver(kind: str, message: Message = MESSAGE, reach: Reach = HERE, **given: str) -> None:
    whole = complete(kind, given)
    CHANNELS.get(kind).check(whole, reach)
    CHANNELS.get(kind).send(whole, message, Way(reach, unread))


@dataclass
class Mailbox:
    """A mail server of the aiosmtpd library, and what it was handed."""

    controller: Controller
    certificate: str
    got: list[Any] = field(default_factory=list)
    answer: str = "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        self.got.append(envelope)
        return self.answer

    def given(self, **more: str) -> dict[str, str]:
        return {
            "host": "localhost",
            "port": str(self.controller.port),
            "sender": "relens@example.com",
            "to": "a@example.com, b@example.com",
        } | more


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A file with a key and a certificate for localhost that nobody vouches for, and the certificate as text."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = made.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = tmp_path_factory.mktemp("tls") / "localhost.pem"
    path.write_bytes(private + pem)
    return path, pem.decode()


Open = Callable[[str], Mailbox]


@pytest.fixture
def mail(certificate: tuple[Path, str]) -> Iterator[Open]:
    """Opens a mail server: "plain", "STARTTLS" (with a login) or "SSL"."""
    opened: list[Controller] = []
    path, pem = certificate

    def known(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        return AuthResult(success=isinstance(data, LoginPassword) and data.password == b"right", handled=False)

    def open_one(security: str) -> Mailbox:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(path)
        box = Mailbox(None, pem)  # type: ignore[arg-type]
        more: dict[str, Any] = {"ssl_context": tls} if security == "SSL" else {}
        if security == "STARTTLS":
            more = {"tls_context": tls, "auth_required": True, "authenticator": known}
        box.controller = Controller(box, hostname="127.0.0.1", port=_free_port(), **more)
        box.controller.start()
        opened.append(box.controller)
        return box

    yield open_one
    for controller in opened:
        controller.stop()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_mail_arrives_with_everything_a_person_wants_to_know(mail: Open) -> None:
    box = mail("plain")
    deliver("email", **box.given(security="plain"))
    (envelope,) = box.got
    assert envelope.rcpt_tos == ["a@example.com", "b@example.com"]
    read = message_from_bytes(envelope.content, policy=policy.default)
    assert read["Subject"] == "[Relens] Firing: latency p95 of conveyor is 812 ms, above 500 ms"
    text = read.get_content()  # type: ignore[attr-defined]
    for wanted in (
        "Severity: critical",
        "Since: 2026-03-01 08:00:00 UTC",
        "Likely cause: most of it from line-2",
        TOLD.link,
    ):
        assert wanted in text
    assert "m1" in read["Message-ID"]


@pytest.mark.filterwarnings("ignore:Session.login_data")
def test_a_login_goes_over_starttls_only(mail: Open) -> None:
    box = mail("STARTTLS")
    login = {"user": "relens", "password": "right", "certificate": box.certificate}
    deliver("email", **box.given(**login))
    assert len(box.got) == 1
    with pytest.raises(Closed, match="refuses the user"):
        deliver("email", **box.given(**login | {"password": "wrong"}))
    with pytest.raises(Refused, match="not trusted"):
        deliver("email", **box.given(user="relens", password="right"))
    with pytest.raises(BadChannel, match="unencrypted"):
        deliver("email", **box.given(security="plain", user="relens", password="right"))
    assert len(box.got) == 1


def test_mail_goes_over_tls_from_the_first_byte(mail: Open) -> None:
    box = mail("SSL")
    deliver("email", **box.given(security="SSL", certificate=box.certificate))
    assert len(box.got) == 1


@pytest.mark.parametrize(("answer", "error"), [("451 busy", NotDelivered), ("554 no", Refused)])
def test_what_a_mail_server_says_is_for_now_or_for_good(mail: Open, answer: str, error: type[Exception]) -> None:
    box = mail("plain")
    box.answer = answer
    with pytest.raises(error, match=answer):
        deliver("email", **box.given(security="plain"))


def test_a_mail_server_that_is_away_is_worth_another_attempt() -> None:
    given = {"host": "localhost", "port": str(_free_port()), "sender": "relens@example.com", "to": "a@example.com"}
    with pytest.raises(NotDelivered):
        deliver("email", security="plain", **given)


def test_a_line_break_in_what_is_told_adds_no_header(mail: Open) -> None:
    box = mail("plain")
    told = Told("firing", "a\r\nBcc: victim@example.com", "conveyor", "http://x")
    deliver("email", Message("m2", NOW, (told,)), **box.given(security="plain"))
    read = message_from_bytes(box.got[0].content, policy=policy.default)
    assert read["Bcc"] is None
    assert box.got[0].rcpt_tos == ["a@example.com", "b@example.com"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"host": "10.0.0.1"}, {"host": "169.254.169.254"}, {"host": "127.0.0.1"}, {"host": "a b"}, {"port": "22"},
        {"port": "x"}, {"sender": "nobody"}, {"to": "a@b\r\nBcc: c@d.example"}, {"certificate": "no PEM"}, {"security": "ROT13"},
    ],
)  # fmt: skip
def test_mail_that_cannot_or_may_not_be_sent_is_refused_at_once(wrong: dict[str, str]) -> None:
    given = {"host": "smtp.example.com", "sender": "relens@example.com", "to": "a@example.com"}
    with pytest.raises((BadChannel, BadTarget)):
        deliver("email", reach=Reach(), **given | wrong)


def test_a_name_that_leads_inside_is_not_mailed_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: [(2, 1, 6, "", ("10.1.2.3", 587))])
    with pytest.raises(BadTarget):
        deliver("email", reach=Reach(), host="smtp.example.com", sender="relens@example.com", to="a@example.com")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


def test_slack_gets_text_it_does_not_read_as_markup(receiver: Receiver) -> None:
    receiver.answer = 200
    nasty = Told("firing", "<!channel> & <http://evil|click>", "conveyor", TOLD.link)
    deliver("slack", Message("m", NOW, (TOLD, nasty)), url=receiver.url)
    _, body = receiver.received[0]
    assert body["text"] == "conveyor: 2 firing"
    texts = [block["text"]["text"] for block in body["blocks"]]
    assert f"<{TOLD.link}|Open in Relens>" in texts[0]
    assert "*Likely cause:* most of it from line-2" in texts[0]
    assert "&lt;!channel&gt; &amp; &lt;http://evil|click&gt;" in texts[1]


def test_slack_shows_at_most_what_it_takes(receiver: Receiver) -> None:
    deliver("slack", Message("m", NOW, (TOLD,) * 60), url=receiver.url)
    blocks = receiver.received[0][1]["blocks"]
    assert len(blocks) <= 50
    assert blocks[-1]["text"]["text"] == "and 12 more"


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_apprise_tells_what_it_can_reach(receiver: Receiver) -> None:
    pytest.importorskip("apprise")
    receiver.answer = 200
    url = receiver.url.replace("http://", "json://").partition("?")[0]
    with pytest.raises(BadTarget, match="RELENS_ALLOW_PRIVATE_WEBHOOKS"):
        deliver("apprise", url=url)
    private = Reach(loopback=True, private=True)
    deliver("apprise", reach=private, url=url)
    _, body = receiver.received[0]
    assert body["title"] == "Firing: latency p95 of conveyor is 812 ms, above 500 ms"
    assert "Likely cause: most of it from line-2" in body["message"]
    receiver.answer = 500
    with pytest.raises(NotDelivered):
        deliver("apprise", reach=private, url=url)
    with pytest.raises(BadChannel):
        deliver("apprise", url="no such thing")
    with pytest.raises(BadTarget):
        deliver("apprise", reach=private, url="syslog://")


def test_a_kind_without_its_library_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    with pytest.raises(MissingPackage, match=r"pip install 'relens\[apprise\]'"):
        deliver("apprise", url="discord://1/2")


SECRETS = Secrets("a key that only tests have, of some length")


def test_a_secret_is_sealed_and_opened_by_its_key_only() -> None:
    sealed = SECRETS.seal("whsec_verysecret")
    assert "verysecret" not in sealed
    assert SECRETS.open(sealed) == "whsec_verysecret"
    with pytest.raises(WrongKey, match="RELENS_SECRET_KEY"):
        Secrets("another key, which is long enough as well").open(sealed)
    changed = Secrets("another key, which is long enough as well", "a key that only tests have, of some length")
    assert changed.open(sealed) == "whsec_verysecret"
    with pytest.raises(WrongKey):
        SECRETS.open(changed.seal("x"))


def test_the_key_is_made_once_and_is_the_owners_alone(tmp_path: Path) -> None:
    sealed = Secrets.of(Settings(home=tmp_path)).seal("x")
    path = tmp_path / "secret.key"
    assert path.stat().st_mode & 0o777 == 0o600
    assert Secrets.of(Settings(home=tmp_path)).open(sealed) == "x"
    path.write_text("")
    with pytest.raises(BadSetting, match="holds no key"):
        Secrets.of(Settings(home=tmp_path))
    with pytest.raises(BadSetting, match="at least 32"):
        Secrets.of(Settings(home=tmp_path, secret_key="short"))
    assert "long enough" not in repr(Settings(home=tmp_path, secret_key="a key that is long enough for anybody"))


@pytest.fixture
def channel(database: Database, receiver: Receiver) -> Channel:
    made = BOOK.made("on call", "webhook", {"url": receiver.url, "secret": "hush"}, "alice", NOW)
    database.write(lambda connection: channel_rows.insert(connection, made))
    return made


def waiting(database: Database, channel: Channel, name: str, deployment: str = "c", at: int = NOW) -> Delivery:
    body = Told("firing", f"{name} is slow", deployment, "http://x").as_json()
    made = Delivery(name, f"rule {name}", None, deployment, "firing", channel.id, body, "waiting", 0, at, "", at, None)
    database.write(lambda connection: delivery_rows.insert(connection, made))
    return made


class Clock:
    def __init__(self) -> None:
        self.at = NOW

    def __call__(self) -> int:
        return self.at


def now_of(database: Database, channel: Channel) -> Channel:
    with database.read() as connection:
        return channel_rows.get(connection, channel.id)


def test_what_happens_together_is_one_message(database: Database, channel: Channel, receiver: Receiver) -> None:
    for name in ("a", "b", "c"):
        waiting(database, channel, name, at=NOW + (5 * SECOND if name == "c" else 0))
    waiting(database, channel, "d", deployment="other")
    notification = Notification(database, BOOK, Clock())
    while notification.step():
        pass
    assert [len(body["data"].get("group", [0])) for _, body in receiver.received] == [3, 1]
    assert receiver.received[0][1]["subject"] == "c"
    with database.read() as connection:
        told = delivery_rows.latest(connection, ["rule a", "rule c", "rule d"])
    assert {one.state for one in told.values()} == {"sent"}


def test_a_message_keeps_its_id_and_its_content_over_all_attempts(
    database: Database, channel: Channel, receiver: Receiver
) -> None:
    now = Clock()
    notification = Notification(database, BOOK, now)
    receiver.answer = 503
    waiting(database, channel, "a")
    notification.step()
    waiting(database, channel, "b", at=NOW + SECOND)
    receiver.answer = 200
    now.at += 2 * SECOND
    while notification.step():
        pass
    told = [(body["id"], body["data"]["sentence"], "group" in body["data"]) for _, body in receiver.received]
    assert told == [("a", "a is slow", False), ("a", "a is slow", False), ("b", "b is slow", False)]


def test_two_servers_send_a_message_once(database: Database, channel: Channel, receiver: Receiver) -> None:
    first = waiting(database, channel, "a")
    servers = [Notification(database, BOOK, Clock()) for _ in range(2)]
    for server in servers:
        server.deliver(first)
    assert len(receiver.received) == 1


def test_a_channel_that_is_gone_for_good_is_switched_off_and_the_pages_say_so(
    database: Database, channel: Channel, receiver: Receiver
) -> None:
    receiver.answer = 410
    for name in ("a", "b"):
        waiting(database, channel, name, deployment=name)
    notification = Notification(database, BOOK, Clock())
    while notification.step():
        pass
    assert len(receiver.received) == 1, "what waits for it is not tried any more"
    after = now_of(database, channel)
    assert (after.active, "410" in after.off_reason) == (False, True)
    with database.read() as connection:
        (notice,) = channel_rows.notices(connection, True, 10)
        states = [one.state for one in delivery_rows.latest(connection, ["rule a", "rule b"]).values()]
    assert notice["sentence"].startswith("the channel 'on call' was switched off: http://127.0.0.1")
    assert "key=1" not in notice["sentence"]
    assert states == ["failed", "failed"]


def test_an_address_that_is_not_found_three_times_is_switched_off(
    database: Database, channel: Channel, receiver: Receiver
) -> None:
    receiver.answer = 404
    now = Clock()
    notification = Notification(database, BOOK, now)
    seen = []
    for name in ("a", "b", "c"):
        waiting(database, channel, name, at=now.at)
        notification.step()
        seen.append(now_of(database, channel).active)
        now.at += 20 * SECOND
    assert seen == [True, True, False]
    fresh = BOOK.changed(now_of(database, channel), None, active=True)
    assert (fresh.active, fresh.refusals, fresh.off_reason) == (True, 0, "")


def test_a_refusal_in_between_is_forgotten_once_a_message_arrives(
    database: Database, channel: Channel, receiver: Receiver
) -> None:
    notification = Notification(database, BOOK, Clock())
    for name, answer in (("a", 404), ("b", 404), ("c", 200), ("d", 404)):
        receiver.answer = answer
        waiting(database, channel, name)
        notification.step()
    assert now_of(database, channel).refusals == 1


def test_the_inbox_keeps_what_it_was_told_until_somebody_has_seen_it(database: Database) -> None:
    inbox = BOOK.made("inbox", "in_app", {}, "alice", NOW)
    database.write(lambda connection: channel_rows.insert(connection, inbox))
    waiting(database, inbox, "a")
    Notification(database, BOOK, Clock()).step()
    with database.read() as connection:
        (notice,) = channel_rows.notices(connection, True, 10)
    assert notice["sentence"] == "a is slow"


def test_channels_are_made_changed_tested_and_never_tell_a_secret(
    site: Site,
    tmp_path: Path,
    receiver: Receiver,
) -> None:
    web = client_of(site, tmp_path)
    body = {"name": "on call", "kind": "webhook", "settings": {"url": receiver.url, "secret": "hush-hush"}}
    made = web.ask("POST", "/channels", json=body)
    assert made.status_code == 201
    channel_id = made.json()["id"]
    assert made.json()["place"] == receiver.url.partition("/hook")[0] + "/…"
    told = web.ask("POST", f"/channels/{channel_id}/test").json()
    assert told == {"delivered": True, "message": "on call took the test message"}
    assert "webhook-signature" in {name.lower() for name in receiver.received[0][0]}
    renamed = web.ask("PATCH", f"/channels/{channel_id}", json={"name": "night shift", "settings": {"secret": "other"}})
    assert renamed.json()["name"] == "night shift"
    receiver.answer = 500
    told = web.ask("POST", f"/channels/{channel_id}/test").json()
    assert (told["delivered"], "answered 500" in told["message"]) == (False, True)
    answers = [made.text, renamed.text, web.ask("GET", "/channels").text, json.dumps(told)]
    rule = {"metric": "latency", "operator": "above", "value": 9, "channels": [channel_id]}
    answers.append(web.ask("POST", "/deployments/conveyor/alert-rules", json=rule).text)
    answers.append(web.ask("GET", "/deployments/conveyor/alert-rules").text)
    for answer in answers:
        assert "key=1" not in answer
        assert "hush" not in answer
    assert web.ask("DELETE", f"/channels/{channel_id}").status_code == 204
    (left,) = web.ask("GET", "/deployments/conveyor/alert-rules").json()["items"]
    assert left["channels"] == []


@pytest.mark.parametrize(
    "body",
    [
        {"name": "x", "kind": "pigeon"},
        {"name": "x", "kind": "webhook"},
        {"name": " ", "kind": "in_app"},
        {"name": "x", "kind": "webhook", "settings": {"url": "http://10.0.0.1/"}},
        {"name": "x", "kind": "slack", "settings": {"url": "http://10.0.0.1/"}},
        {"name": "x", "kind": "email", "settings": {"host": "10.0.0.1", "sender": "a@b.example", "to": "a@b.example"}},
        {"name": "x", "kind": "in_app", "settings": {"colour": "red"}},
    ],
)
def test_a_channel_that_cannot_work_is_refused_with_a_sentence(
    site: Site,
    tmp_path: Path,
    body: dict[str, Any],
) -> None:
    with pytest.raises(RelensError):
        client_of(site, tmp_path).ask("POST", "/channels", json=body)
    assert client_of(site, tmp_path).ask("GET", "/channels").json()["items"] == []


def test_two_rules_to_one_address_share_a_channel(site: Site, tmp_path: Path, receiver: Receiver) -> None:
    web = client_of(site, tmp_path)
    rule = {"metric": "latency", "operator": "above", "value": 9, "webhook": receiver.url}
    first, second = (web.ask("POST", "/deployments/conveyor/alert-rules", json=rule).json() for _ in range(2))
    assert first["channels"] == second["channels"]
    gone = web.ask("PATCH", f"/alert-rules/{first['id']}", json={"webhook": None}).json()
    assert (gone["webhook"], gone["channels"]) == (None, [])


def test_an_address_book_with_another_key_says_so(database: Database, channel: Channel) -> None:
    other = AddressBook(Secrets("another key, which is long enough as well"), HERE)
    waiting(database, channel, "a")
    said = Notification(database, other, Clock()).deliver(waiting(database, channel, "b"))
    assert "sealed with another key" in said
    with pytest.raises(BadChannel, match="url"):
        other.changed(channel, {"secret": "new"})
    mended = other.changed(channel, {"url": "http://127.0.0.1:9009/new", "secret": "new"})
    assert other.opened(mended)[1]["secret"] == "new"
    assert database.write(lambda connection: other.webhook(connection, "http://127.0.0.1:9009/x", "alice", NOW)), (
        "what nobody can read is in nobody's way"
    )


def test_messages_that_are_over_for_long_are_taken_away_and_counted(site: Site) -> None:
    """The newest of each rule stays, and so does what still waits."""

    def one(name: str, rule: str, state: str, days: int) -> Delivery:
        at = NOW - days * DAY
        return Delivery(name, rule, None, "d", "firing", "c", {}, state, 1, NOW + DAY, "", at, None)  # type: ignore[arg-type]

    made = [
        one("old", "a", "sent", 91), one("failed", "a", "failed", 200), one("waits", "a", "waiting", 100), one("new", "a", "sent", 3),
        one("only", "b", "sent", 300),
    ]  # fmt: skip
    for delivery in made:
        site.database.write(lambda connection, made=delivery: delivery_rows.insert(connection, made))  # type: ignore[misc]
    before = OLD_DELIVERIES._value.get()
    notification = Notification(site.database, BOOK, lambda: NOW)
    notification.step()
    with site.database.read() as connection:
        left = set(connection.execute(select(delivery_table.c.id)).scalars())
    assert left == {"waits", "new", "only"}
    assert OLD_DELIVERIES._value.get() - before == 2
