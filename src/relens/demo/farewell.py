"""The last words in the terminal: what came of the round, and what to try next."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from relens.demo.report import SCORES, Outcome
from relens.demo.stream import Stream
from relens.sdk.jobs import Json


def farewell(outcome: Outcome, stream: Stream, url: str, home: Path, *, kept: bool) -> Iterator[str]:
    """Line by line."""
    yield ""
    what = "on simulated images" if stream.simulated else "on your images"
    yield f"Measured {what} that no training, gate or reviewer ever saw:"
    yield from (_version(version) for version in outcome.versions)
    yield (
        f"  {outcome.predictions} predictions, {outcome.verdicts} reviewed, {outcome.added} added to the dataset, "
        f"{outcome.failed_requests} failed requests, {outcome.seconds:.0f} s"
    )
    yield ""
    yield "Try next, in another terminal:"
    for command, why in _commands(outcome.deployment, url):
        yield f"  {why}:"
        yield f"    {command}"
    yield ""
    yield f"{url} stays up with this data until Ctrl-C; then {home} {'is kept' if kept else 'is removed (--keep keeps it)'}."


def _version(version: Json) -> str:
    scores = "  ".join(f"{name} {version[name]:.3f}" for name in SCORES if version[name] is not None)
    held = "" if version["deployed"] else "  (never deployed)"
    return f"  {version['version']:<16} {scores}  trained on {version['trained_on']}{held}"


def _commands(deployment: str, url: str) -> Iterator[tuple[str, str]]:
    yield (
        f"relens demo bad-candidate --deployment {deployment} --url {url}",
        "a version trained on shuffled labels, and why it is refused",
    )
    yield (
        f"curl -X POST -H 'Content-Type: application/json' -d '{{}}' {url}/api/v1/deployments/{deployment}/rollback",
        "back to the version before",
    )
    yield (
        f"curl '{url}/api/v1/deployments/{deployment}/predictions?limit=1'",
        "an answer; walk back from it with /api/v1/predictions/ID/lineage",
    )
    yield (
        f"relens model register YOUR.onnx --name mine --url {url} && relens deploy mine/latest --name mine --url {url}",
        "use your own model",
    )
    yield "relens demo --data FOLDER", "the same loop on your own COCO folder"
