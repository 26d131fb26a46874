"""Runs every benchmark one after the other; each prints its JSON line."""

import pkgutil
import subprocess
import sys

import benchmarks

for found in pkgutil.iter_modules(benchmarks.__path__):
    if not found.name.startswith("_"):
        print(f"# {found.name}", file=sys.stderr, flush=True)
        subprocess.run([sys.executable, "-m", f"benchmarks.{found.name}", "--json"], check=False)
