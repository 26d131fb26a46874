"""Which version answers an image: laws of the canary's share."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from relens.deployments.deployment import Deployment
from relens.serving.roles import chosen

LIVE = Deployment(
    id="d", name="d", task="detection", labels=("a",), target="server", threshold=0.5, revision=1, champion="old",
    shadow=None, canary="new", canary_share=0.1, settings={}, created_at=0, created_by="alice",
)  # fmt: skip
SHARES = st.floats(0.0, 1.0)


@given(st.text(), SHARES)
def test_the_same_key_always_gets_the_same_version(key: str, share: float) -> None:
    live = replace(LIVE, canary_share=share)
    assert chosen(live, key) == chosen(replace(live, revision=9, threshold=0.1), key)


@given(st.text(), SHARES, SHARES)
def test_a_growing_share_takes_no_key_back_from_the_canary(key: str, one: float, other: float) -> None:
    small, large = sorted((one, other))
    if chosen(replace(LIVE, canary_share=small), key)[0] == "canary":
        assert chosen(replace(LIVE, canary_share=large), key)[0] == "canary"


@given(st.floats(0.02, 0.98), st.integers(0, 1000))
def test_the_share_is_exact_in_expectation(share: float, seed: int) -> None:
    live = replace(LIVE, canary_share=share)
    taken = sum(chosen(live, f"{seed}/{i}") == ("canary", "new") for i in range(2000))
    assert abs(taken / 2000 - share) < 6 * (share * (1 - share) / 2000) ** 0.5


@given(st.text())
def test_nothing_and_everything_are_exact(key: str) -> None:
    assert chosen(replace(LIVE, canary_share=0.0), key) == ("champion", "old")
    assert chosen(replace(LIVE, canary_share=1.0), key) == ("canary", "new")
    assert chosen(replace(LIVE, canary=None, canary_share=1.0), key) == ("champion", "old")


def test_another_canary_draws_its_sources_anew() -> None:
    keys = [f"line-{i}" for i in range(200)]
    first = {key for key in keys if chosen(LIVE, key)[0] == "canary"}
    second = {key for key in keys if chosen(replace(LIVE, canary="newer"), key)[0] == "canary"}
    assert first != second
