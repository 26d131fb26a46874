"""What came beside an image, whichever way it was sent: checked once, before anything is worked out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from relens.infra.upload import BadUpload
from relens.kit import clock
from relens.kit.strict_json import BadJson, check_text, read_json
from relens.serving.line import Request

_MOST_METADATA = 16_384


def asked(fields: Mapping[str, Sequence[str]], trace: str | None) -> Request:
    """`fields` by name, each with all its values; of a field that may stand once the last one counts. `trace` is a trace id.

    Known are client_id, source, tags (with commas or several times), taken_at (RFC 3339) and metadata (a JSON object).
    """
    taken_at = _one(fields, "taken_at")
    written_tags = (check_text(tag, "a tag") for tags in fields.get("tags", ()) for tag in tags.split(","))
    return Request(
        client_id=_one(fields, "client_id"),
        source=_one(fields, "source"),
        tags=tuple(tag.strip() for tag in written_tags if tag.strip()),
        taken_at=clock.from_text(taken_at) if taken_at else None,
        metadata=_metadata(_one(fields, "metadata")),
        trace=trace,
    )


def _one(fields: Mapping[str, Sequence[str]], name: str) -> str | None:
    values = fields.get(name)
    return check_text(values[-1], name) if values and values[-1] else None


def _metadata(written: str | None) -> dict[str, Any]:
    if not written:
        return {}
    if len(written) > _MOST_METADATA:
        raise BadUpload("metadata must be a JSON object of at most 16 kB")
    try:
        read = read_json(written)
    except BadJson as error:
        raise BadUpload(f'metadata must be a JSON object, for example {{"shift": "night"}}: {error}') from error
    if not isinstance(read, dict):
        raise BadUpload('metadata must be a JSON object, for example {"shift": "night"}')
    return read
