"""What the API says and hears of rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, Field

from relens.alerts.channel import Channel
from relens.alerts.delivery import Delivery
from relens.alerts.message import Kind
from relens.alerts.rule import AlertRule, Each, Estimator, Operator, Severity, State, Watch
from relens.alerts.slice import Slice
from relens.infra.web import Instant

_STRONGEST = ("firing", "clearing", "pending", "ok")


class RuleIn(BaseModel):
    """A rule: a number, a limit, and where to tell. `field` is the metric's usual one if left out.

    `webhook` is the short way to a channel of that kind; `channels` are ids of channels.
    """

    metric: str
    field: str | None = None
    operator: Operator
    value: float
    window_s: int = 3600
    min_count: int = 30
    webhook: str | None = Field(None, max_length=2000)
    channels: list[str] = Field(default_factory=list, max_length=20)
    active: bool = True
    clear_value: float | None = None
    for_s: int = 0
    keep_firing_s: int = 0
    estimator: Estimator = "point"
    severity: Severity = "warning"
    cooldown_s: int = 0
    remind_s: int | None = None
    no_data_after_s: int | None = None
    source: str | None = Field(None, max_length=200)
    tag: str | None = Field(None, max_length=200)
    label: str | None = Field(None, max_length=200)
    each: Each | None = Field(None, description="every source, tag or label by itself")


class RuleChange(BaseModel):
    """What is left out stays as it is; `webhook: null` takes the webhooks away."""

    operator: Operator | None = None
    value: float | None = None
    window_s: int | None = None
    min_count: int | None = None
    webhook: str | None = Field(None, max_length=2000)
    channels: list[str] | None = Field(None, max_length=20)
    active: bool | None = None
    clear_value: float | None = None
    for_s: int | None = None
    keep_firing_s: int | None = None
    estimator: Estimator | None = None
    severity: Severity | None = None
    cooldown_s: int | None = None
    remind_s: int | None = None
    no_data_after_s: int | None = None
    source: str | None = Field(None, max_length=200)
    tag: str | None = Field(None, max_length=200)
    label: str | None = Field(None, max_length=200)
    each: Each | None = None


MAY_BE_NULL = {"webhook", "clear_value", "remind_s", "no_data_after_s", "source", "tag", "label", "each"}


class DeliveryOut(BaseModel):
    """How the latest message of a rule fared."""

    state: Literal["waiting", "sent", "failed"]
    kind: Kind
    attempts: int
    error: str
    created_at: Instant
    sent_at: Instant | None


class ChannelOfRule(BaseModel):
    """A channel a rule tells."""

    id: str
    name: str
    kind: str
    active: bool


class SliceOut(BaseModel):
    """Where a rule stands with one slice (null: all images): a source, "tag night", "label scratch". `no_data_since`: since when its number is not known."""

    slice: str | None
    source: str | None
    state: State
    since: Instant | None
    no_data_since: Instant | None
    snoozed_until: Instant | None

    @staticmethod
    def of(rule: AlertRule, name: str, watch: Watch) -> SliceOut:
        return SliceOut(
            slice=name or None,
            source=Slice.of(rule, name).source,
            state=watch.state,
            since=watch.since or None,
            no_data_since=watch.unknown_since or None,
            snoozed_until=watch.snoozed_until or None,
        )


class RuleOut(BaseModel):
    """A rule and where it stands. `webhook`: where its first webhook leads; the whole address is a secret and not shown."""

    id: str
    deployment: str
    metric: str
    field: str
    operator: Operator
    value: float
    window_s: int
    min_count: int
    webhook: str | None
    channels: list[ChannelOfRule]
    active: bool
    clear_value: float | None
    for_s: int
    keep_firing_s: int
    estimator: Estimator
    severity: Severity
    cooldown_s: int
    remind_s: int | None
    no_data_after_s: int | None
    source: str | None
    tag: str | None
    label: str | None
    each: Each | None
    state: State
    slices: list[SliceOut]
    created_at: Instant
    last_delivery: DeliveryOut | None

    @staticmethod
    def of(
        rule: AlertRule, watches: Mapping[str, Watch], channels: Mapping[str, Channel], latest: Delivery | None
    ) -> RuleOut:
        derived = ("webhook", "channels", "state", "slices", "last_delivery")
        values: dict[str, Any] = {name: getattr(rule, name) for name in RuleOut.model_fields if name not in derived}
        tells = [channels[one] for one in rule.channels if one in channels]
        told = None
        if latest is not None:
            told = DeliveryOut(**{name: getattr(latest, name) for name in DeliveryOut.model_fields})
        states = [watch.state for watch in watches.values()]
        return RuleOut(
            **values,
            webhook=next((one.place for one in tells if one.kind == "webhook"), None),
            channels=[ChannelOfRule(id=one.id, name=one.name, kind=one.kind, active=one.active) for one in tells],
            state=min(states, key=_STRONGEST.index, default="ok"),
            slices=[SliceOut.of(rule, name, watch) for name, watch in sorted(watches.items())],
            last_delivery=told,
        )
