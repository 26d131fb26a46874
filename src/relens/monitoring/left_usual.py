"""Explains an alarm: how production has left what is usual, what carries the evidence, where, and what that looks like."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from relens.deployments.deployment import Deployment
from relens.kit import clock
from relens.kit.clock import HOUR
from relens.metrics import drift_alarm, histogram
from relens.metrics.heatmap import total_variation
from relens.metrics.kinds.drift import MOST_FEATURES, OUTLIER, heed, in_order, moved_feature, pieces
from relens.metrics.ks import ks_from_counts
from relens.metrics.reference import Reference, Spread
from relens.monitoring import examples, sums, usual_rows
from relens.monitoring.drift import LEAST_IN_SLICE, total
from relens.monitoring.fitted import Fitted
from relens.monitoring.span import cover
from relens.monitoring.usual import DriftWindow
from relens.monitoring.watching import Standing
from relens.predictions import browse
from relens.predictions.logged import Logged

_TAIL = 0.99
_SURPRISING = 20.0
"""Evidence (an e-value) that chance alone gives less than once in twenty windows."""
Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class _Named:
    """The feature that the sentence is about. `place`: among an image's numbers, None for what is none of them (the outlier score, a mix of labels).

    `piece`: its place in a drift state.
    """

    feature: dict[str, Any]
    place: int | None
    piece: int
    usual: Spread
    now: Counts

    mixed: bool

    @property
    def up(self) -> bool:
        return bool(self.feature["direction"] == "up")


def explained(
    connection: Connection, deployment: Deployment, fitted: Fitted, standing: Standing
) -> dict[str, Any] | None:
    """What the alarm that stands rests on; None where there is none.

    `features`: those that moved, each with its `share` of the evidence (None before there is any), the largest first.
    """
    windows, reference = standing.alarmed, fitted.reference
    usual = [one for one in standing.windows if one.state == "usual"]
    if not windows or not usual:
        return None
    known = usual_rows.counts(connection, reference.id, [one.number for one in usual])
    counts = total(usual_rows.counts(connection, reference.id, [one.number for one in windows]))
    features = ranked(known, counts, reference)
    if not features:
        return None
    named = _named(features[0], known, counts, reference)
    here = browse.Filter(since=windows[0].since, role="champion", query='origin != "imported"')
    lines = examples.looked_through(connection, deployment, fitted, here)
    behind = most_of_it(connection, deployment, reference, windows[0], lines, named)
    source = behind.get("source")
    return {
        "d": named.feature["d"],
        "n": sum(one.images for one in windows),
        "since": clock.to_text(windows[0].since),
        "until": clock.to_text(windows[-1].until),
        "features": features,
        "sentence": _sentence(named.feature, behind),
        "named": named.feature["name"],
        "behind": behind,
        "images": {
            "usual": _usual_images(connection, deployment, fitted, usual, named),
            "now": examples.extreme(
                [line for line in lines if source is None or line.source == source], named.place, named.up
            ),
        },
        "first": _first(connection, deployment, fitted, here, source, named),
    }


def ranked(usual: Sequence[Counts], now: Counts, reference: Reference) -> list[dict[str, Any]]:
    """What moved away from usual production, with its share of the evidence.

    First what is surprising by itself, in the order people are told of it: how surprising it is says nothing any more then. Then the rest, by share.
    """
    learned = drift_alarm.learn([pieces(one, reference) for one in usual], reference.categorical())
    found = drift_alarm.judge(learned, pieces(now, reference))
    evidence = np.nansum(found.e_values)
    moved, surprising = [], {}
    rows = zip((OUTLIER, *reference.features), reference.all_spreads(), strict=True)
    for i, (feature, spread) in enumerate(rows):
        one = moved_feature(
            feature, Spread(spread.edges, learned.pooled[i]), pieces(now, reference)[i], "usual production"
        )
        if one is not None:
            share = found.e_values[i] / evidence if evidence > 0 else np.nan
            moved.append({**one, "share": None if np.isnan(share) else float(share)})
            surprising[feature.name] = bool(found.e_values[i] >= _SURPRISING)
    plain = in_order([one for one in moved if surprising[one["name"]]])
    rest = [one for one in moved if not surprising[one["name"]]]
    rest.sort(key=lambda one: (-round(one["share"] or 0.0, 3), -one["d"] * heed(one), one["name"]))
    return [*plain, *rest][:MOST_FEATURES]


def most_of_it(
    connection: Connection,
    deployment: Deployment,
    reference: Reference,
    since: DriftWindow,
    lines: Sequence[Logged],
    named: _Named,
) -> dict[str, str]:
    """The source, tag and label without which the named feature would be much nearer to usual; none that makes no difference.

    Sources are compared by all their images, tags and labels by the latest ones.
    """
    by_source: dict[str, list[Counts]] = defaultdict(list)
    filled = sums.extent(connection, deployment.id, since.since)
    if filled is not None:
        which = sums.Which(cover(since.since, filled[1] + HOUR, "day"), role="champion", imported=False)
        for cell, state in sums.cells(connection, deployment.id, ["drift"], which):
            if cell.reference == reference.id:
                by_source[cell.bucket.source].append(np.asarray(state, dtype=np.int64))
    sources = {name: pieces(total(states), reference)[named.piece] for name, states in by_source.items()}
    groups = {"source": sources, **_groups(lines, named)}
    found = {kind: responsible(parts, named.usual.counts, named.mixed) for kind, parts in groups.items()}
    return {kind: name for kind, name in found.items() if name}


def responsible(parts: Mapping[str, Counts], usual: Counts, mixed: bool = False) -> str | None:
    """The part without which the rest would be nearest to usual; None where there is one only, or it makes no difference."""
    whole = total(parts.values())
    apart = _distance(whole, usual, mixed) if whole.size else None
    found: list[tuple[float, str]] = []
    for name, counts in parts.items():
        rest = whole - counts
        if apart is not None and counts.sum() >= LEAST_IN_SLICE and rest.sum() >= LEAST_IN_SLICE:
            found.append((apart - (_distance(rest, usual, mixed) or 0.0), name))
    best = max(found, default=(0.0, ""))
    return best[1] if best[0] > 0 else None


def _distance(counts: Counts, usual: Counts, mixed: bool) -> float | None:
    if mixed:
        return total_variation(counts, usual)
    found = ks_from_counts(counts, usual)
    return found.d if found else None


def _groups(lines: Sequence[Logged], named: _Named) -> dict[str, dict[str, Counts]]:
    """The latest images by tag and by label, each counted once per tag or label; what has none is a part too."""
    if named.mixed:
        return {}  # no number of an image says how answers are shared out
    values: dict[str, dict[str, list[float]]] = {"tag": defaultdict(list), "label": defaultdict(list)}
    for line in lines:
        if named.place is None:
            value = np.nan if line.outlier is None else line.outlier
        else:
            value = np.nan if line.scalars is None else float(line.scalars[named.place])
        for tag in set(line.tags) or {""}:
            values["tag"][tag].append(value)
        for label in {detection.label for detection in line.answered} or {""}:
            values["label"][label].append(value)
    return {
        kind: {name: histogram.counts(named.usual.edges, np.array(some)) for name, some in parts.items()}
        for kind, parts in values.items()
    }


def _named(feature: dict[str, Any], usual: Sequence[Counts], now: Counts, reference: Reference) -> _Named:
    place = examples.place_of(reference, feature["name"])
    names = [one.name for one in (OUTLIER, *reference.features)]
    piece = names.index(feature["name"])
    together = pieces(total(usual), reference)[piece]
    spread = Spread(reference.all_spreads()[piece].edges, together)
    return _Named(feature, place, piece, spread, pieces(now, reference)[piece], reference.categorical()[piece])


def _usual_images(
    connection: Connection, deployment: Deployment, fitted: Fitted, usual: Sequence[DriftWindow], named: _Named
) -> list[str]:
    """Typical images of the latest window of usual production; training images where the log has none left."""
    last = max(usual, key=lambda one: one.until)
    here = browse.Filter(since=last.since, until=last.until, role="champion")
    lines = examples.looked_through(connection, deployment, fitted, here)
    middle = histogram.quantile(named.usual.edges, named.usual.counts, 0.5)
    return examples.typical(lines, named.place, middle) or examples.training(fitted, named.feature["name"])


def _first(
    connection: Connection,
    deployment: Deployment,
    fitted: Fitted,
    here: browse.Filter,
    source: str | None,
    named: _Named,
) -> dict[str, Any] | None:
    """The first image that lies beyond what 99 % of usual production showed, and where it came from."""
    edge = histogram.quantile(named.usual.edges, named.usual.counts, _TAIL if named.up else 1 - _TAIL)
    if edge is None or named.mixed:
        return None
    there = browse.Filter(source=source, since=here.since, role=here.role, query=here.query)
    lines = examples.looked_through(connection, deployment, fitted, there, "taken_at")
    odd = examples.first_beyond(lines, named.place, edge, named.up)
    if odd is None:
        return None
    return {"prediction": odd.id, "asset": odd.asset, "source": odd.source, "taken_at": clock.to_text(odd.taken_at)}


def _sentence(feature: Mapping[str, Any], behind: Mapping[str, str]) -> str:
    where = ", ".join(f"{kind} {name}" if kind != "source" else name for kind, name in behind.items())
    return f"{feature['sentence']}, most of it from {where}" if where else str(feature["sentence"])
