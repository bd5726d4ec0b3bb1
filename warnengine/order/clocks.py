"""The clock times at which the ladder asks for the end of an order. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from warnengine.model.book import Finish
from warnengine.model.order import Form, Mark, MeasureMark, Version


def ordered(mark: MeasureMark) -> bool:
    """Whether it must be done: advice need not, and what lapsed must not any more."""
    return mark.mark is not Mark.LAPSED and mark.standing.form is Form.ORDER


def clocks(version: Version, finish: Finish) -> tuple[datetime, ...]:
    """Deadlines that are asked about, of those that were still to come when the order was made: what lies closer
    together than two reminders is asked about once, at the last of them."""
    found = {mark.deadline for mark in version.measures if ordered(mark) and mark.deadline}
    apart = (finish.before or timedelta()) + finish.after
    groups: list[list[datetime]] = []
    for due in sorted(due for due in found if due > version.made_at):
        if groups and due - groups[-1][0] <= apart:
            groups[-1].append(due)
        else:
            groups.append([due])
    return tuple(group[-1] for group in groups)


def spaced(moments: Iterable[timedelta], pause: timedelta) -> tuple[timedelta, ...]:
    """The same reminders with growing pauses: one that would come too soon waits, and those that wait are one, for
    each names everything that is due by then. The first pause is `pause`, then twice, then four times as long."""
    kept: list[timedelta] = []
    for moment in sorted(moments):
        if not kept or moment > kept[-1]:
            kept.append(max(moment, kept[-1] + pause * 2 ** min(len(kept) - 1, 2)) if kept else moment)
    return tuple(kept)
