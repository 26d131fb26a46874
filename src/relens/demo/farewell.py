"""The last words in the terminal: what came of the round, and what to try next."""

from __future__ import annotations

import contextlib
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from relens.demo.report import SCORES, Outcome
from relens.demo.stream import Stream
from relens.kit.spoken import percent
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
    if outcome.bound is not None:
        yield from _bound(outcome, outcome.bound)
    yield ""
    yield "Try next, in the browser or in another terminal:"
    for command, why in _offers(outcome, url, _ourselves()):
        yield f"  {why}:"
        yield f"    {command}"
    yield ""
    yield f"{url} stays up with this data until Ctrl-C; then {home} {'is kept' if kept else 'is removed (--keep keeps it)'}."


def _bound(outcome: Outcome, bound: Json) -> Iterator[str]:
    there, without = bound["everything"], bound["without_test_images"]
    share = "an unknown share" if outcome.of_everything is None else percent(outcome.of_everything)
    yield f"  on everything at once: {there['score']:.3f}, of which the last version has {share}"
    yield (
        f"  without the {bound['withheld']} images kept for testing: {without['score']:.3f}, "
        f"so these cost {100 * bound['test_images_cost']:.1f} points"
    )


def _version(version: Json) -> str:
    scores = "  ".join(f"{name} {version[name]:.3f}" for name in SCORES if version[name] is not None)
    held = "" if version["deployed"] else "  (never deployed)"
    return f"  {version['version']:<16} {scores}  trained on {version['trained_on']}{held}"


def _offers(outcome: Outcome, url: str, relens: str) -> Iterator[tuple[str, str]]:
    page = f"{url}/deployments/{outcome.deployment}"
    yield (
        f"{relens} demo bad-candidate --deployment {outcome.deployment} --url {url}",
        "a version trained on shuffled labels, and why it is refused",
    )
    yield (f"{page}/loop", "every decision with its reasons, and the way back to an earlier version (Roll back)")
    if outcome.latest is not None:
        yield (
            f"{page}/predictions/{outcome.latest}",
            "the last answer, and from it back to the people's reviews behind it (Walk back)",
        )
    yield (
        f"{relens} model register YOUR.onnx --name mine --url {url} && {relens} deploy mine/latest --name mine --url {url}",
        "use your own model",
    )
    yield f"{relens} demo --data FOLDER", "the same loop on your own COCO folder"


def _ourselves() -> str:
    """How the person who reads this can call us: by name where that finds this installation, else by the file's path."""
    mine = Path(sys.executable).parent / "relens"
    found = shutil.which("relens")
    if found is not None and Path(found).resolve() == mine.resolve():
        return "relens"
    with contextlib.suppress(ValueError):
        return str(mine.relative_to(Path.cwd()))
    return str(mine)
