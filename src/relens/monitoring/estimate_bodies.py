"""What estimates look like over HTTP."""

from __future__ import annotations

from pydantic import BaseModel

from relens.infra.web import Instant
from relens.monitoring.estimated import Estimated, Estimates


class EstimateOut(BaseModel):
    """`lower`, `upper`: 95 % for one look; `always_*` hold however often one looks. null: too few reviews yet."""

    metric: str
    value: float
    lower: float | None
    upper: float | None
    always_lower: float | None
    always_upper: float | None
    reviews: int
    more_reviews: int

    @staticmethod
    def of(one: Estimated) -> EstimateOut:
        found = one.estimate
        return EstimateOut(
            metric=one.metric,
            value=found.value,
            lower=found.lower,
            upper=found.upper,
            always_lower=found.always_lower,
            always_upper=found.always_upper,
            reviews=found.reviews,
            more_reviews=one.more,
        )


class EstimatesOut(BaseModel):
    """`more_reviews` is about how many until ± 3 points; `skipped` the weighted share of random checks nobody could judge
    (null: none was looked at).

    `unseen` images had no chance of being kept: nothing here speaks for them. `guess`: by metric, what calibrated confidences alone say while
    there are too few checks; show it as a guess, nothing bounds how wrong it is.
    """

    items: list[EstimateOut]
    reviews: int
    images: int
    skipped: float | None
    needs: str | None
    unseen: int
    guess: dict[str, float]
    as_of: Instant

    @staticmethod
    def made(found: Estimates) -> EstimatesOut:
        return EstimatesOut(
            items=[EstimateOut.of(one) for one in found.items],
            reviews=found.reviews,
            images=found.images,
            skipped=found.skipped,
            needs=found.needs,
            unseen=found.unseen,
            guess=dict(found.guess),
            as_of=found.as_of,
        )
