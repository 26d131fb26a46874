"""Load over HTTP: `wrk` where it is installed, otherwise threads of our own; and posts at a fixed rate, whatever the answers do.

Every image sent is a new one: a counter behind the end of the JPEG, which decoders do not read, makes other bytes, so that each is
decoded, hashed, kept and logged as a camera's next picture would be.

`python -m benchmarks._load URL IMAGE CONNECTIONS SECONDS FIRST` is the fallback in a process of its own.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

_SCRIPT = """
local file = io.open("{image}", "rb")
local body = file:read("*a")
file:close()
local sent = {first}
request = function()
  sent = sent + 1
  return wrk.format("POST", nil, {{["Content-Type"] = "{kind}"}}, body .. string.format("%08d", sent) .. '{tail}')
end
done = function(summary, latency, requests)
  io.write(string.format('\\n{{"answers": %d, "seconds": %f, "p50_ms": %f, "p99_ms": %f, "refused": %d, "failed": %d}}\\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    summary.errors.status, summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout))
end
"""
_runs = count(1)
_RUN = 1_000_000


@dataclass(frozen=True, slots=True)
class Served:
    """What a load saw: answers with 2xx per second, milliseconds, and how many requests were not answered so."""

    per_s: float
    p50_ms: float
    p99_ms: float
    failed: int


def load_on(
    url: str, image: Path, connections: int, seconds: float, kind: str = "application/octet-stream", tail: str = ""
) -> Served:
    """Closed loop: every connection sends its next image when the last one is answered. A body is the file, eight digits, and `tail`."""
    first = next(_runs) * _RUN
    if shutil.which("wrk") is None:
        said = subprocess.run(
            [sys.executable, "-m", "benchmarks._load", url, str(image), str(connections), str(seconds), str(first)],
            capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip
        return Served(**json.loads(said))
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "post.lua"
        script.write_text(_SCRIPT.format(image=image, first=first, kind=kind, tail=tail))
        command = ["wrk", "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "--timeout", "30s"]
        said = subprocess.run([*command, "-s", str(script), url], capture_output=True, text=True, check=True).stdout
    found = json.loads(re.findall(r"^\{.*\}$", said, re.MULTILINE)[-1])
    answered = max(0, found["answers"] - found["refused"])  # wrk counts refusals among the requests
    return Served(answered / found["seconds"], found["p50_ms"], found["p99_ms"], found["failed"])


@dataclass(frozen=True, slots=True)
class Sent:
    """One request of an open loop: when it was due (seconds from the start), how long after that it was answered, and whether."""

    due: float
    seconds: float
    answered: bool


class OpenLoop:
    """Posts `image` `rate` times a second on a schedule, whatever the answers do: what waits is measured, not hidden."""

    def __init__(self, url: str, image: bytes, rate: float, connections: int = 16) -> None:
        self._url = urlsplit(url)
        self._image, self._rate = image, rate
        self._stopping = threading.Event()
        self._next = count()
        self._lock = threading.Lock()
        self.sent: list[Sent] = []
        self.started = time.perf_counter()
        self._threads = [threading.Thread(target=self._post, daemon=True) for _ in range(connections)]
        for thread in self._threads:
            thread.start()

    def now(self) -> float:
        return time.perf_counter() - self.started

    def stop(self) -> list[Sent]:
        self._stopping.set()
        for thread in self._threads:
            thread.join()
        return self.sent

    def _post(self) -> None:
        connection = HTTPConnection(self._url.netloc, timeout=30)
        while not self._stopping.is_set():
            with self._lock:
                number = next(self._next)
            due = number / self._rate
            self._stopping.wait(max(0.0, due - self.now()))
            answered = False
            try:
                body = self._image + b"%d/%d" % (id(self), number)
                connection.request("POST", self._url.path, body, {"Content-Type": "application/octet-stream"})
                answer = connection.getresponse()
                answer.read()
                answered = answer.status == 200
            except (HTTPException, OSError):
                connection.close()
            self.sent.append(Sent(due, self.now() - due, answered))
        connection.close()


def _post_until(
    url: str, image: bytes, until: float, numbers: Iterator[int], times: list[float], failures: list[int]
) -> None:
    split = urlsplit(url)
    connection = HTTPConnection(split.netloc, timeout=30)
    for number in numbers:
        started = time.perf_counter()
        if started > until:
            break
        body = image + b"%08d" % number
        connection.request("POST", split.path, body, {"Content-Type": "application/octet-stream"})
        answer = connection.getresponse()
        answer.read()
        if answer.status == 200:
            times.append(time.perf_counter() - started)
        else:
            failures.append(answer.status)
    connection.close()


def main() -> None:
    url, image, connections, seconds = sys.argv[1], Path(sys.argv[2]).read_bytes(), int(sys.argv[3]), float(sys.argv[4])
    times: list[float] = []
    failures: list[int] = []
    started = time.perf_counter()
    arguments = (url, image, started + seconds, count(int(sys.argv[5])), times, failures)
    threads = [threading.Thread(target=_post_until, args=arguments) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.perf_counter() - started
    ordered = sorted(times)
    p50, p99 = ordered[len(ordered) // 2] * 1e3, ordered[int(len(ordered) * 0.99)] * 1e3
    print(json.dumps({"per_s": len(times) / took, "p50_ms": p50, "p99_ms": p99, "failed": len(failures)}))


if __name__ == "__main__":
    main()
