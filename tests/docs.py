"""The documentation is true: links lead somewhere, commands exist, Python examples compile. Run as `python -m tests.docs`."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import typer.main

ROOT = Path(__file__).parent.parent
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(([^)#]+)(#[^)]*)?\)")


def pages() -> list[Path]:
    """Every page of ours."""
    found = [
        *ROOT.glob("*.md"),
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / "examples").rglob("*.md"),
        *(ROOT / "web").glob("*.md"),
    ]
    return sorted(found)


def python_examples(page: str) -> list[str]:
    """The Python blocks of a page, in order."""
    return [block for language, block in BLOCK.findall((ROOT / page).read_text()) if language == "python"]


def problems() -> Iterator[str]:
    for page in pages():
        text = page.read_text()
        where = page.relative_to(ROOT)
        for target, _ in LINK.findall(text):
            if "://" not in target and not target.startswith("mailto:") and not (page.parent / target).exists():
                yield f"{where}: the link to {target} leads nowhere"
        for language, block in BLOCK.findall(text):
            if language == "python":
                try:
                    compile(block, str(where), "exec")
                except SyntaxError as error:
                    yield f"{where}: a Python example does not compile: {error}"
            if language in ("sh", "bash"):
                yield from (f"{where}: {wrong}" for wrong in _wrong_commands(block))


def _wrong_commands(block: str) -> Iterator[str]:
    for line in block.replace("\\\n", " ").splitlines():
        words = shlex.split(line, comments=True)
        if not words:
            continue
        if words[0] == "make":
            targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
            yield from (f"`make {word}` is no target" for word in words[1:] if "=" not in word and word not in targets)
        if Path(words[0]).name == "relens" and (wrong := _wrong_relens(words[1:])):
            yield f"`{line.strip()}`: {wrong}"


def _wrong_relens(words: list[str]) -> str | None:
    """What is wrong with a command of ours; None when the command and its options exist."""
    from relens.cli.main import app

    command = typer.main.get_command(app)
    while words and hasattr(command, "commands") and not words[0].startswith("-"):
        if words[0] not in command.commands:
            return f"there is no command '{words[0]}'"
        command, words = command.commands[words[0]], words[1:]
    known = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)} | {"--help"}
    return next(
        (f"there is no option {word}" for word in words if word.startswith("--") and word.split("=")[0] not in known),
        None,
    )


if __name__ == "__main__":
    found = list(problems())
    print("\n".join(found) or f"{len(pages())} pages: every link, command and example holds")
    sys.exit(1 if found else 0)
