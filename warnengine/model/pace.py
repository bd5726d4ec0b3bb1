"""What one person has been sent lately, and what waits because that was much."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


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
