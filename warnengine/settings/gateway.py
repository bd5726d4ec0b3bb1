"""What gateways of every kind have, and what the lines to telephone numbers have beside it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, SecretStr

from warnengine.settings.section import Section

Refusal = Literal["throttled", "gateway_error", "bad_address", "rejected", "credentials"]


class Gateway(Section):
    """What every gateway has."""

    name: str = Field(pattern=r"^[a-z0-9-]+$")
    """In metrics, on the board, in callback addresses."""
    window: int = Field(default=16, ge=1, le=1000)
    """Sends on the wire at once: contract rate × round trip. After a crash this many may be in doubt."""
    rank: int = Field(default=1, ge=1)
    """Of several gateways of one channel the lowest is used first, equals share; the next stand in for it."""
    rate: float | None = Field(default=None, gt=0)
    """Submits a second that the contract allows; a long SMS is one for each part. Such a gateway is used by one
    engine at a time, by lease: two that each kept to the contract would exceed it together."""
    connect_seconds: float = 3
    answer_seconds: float = 5
    canary: str | None = Field(default=None, min_length=1)
    """A loop-back number or mailbox, which belongs to nobody: the canary's texts go there; absent: none go."""


class TelephoneLine(Gateway):
    """A line to telephone numbers."""

    country: str = "86"
    """Put before national numbers that the gateway writes in receipts and replies."""


class HttpLine(TelephoneLine):
    """A line by a vendor's HTTP interface; receipts and replies come by callback."""

    url: str
    values: dict[str, SecretStr] = {}
    """What the profile asks for: username, password, ecName, apId, secretKey, sign …"""
    callback_secret: SecretStr = Field(min_length=1)
    """Part of the callback's path: vendors do not sign their receipts."""
