"""A rule book on its way to count: submitted by one person, approved by another, in force until the next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from warnengine.model.level import Level

INSTALLATION = "installation"
"""Who has put the first book in force."""


@dataclass(frozen=True, slots=True)
class Publication:
    """One submission of a book, and what has become of it."""

    id: int
    district: str
    hash: str
    by: str
    why: str
    submitted_at: datetime
    approved_by: str | None
    since: datetime | None
    ended_by: str | None
    ended_at: datetime | None
    counts: bool = False
    """It is the one in force."""

    @property
    def open(self) -> bool:
        """Whether it waits for its approval."""
        return self.since is None and self.ended_at is None


@dataclass(frozen=True, slots=True)
class Undecided:
    """One measure for which an authority has been asked, and which nobody has decided."""

    approval: int
    level: Level
    rung: int
    """Which authority of the rule is being asked."""
    unit: str
    measure: str
    words: str
