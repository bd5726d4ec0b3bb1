"""What one person has been sent lately, and what waits because that was much."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from warnengine.model.book import Pace


def free_at(said: Iterable[datetime], now: datetime, pace: Pace) -> datetime:
    """From when on one more text is allowed."""
    counted = sorted(moment for moment in said if moment > now - pace.within)
    return now if len(counted) < pace.texts else max(now, counted[-pace.texts] + pace.within)


class Recent(NamedTuple):
    """A text of the last hour, to one person."""

    at: datetime
    bundle: int
    level: int
    order: bool
    """An order or its end, and not what the ladder writes."""


@dataclass(frozen=True, slots=True)
class Held:
    """A bundle whose text has not left: it waits."""

    bundle: int
    until: datetime
    versions: tuple[int, ...]
    """Those that still count."""
    known: tuple[int, ...]
    posts: tuple[str, ...]
    level: int
    kind: str
    not_after: datetime
    follows: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Lately:
    """One person's texts below orange."""

    said: tuple[datetime, ...] = ()
    """When they were due to leave, as far as that matters still."""
    held: tuple[Held, ...] = ()
