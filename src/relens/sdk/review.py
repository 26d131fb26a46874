"""Review: say what is true of an image that was answered."""

from collections.abc import Iterable
from typing import Any

from relens.sdk.jobs import Json
from relens.sdk.transport import Transport
from relens.vision.annotation import Annotation

Annotations = Iterable[Annotation | dict[str, Any]]


class Review:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def accept(self, prediction_id: str, *, if_match: str | int | None = None) -> Json:
        """The answer was right as it stands."""
        return self._settle(prediction_id, {"status": "accepted"}, if_match)

    def correct(self, prediction_id: str, annotations: Annotations, *, if_match: str | int | None = None) -> Json:
        """What is really there; an empty list means that nothing is."""
        said = [a.to_json() if isinstance(a, Annotation) else a for a in annotations]
        return self._settle(prediction_id, {"status": "corrected", "annotations": said}, if_match)

    def unusable(self, prediction_id: str, reason: str | None = None, *, if_match: str | int | None = None) -> Json:
        """Nobody could say what is true here; the image is kept out of training."""
        return self._settle(prediction_id, {"status": "unusable", "reason": reason}, if_match)

    def skip(self, prediction_id: str) -> Json:
        return self._settle(prediction_id, {"status": "skipped"}, None)

    def look_again(self, prediction_id: str, status: str, annotations: Annotations = ()) -> Json:
        """A second person's look at an image the queue gave out for it (`lane` "second look"): it stands beside the first, which goes on counting."""
        said = {"status": status, "annotations": [a.to_json() if isinstance(a, Annotation) else a for a in annotations]}
        return dict(self._transport.call("PUT", f"predictions/{prediction_id}/second-look", json=said))

    def draw_blind(self, prediction_id: str, annotations: Annotations) -> list[Json]:
        """What is there, said before seeing the answer (`blind` in the queue); returns the answer. The review itself follows."""
        said = {"annotations": [a.to_json() if isinstance(a, Annotation) else a for a in annotations]}
        return list(self._transport.call("PUT", f"predictions/{prediction_id}/blind-look", json=said)["detections"])

    def reopen(self, prediction_id: str) -> None:
        self._transport.call("DELETE", f"predictions/{prediction_id}/verdict")

    def undo(self, job: str) -> Json:
        """Takes back what a job of `deployment.review_all` decided; what somebody changed since stays. The job that does it."""
        return dict(self._transport.call("POST", f"bulk-reviews/{job}/undo"))

    def verdict(self, prediction_id: str) -> Json:
        return dict(self._transport.call("GET", f"predictions/{prediction_id}/verdict"))

    def history(self, prediction_id: str) -> list[Json]:
        """Everything that was ever said of it, with who and when."""
        return list(self._transport.items(f"predictions/{prediction_id}/verdicts"))

    def _settle(self, prediction_id: str, said: Json, if_match: str | int | None) -> Json:
        headers = {"If-Match": f'"{if_match}"'} if if_match is not None else None
        written = {key: value for key, value in said.items() if value is not None}
        return dict(self._transport.call("PUT", f"predictions/{prediction_id}/verdict", json=written, headers=headers))
