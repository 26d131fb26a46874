"""False alarms a year where nothing drifts, and how soon a real change is found.

    python -m benchmarks.drift_alarms [--json] [--years 40] [--data ../shared/data]

Simulated traffic: 500 images a day, 13 features, ten cameras; "clustered" has a day effect (sd 0.15) and one per camera and day (0.30),
"weekly" another on two days of seven, "autocorrelated" a day effect that is AR(0.7). Sixty windows of usual production, then a year. The same
days are judged by plain two-sample Kolmogorov-Smirnov tests per feature against the training data, with Bonferroni's correction.

Real streams: usual production is resampled (with replacement, marked so) from training images and phase 0, sixty windows of 200; then five more
of the same and five of each later phase. Features are the image statistics that production keeps, and the outlier score.
"""

import argparse
import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from relens.inference import features
from relens.metrics import drift_alarm, histogram, outlier
from relens.metrics.ks import ks_two_sample
from relens.vision.decode import decode

Floats = NDArray[np.float64]
FEATURES, CAMERAS, IMAGES, USUAL = 13, 10, 500, drift_alarm.ENOUGH_WINDOWS
SHIFTS = {"half a sd on 2 of 12": (slice(0, 2), 0.5), "a quarter sd on all": (slice(None), 0.25)}
KINDS = ("independent", "clustered", "weekly", "autocorrelated")


def day_effects(kind: str, days: int, rng: np.random.Generator) -> Floats:
    """(days, CAMERAS, FEATURES) added to every image of a camera on a day."""
    if kind == "independent":
        return np.zeros((days, CAMERAS, FEATURES))
    day = rng.normal(0, 0.15, (days, 1, FEATURES))
    if kind == "autocorrelated":
        for t in range(1, days):
            day[t] = 0.7 * day[t - 1] + np.sqrt(1 - 0.7**2) * day[t]
    camera = rng.normal(0, 0.30, (days, CAMERAS, FEATURES))
    weekend = np.isin(np.arange(days) % 7, (5, 6))[:, None, None] * 0.2 if kind == "weekly" else 0.0
    return day + camera + weekend


def counted(values: Floats, edges: list[Floats]) -> list[NDArray[np.int64]]:
    return [histogram.counts(edges[f], values[:, f]) for f in range(len(edges))]


def year(kind: str, years: int, rng: np.random.Generator) -> dict[str, float]:
    """Alarms a year without a change, ours and those of the tests; median days to find each shift."""
    ours, plain, delays = 0, 0, {name: [] for name in SHIFTS}
    reference = rng.normal(size=(5000, FEATURES))
    edges = [histogram.edges(reference[:, f]) for f in range(FEATURES)]
    for _ in range(years):
        offsets = day_effects(kind, USUAL + 365, rng)
        camera = rng.integers(0, CAMERAS, (USUAL + 365, IMAGES))

        def images(t: int, offsets: Floats = offsets, camera: NDArray[np.int64] = camera) -> Floats:
            return rng.normal(size=(IMAGES, FEATURES)) + offsets[t][camera[t]]

        windows = [counted(images(t), edges) for t in range(USUAL)]
        usual = drift_alarm.learn(windows)
        evidence = 0.0
        for t in range(USUAL, USUAL + 365):
            seen = images(t)
            found = drift_alarm.judge(usual, counted(seen, edges))
            evidence, alarm = drift_alarm.add(evidence, found, 365)
            ours += alarm
            plain += rejects(seen, reference)
        for name, (where, shift) in SHIFTS.items():
            delays[name].append(delay(usual, edges, images, where, shift))
    found_after = {f"days to find {name}": float(np.median(d)) for name, d in delays.items()}
    return {"false_alarms": ours / years, "ks_bonferroni": plain / years, **found_after}


