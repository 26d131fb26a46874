"""One HTTP connection pool to one server: retries what is safe to retry, turns problem documents into errors."""

import random
import time
from collections.abc import Callable, Iterator, Mapping
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

from relens.kit.errors import Invalid
from relens.sdk.errors import NotReachable, Refused

API = "/api/v1"
Body = bytes | Callable[[], Iterator[bytes]]
"""A body that can be sent again: bytes, or a function that begins the stream anew."""

_SAFE_TO_REPEAT = frozenset({"GET", "HEAD", "PUT", "DELETE"})
_COME_BACK = frozenset({429, 503})
_BROKEN_GATEWAY = frozenset({502, 504})
_LONGEST_PAUSE_S = 20.0


class Transport:
    """`retries` further attempts are made for calls that are idempotent, and for any call the server put off (429, 503)."""

    def __init__(
        self,
        url: str,
        *,
        token: str | None,
        actor: str | None,
        retries: int,
        timeout_s: float,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        headers = {"User-Agent": "relens-sdk"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        if actor:
            headers["X-Relens-Actor"] = quote(actor, safe=" ")
        self.url = url.rstrip("/")
        self._retries = retries
        self._pause = pause
        limits = httpx.Limits(max_connections=64, max_keepalive_connections=16)
        timeout = httpx.Timeout(timeout_s, connect=10.0)
        # A proxy set for the internet must not swallow calls to this machine.
        self._http = httpx.Client(
            base_url=self.url, headers=headers, timeout=timeout, limits=limits, trust_env=not _is_local(self.url)
        )

    def call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        json: Any = None,
        body: Body | None = None,
        files: Any = None,
        headers: Mapping[str, str] | None = None,
        idempotent: bool | None = None,
    ) -> Any:
        """The decoded JSON answer (None when there is no body). `path` is below /api/v1, or begins with `/` for the root."""
        answer = self._send(
            method,
            path,
            idempotent,
            params=_said(params),
            json=json,
            body=body,
            files=files,
            headers=dict(headers or {}),
        )
        if not answer.content:
            return None
        if "json" not in answer.headers.get("content-type", ""):
            return answer.content
        return answer.json()

    def tag(self, path: str) -> str:
        """The ETag of what stands there, as it is handed back in If-Match."""
        return str(self._send("GET", path, None, body=None).headers.get("etag", ""))

    def items(
        self, path: str, params: Mapping[str, Any] | None = None, most: int | None = None
    ) -> Iterator[dict[str, Any]]:
        """Every entry of a list, page after page, `most` at most."""
        asked = dict(params or {})
        given = 0
        while True:
            page = self.call("GET", path, params=asked)
            for item in page["items"]:
                if most is not None and given >= most:
                    return
                given += 1
                yield item
            if not page.get("next"):
                return
            asked["cursor"] = page["next"]

    def download(
        self,
        path: str,
        to: Path,
        params: Mapping[str, Any] | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> Path:
        """Streams an answer into a file; nothing is left behind when it breaks off. `progress`: how many bytes are written."""
        part = to.with_name(to.name + ".part")
        try:
            with self._http.stream("GET", _place(path), params=_said(params)) as answer:
                if answer.is_error:
                    answer.read()
                    raise _refusal(answer)
                with part.open("wb") as file:
                    for chunk in answer.iter_bytes(1 << 20):
                        file.write(chunk)
                        if progress is not None:
                            progress(file.tell())
        except httpx.TransportError as error:
            raise self._unreachable(error) from error
        except OSError as error:
            raise Invalid(f"cannot write {to}: {error.strerror}") from error
        else:
            return part.replace(to)
        finally:
            part.unlink(missing_ok=True)

    def lines(self, path: str) -> Iterator[str]:
        """The lines of an answer of any length, as they come; empty ones are passed over."""
        try:
            with self._http.stream("GET", _place(path)) as answer:
                if answer.is_error:
                    answer.read()
                    raise _refusal(answer)
                yield from (line for line in answer.iter_lines() if line)
        except httpx.TransportError as error:
            raise self._unreachable(error) from error

    def close(self) -> None:
        self._http.close()

    def _send(
        self, method: str, path: str, idempotent: bool | None, *, body: Body | None, **request: Any
    ) -> httpx.Response:
        repeatable = method in _SAFE_TO_REPEAT if idempotent is None else idempotent
        for attempt in range(self._retries + 1):
            last = attempt == self._retries
            content = body() if callable(body) else body
            try:
                answer = self._http.request(method, _place(path), content=content, **request)
            except httpx.TransportError as error:
                if last or not (repeatable or isinstance(error, httpx.ConnectError)):
                    raise self._unreachable(error) from error
                self._pause(_back_off(attempt))
                continue
            if last or not _may_come_back(answer, repeatable):
                break
            self._pause(_wait_asked(answer, attempt))
        if answer.is_error:
            raise _refusal(answer)
        return answer

    def _unreachable(self, error: httpx.TransportError) -> NotReachable:
        if isinstance(error, httpx.TimeoutException):
            return NotReachable(
                f"{self.url} did not answer in time: look whether the server is busy, or give a longer timeout_s"
            )
        return NotReachable(
            f"nobody answers at {self.url} ({error}): start a server with 'relens serve', or say where it is with --url or RELENS_URL"
        )


def _place(path: str) -> str:
    return path if path.startswith("/") else f"{API}/{path}"


def _said(params: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Without what was left out (None); booleans as JSON writes them."""
    if params is None:
        return None
    return {
        key: str(value).lower() if isinstance(value, bool) else value
        for key, value in params.items()
        if value is not None
    }


def _may_come_back(answer: httpx.Response, repeatable: bool) -> bool:
    return answer.status_code in _COME_BACK or (repeatable and answer.status_code in _BROKEN_GATEWAY)


def _wait_asked(answer: httpx.Response, attempt: int) -> float:
    asked = _retry_after(answer)
    return _back_off(attempt) if asked is None else min(asked, _LONGEST_PAUSE_S)


def _retry_after(answer: httpx.Response) -> float | None:
    """In seconds; the header may hold a number or a date (RFC 9110, 10.2.3)."""
    written = answer.headers.get("Retry-After", "")
    try:
        return max(0.0, float(written))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(written).timestamp() - time.time())
    except (TypeError, ValueError):
        return None


def _back_off(attempt: int) -> float:
    """0.1 s doubling, with up to half of it added by chance so that many clients do not come back together."""
    return float(min(0.1 * 2**attempt, _LONGEST_PAUSE_S)) * (1 + random.random() / 2)


def _refusal(answer: httpx.Response) -> Refused:
    try:
        problem = answer.json()
        sentence = problem.get("detail") or problem.get("title") or ""
    except (ValueError, AttributeError):
        problem, sentence = {}, answer.text[:300]
    if not isinstance(sentence, str):
        sentence = str(sentence)
    said = sentence or f"the server answered {answer.status_code}"
    return Refused(said, answer.status_code, problem, _retry_after(answer))


def _is_local(url: str) -> bool:
    return httpx.URL(url).host in {"127.0.0.1", "localhost", "::1"}
