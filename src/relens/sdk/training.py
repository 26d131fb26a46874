"""Training runs and evaluations: start, watch, read."""

from collections.abc import Iterator, Mapping
from typing import Any

from relens.sdk.errors import JobFailed
from relens.sdk.jobs import Json, Progress, wait_until
from relens.sdk.transport import Transport


class Training:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def trainers(self) -> list[Json]:
        return list(self._transport.items("trainers"))

    def start(
        self,
        model: str,
        dataset_version: str,
        *,
        trainer: str = "compact",
        parameters: Mapping[str, Any] | None = None,
        start_from: str | None = None,
    ) -> Json:
        """A training run that will make the next version of `model`; does not wait."""
        order = {
            "model": model,
            "dataset_version": dataset_version,
            "trainer": trainer,
            "parameters": dict(parameters or {}),
            "start_from": start_from,
        }
        return dict(self._transport.call("POST", "training-runs", json=order))

    def runs(self, *, model: str | None = None, state: str | None = None) -> Iterator[Json]:
        return self._transport.items("training-runs", {"model": model, "state": state})

    def run(self, run_id: str) -> Json:
        return dict(self._transport.call("GET", f"training-runs/{run_id}"))

    def log(self, run_id: str) -> str:
        text = self._transport.call("GET", f"training-runs/{run_id}/log")
        return text.decode(errors="replace") if isinstance(text, bytes) else str(text or "")

    def repeat(self, run_id: str) -> Json:
        """A new run of the same images, parameters and start; does not wait."""
        return dict(self._transport.call("POST", f"training-runs/{run_id}/repeat"))

    def cancel(self, run_id: str) -> None:
        self._transport.call("POST", f"training-runs/{run_id}/cancel", idempotent=True)

    def wait(self, run: Json | str, *, progress: Progress | None = None, timeout_s: float | None = None) -> Json:
        """The run once its model version is registered; raises JobFailed when it failed."""
        run_id = run if isinstance(run, str) else str(run["id"])
        return _succeeded(
            wait_until(lambda: self.run(run_id), progress=progress, timeout_s=timeout_s), "the training run"
        )

    def evaluate(
        self, model_version: str, dataset_version: str, *, split: str = "test", progress: Progress | None = None
    ) -> Json:
        """A version's scores on one split of a dataset version; waits for them."""
        order = {"model_version": model_version, "dataset_version": dataset_version, "split": split}
        begun = self._transport.call("POST", "evaluations", json=order)
        look = f"evaluations/{begun['id']}"
        return _succeeded(
            wait_until(lambda: dict(self._transport.call("GET", look)), progress=progress), "the evaluation"
        )


def _succeeded(ended: Json, title: str) -> Json:
    if ended["state"] != "succeeded":
        raise JobFailed({"title": title, **ended})
    return ended
