"""Posts that are not held by whom the list names: why, and who holds them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Because(StrEnum):
    """Why somebody of the list does not hold their post themselves at a moment, and who does."""

    OFF_SHIFT = "此刻不当班,由值班表上当班的人收"
    STAND_IN = "不在,由代班人收"
    DEPUTY = "不在,没有代班人,由B角收"
    STILL = "不在,没有人代,仍发给本人"
    NO_SHIFT = "值班表此刻没有人,由平时的人收"
    NOBODY = "岗位上没有人,没有人收"


@dataclass(frozen=True, slots=True)
class Instead:
    """A post that is not held as the list would have it."""

    unit: str
    post: str
    because: Because
    sits: tuple[str, ...] = ()
    """Who holds it."""
    person: str | None = None
    """Who is meant; None: the post, whoever is meant."""
    until: datetime | None = None
    """When they are back."""
