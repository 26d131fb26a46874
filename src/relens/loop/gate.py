"""The promotion gate: may this candidate replace the champion? Pure; every answer comes with its reasons.

Both were judged on the same test images, so differences are paired. On enough images a candidate passes when it is better beyond
chance, or when it is not worse and brings something else (newer images learned, faster answers). Below that floor only a clear
superiority passes: noise must not promote.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import ceil, sqrt
from typing import Literal

from relens.kit import spoken

Answer = Literal["promote", "keep champion", "review more"]

PASSED: Answer = "promote"
REFUSED: Answer = "keep champion"
UNDECIDED: Answer = "review more"

_POWER = 2.49  # one-sided 5 % error, 80 % power
_MOST_ASKED_FOR = 10_000


@dataclass(frozen=True, slots=True)
class Floors:
    """When numbers are enough to say "no worse" (`images`, `objects`), or at least "clearly better" (`clear_images`).

    Images of one scene count as one: 400 images in 100 scenes scatter like 100 images do.

    `margin`: how much worse still counts as no worse, in the score's own unit (0.02 = 2 points).
    """

    margin: float = 0.02
    images: int = 200
    objects: int = 500
    clear_images: int = 15


@dataclass(frozen=True, slots=True)
class Comparison:
    """Champion and candidate on the same test images, in one main score, better = higher, 0 to 1.

    `lower` and `upper` are one-sided 95 % bounds of candidate minus champion, `lower_clear` the one-sided 99 % bound of a paired
    interval made for small samples. `groups`: scenes the images come from; images of one scene are no independent evidence.
    `objects`: annotated things in those images, None where images are the things (classification). `of`: what an image is called.
    """

    metric: str
    champion: float
    candidate: float
    difference: float
    standard_error: float
    lower: float
    upper: float
    lower_clear: float
    images: int
    groups: int
    objects: int | None = None
    of: str = "test image"


@dataclass(frozen=True, slots=True)
class Labels:
    """What champion and candidate can each name; compared is what both can."""

    champion: tuple[str, ...]
    candidate: tuple[str, ...]

    @property
    def shared(self) -> tuple[str, ...]:
        return tuple(label for label in self.champion if label in self.candidate)

    @property
    def missing(self) -> tuple[str, ...]:
        return tuple(label for label in self.champion if label not in self.candidate)

    @property
    def new(self) -> tuple[str, ...]:
        return tuple(label for label in self.candidate if label not in self.champion)


@dataclass(frozen=True, slots=True)
class Objection:
    """What stands against a candidate beside its score. `final`: it is refused; otherwise `images` more test images may settle it."""

    sentence: str
    final: bool
    images: int = 1


@dataclass(frozen=True, slots=True)
class GateDecision:
    """`reasons` are sentences for people, the deciding one first; `numbers` is what they rest on."""

    decision: Answer
    reasons: tuple[str, ...]
    numbers: dict[str, object] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        return self.decision == PASSED


def decide(
    comparison: Comparison | None,
    labels: Labels,
    *,
    gains: tuple[str, ...] = (),
    objections: tuple[Objection, ...] = (),
    no_faster: str | None = None,
    test_share: float = 0.2,
    without_objects: int = 0,
    floors: Floors = Floors(),
) -> GateDecision:
    """The gate's answer. `comparison` None: there are no test images, or nothing is to be found on those there are (`without_objects`).

    `no_faster`: the sentence that says so, where speed was measured and is no gain. `gains`: what speaks for the candidate when it is no worse ("it has learned 50 reviewed images that the champion never saw").
    `test_share`: the share of reviewed images that is kept for testing; it turns missing test images into reviews to ask for.
    """
    spoken = _about_labels(labels)
    if labels.missing:
        return _decision(REFUSED, (_lost(labels), *spoken), comparison, floors)
    final = tuple(one.sentence for one in objections if one.final)
    if final:
        seen = (_standing(comparison),) if comparison else ()
        return _decision(REFUSED, (*final, *seen, *spoken), comparison, floors)
    if comparison is None or comparison.images == 0:
        needed = _reviews(floors.clear_images, test_share)
        nothing = f"{_nothing(without_objects)}: review {_about(needed)} more"
        return _decision(UNDECIDED, (nothing, *spoken), comparison, floors, needed)
    if comparison.groups < floors.clear_images:
        needed = _reviews(floors.clear_images - comparison.groups, test_share)
        too_few = f"{_scenes(comparison)} cannot tell luck from skill (at least {floors.clear_images} can): review {_about(needed)} more"
        return _decision(UNDECIDED, (too_few, _standing(comparison), *spoken), comparison, floors, needed)
    answer, because, needed_more = _weigh(comparison, gains, no_faster, test_share, floors)
    if objections and answer != REFUSED:
        needed_more = max(needed_more or 0, *(_reviews(one.images, test_share) for one in objections))
        unsure = tuple(one.sentence for one in objections)
        if answer == PASSED:
            answer, unsure = UNDECIDED, (f"{unsure[0]}: review {_about(needed_more)} more", *unsure[1:])
            because = (*unsure, *because)
        else:
            because = (*because, *unsure)
    return _decision(answer, (*because, *spoken), comparison, floors, needed_more)


def _weigh(
    seen: Comparison, gains: tuple[str, ...], no_faster: str | None, test_share: float, floors: Floors
) -> tuple[Answer, tuple[str, ...], int | None]:
    """The answer on at least `clear_images` images, its reasons, and how many more reviews would settle it."""
    if seen.upper < 0:
        return (
            REFUSED,
            (
                f"it is worse: {_standing(seen)}, and even the upper end of the difference, {_points(seen.upper)}, is below 0",
            ),
            None,
        )
    if seen.lower_clear > 0:
        return (
            PASSED,
            (
                f"it is clearly better: {_standing(seen)}; with 99 % confidence the gain is at least {_points(seen.lower_clear)}",
            ),
            None,
        )
    large = _large(seen, floors)
    if large and seen.lower > 0:
        return (
            PASSED,
            (f"it is better: {_standing(seen)}; with 95 % confidence the gain is at least {_points(seen.lower)}",),
            None,
        )
    if large and seen.lower > -floors.margin and seen.difference >= 0 and gains:
        no_worse = f"it is no worse ({_standing(seen)}; at most {_points(-seen.lower, signed=False)} lost, {_points(floors.margin, signed=False)} allowed)"
        return PASSED, (f"{no_worse}, and {' and '.join(gains)}",), None
    needed = _reviews(_missing_images(seen, floors), test_share)
    reasons = [
        f"not enough evidence: {_standing(seen)}, which {seen.images} images cannot tell from chance; review {_about(needed)} more"
    ]
    if large and seen.lower > -floors.margin and not gains:
        lacks = " and ".join(filter(None, (no_faster, "it has learned nothing newer")))
        reasons.append(f"it is no worse, but nothing else speaks for a change: {lacks}")
    if not large:
        reasons.append(_small(seen, floors))
    return UNDECIDED, tuple(reasons), needed


def _large(seen: Comparison, floors: Floors) -> bool:
    return seen.groups >= floors.images and (seen.objects is None or seen.objects >= floors.objects)


def _missing_images(seen: Comparison, floors: Floors) -> int:
    """How many more test images would settle a true difference of the size seen; differences below the margin count as the margin."""
    spread = seen.standard_error * sqrt(seen.groups)
    wanted: float = (_POWER * spread / max(abs(seen.difference), floors.margin)) ** 2
    return max(1, ceil(wanted) - seen.groups, 0 if _large(seen, floors) else min(floors.images - seen.groups, 20))


def _reviews(test_images: int, test_share: float) -> int:
    """Reviews until that many more test images are there, rounded up to a number people say."""
    reviews = ceil(test_images / max(test_share, 0.01))
    step = 1 if reviews < 20 else 5 if reviews < 100 else 10 if reviews < 1000 else 100
    return min(ceil(reviews / step) * step, _MOST_ASKED_FOR)


def _about(reviews: int) -> str:
    return f"more than {reviews:,}" if reviews >= _MOST_ASKED_FOR else f"about {reviews:,}"


def _standing(seen: Comparison) -> str:
    name = NAMES.get(seen.metric, seen.metric)
    return f"{name} {seen.candidate:.3f} against the champion's {seen.champion:.3f} on {_images(seen.images, seen.of)} ({_points(seen.difference)})"


def _small(seen: Comparison, floors: Floors) -> str:
    short = f"{seen.images} of {floors.images} {seen.of}s"
    if seen.groups < seen.images:
        short = f"{seen.images} {seen.of}s of only {seen.groups} scenes ({floors.images} are wanted)"
    if seen.objects is not None:
        short += f" and {seen.objects} of {floors.objects} objects"
    return f"with {short}, only a clear gain passes (99 % confidence; the lower end is {_points(seen.lower_clear)})"


def _nothing(without_objects: int) -> str:
    if not without_objects:
        return "there are no test images to judge it on"
    return (
        f"there is nothing to be found on {_images(without_objects, 'test image')}, so no score can tell the two apart"
    )


def _scenes(seen: Comparison) -> str:
    return (
        _images(seen.images, seen.of)
        if seen.groups >= seen.images
        else f"{_images(seen.images, seen.of)} of only {seen.groups} scenes"
    )


def _images(count: int, of: str) -> str:
    return f"one {of}" if count == 1 else f"{count} {of}s"


def _points(share: float, signed: bool = True) -> str:
    return f"{spoken.signed(share * 100)} points" if signed else f"{share * 100:.1f} points"


def _lost(labels: Labels) -> str:
    return (
        f"it cannot name {', '.join(labels.missing)}, which this deployment answers: deploy it by hand if that is meant"
    )


def _about_labels(labels: Labels) -> tuple[str, ...]:
    if not labels.shared:
        return ("the two have no label in common, so nothing was compared",)
    if labels.new:
        return (f"only the shared labels were compared; new and not assessed: {', '.join(labels.new)}",)
    return ()


def _decision(
    answer: Answer, reasons: tuple[str, ...], seen: Comparison | None, floors: Floors, review_more: int | None = None
) -> GateDecision:
    numbers: dict[str, object] = {
        "floors": {
            "margin": floors.margin,
            "images": floors.images,
            "objects": floors.objects,
            "clear_images": floors.clear_images,
        },
        "review_more": review_more,
    }
    if seen is not None:
        numbers |= {name: getattr(seen, name) for name in Comparison.__slots__}
    return GateDecision(answer, tuple(map(_sentence, reasons)), numbers)


def _sentence(reason: str) -> str:
    # mAP is a name, also at the beginning.
    begins = reason[:1] if reason.startswith("mAP") else reason[:1].upper()
    return f"{begins}{reason[1:]}."


NAMES = {"map50": "mAP50", "map50_95": "mAP", "accuracy": "accuracy"}
