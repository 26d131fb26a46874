"""From reviews forward to what they changed: which dataset version they are in, which version learned from it, and what that one does better or worse.

Counts are those of the gate, on the test images it compared the two versions on; where they are not known nothing is said.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from relens.access import store as actors
from relens.datasets import store as datasets
from relens.datasets.version import DatasetVersion
from relens.deployments import store as deployments
from relens.deployments.deployment import Deployment
from relens.kit.clock import Micros
from relens.kit.errors import NotFound
from relens.loop import feedback_rows, store
from relens.loop.counted import Counted
from relens.loop.decision import Decision
from relens.loop.merge import Change
from relens.loop.provenance import Step
from relens.predictions import store as predictions
from relens.registry import store as registry
from relens.registry.model_version import ModelVersion
from relens.review import store as verdicts

_NAMED = 3
_LONGEST = 200
_DID: dict[Change, str] = {
    "added": "the image came in",
    "changed": "its annotations changed",
    "left": "the image left",
    "undone": "what it had done was undone",
}


@dataclass(frozen=True, slots=True)
class Part:
    """What one person's reviews are of it: images confirmed and corrected that it learned from or is tested on, and images they took out."""

    id: str
    name: str
    accepted: int
    corrected: int
    taken_out: int

    @property
    def images(self) -> int:
        return self.accepted + self.corrected + self.taken_out


@dataclass(frozen=True, slots=True)
class Effect:
    """One promotion and the reviews behind it. `counts`: by label, those that moved most first; () where they are not known."""

    decision: str
    at: Micros
    version: str
    before: str
    data: tuple[str, ...]
    people: tuple[Part, ...]
    counts: tuple[Counted, ...]

    def sentence(self, person: str) -> str:
        """What it means for one person (an id): their own part if there is one, otherwise everybody's."""
        own = next((part for part in self.people if part.id == person), None)
        images = own.images if own else sum(part.images for part in self.people)
        corrected = own.corrected if own else sum(part.corrected for part in self.people)
        whose = "Your" if own else "The"
        what = (
            f"{corrected:,} {_plural('correction', corrected)}"
            if corrected
            else f"{images:,} {_plural('review', images)}"
        )
        said = f"{whose} {what} {'is' if (corrected or images) == 1 else 'are'} in {self.version}"
        moved = [f"missed {one.label} {one.missed[0]:,} → {one.missed[1]:,}" for one in self._moved()]
        return f"{said}: {', '.join(moved)}" if moved else said

    def _moved(self) -> list[Counted]:
        return [one for one in self.counts if one.missed[0] != one.missed[1]][:_NAMED]


def effects(connection: Connection, deployment: Deployment, limit: int = 10) -> list[Effect]:
    """Of the promotions that reviews went into, the newest first."""
    made = [one for one in store.decisions(connection, deployment.id) if one.applied in ("promoted", "approved")]
    found = [_effect(connection, one) for one in made[:limit]]
    return [one for one in found if one is not None and one.people]


def _effect(connection: Connection, made: Decision) -> Effect | None:
    try:
        candidate, champion = registry.get(connection, made.candidate), registry.get(connection, made.champion)
    except NotFound:
        return None
    fresh = _between(connection, champion, candidate)
    counts = [
        Counted(one["label"], one["objects"], tuple(one["missed"]), tuple(one["wrong"]))
        for one in (made.numbers.get("report") or {}).get("counts") or ()
    ]
    return Effect(
        made.id,
        made.settled_at or made.at,
        candidate.title,
        champion.title,
        tuple(one.title for one in fresh if one.origin == "feedback"),
        tuple(_people(connection, fresh)),
        tuple(sorted(counts, key=lambda one: (-abs(one.missed[0] - one.missed[1]), one.label))),
    )


def _between(connection: Connection, champion: ModelVersion, candidate: ModelVersion) -> list[DatasetVersion]:
    """The dataset versions that the candidate learned from and the champion had not, the newest first."""
    found: list[DatasetVersion] = []
    reference = candidate.dataset_version
    while reference is not None and reference != champion.dataset_version and len(found) < _LONGEST:
        try:
            found.append(datasets.get(connection, reference))
        except NotFound:
            break
        reference = found[-1].parent
    return [one for one in found if one.origin in ("feedback", "undo")]


def _people(connection: Connection, fresh: Sequence[DatasetVersion]) -> list[Part]:
    entries: dict[int, Change] = {}
    out: dict[int, Change] = {}
    for one in reversed(fresh):
        for seq, change in feedback_rows.entries(connection, one.id):
            if change != "undone":
                entries[seq] = change
            elif seq in entries:
                out[seq] = entries.pop(seq)
            elif seq in out:
                # An undo was undone.
                entries[seq] = out.pop(seq)
    # An image of which several reviews are in it counts once, for whoever said last what is true.
    last = {said.asset or said.prediction: said for said in verdicts.numbered(connection, sorted(entries))}
    counts: dict[tuple[str, str], list[int]] = {}
    for said in last.values():
        mine = counts.setdefault((said.actor.id, said.actor.name), [0, 0, 0])
        mine[2 if entries[said.seq] == "left" else 1 if said.status == "corrected" else 0] += 1
    parts = [Part(one, name, *some) for (one, name), some in counts.items()]
    return sorted(parts, key=lambda part: (-part.images, part.name))


def forward(connection: Connection, prediction_id: str) -> list[Step]:
    """What the review of one prediction changed, in order; empty as long as it is in no dataset version. Raises NoPrediction."""
    logged = predictions.get(connection, prediction_id)
    steps: list[Step] = []
    said_of_it = {said.seq: said for said in verdicts.history(connection, logged.id)}
    for version, change, seq in feedback_rows.entries_by(connection, list(said_of_it)):
        try:
            data = datasets.get(connection, version)
        except NotFound:
            continue
        detail = _DID[change]
        by = said_of_it[seq].actor.id
        steps.append(Step("dataset version", data.title, data.id, data.created_at, by, detail))
        for trained in registry.trained_on(connection, [data.id]) if change != "undone" else ():
            steps += _of_version(connection, trained, logged.deployment)
    names = actors.names(connection, {step.by for step in steps if step.by})
    return [
        Step(s.kind, s.title, s.id, s.at, names.get(s.by, s.by) if s.by else None, s.detail)
        for s in sorted(steps, key=lambda step: step.at)
    ]


def _of_version(connection: Connection, trained: ModelVersion, deployment: str) -> list[Step]:
    found = [
        Step("model version", trained.title, trained.id, trained.created_at, trained.created_by, "learned from it")
    ]
    for line in deployments.history(connection, deployment):
        if line.model_version == trained.id and line.role == "champion":
            until = "answers since then" if line.until is None else "answered until another took its place"
            found.append(Step("promotion", f"{trained.title} became champion", trained.id, line.since, line.by, until))
    return found


def _plural(word: str, count: int) -> str:
    return word if count == 1 else f"{word}s"
