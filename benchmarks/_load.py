"""A load of HTTP posts from one process: `python -m benchmarks._load URL IMAGE CONNECTIONS SECONDS` prints counts and latencies as JSON."""

from __future__ import annotations

import json
import sys
import threading
import time
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit


def post_for(address: str, path: str, body: bytes, until: float, times: list[float], failures: list[int]) -> None:
    """Posts `body` over one connection until the clock says `until`."""
    connection = HTTPConnection(address, timeout=30)
    while time.perf_counter() < until:
        started = time.perf_counter()
        connection.request("POST", path, body, {"Content-Type": "application/octet-stream"})
        answer = connection.getresponse()
        answer.read()
        if answer.status == 200:
            times.append(time.perf_counter() - started)
        else:
            failures.append(answer.status)
    connection.close()


def main() -> None:
    url, image, connections, seconds = sys.argv[1], Path(sys.argv[2]).read_bytes(), int(sys.argv[3]), float(sys.argv[4])
    split = urlsplit(url)
    times: list[float] = []
    failures: list[int] = []
    started = time.perf_counter()
    arguments = (split.netloc, f"{split.path}?{split.query}", image, started + seconds, times, failures)
    threads = [threading.Thread(target=post_for, args=arguments) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.perf_counter() - started
    ordered = sorted(times)
    p50, p99 = ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.99)]
    print(json.dumps({"per_s": len(times) / took, "p50_ms": p50 * 1e3, "p99_ms": p99 * 1e3, "failed": len(failures)}))


if __name__ == "__main__":
    main()
