"""Production traffic: sends images one by one and counts every request that failed."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

from relens.demo.stream import Arrival
from relens.kit.errors import RelensError
from relens.sdk.answer import Answer
from relens.sdk.client import Client


class Traffic:
    """`client` must not retry: a request that failed once counts as failed."""

    def __init__(self, client: Client, deployment: str, simulated: bool) -> None:
        self._deployment = client.deployment(deployment)
        self._metadata = {"simulated": True} if simulated else {}
        self._last: bytes | None = None
        self.latest: str | None = None
        """The id of the last prediction that was logged."""
        self.answered: Counter[str] = Counter()
        """Logged predictions by the title of the version that answered."""
        self.asked_on_the_side = 0
        self.failed: list[str] = []

    def send(self, arrival: Arrival) -> Answer | None:
        """The answer, which is logged; None (and counted) when the request failed."""
        self._last = arrival.read()
        try:
            answer = self._deployment.predict(
                self._last,
                client_id=arrival.name,
                source=arrival.source,
                tags=arrival.tags,
                taken_at=datetime.now(UTC) - arrival.ago,
                # Images of a set come faster than a camera takes them: each is a scene of its own, but for near-duplicates.
                metadata={**self._metadata, "group": arrival.name},
            )
        except RelensError as error:
            self.failed.append(f"{arrival.name}: {error}")
            return None
        self.answered[answer.model_version] += 1
        self.latest = answer.id
        return answer

    def ask_on_the_side(self) -> None:
        """One more request with the latest image, not logged: nobody may be refused at any moment, also between images."""
        if self._last is None:
            return
        self.asked_on_the_side += 1
        try:
            self._deployment.try_out(self._last)
        except RelensError as error:
            self.failed.append(f"on the side: {error}")

    @property
    def predictions(self) -> int:
        return self.answered.total()
