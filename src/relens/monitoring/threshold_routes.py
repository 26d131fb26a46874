"""HTTP: what another threshold would be worth, and what the images of a day would have answered with it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Annotated

import numpy as np
from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from relens.deployments import store as deployments
from relens.infra.database import Database
from relens.infra.web import Instant, Page, part
from relens.kit import clock
from relens.kit.clock import Micros
from relens.kit.spoken import percent
from relens.metrics.any_threshold import THRESHOLDS, Advice, Curve, Curves, at_least
from relens.monitoring.replayed import Day
from relens.monitoring.simulated import Simulated, needs
from relens.monitoring.simulating import Simulating
from relens.monitoring.window import BadWindow
from relens.predictions.routes import PredictionOut, TitledVersion
from relens.registry import store as versions

router = APIRouter(prefix="/api/v1", tags=["monitoring"])

Db = Annotated[Database, part(Database)]
Parts = Annotated[Simulating, part(Simulating)]
_PLACES = 4


class RateAtOut(BaseModel):
    """At one threshold; the interval is 95 % however often one looks. null: too few reviews to say."""

    value: float | None
    lower: float | None
    upper: float | None


class RateCurveOut(BaseModel):
    """At each of `thresholds`."""

    value: list[float | None]
    lower: list[float | None]
    upper: list[float | None]

    @staticmethod
    def of(curve: Curve) -> RateCurveOut:
        return RateCurveOut(value=_written(curve.value), lower=_written(curve.lower), upper=_written(curve.upper))

    def at(self, place: int) -> RateAtOut:
        return RateAtOut(value=self.value[place], lower=self.lower[place], upper=self.upper[place])


class ThresholdAdviceOut(BaseModel):
    """Thresholds from `lower` to `upper` are as good as far as the reviews can tell."""

    threshold: float
    lower: float
    upper: float
    precision: RateAtOut
    recall: RateAtOut
    f1: RateAtOut


class LabelThresholdOut(BaseModel):
    """One label, or all together (null). `advice`: where F1 is best, or with `precision` asked for, the lowest threshold that surely has it.

    `images` checked ones in which it was said or is true. `now`: at the deployment's threshold.
    """

    label: str | None
    images: int
    objects: int
    now: dict[str, RateAtOut]
    advice: ThresholdAdviceOut | None
    needs: str | None


class DayReplayOut(BaseModel):
    """What the images of a window would have answered at each of `thresholds`: answers per image, and the share of images without any.

    `images` there were (`more`: at least so many), of which `read` were replayed, drawn at random; `others` of these another version answered.
    """

    since: Instant = Field(serialization_alias="from")
    until: Instant = Field(serialization_alias="to")
    images: int
    more: bool
    read: int
    others: int
    answers: list[float | None]
    silent: list[float | None]


class ThresholdsOut(BaseModel):
    """`precision`, `recall`, `f1` of `label` (null: of all labels together) at each of `thresholds`; `labels` stand for themselves."""

    threshold: float
    model_version: TitledVersion | None
    thresholds: list[float]
    label: str | None
    precision: RateCurveOut
    recall: RateCurveOut
    f1: RateCurveOut
    reviews: int
    skipped: float | None = Field(
        description="the weighted share of random checks nobody could judge; null: none was looked at"
    )
    whole: LabelThresholdOut
    labels: list[LabelThresholdOut]
    replay: DayReplayOut


class MovedOut(Page[PredictionOut]):
    """Images whose answer would change, the most first; `count` of `read` replayed ones."""

    count: int
    read: int


def _window(
    since: Annotated[str | None, Query(alias="from", description="RFC 3339; the last 24 hours with images")] = None,
    until: Annotated[str | None, Query(alias="to", description="RFC 3339")] = None,
) -> tuple[Micros, Micros] | None:
    if since is None and until is None:
        return None
    if since is None or until is None:
        raise BadWindow("give both 'from' and 'to', or neither for the last 24 hours with images")
    first, last = clock.from_text(since), clock.from_text(until)
    if last <= first:
        raise BadWindow("the window ends before it begins: 'from' must be earlier than 'to'")
    return first, last


Asked = Annotated[tuple[Micros, Micros] | None, Depends(_window)]


@router.get("/deployments/{deployment}/thresholds")
def get_thresholds(
    deployment: str,
    database: Db,
    parts: Parts,
    window: Asked,
    label: str | None = None,
    precision: Annotated[
        float | None, Query(gt=0, lt=1, description="advise the lowest threshold that surely has it")
    ] = None,
) -> ThresholdsOut:
    """The champion at every threshold, from its random checks weighted by their probabilities; and a day's images answered again.

    Of a classifier "precision" is the share of answers that are right, and what stays below is "unsure".
    """
    with database.read() as connection:
        here = deployments.get(connection, deployment)
        found = parts.simulated(connection, here)
        day = parts.day(connection, here, window)
        titles = versions.titles(connection, {here.champion} if here.champion else set())
    place = int(np.abs(THRESHOLDS - here.threshold).argmin())
    chosen = found.all if label is None else found.labels.get(label)
    if chosen is None:
        raise BadWindow(f"'{deployment}' has no label '{label}': it has {', '.join(list(found.labels)[:20])}")
    return ThresholdsOut(
        threshold=here.threshold,
        model_version=TitledVersion(id=here.champion, title=titles.get(here.champion, "")) if here.champion else None,
        thresholds=THRESHOLDS.tolist(),
        label=label,
        precision=RateCurveOut.of(chosen.precision),
        recall=RateCurveOut.of(chosen.recall),
        f1=RateCurveOut.of(chosen.f1),
        reviews=found.reviews,
        skipped=found.all.skipped if found.reviews or found.all.skipped else None,
        whole=_label(None, found.all, found, place, precision),
        labels=[_label(name, one, found, place, precision) for name, one in found.labels.items()],
        replay=_replay(day, label),
    )


@router.get("/deployments/{deployment}/thresholds/images")
def get_moved(
    deployment: str,
    database: Db,
    parts: Parts,
    window: Asked,
    at: Annotated[float, Query(ge=0, le=1, description="the other threshold")],
    limit: Annotated[int, Query(ge=1, le=100)] = 12,
) -> MovedOut:
    """Images of a window that would be answered otherwise with another threshold."""
    with database.read() as connection:
        here = deployments.get(connection, deployment)
        day = parts.day(connection, here, window)
        lines = parts.moved(connection, here, day, at, limit)
        titles = versions.titles(connection, {line.model_version for line in lines if line.model_version})
    count = int((day.moved(at, here.threshold) > 0).sum())
    items = [PredictionOut.of(line, here.name, titles, masks=False) for line in lines]
    return MovedOut(items=items, next=None, count=count, read=len(day.ids))


def _label(name: str | None, one: Curves, found: Simulated, place: int, precision: float | None) -> LabelThresholdOut:
    advice = one.best_f1 if precision is None else at_least(one.precision, precision)
    missing = needs(one, found.reviews)
    if advice is None and missing is None and precision is not None:
        missing = f"better answers, or more random checks: at no threshold is precision surely {percent(precision)}"
    rates = {name: RateCurveOut.of(getattr(one, name)) for name in ("precision", "recall", "f1")}
    return LabelThresholdOut(
        label=name,
        images=one.images,
        objects=one.objects,
        now={name: curve.at(place) for name, curve in rates.items()},
        advice=None if advice is None else _advice(advice, rates),
        needs=missing,
    )


def _advice(advice: Advice, rates: dict[str, RateCurveOut]) -> ThresholdAdviceOut:
    best, first, last = (float(THRESHOLDS[place]) for place in advice)
    return ThresholdAdviceOut(
        threshold=best, lower=first, upper=last, **{name: curve.at(advice.best) for name, curve in rates.items()}
    )


def _replay(day: Day, label: str | None) -> DayReplayOut:
    return DayReplayOut(
        since=day.since,
        until=day.until,
        images=day.counted.count,
        more=day.counted.more,
        read=len(day.ids),
        others=day.others,
        answers=_written(day.detections(label)),
        silent=_written(day.silent()),
    )


def _written(values: Iterable[float]) -> list[float | None]:
    return [None if math.isnan(value) else round(float(value), _PLACES) for value in values]
