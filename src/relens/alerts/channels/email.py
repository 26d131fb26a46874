"""E-mail, through an SMTP server."""

from __future__ import annotations

import smtplib
import socket
import ssl
from collections.abc import Mapping
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import formatdate, make_msgid

from relens.alerts.channel import BadChannel, BadTarget, ChannelKind, Closed, NotDelivered, Reach, Refused, Setting, Way
from relens.alerts.message import Message, as_text
from relens.alerts.outside import ALL_S, check_host, over_in, resolve

_PORTS = {"STARTTLS": "587", "SSL": "465", "plain": "25"}
_MAIL_PORTS = frozenset((25, 465, 587))


def check(given: Mapping[str, str], reach: Reach) -> None:
    """A password goes over encrypted connections only."""
    check_host(given["host"], reach)
    _port(given)
    for address in (given["sender"], *_recipients(given)):
        _address(address)
    if given["password"] and given["security"] == "plain":
        raise BadChannel("a password is not sent unencrypted: choose STARTTLS or SSL")
    _context(given)


def send(given: Mapping[str, str], message: Message, way: Way) -> None:
    """Sends one e-mail to all recipients; a recipient refused is a refusal, although the others may have it."""
    host, port = given["host"], _port(given)
    context = _context(given)
    try:
        connection = socket.create_connection((resolve(host, port, way.reach), port), timeout=ALL_S)
        with (
            over_in(ALL_S, connection),
            _Session(connection, host, context if given["security"] == "SSL" else None) as session,
        ):
            if given["security"] == "STARTTLS":
                session.starttls(context=context)
            if given["user"]:
                session.login(given["user"], given["password"])
            refused = session.send_message(written(given, message), given["sender"], _recipients(given))
    except ssl.SSLCertVerificationError as error:
        raise Refused(f"{host} has a certificate that is not trusted: {error.verify_message}") from error
    except (smtplib.SMTPAuthenticationError, smtplib.SMTPNotSupportedError) as error:
        raise Closed(f"{host} refuses the user or the way to log in: {_said(error)}") from error
    except smtplib.SMTPResponseException as error:
        raise _judged(host, error.smtp_code, _said(error)) from error
    except smtplib.SMTPRecipientsRefused as error:
        code, reason = next(iter(error.recipients.values()))
        raise _judged(host, code, reason.decode(errors="replace")) from error
    except (smtplib.SMTPException, OSError) as error:
        raise NotDelivered(f"{host} did not take the message: {type(error).__name__}") from error
    if refused:
        raise Refused(f"{host} refuses {', '.join(sorted(refused))}; the others have it")


def written(given: Mapping[str, str], message: Message) -> EmailMessage:
    """The e-mail; its id is the message's, so that one that is sent twice can be known."""
    mail = EmailMessage()
    mail["Subject"] = " ".join(f"[Relens] {message.title}".split())[:250]
    mail["From"] = given["sender"]
    mail["To"] = ", ".join(_recipients(given))
    mail["Date"] = formatdate(message.at / 1e6, usegmt=True)
    mail["Message-ID"] = make_msgid(message.id, given["sender"].rpartition("@")[2])
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(as_text(message))
    return mail


class _Session(smtplib.SMTP):
    """An SMTP session on a connection that is made already: to the address that was checked, whatever the name says later."""

    def __init__(self, connection: socket.socket, host: str, tls: ssl.SSLContext | None) -> None:
        own = connection.getsockname()[0]
        # The library would look its own name up; an address is as good (RFC 5321, 4.1.3), and quick.
        super().__init__(local_hostname=f"[IPv6:{own}]" if ":" in own else f"[{own}]", timeout=ALL_S)
        self._host = host  # what starttls checks the certificate against
        self.sock = tls.wrap_socket(connection, server_hostname=host) if tls else connection
        code, reason = self.getreply()
        if code != 220:
            self.close()
            raise smtplib.SMTPConnectError(code, reason)


def _judged(host: str, code: int, reason: str) -> Exception:
    """4xx may pass, 5xx will not (RFC 5321)."""
    return (Refused if code >= 500 else NotDelivered)(f"{host} answered {code} {reason[:200]}")


def _said(error: smtplib.SMTPException) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        reason = error.smtp_error.decode(errors="replace") if isinstance(error.smtp_error, bytes) else error.smtp_error
        return f"{error.smtp_code} {reason[:200]}"
    return str(error)[:200]


def _port(given: Mapping[str, str]) -> int:
    text = given["port"].strip() or _PORTS[given["security"]]
    if not text.isdecimal() or not 0 < int(text) <= 65535:
        raise BadChannel(f"'{text[:20]}' is not a port")
    if int(text) < 1024 and int(text) not in _MAIL_PORTS:
        raise BadTarget(f"port {text} is not for mail: it is 25, 465, 587 or one above 1023")
    return int(text)


def _recipients(given: Mapping[str, str]) -> list[str]:
    return [one.strip() for one in given["to"].split(",") if one.strip()]


def _address(text: str) -> None:
    try:
        if not Address(addr_spec=text).domain:
            raise ValueError
    except Exception as error:  # its parser has errors of several kinds
        raise BadChannel(f"'{text[:100]}' is no e-mail address") from error


def _context(given: Mapping[str, str]) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cadata=given["certificate"] or None)
    except (ssl.SSLError, ValueError) as error:
        raise BadChannel("the certificate is not one in PEM form (-----BEGIN CERTIFICATE-----)") from error


CHANNEL = ChannelKind(
    title="E-mail",
    settings={
        "host": Setting("SMTP server"),
        "security": Setting("Security", choices=("STARTTLS", "SSL", "plain"), default="STARTTLS"),
        "port": Setting("Port", required=False, hint="587 for STARTTLS, 465 for SSL, 25 for plain"),
        "user": Setting("User", required=False),
        "password": Setting("Password", secret=True, required=False),
        "sender": Setting("From"),
        "to": Setting("To", hint="Several with commas between."),
        "certificate": Setting(
            "Trusted certificate",
            required=False,
            long=True,
            hint="PEM, for a server whose certificate nobody else vouches for.",
        ),
    },
    check=check,
    send=send,
    place=lambda given: f"{given['to']} by {given['host']}",
)
