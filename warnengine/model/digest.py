"""A trial in figures: what a change would have sent, and what going live would do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from warnengine.model.level import Level


@dataclass(frozen=True, slots=True)
class Told:
    """One text and those who would have got it."""

    short: str
    level: Level
    readers: tuple[str, ...]
    """张三(email、sms)"""


@dataclass(frozen=True, slots=True)
class Tally:
    """One change of the situation."""

    district: str
    version: int
    """The first of its order versions."""
    level: Level
    not_after: datetime
    told: bool
    """The duty room has its digest already."""
    people: int
    nowhere: int
    """People without any address."""
    waiting: int
    """Compulsory measures that wait for an authority."""
    ways: Mapping[str, int]
    """Messages by channel."""
    texts: tuple[Told, ...]
    """The gravest first."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What two people must have seen alike before a trial goes live."""

    district: str
    facts: dict[str, Any]
    """Rule book, gateways, people: what the settings and the list say."""
    send_anew: bool
    """Orders in force are issued again, to the officials."""

    def anew(self, *, send_anew: bool) -> Preview:
        """The same with the other choice."""
        return replace(self, send_anew=send_anew)
