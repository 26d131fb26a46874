"""False alarms a year where nothing drifts, and how soon a real change is found; every window goes the way it goes in the server.

    python -m benchmarks.drift_alarms [--json] [--years 10] [--data ../shared/data]

Simulated traffic: 500 images a day, 13 numbers, about four boxes of 20 labels in 64 places each, ten cameras; "clustered" has a day effect (sd 0.15) and one per camera and day (0.30), "weekly"
(on the logarithms of the shares for labels and places)
another on two days of seven, "autocorrelated" a day effect that is AR(0.7). Usual production is learned from the first day on; a year is
counted from when 14, 30 and 60 windows of it are known (alarms beginning with 14, with 30, and as they do). The same days are judged by plain
two-sample Kolmogorov-Smirnov tests per number against the training data, with Bonferroni's correction.

Real streams, resampled (with replacement) into windows of 200: sixty windows from training images and phase 0, five more of the same, then five
of each later phase. Numbers are the image statistics that production keeps, and the outlier score; the reference is learned as in the server.
"""

import argparse
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from relens.inference import features
from relens.kit.clock import DAY
from relens.metrics import categories, histogram
from relens.metrics.drift_alarm import ENOUGH_WINDOWS, LEAST_WINDOWS
from relens.metrics.kinds.drift import observe
from relens.metrics.ks import ks_two_sample
from relens.metrics.metric import Observed
from relens.metrics.reference import Feature, Reference, Spread
from relens.monitoring.learn import Measured, described, learn
from relens.monitoring.normal import Accepted, Normal
from relens.monitoring.usual import Circumstances, DriftWindow, Hour, Watch, judged
from relens.monitoring.watch import differs
from relens.vision.decode import decode

Floats = NDArray[np.float64]
NUMBERS, CAMERAS, IMAGES, IN_WINDOW = 13, 10, 500, 200
SHIFTS = {
    "half a sd on 2 of 12": (slice(1, 3), 0.5),
    "a quarter sd on all": (slice(None), 0.25),
    "a label three times as often": (None, 3.0),
}
BOXES, SHARED = 4, (21, 64)
"""Of an image; and how many labels (with the others) and places there are."""
_FREQUENT = 1 / (1 + np.arange(SHARED[0])) ** 0.7
_MIXES = (_FREQUENT / _FREQUENT.sum(), np.full(SHARED[1], 1 / SHARED[1]))
KINDS = ("independent", "clustered", "weekly", "autocorrelated")
LEVEL, LONGEST = 0.05, 60


@dataclass
class Deployment:
    """One deployment's windows as they close, a day each. `least`: from so many windows of usual production on there are alarms."""

    reference: Reference
    least: int = LEAST_WINDOWS
    windows: list[DriftWindow] = field(default_factory=list)

    def close(self, counts: NDArray[np.int64], images: int) -> bool:
        """One more day; True when it raises an alarm."""
        hours = [Hour(len(self.windows) * DAY, counts, images)]
        usual = [one.counts for one in self.windows if one.state == "usual"]
        normal = Normal((Accepted(None, np.sum(usual, axis=0)),) if usual else ())
        known = Circumstances(differs(hours, self.reference, normal), least=self.least)
        self.windows.append(judged(self.windows, hours, self.reference, Watch(), known))
        return self.windows[-1].state == "alarm"

    @property
    def usual(self) -> int:
        return sum(one.state == "usual" for one in self.windows)

    def copy(self) -> "Deployment":
        return Deployment(self.reference, self.least, list(self.windows))


@dataclass
class Day:
    """`values` (IMAGES, NUMBERS), and how boxes are shared out among labels and places."""

    values: Floats
    mixes: list[NDArray[np.int64]]
    rng: np.random.Generator

    def shifted(self, where: slice | None, by: float) -> "Day":
        """With `by` added to some numbers, or (None) the sixth label so many times as often."""
        if where is None:
            labels = self.mixes[0].astype(np.float64)
            labels[5] *= by
            return Day(
                self.values, [self.rng.multinomial(self.mixes[0].sum(), labels / labels.sum()), self.mixes[1]], self.rng
            )
        values = self.values.copy()
        values[:, where] += by
        return Day(values, self.mixes, self.rng)


