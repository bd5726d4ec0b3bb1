"""What in a book is not the bureau's word yet: samples, which stand for what nobody knows, and the unconfirmed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from warnengine.rulebook.draft import Draft
from warnengine.rulebook.parse import Located


@dataclass(frozen=True, slots=True)
class Pending:
    """One thing that waits for the bureau."""

    at: Located[Any]
    name: str
    """The id of a measure, the name of a unit, point, plan or hazard, else the place in the file."""
    sample: bool
    """Invented, so that there is something to see: nobody must be sent there, or be called by it."""


def pending(draft: Draft) -> Iterator[Pending]:
    """Every sample and everything unconfirmed of a book; nothing once the bureau has said yes to all."""
    own = draft.district
    for key in own.value.sample:
        yield Pending(own, f"{key} {getattr(own.value, key)}", sample=True)
    for entry in _flagged(draft):
        sample = getattr(entry.value, "sample", False)
        if sample or entry.value.confirm:
            yield Pending(entry, _name(entry), sample)


def _flagged(draft: Draft) -> Iterator[Located[Any]]:
    """Whatever may carry `confirm:` or `sample:`."""
    yield from (measure.at for measure in draft.measures)
    yield from (*draft.units, *draft.posts, *draft.hazards, *draft.plans, *draft.approvals)
    for level, rung in draft.ladder.value.rungs().items():
        yield Located(rung, draft.ladder.sheet, (level.key,))
    for plan in draft.plans:
        for index, point in enumerate(plan.value.points):
            yield Located(point, plan.sheet, (*plan.path, "points", index))


def _name(entry: Located[Any]) -> str:
    known = (getattr(entry.value, key, None) for key in ("id", "name"))
    return next((name for name in known if name), " ".join(map(str, entry.path)))