def rejects(seen: Floats, reference: Floats) -> bool:
    """Any feature's asymptotic p-value below 5 % / features."""
    n, m = len(seen), len(reference)
    limit = np.sqrt(-np.log(0.05 / FEATURES / 2) / 2 * (n + m) / (n * m))
    for f in range(FEATURES):
        both = np.sort(np.concatenate([seen[:, f], reference[:, f]]))
        a = np.searchsorted(np.sort(seen[:, f]), both, side="right") / n
        b = np.searchsorted(np.sort(reference[:, f]), both, side="right") / m
        if np.abs(a - b).max() > limit:
            return True
    return False


def delay(usual: drift_alarm.Usual, edges: list[Floats], images: object, where: slice, shift: float) -> int:
    evidence = 0.0
    for t in range(60):
        seen = images(USUAL + t)  # type: ignore[operator]
        seen[:, where] += shift
        evidence, alarm = drift_alarm.add(evidence, drift_alarm.judge(usual, counted(seen, edges)), 365)
        if alarm:
            return t + 1
    return 61


def stream(folder: Path, rng: np.random.Generator) -> dict[str, float]:
    """Windows until each change of phase is found, and alarms before the first one."""
    about = json.loads((folder / "annotations.json").read_text())["images"]
    used = [one for one in about if one["split"] in ("train", "production")]
    look = {
        one["id"]: features.look(decode((folder / "images" / one["file_name"]).read_bytes())).numbers for one in used
    }
    training = np.array([look[one["id"]] for one in used if one["split"] == "train"])
    names = [name for name in features.NAMES if features.FAMILY[name] == "image"]
    model = outlier.fit(None, training)
    edges = [histogram.edges(training[:, f]) for f in range(len(names))]
    edges.append(np.arange(1, 100) / 100)

    def window(pool: Floats) -> tuple[list[NDArray[np.int64]], Floats]:
        seen = pool[rng.integers(0, len(pool), 200)]
        return counted(np.column_stack([seen, model.score(None, seen)]), edges), seen

    phases = sorted({one["phase"] for one in used if one["split"] == "production"})
    of_phase = {p: np.array([look[one["id"]] for one in used if one.get("phase") == p]) for p in phases}
    usual = drift_alarm.learn([window(np.concatenate([training, of_phase[0]]))[0] for _ in range(USUAL)])
    evidence, early, delays, tests = 0.0, 0, [], []
    for _ in range(5):
        evidence, alarm = drift_alarm.add(
            evidence, drift_alarm.judge(usual, window(np.concatenate([training, of_phase[0]]))[0]), 365
        )
        early += alarm
    for phase in phases[1:]:
        evidence, found = 0.0, None
        for t in range(5):
            counts, _ = window(of_phase[phase])
            evidence, alarm = drift_alarm.add(evidence, drift_alarm.judge(usual, counts), 365)
            if alarm and found is None:
                found = t + 1
        delays.append(found or 6)
    for pool in (np.concatenate([training, of_phase[0]]), of_phase[phases[1]]):
        _, seen = window(pool)
        p = [t.p_value for f in range(len(names)) if (t := ks_two_sample(seen[:, f], training[:, f]))]
        tests.append(float(min(p) < 0.05 / len(names)))
    return {
        "delay_windows": max(delays),
        "early": early,
        "ks_bonferroni_before": tests[0],
        "ks_bonferroni_after": tests[1],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--years", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    asked = parser.parse_args()
    rng = np.random.default_rng(asked.seed)
    simulated = {kind: year(kind, asked.years, rng) for kind in KINDS}
    streams = (
        {f.name: stream(f, rng) for f in sorted(asked.data.iterdir()) if (f / "annotations.json").exists()}
        if asked.data.is_dir()
        else {}
    )
    report = {
        "false_alarms_per_year": max(one["false_alarms"] for one in simulated.values()),
        "delay_windows": max((one["delay_windows"] for one in streams.values()), default=None),
        "early": sum(one["early"] for one in streams.values()) if streams else None,
        "simulated": simulated,
        "streams": streams,
    }
    if asked.json:
        print(json.dumps(report))
        return
    for name, row in [*simulated.items(), *streams.items()]:
        print(f"{name:16}", ", ".join(f"{key} {value:.2f}" for key, value in row.items()))


if __name__ == "__main__":
    main()
