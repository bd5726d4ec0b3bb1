"""Who may use a line that only one process at a time may bind."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Hold:
    """What came of asking for a line."""

    ours: bool
    owner: str
    """Who holds it now: host:pid:token; empty where that is not known yet."""
    epoch: int
    """How often it has changed hands."""
    well: bool
    """Whether its holder can send by it."""

    @property
    def process(self) -> str:
        """The owner as people know it: host:pid."""
        return self.owner.rpartition(":")[0] or "another engine"