class Traffic:
    """Days of traffic without a change; `kind` says how its images hang together."""

    def __init__(self, kind: str, rng: np.random.Generator) -> None:
        self._kind, self._rng = kind, rng
        self._day = np.zeros((1, NUMBERS + sum(SHARED)))
        self._days = 0

    def day(self) -> "Day":
        rng, kind, t = self._rng, self._kind, self._days
        self._days += 1
        seen = rng.normal(size=(IMAGES, NUMBERS))
        boxes = rng.multinomial(rng.poisson(BOXES * IMAGES), [1 / CAMERAS] * CAMERAS)
        if kind == "independent":
            return Day(seen, [rng.multinomial(boxes.sum(), mix) for mix in _MIXES], rng)
        fresh = rng.normal(0, 0.15, (1, NUMBERS + sum(SHARED)))
        follows = kind == "autocorrelated" and t > 0
        self._day = 0.7 * self._day + np.sqrt(1 - 0.7**2) * fresh if follows else fresh
        offsets = self._day + rng.normal(0, 0.30, (CAMERAS, NUMBERS + sum(SHARED)))
        if kind == "weekly" and t % 7 in (5, 6):
            # At weekends every other label and place is seen more often.
            offsets = offsets + np.append(np.full(NUMBERS, 0.2), 0.2 * (np.arange(sum(SHARED)) % 2))
        mixes = []
        for mix, logs in zip(_MIXES, np.split(offsets[:, NUMBERS:], [SHARED[0]], axis=1), strict=True):
            shares = mix * np.exp(logs)
            mixes.append(rng.multinomial(boxes, shares / shares.sum(axis=1, keepdims=True)).sum(axis=0))
        return Day(seen + offsets[rng.integers(0, CAMERAS, IMAGES), :NUMBERS], mixes, rng)


def simulated_reference(training: Floats) -> Reference:
    words = tuple(Feature(f"number {i}", f"number {i}", "image", "less", "more") for i in range(1, NUMBERS))
    spreads = [Spread.of(training[:, i]) for i in range(NUMBERS)]
    words += categories.features([f"label {i}" for i in range(SHARED[0] - 1)], with_shapes=True)
    mixes = [Spread.of_categories((mix * 1e6).astype(np.int64)) for mix in _MIXES]
    return Reference("simulated", len(training), words, (*spreads[1:], *mixes), spreads[0], {})


def counted(seen: Day, reference: Reference) -> NDArray[np.int64]:
    pairs = zip(reference.all_spreads()[:NUMBERS], seen.values.T, strict=True)
    return np.concatenate([*(histogram.counts(spread.edges, column) for spread, column in pairs), *seen.mixes])


def year(kind: str, least: int, start: int, rng: np.random.Generator) -> dict[str, float]:
    """Alarms, and days on which the plain tests object, in the year after `start` windows of usual production are known; days to find shifts."""
    training = rng.normal(size=(5000, NUMBERS))
    reference = simulated_reference(training)
    traffic, watched = Traffic(kind, rng), Deployment(reference, least)
    while watched.usual < start:
        watched.close(counted(traffic.day(), reference), IMAGES)
    found = {"alarms": 0.0, "tests": 0.0}
    for name, (where, shift) in SHIFTS.items():
        found[f"days to find {name}"] = float(delay(watched.copy(), Traffic(kind, rng), where, shift))
    for _ in range(365):
        seen = traffic.day()
        found["alarms"] += watched.close(counted(seen, reference), IMAGES)
        found["tests"] += rejects(seen.values, training)
    return found


def delay(watched: Deployment, traffic: Traffic, where: slice | None, shift: float) -> int:
    for t in range(1, LONGEST + 1):
        seen = traffic.day().shifted(where, shift)
        if watched.close(counted(seen, watched.reference), IMAGES):
            return t
    return LONGEST + 1


def rejects(seen: Floats, reference: Floats) -> bool:
    """Whether any number's asymptotic p-value lies below 5 % / numbers."""
    n, m, width = len(seen), len(reference), seen.shape[1]
    limit = np.sqrt(-np.log(LEVEL / width / 2) / 2 * (n + m) / (n * m))
    for f in range(width):
        both = np.concatenate([seen[:, f], reference[:, f]])
        a = np.searchsorted(np.sort(seen[:, f]), both, side="right") / n
        b = np.searchsorted(np.sort(reference[:, f]), both, side="right") / m
        if np.abs(a - b).max() > limit:
            return True
    return False


def simulated(kind: str, years: int, rng: np.random.Generator) -> dict[str, float]:
    """The table's row of one kind of traffic."""
    row = {}
    for least, start in ((14, 14), (30, 30), (LEAST_WINDOWS, ENOUGH_WINDOWS)):
        runs = [year(kind, least, start, rng) for _ in range(years)]
        row[f"alarms a year from {start} windows"] = sum(one["alarms"] for one in runs) / years
    row["ks_bonferroni a year"] = sum(one["tests"] for one in runs) / years
    return row | {name: float(np.median([one[name] for one in runs])) for name in runs[0] if name.startswith("days")}


