"""JSON Lines: one prediction per line, as the API shows it."""

from __future__ import annotations

import json
from collections.abc import Iterator

from relens.predictions.exports import About, Form, Pages, record


def write(pages: Pages, about: About) -> Iterator[bytes]:
    for lines in pages:
        rows = [json.dumps(record(line, about), ensure_ascii=False, separators=(",", ":")) for line in lines]
        yield "".join(f"{row}\n" for row in rows).encode()


FORM = Form("JSON Lines", "jsonl", "application/x-ndjson", write)
