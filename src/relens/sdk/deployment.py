"""One deployment: ask it, tell it what happened elsewhere, read its numbers, set its loop."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from relens.kit.errors import Invalid
from relens.kit.ids import new_id
from relens.sdk.answer import Answer
from relens.sdk.images import ImageLike, image_bytes
from relens.sdk.jobs import Json
from relens.sdk.outbox import Outbox, loggable, time_text
from relens.sdk.transport import Transport

Tags = Sequence[str]


class Deployment:
    """A handle: making one asks nothing of the server."""

    def __init__(self, transport: Transport, outbox: Outbox, reference: str) -> None:
        self.reference = reference
        self._transport = transport
        self._outbox = outbox
        self._path = f"deployments/{quote(reference)}"

    def get(self) -> Json:
        return self._read("")

    def overview(self) -> Json:
        return self._read("/overview")

    def add_label(self, label: str) -> Json:
        """Reviews can use it from now on; the dataset that the deployment feeds learns it with its next version."""
        return dict(self._transport.call("POST", f"{self._path}/labels", json={"label": label}))

    def predict(
        self,
        image: ImageLike,
        *,
        client_id: str | None = None,
        source: str | None = None,
        tags: Tags = (),
        taken_at: datetime | str | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> Answer:
        """The answer for one image, which is in the prediction log when this returns.

        A `client_id` of your own makes it safe to send the image again: it is logged once. Without one, one is made up,
        so that a retry after a broken connection does not log it twice.
        """
        asked = {
            "client_id": client_id or new_id(),
            "source": source,
            "tags": ",".join(checked(tags)) or None,
            "taken_at": time_text(taken_at),
            "metadata": json.dumps(metadata) if metadata else None,
        }
        return Answer.from_json(self._ask("/predict", image, asked))

    def try_out(self, image: ImageLike) -> Answer:
        """What it would answer; nothing is logged."""
        return Answer.from_json(self._ask("/try", image, {}))

    def log(self, predictions: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> list[str]:
        """Logs predictions that were made elsewhere, one or many; returns their client ids as soon as they are in the spool.

        Each is {image (anything `predict` takes) or width and height, detections, source, tags, metadata, taken_at, latency_ms, error,
        shadow: {model_version, detections, latency_ms}, ...}. `detections`: [{label or index, confidence, box: [x1, y1, x2, y2]}],
        pixels unless `normalised` is set. They are sent in the background, each once, also after a crash or days without a network.
        """
        return self._outbox.log(self.reference, [predictions] if isinstance(predictions, Mapping) else predictions)

    def log_now(self, predictions: Sequence[Mapping[str, Any]]) -> list[Json]:
        """The same without the spool: they are in the log when this returns, all or, when it raises, none."""
        return list(self._send("", predictions)["items"])

    def check(self, predictions: Sequence[Mapping[str, Any]]) -> Json:
        """What logging these would do: fresh, known, problems, unknown_labels, first, last. Nothing is logged; images are not needed."""
        return dict(self._send("/check", predictions))

    def gaps(self, since: datetime | str | None = None, until: datetime | str | None = None) -> Json:
        """What programs outside numbered and the log does not have: counts by why, and items with a sentence each."""
        return self._read("/gaps", **{"from": time_text(since), "to": time_text(until)})

    def tell(self, writer: str, **said: Any) -> None:
        """What a program outside says of itself: state, message, model_version, sources, losses."""
        self._transport.call("PUT", f"{self._path}/writers/{quote(writer)}", json=said)

    def predictions(
        self, *, query: str | None = None, sort: str | None = None, most: int | None = None, **filters: Any
    ) -> Iterator[Json]:
        """Logged predictions, the latest first; filters: review, source, tag, label, model_version, role."""
        asked = {"query": query, "sort": sort, "limit": min(most or 100, 100), **filters}
        return self._transport.items(f"{self._path}/predictions", asked, most)

    def export(
        self,
        to: str | Path,
        *,
        form: str | None = None,
        query: str | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> Path:
        """Writes logged predictions to one file: jsonl, parquet or coco (else by the file's ending). `progress`: bytes so far."""
        path = Path(to)
        chosen = form or {".jsonl": "jsonl", ".parquet": "parquet", ".json": "coco"}.get(path.suffix.lower())
        if chosen is None:
            raise Invalid(
                f"{path.name} does not say its form: end it in .jsonl, .parquet or .json (COCO), or name the form"
            )
        asked = {"form": chosen, "query": query}
        return self._transport.download(f"{self._path}/predictions/export", path, asked, progress)

    def queue(self, limit: int = 10) -> list[Json]:
        """What deserves a person's time next."""
        return list(self._read("/queue", limit=limit)["items"])

    def team(self) -> Json:
        """Who reviews what, second looks and blind checks, how well the team sees, and how quick you are."""
        return self._read("/review-team")

    def set_team(self, *, if_match: str | None = None, **settings: Any) -> Json:
        """`rules` ([{"query": …, "people": […]}]), `second_share`, `blind_share`, `settled_by` ("third person" or "owner"), `show_speed`."""
        return self._set("/review-team", settings, if_match)

    def preview_review(self, query: str, status: str) -> Json:
        """How many images `review_all` would decide."""
        return self._read("/bulk-reviews/preview", query=query, status=status)

    def review_all(self, query: str, status: str, reason: str = "") -> Json:
        """Says one thing of everything that waits and that the query finds: "accepted", "nothing here", "unusable" or "skipped"; the job.

        What is accepted so stays among the random checks, for nobody looked. `client.review.undo(job_id)` takes it back.
        """
        return dict(self._write("POST", "/bulk-reviews", query=query, status=status, reason=reason))

    def export_reviews(
        self, to: str | Path, *, form: str = "label_studio", limit: int = 100, query: str | None = None
    ) -> Path:
        """The next images of the queue (or what waits and fits a query) as a file of a labelling tool, with what was answered filled in."""
        return self._transport.download(
            f"{self._path}/review-export", Path(to), {"form": form, "limit": limit, "query": query}
        )

    def import_reviews(
        self, file: str | Path, *, form: str = "label_studio", go: bool = False, empty: bool = False
    ) -> Json:
        """The reviews made there: without `go` only what would become of each image. `empty`: images without annotations have nothing on them."""
        return dict(
            self._transport.call(
                "POST",
                f"{self._path}/review-import",
                params={"form": form, "go": go, "empty": empty},
                body=Path(file).read_bytes(),
                headers={"Content-Type": "application/octet-stream"},
                idempotent=True,
            )
        )

    def mix_queue(
        self, *, random_share: float = 0.5, sampler: str = "uncertainty", if_match: str | None = None
    ) -> Json:
        """`random_share` of the queue are random checks, which speak for all traffic; `sampler` ranks the hard cases."""
        return self._set("/review-queue", {"random_share": random_share, "sampler": sampler}, if_match)

    def metrics(self, metric: str, **window: Any) -> Json:
        """One metric over one window; window: from_, to, source, tag, label, model_version, role."""
        return self._read(f"/metrics/{quote(metric)}", **_window(window))

    def dashboard(self, **window: Any) -> Json:
        return self._read("/dashboard", **_window(window))

    def thresholds(self, *, label: str | None = None, precision: float | None = None, **window: Any) -> Json:
        """What any threshold would be worth, by label, with advice: best F1, or the lowest with a `precision`. `from_`, `to`: which images to replay."""
        asked = {"label": label, "precision": precision} | _window(window)
        return self._read("/thresholds", **{name: value for name, value in asked.items() if value is not None})

    def etag(self, settings: str = "") -> str:
        """What stands there now, for `if_match` of whatever changes it: then Refused says who changed what since, and nothing is overwritten.

        `settings`: "feedback-loop", "continuous-training", "continuous-deployment", "training-data", "review-queue", "review-team",
        "images" or "drift"; "" for the threshold and free values. Ask for it before reading what you decide from.
        """
        return self._transport.tag(f"{self._path}/{settings}" if settings else self._path)

    def set_threshold(self, threshold: float, *, if_match: str | None = None) -> Json:
        return self._set("", {"threshold": threshold}, if_match, "PATCH")

    def keep(self, *, if_match: str | None = None, **settings: Any) -> Json:
        """Free values that are shown with it; None takes one away."""
        return self._set("", {"settings": settings}, if_match, "PATCH")

    def set_role(
        self, role: str, model_version: str | None, reason: str = "", *, threshold: float | None = None
    ) -> Json:
        """Puts a version into a role ("champion", "shadow"), or empties the role with None. `threshold`: with which a champion answers."""
        said = {"role": role, "model_version": model_version, "reason": reason, "threshold": threshold}
        return dict(self._write("POST", "/roles", **said))

    def roles(self) -> list[Json]:
        """Who had which role, and since when."""
        return list(self._transport.items(f"{self._path}/roles"))

    def roll_back(self, reason: str = "", *, champion: str | None = None) -> Json:
        """The champion before answers again. `champion`: the id of the one you saw; if another answers by now, Refused."""
        return dict(self._write("POST", "/rollback", reason=reason, champion=champion))

    def set_training_data(self, dataset_version: str, *, if_match: str | None = None) -> Json:
        return self._set("/training-data", {"dataset_version": dataset_version}, if_match)

    def training_data(self) -> Json:
        return self._read("/training-data")

    def drift(self) -> Json:
        """Where usual production stands: what is missing, an alarm, the windows and what people decided."""
        return self._read("/drift")

    def watch_drift(self, *, if_match: str | None = None, **settings: Any) -> Json:
        """`by`, `hours`, `images`: when windows close; `budget`: year, quarter or month; `notice`: after so many predictions."""
        return self._set("/drift", settings, if_match)

    def say_usual(self, reason: str) -> Json:
        """*This is normal*: what arrives now becomes usual production."""
        return dict(self._write("POST", "/drift/usual", reason=reason))

    def investigate_drift(self, reason: str, random_share: float = 0.8) -> Json:
        """Raises the share of random checks, which show whether the answers suffer."""
        return dict(self._write("POST", "/drift/investigate", reason=reason, random_share=random_share))

    def set_feedback_loop(
        self, dataset: str | None, *, active: bool = True, if_match: str | None = None, **settings: Any
    ) -> Json:
        return self._set("/feedback-loop", {"dataset": dataset, "active": active, **settings}, if_match)

    def set_continuous_training(
        self,
        *,
        active: bool = True,
        after: int = 50,
        trainer: str = "compact",
        parameters: Mapping[str, Any] | None = None,
        if_match: str | None = None,
        **rules: Any,
    ) -> Json:
        """Another trainer, or other parameters, are tried on eight images: `trial` says how that went.

        `rules`: `start` ("champion" or "scratch"), `on_alert` (metrics whose alert starts a run), `every_days`, `cool_down_hours`,
        `minutes_per_day`, `quiet_hours` ({"start": "08:00", "end": "18:00", "time_zone": "Europe/Berlin"}). What is left out is off.
        """
        said = {"active": active, "after": after, "trainer": trainer, "parameters": dict(parameters or {}), **rules}
        return self._set("/continuous-training", said, if_match)

    def continuous_training(self) -> Json:
        """Its settings, how the trainer did when it was tried, and what the next run would begin with."""
        return self._read("/continuous-training")

    def set_continuous_deployment(
        self,
        policy: str,
        *,
        active: bool = True,
        guard: Sequence[str] | None = None,
        guard_hours: float | None = None,
        if_match: str | None = None,
        **rules: Any,
    ) -> Json:
        """`policy`: "ask", "shadow" or "champion". `guard`: metrics whose alert, when it begins within `guard_hours` after a promotion,
        brings the version before back; an alert rule must watch each. What is left out stays as it is.

        `rules`: `after_shadow` ("ask" or "promote"), `threshold` ("keep", "keep unless worse" or "move"), `critical` (labels that must not fall), `latency_ms` and `size_mb` (None: no budget).
        """
        said = {"policy": policy, "active": active, "guard": guard, "guard_hours": guard_hours}
        return self._set("/continuous-deployment", {**said, **rules}, if_match)

    def loop(self) -> Json:
        return self._read("/loop")

    def retrain(self) -> Json:
        return dict(self._write("POST", "/retrain"))

    def judge(self, model_version: str) -> Json:
        """Puts any version before the gate; the job that does it."""
        return dict(self._write("POST", "/candidates", model_version=model_version))

    def replay(self, model_version: str, images: int = 200) -> Json:
        """Lets a version answer the latest logged images again; the job whose result says where it differs."""
        return dict(self._write("POST", "/replays", model_version=model_version, images=images))

    def decisions(self) -> list[Json]:
        """What the gate decided, the latest first."""
        return list(self._transport.items(f"{self._path}/decisions"))

    def effects(self) -> list[Json]:
        """What reviews changed: each promotion they went into, with who they were of and what is missed less (or more) since."""
        return list(self._transport.items(f"{self._path}/effects"))

    def add_alert_rule(self, metric: str, operator: str, value: float, **settings: Any) -> Json:
        return dict(self._write("POST", "/alert-rules", metric=metric, operator=operator, value=value, **settings))

    def alert_rules(self) -> list[Json]:
        return list(self._transport.items(f"{self._path}/alert-rules"))

    def _read(self, below: str, **asked: Any) -> Json:
        return dict(self._transport.call("GET", f"{self._path}{below}", params=asked or None))

    def _write(self, method: str, below: str, **said: Any) -> Any:
        return self._transport.call(method, f"{self._path}{below}", json=said)

    def _set(self, below: str, said: Json, if_match: str | None, method: str = "PUT") -> Json:
        headers = {"If-Match": if_match} if if_match is not None else None
        return dict(self._transport.call(method, f"{self._path}{below}", json=said, headers=headers, idempotent=True))

    def _send(self, below: str, predictions: Sequence[Mapping[str, Any]]) -> Any:
        """As a form where there are images. Entries without a `client_id` are given one, so that asking twice logs once."""
        items = [loggable(prediction) for prediction in predictions]
        path = f"{self._path}/predictions{below}"
        bodies = [body if image is None else {**body, "file": str(i)} for i, (body, image) in enumerate(items)]
        images = [("images", (str(i), image)) for i, (_, image) in enumerate(items) if image is not None]
        if not images:
            return self._transport.call("POST", path, json={"items": bodies}, idempotent=True)
        written = ("predictions", (None, json.dumps({"items": bodies}, ensure_ascii=False).encode()))
        return self._transport.call("POST", path, files=[written, *images], idempotent=True)

    def _ask(self, below: str, image: ImageLike, asked: Mapping[str, Any]) -> Json:
        # With a client_id (always sent) asking twice logs once, and a try-out logs nothing: both may be repeated.
        headers = {"Content-Type": "application/octet-stream"}
        path = f"{self._path}{below}"
        answer = self._transport.call(
            "POST", path, params=asked, body=image_bytes(image), headers=headers, idempotent=True
        )
        return dict(answer)


def checked(tags: Tags) -> list[str]:
    if isinstance(tags, str):
        raise Invalid(f"tags are a list of texts: write tags=[{tags!r}]")
    return list(tags)


def _window(asked: Mapping[str, Any]) -> Json:
    return {key.rstrip("_"): time_text(value) if isinstance(value, datetime) else value for key, value in asked.items()}