def stream(folder: Path, rng: np.random.Generator) -> dict[str, object]:
    """Windows until each change of phase is found, and alarms in any window before the first one."""
    about = json.loads((folder / "annotations.json").read_text())["images"]
    used = [one for one in about if one["split"] in ("train", "validation", "production")]
    look = {one["id"]: numbers((folder / "images" / one["file_name"]).read_bytes()) for one in used}
    training = [one for one in used if one["split"] in ("train", "validation")]
    fitted = learn("stream", measured(training, look), {})
    image = [i for i, one in enumerate(described()) if one.family == "image"]

    def pool(*chosen: dict[str, object]) -> tuple[Floats, Floats]:
        table = np.array([look[one["id"]] for one in chosen])
        return table, fitted.outlier.score(None, table[:, image].astype(np.float64))

    def window(some: tuple[Floats, Floats]) -> tuple[NDArray[np.int64], Floats]:
        picked = rng.integers(0, len(some[0]), IN_WINDOW)
        table, scores = some[0][picked], some[1][picked]
        seen = [Observed(1, 1, None, (), row, float(s), False) for row, s in zip(table, scores, strict=True)]
        return np.asarray(observe(seen, fitted.reference)[""], dtype=np.int64), table[:, image].astype(np.float64)

    of_phase: dict[int, list[dict[str, object]]] = {}
    for one in used:
        if one["split"] == "production":
            of_phase.setdefault(int(one["phase"]), []).append(one)
    first, *later = sorted(of_phase)
    before = pool(*[one for one in used if one["split"] == "train"], *of_phase[first])
    known = np.array([look[one["id"]] for one in training])[:, image].astype(np.float64)
    watched, early, tests = Deployment(fitted.reference), 0, []
    for _ in range(ENOUGH_WINDOWS + 5):
        counts, seen = window(before)
        early += watched.close(counts, IN_WINDOW)
        tests.append(ks_rejects(seen, known))
    found = [first_alarm(watched.copy(), lambda phase=phase: window(pool(*of_phase[phase]))[0]) for phase in later]  # type: ignore[misc]
    return {
        "delay_windows": max(found),
        "early": early,
        "windows before": ENOUGH_WINDOWS + 5,
        "ks_bonferroni before": sum(tests),
        "ks_bonferroni finds": all(ks_rejects(window(pool(*of_phase[phase]))[1], known) for phase in later),
        "resampled": True,
    }


def first_alarm(watched: Deployment, window: Callable[[], NDArray[np.int64]]) -> int:
    """In which of five windows the first alarm comes; 6: in none."""
    return next((t for t in range(1, 6) if watched.close(window(), IN_WINDOW)), 6)


def ks_rejects(seen: Floats, known: Floats) -> bool:
    p = [one.p_value for f in range(seen.shape[1]) if (one := ks_two_sample(seen[:, f], known[:, f]))]
    return min(p) < LEVEL / seen.shape[1]


def numbers(data: bytes) -> NDArray[np.float32]:
    """What production keeps of an image without a model: the numbers of the model are not known."""
    row = np.full(len(features.NAMES), np.nan, dtype=np.float32)
    image = [i for i, name in enumerate(features.NAMES) if features.FAMILY[name] == "image"]
    row[image] = features.look(decode(data)).numbers
    return row


def measured(training: Sequence[dict[str, object]], look: dict[object, NDArray[np.float32]]) -> Measured:
    return Measured(
        tuple(str(one["file_name"]) for one in training),
        np.array([one["split"] == "validation" for one in training]),
        np.array([look[one["id"]] for one in training]),
        None,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--years", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    asked = parser.parse_args()
    rng = np.random.default_rng(asked.seed)
    folders = [one.parent for one in sorted(asked.data.glob("*/annotations.json"))]
    streams = {folder.name: stream(folder, rng) for folder in folders}
    traffic = {kind: simulated(kind, asked.years, rng) for kind in KINDS}

    def worst(start: int) -> float:
        return max(row[f"alarms a year from {start} windows"] for row in traffic.values())

    report = {
        "false_alarms_per_year": worst(ENOUGH_WINDOWS),
        "false_alarms_per_year_from_14_windows": worst(14),
        "false_alarms_per_year_from_30_windows": worst(30),
        "alarms_begin_with_windows": LEAST_WINDOWS,
        "delay_windows": max((one["delay_windows"] for one in streams.values()), default=None),  # type: ignore[type-var]
        "early": sum(int(str(one["early"])) for one in streams.values()) if streams else None,
        "years": asked.years,
        "simulated": traffic,
        "streams": streams,
    }
    if asked.json:
        print(json.dumps(report))
        return
    for name, row in [*traffic.items(), *streams.items()]:
        print(f"{name:16}", ", ".join(f"{key} {value}" for key, value in row.items()))


if __name__ == "__main__":
    main()
