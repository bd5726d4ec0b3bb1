"""What is not let in, as work for people: what each case is, and what may become of it."""

from __future__ import annotations

from dataclasses import dataclass

from warnengine.model.errors import RefusedWarning
from warnengine.model.reasons import CHINESE

AUTHORITY = frozenset({"unknown_sender", "not_authorised"})
STALE = "stale"
SIGNATURES = frozenset(
    {"signature_missing", "signature_invalid", "signature_expired", "signature_weak", "signature_partial"}
)
RELEASABLE = AUTHORITY | SIGNATURES | {STALE}
"""What two people may let in. All else cannot be read, says no place, or is not meant for real: no yes helps."""
NOTHING_TO_DO = frozenset({"not_actual"})
"""Kept for the record; nobody has to look at it."""


@dataclass(frozen=True, slots=True)
class Case:
    """Something that was not let in."""

    reason: str
    words: str
    """In Chinese: what, and what to do."""
    part: bool = False
    """The rest of the same message went on."""
    about: str | None = None
    """What the duty room's task is told by: one task for all cases that say the same; None: no task."""

    @property
    def settled(self) -> bool:
        """Nobody has to do anything about it."""
        return self.reason in NOTHING_TO_DO


def words_of(refusal: RefusedWarning) -> str:
    """A refusal in Chinese, with its particulars where there are any."""
    return refusal.chinese or CHINESE.get(refusal.reason, str(refusal))
