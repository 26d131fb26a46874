"""HTTP: erase a prediction."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import BaseModel

from relens.access.asking import Asking
from relens.infra.web import part
from relens.predictions.erase import Erasure

router = APIRouter(prefix="/api/v1", tags=["predictions"])


class ErasedOut(BaseModel):
    """What became of the image: "needed by others" is one that a dataset version or another prediction holds."""

    prediction: str
    image: Literal["erased", "needed by others", "none here"]


@router.delete("/predictions/{prediction_id}")
def erase_prediction(prediction_id: str, actor: Asking, erasure: Annotated[Erasure, part(Erasure)]) -> ErasedOut:
    """Erases what a prediction said and showed, its reviews too. That it was made stays counted. It cannot be undone."""
    actor.must_be("operator")
    erased = erasure.erase(prediction_id)
    return ErasedOut.model_validate({"prediction": erased.prediction, "image": erased.image})
