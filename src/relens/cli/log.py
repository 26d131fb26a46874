"""relens log: tell a deployment what was predicted elsewhere."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from relens.cli.server import Token, Url, connect
from relens.kit.errors import Invalid

_AT_ONCE = 50


def log(
    deployment: Annotated[str, typer.Argument(help="The deployment's name.")],
    file: Annotated[Path, typer.Argument(help="One JSON object per line; - reads standard input.")],
    url: Url = None,
    token: Token = None,
) -> None:
    """Log predictions made elsewhere.

    Each line: {"image": "path.jpg" or "asset": id or width and height, "detections": [{"label", "confidence", "box"}], and,
    if you like, "client_id", "source", "tags", "taken_at", "latency_ms", "metadata"}. Image paths are relative to the file.
    """
    text = sys.stdin.read() if str(file) == "-" else _read(file)
    root = Path.cwd() if str(file) == "-" else file.parent
    items = [_item(number, line, root) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    to = connect(url, token).deployment(deployment)
    logged = sum(len(to.log_now(items[start : start + _AT_ONCE])) for start in range(0, len(items), _AT_ONCE))
    typer.echo(f"{logged} predictions logged")


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Invalid(f"cannot read {file}: {error}") from error


def _item(number: int, line: str, root: Path) -> dict[str, Any]:
    try:
        item = json.loads(line)
    except ValueError as error:
        raise Invalid(f"line {number} is not JSON: {error}") from error
    if not isinstance(item, dict) or not isinstance(item.get("detections"), list):
        raise Invalid(f"line {number} needs an object with a list of detections")
    if isinstance(item.get("image"), str):
        item["image"] = root / item["image"]
    return item
