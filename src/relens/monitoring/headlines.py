"""What unsupervised metrics say of whole hours, in numbers alone: for whoever asks about every deployment again and again."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from relens.deployments.deployment import Deployment
from relens.kit.clock import HOUR, SECOND
from relens.metrics.metric import Summed, of_task
from relens.monitoring.fitted import FittedReferences
from relens.monitoring.gather import gather, together
from relens.monitoring.project import Projection
from relens.monitoring.shown import shown
from relens.monitoring.window import Window, as_drawn


@dataclass(frozen=True, slots=True)
class Headlines:
    """Reads only."""

    projection: Projection
    references: FittedReferences

    def of(
        self, connection: Connection, deployment: Deployment, names: Collection[str], window: Window
    ) -> dict[str, dict[str, Any]]:
        """The value of each metric, {} where nothing is known; of drift how far, and not what moved."""
        window, wide = as_drawn(window, str(HOUR // SECOND))
        # Nothing is remembered for it: that is for the few windows somebody looks at.
        found = gather(connection, self.projection, deployment, names, window, wide)
        told: dict[str, dict[str, Any]] = {name: {} for name in names}
        for name, metric in of_task(deployment.task).items():
            states = found.of(name) if name in told else []
            if not states or not isinstance(metric, Summed):
                continue
            reference = None
            if metric.needs == "training data":
                fitted = shown(connection, deployment, self.references, {cell.reference for cell, _ in states})
                if fitted is None:
                    continue
                reference = fitted.reference
            if name == "drift" and metric.point is not None and reference is not None:
                own = [one for one in states if one[0].reference == reference.id]
                told[name] = metric.point(together(own), reference)
            else:
                told[name] = metric.value(together(states), reference)
        return told
