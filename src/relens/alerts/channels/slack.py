"""A Slack channel, through an incoming webhook; Mattermost and others take the same format."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from relens.alerts.channel import ChannelKind, Reach, Setting, Way
from relens.alerts.message import HEADS, Message, Told, lines
from relens.alerts.outside import check_address, place, post_to

_MOST_BLOCKS = 48
"""Slack takes 50 blocks, and 3,000 characters in each."""


def check(given: Mapping[str, str], reach: Reach) -> None:
    check_address(given["url"], reach)


def send(given: Mapping[str, str], message: Message, way: Way) -> None:
    """Posts once."""
    post_to(given["url"], json.dumps(payload(message)).encode(), {"Content-Type": "application/json"}, way.reach)


def payload(message: Message) -> dict[str, Any]:
    """The body; `text` is what notifications show, the blocks are what the channel shows."""
    blocks = [_block(told) for told in message.items[:_MOST_BLOCKS]]
    if left := len(message.items) - len(blocks):
        blocks.append({"type": "section", "text": {"type": "mrkdwn", "text": f"and {left} more"}})
    return {"text": _escaped(message.title), "blocks": blocks}


def _block(told: Told) -> dict[str, Any]:
    facts = [
        f"<{_escaped(text)}|Open in Relens>" if name == "Look" else f"*{name}:* {_escaped(text)}"
        for name, text in lines(told)
    ]
    text = "\n".join((f"*{HEADS[told.state]}:* {_escaped(told.sentence)}", *facts))
    return {"type": "section", "text": {"type": "mrkdwn", "text": text[:3000]}}


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


CHANNEL = ChannelKind(
    title="Slack",
    settings={"url": Setting("Incoming webhook", secret=True, hint="https://hooks.slack.com/services/…")},
    check=check,
    send=send,
    place=lambda given: place(given["url"]),
)
