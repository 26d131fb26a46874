"""Numbers of deployments that are gone."""

from __future__ import annotations

from relens.infra.telemetry import ANSWERS, REFUSALS, forget_all_but


def test_a_deployment_that_is_gone_leaves_no_numbers_behind() -> None:
    for name in ("stays", "goes"):
        ANSWERS.labels(name, "champion").observe(0.1)
        REFUSALS.labels(name, "busy").inc()
    forget_all_but({"stays"})
    known = {
        sample.labels["deployment"]
        for metric in (ANSWERS, REFUSALS)
        for family in metric.collect()
        for sample in family.samples
    }
    assert "stays" in known
    assert "goes" not in known
