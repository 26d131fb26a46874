"""The client: where a server is and who asks; everything else hangs from it."""

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from relens.sdk.alerts import Alerts
from relens.sdk.batches import Batches
from relens.sdk.datasets import Datasets
from relens.sdk.deployment import Deployment
from relens.sdk.jobs import Jobs, Json
from relens.sdk.models import Models
from relens.sdk.outbox import Outbox, SpoolOptions
from relens.sdk.review import Review
from relens.sdk.spool import default_path
from relens.sdk.training import Training
from relens.sdk.transport import Transport

DEFAULT_URL = "http://127.0.0.1:8417"


class Client:
    """Speaks to the server at `url` (else RELENS_URL, else this machine, port 8417) with `token` (else RELENS_TOKEN).

    Safe to share between threads. `retries`: further attempts for calls that may be repeated. `actor`: on a server of
    this machine, where no token is asked for, the name under which writes are kept. `spool`: the file in which `log` keeps what
    the server does not have yet, or SpoolOptions.
    """

    def __init__(
        self,
        url: str | None = None,
        token: str | None = None,
        *,
        actor: str | None = None,
        retries: int = 4,
        timeout_s: float = 120.0,
        spool: str | Path | SpoolOptions | None = None,
    ) -> None:
        address = url or os.environ.get("RELENS_URL") or DEFAULT_URL
        secret = token or os.environ.get("RELENS_TOKEN")
        self._transport = Transport(address, token=secret, actor=actor, retries=retries, timeout_s=timeout_s)
        self.url = self._transport.url
        options = spool if isinstance(spool, SpoolOptions) else SpoolOptions(Path(spool) if spool else None)
        self.spool = Outbox(
            lambda: Transport(address, token=secret, actor=actor, retries=0, timeout_s=timeout_s),
            options.path or default_path(self.url),
            options,
        )
        self.jobs = Jobs(self._transport)
        self.datasets = Datasets(self._transport, self.jobs)
        self.models = Models(self._transport)
        self.training = Training(self._transport)
        self.review = Review(self._transport)
        self.alerts = Alerts(self._transport)
        self.batches = Batches(self._transport, self.jobs)

    def deployment(self, reference: str) -> Deployment:
        """The deployment of that name or id; the server is not asked whether it exists."""
        return Deployment(self._transport, self.spool, reference)

    def log(self, deployment: str, predictions: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> list[str]:
        """Keeps predictions made elsewhere in the spool and sends them in the background; see `Deployment.log`."""
        return self.deployment(deployment).log(predictions)

    def flush(self, timeout_s: float | None = None) -> bool:
        """Waits until everything logged so far is on the server (or refused by it); False when the time is over before."""
        return self.spool.flush(timeout_s)

    def deployments(self) -> Iterator[Json]:
        return self._transport.items("deployments")

    def deploy(
        self,
        name: str,
        model_version: str,
        *,
        threshold: float | None = None,
        target: str = "server",
        **settings: object,
    ) -> Deployment:
        """A new deployment that answers with `model_version`; without a threshold it takes the one advised for it.

        `settings` are free values that are shown with it.
        """
        order = {
            "name": name,
            "model_version": model_version,
            "threshold": threshold,
            "target": target,
            "settings": settings,
        }
        self._transport.call("POST", "deployments", json=order)
        return self.deployment(name)

    def prediction(self, prediction_id: str) -> Json:
        return dict(self._transport.call("GET", f"predictions/{prediction_id}"))

    def effects(self, prediction_id: str) -> list[Json]:
        """What the review of an image changed: dataset versions, the versions that learned from them, and which of those answered."""
        return list(self._transport.call("GET", f"predictions/{prediction_id}/effects")["steps"])

    def lineage(self, prediction_id: str) -> list[Json]:
        """From an answer back to everything behind it."""
        return list(self._transport.call("GET", f"predictions/{prediction_id}/lineage")["steps"])

    def replay(self, prediction_id: str, model_version: str) -> Json:
        """Another version's answer on the same image; nothing is logged."""
        path = f"predictions/{prediction_id}/replay"
        return dict(self._transport.call("POST", path, json={"model_version": model_version}, idempotent=True))

    def image(self, asset: str, *, size: int | None = None) -> bytes:
        """The image as it was sent, or a JPEG whose long side is at most `size` pixels."""
        return bytes(self._transport.call("GET", f"assets/{asset}", params={"size": size}))

    def approve(self, decision_id: str, *, threshold: float | None = None) -> Json:
        """The candidate becomes champion; it answers from `threshold` on, or as the deployment's settings have it."""
        body = {"threshold": threshold}
        return dict(self._transport.call("POST", f"decisions/{decision_id}/approve", json=body))

    def refuse(self, decision_id: str) -> Json:
        return dict(self._transport.call("POST", f"decisions/{decision_id}/refuse"))

    def overview(self) -> list[Json]:
        """Every deployment at a glance."""
        return list(self._transport.call("GET", "overview")["deployments"])

    def system(self) -> Json:
        return dict(self._transport.call("GET", "system"))

    def rebuild_metrics(self, deployment: str | None = None) -> str:
        """Starts counting the log again, for one deployment or for all; the job's id."""
        return str(self._transport.call("POST", "system/rebuild-metrics", json={"deployment": deployment})["job"])

    def me(self) -> Json:
        return dict(self._transport.call("GET", "me"))

    def is_ready(self) -> bool:
        """Whether the server says it can answer; raises NotReachable when nobody is there."""
        self._transport.call("GET", "/readyz")
        return True

    def close(self, timeout_s: float = 5.0) -> None:
        """What is still in the spool after `timeout_s` stays there, for the next program."""
        self.spool.close(timeout_s)
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
