"""How a message came in, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Arrival:
    """Bytes from one source."""

    source: str
    """The name of the source's token, `spool`, or the Kafka source."""
    position: str
    """Where in the source: topic/partition/offset, file name, request id."""
    raw: bytes
    media_type: str | None = None
    received_at: datetime | None = None
    """When these bytes first came, where they are taken out of the quarantine; None: now."""


class Verdict(StrEnum):
    """What became of an arrival."""

    NEW = "new"
    REPEAT = "repeat"
    """Every warning in it is known with the same meaning."""
    CONFLICT = "conflict"
    """Another source says another level under the same identifier: the higher level is used, both are shown."""
    QUARANTINED = "quarantined"
    """Kept with a reason, shown to the duty room, not dispatched."""


@dataclass(frozen=True, slots=True)
class Met:
    """The kept warning beside a new reading of the same key."""

    id: int
    fresh: bool
    """Kept just now."""
    source: str
    """Of its first arrival."""
    same_meaning: bool
    same_levels: bool
    same_grades: bool = True
    """The gravest level of each danger is the same: all that a title can tell."""
    title_only: bool = False
    """No whole text of it has come in before."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What the sender of an arrival is told."""

    verdict: Verdict
    warnings: tuple[int, ...]
    reason: str | None = None
    explanation: str | None = None
