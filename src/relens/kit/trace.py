"""W3C Trace Context: which trace a request belongs to, as its headers say it."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from typing import Any

from relens.kit.errors import Invalid


class BadTrace(Invalid):
    """What is given as a prediction's trace names none."""


_TRACE = re.compile(r"(?!0{32})[0-9a-f]{32}")
_TRACEPARENT = re.compile(r"(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")


def trace_of(headers: Sequence[str]) -> str | None:
    """The trace id of a `traceparent` header, 32 hex digits; None for none, several, or one that is not valid."""
    if len(headers) != 1:
        return None
    found = _TRACEPARENT.fullmatch(headers[0].strip())
    # Only a later version of the standard may say more than these four fields.
    return found[2] if found and (found[1] != "00" or found[5] is None) else None


def own_trace(written: Any) -> str:
    """The trace id a prediction brings itself: 32 small hex digits, or in a whole `traceparent`. Raises BadTrace."""
    found = written if isinstance(written, str) and _TRACE.fullmatch(written) else None
    if found is None and isinstance(written, str):
        found = trace_of([written])
    if found is None:
        raise BadTrace("a trace is a trace id of 32 small hex digits, or the `traceparent` it came with")
    return found


def response_of(trace: str) -> str:
    """`traceresponse` of Trace Context, level 2: the caller's trace, and a new span for the part in it of who answers."""
    return f"00-{trace}-{secrets.token_hex(8)}-00"
