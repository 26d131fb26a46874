"""Benchmarks: each run as `python -m benchmarks.NAME --json`, one JSON line last, with a peer in the same run."""
