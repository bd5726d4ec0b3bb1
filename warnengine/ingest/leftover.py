"""What of a message is not let in, as work for the duty room. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from warnengine.model.errors import RefusedWarning
from warnengine.model.quarantine import NOTHING_TO_DO, Case, words_of

QUARANTINE = "quarantine"
"""What the tasks about it are told by begin with."""


def whole(arrival: int, source: str, refusal: RefusedWarning, ours: bool | None) -> Case:
    """A message that is refused. ours: whether it may concern the district; None: it cannot be read.

    Each that may concern the district has a task of its own, all that cannot be read for one reason from one
    source have one, and what is for others has none."""
    about = None
    if refusal.reason not in NOTHING_TO_DO and ours is not False:
        about = f"{QUARANTINE} {arrival}" if ours else f"{QUARANTINE} {source}/{refusal.reason}"
    return Case(refusal.reason, words_of(refusal), about=about)


def part(arrival: int, beyond: Sequence[RefusedWarning], others: Sequence[RefusedWarning]) -> Case | None:
    """What is left out of a message that is let in: claims, or alerts beside, which `unread` asks about."""
    refused = [*beyond, *(one for one in others if one.reason not in NOTHING_TO_DO)]
    if not refused:
        return None
    words = "".join(dict.fromkeys(words_of(one) for one in (beyond or refused)))
    return Case(refused[0].reason, words, part=True, about=f"{QUARANTINE} {arrival}" if beyond else None)
