"""A small HTTP door: POST an image, get the answer the server would give."""

from __future__ import annotations

import json
from collections.abc import Callable
from email import policy
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from relens.edge.answer import Asked, Edge
from relens.kit import clock
from relens.kit.errors import Invalid, NotFound, RelensError, TooLarge, Unavailable
from relens.kit.problem import address, title
from relens.kit.strict_json import read_json
from relens.kit.trace import response_of, trace_of

MOST_BYTES = 64 << 20
MOST_METADATA = 16_384
_STATUS: tuple[tuple[type[RelensError], int], ...] = (
    (NotFound, 404),
    (TooLarge, 413),
    (Invalid, 422),
    (Unavailable, 503),
)


class NoSuchAddress(NotFound):
    """This door answers images and nothing else."""


class Door(ThreadingHTTPServer):
    """Listens at once; `serve_forever` answers. `status` is what GET /healthz says."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(
        self, address: tuple[str, int], edge: Edge, deployment: str, status: Callable[[], dict[str, Any]]
    ) -> None:
        self.edge = edge
        self.deployment = deployment
        self.status = status
        super().__init__(address, _Handler)

    @property
    def url(self) -> str:
        host, port = self.server_address[:2]
        return f"http://{host!s}:{port}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60
    server: Door

    def do_GET(self) -> None:
        status = self.server.status()
        if self.path in ("/healthz", "/readyz"):
            self._say(200 if status["ready"] or self.path == "/healthz" else 503, status)
        else:
            self._refuse(NoSuchAddress("there is POST /predict with an image, and GET /healthz"))

    def do_POST(self) -> None:
        try:
            self._say(200, self._predict())
        except RelensError as error:
            self._refuse(error)

    def _predict(self) -> dict[str, Any]:
        address = urlsplit(self.path)
        data = self._body()
        path = unquote(address.path).rstrip("/")
        if path not in ("/predict", f"/api/v1/deployments/{self.server.deployment}/predict"):
            raise NoSuchAddress(
                f"this machine answers at /predict and for the deployment '{self.server.deployment}' only"
            )
        fields = parse_qs(address.query)
        if self.headers.get_content_type() == "multipart/form-data":
            data, more = _form(self.headers["Content-Type"], data)
            fields |= more
        return self.server.edge.answer(data, _asked(fields, self._trace)).to_json()

    @property
    def _trace(self) -> str | None:
        return trace_of(self.headers.get_all("traceparent") or [])

    def _body(self) -> bytes:
        length = self.headers.get("Content-Length", "")
        if not length.isdigit():
            self.close_connection = True
            raise Invalid("send the image with its Content-Length")
        if int(length) > MOST_BYTES:
            self.close_connection = True
            raise TooLarge(f"the image is larger than {MOST_BYTES >> 20} MiB, the limit here: send a smaller one")
        data = self.rfile.read(int(length))
        if len(data) < int(length):
            self.close_connection = True
            raise Invalid("the connection closed before the whole image had arrived")
        return data

    def _refuse(self, error: RelensError) -> None:
        status = next((number for kind, number in _STATUS if isinstance(error, kind)), 500)
        kind = type(error).__name__
        self._say(status, {"type": address(kind), "title": title(kind), "status": status, "detail": str(error)})

    def _say(self, status: int, value: dict[str, Any]) -> None:
        written = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json" if status < 400 else "application/problem+json")
        self.send_header("Content-Length", str(len(written)))
        if self._trace is not None:
            self.send_header("traceresponse", response_of(self._trace))
        if status == 503:
            self.send_header("Retry-After", "2")
        self.end_headers()
        self.wfile.write(written)

    def log_message(self, *_: object) -> None:
        pass


def _form(content_type: str, body: bytes) -> tuple[bytes, dict[str, list[str]]]:
    """The file in the field `image`, and the other fields."""
    header = f"Content-Type: {content_type}\r\n\r\n".encode()
    message = BytesParser(policy=policy.HTTP).parsebytes(header + body)
    image: bytes | None = None
    fields: dict[str, list[str]] = {}
    for part in message.iter_parts():
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        if not isinstance(content, bytes):
            continue
        if name == "image":
            image = content
        elif isinstance(name, str):
            fields.setdefault(name, []).append(content.decode("utf-8", "replace"))
    if image is None:
        raise Invalid("the form has no file field 'image': send the image there, or as the raw body")
    return image, fields


def _asked(fields: dict[str, list[str]], trace: str | None) -> Asked:
    one = {name: values[-1] for name, values in fields.items() if values and values[-1]}
    metadata: Any = {}
    if "metadata" in one:
        if len(one["metadata"]) > MOST_METADATA:
            raise Invalid("metadata must be a JSON object of at most 16 kB")
        metadata = read_json(one["metadata"])
        if not isinstance(metadata, dict):
            raise Invalid('metadata must be a JSON object, for example {"shift": "night"}')
    if "taken_at" in one:
        clock.from_text(one["taken_at"])
    tags = tuple(tag.strip() for text in fields.get("tags", ()) for tag in text.split(",") if tag.strip())
    return Asked(one.get("client_id"), one.get("source"), tags, one.get("taken_at"), metadata, trace)
