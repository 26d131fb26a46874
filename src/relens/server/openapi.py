"""The OpenAPI document: what the routes say of themselves, and once for all of them how they refuse."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

_REFUSALS = {
    400: "The request cannot be read.",
    401: "It is not known who is asking: send the token.",
    403: "They may not do this.",
    404: "There is no such thing.",
    409: "It contradicts what is there.",
    410: "It was here and was let go; the sentence says why.",
    412: "Somebody else changed it since it was read.",
    413: "More bytes than are taken here.",
    415: "A compressed body.",
    422: "What was sent cannot be right; the sentence says why.",
    503: "Not now, perhaps soon: see Retry-After.",
    507: "There is no room to keep it.",
}
_BODY_ONLY = (413, 415)
_PROBLEM = {
    "type": "object",
    "title": "Problem",
    "description": "A problem document (RFC 9457). Further members are facts for programs.",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "description": "names the kind, for example urn:relens:problem:no-deployment"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "a sentence to show to people"},
    },
}
_ERROR = {
    "type": "object",
    "title": "Error",
    "description": "An error of the Open Inference Protocol.",
    "required": ["error"],
    "properties": {"error": {"type": "string", "description": "a sentence to show to people"}},
}


def document(plain: dict[str, Any]) -> dict[str, Any]:
    """`plain`, as FastAPI made it, completed."""
    schemas = plain.setdefault("components", {}).setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    _every_field_is_sent(schemas, plain["paths"])
    schemas |= {"Problem": _PROBLEM, "Error": _ERROR}
    for path, item in plain["paths"].items():
        shape = ("application/json", "Error") if path.startswith("/v2") else ("application/problem+json", "Problem")
        for method, operation in item.items():
            if isinstance(operation, dict) and "responses" in operation:
                operation["responses"] |= _refusals(method, *shape)
    return plain


def _every_field_is_sent(schemas: dict[str, Any], paths: dict[str, Any]) -> None:
    """A default lets a field out of a request; an answer has it all the same, and its readers may rely on that."""
    taken: set[str] = set()
    waiting = list(_names([operation.get("requestBody") for item in paths.values() for operation in item.values()]))
    while waiting:
        name = waiting.pop()
        if name not in taken:
            taken.add(name)
            waiting.extend(_names(schemas[name]))
    for name, schema in schemas.items():
        if name not in taken and "properties" in schema:
            schema["required"] = list(schema["properties"])


def _names(part: Any) -> Iterator[str]:
    """The schemas that a part of the document speaks of."""
    if isinstance(part, dict):
        if "$ref" in part:
            yield str(part["$ref"]).rpartition("/")[2]
        part = list(part.values())
    if isinstance(part, list):
        for inner in part:
            yield from _names(inner)


def _refusals(method: str, media: str, schema: str) -> dict[str, Any]:
    content = {media: {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
    return {
        str(status): {"description": description, "content": content}
        for status, description in _REFUSALS.items()
        if method in ("post", "put", "patch") or status not in _BODY_ONLY
    }
