"""Prometheus' own tool accepts what /metrics says."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from threading import Event
from time import monotonic

import pytest

from relens.testing.images import make_jpeg
from relens.testing.tiny_models import classifier
from tests.server_process import Server, running


def test_promtool_finds_nothing_wrong(tmp_path: Path) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool was not found: install Debian's package 'prometheus'")
    with running(tmp_path / "home") as server:
        made = server.http.post("/api/v1/models/colours/versions", files={"file": ("m.onnx", classifier())}).json()
        server.http.post("/api/v1/deployments", json={"name": "colours", "model_version": made["id"], "threshold": 0.5})
        server.http.post("/api/v1/deployments/colours/predict", content=make_jpeg((200, 0, 0)))
        text = _with_series(server)
    assert 'relens_answer_seconds_count{deployment="colours",role="champion"} 1.0' in text
    assert 'relens_open_alerts{deployment="colours",severity="critical"} 0.0' in text
    checked = subprocess.run([promtool, "check", "metrics"], input=text, text=True, capture_output=True, check=False)
    ours = [line for line in (checked.stdout + checked.stderr).splitlines() if "relens_" in line]
    assert ours == []


def _with_series(server: Server) -> str:
    """What it says once the monitored numbers are there, too."""
    deadline, pause = monotonic() + 120, Event()
    while 'relens_window_latency_seconds{deployment="colours",percentile="95"}' not in (
        text := server.http.get("/metrics").text
    ):
        assert monotonic() < deadline, text
        pause.wait(0.25)
    return text
