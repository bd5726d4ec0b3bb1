"""Who says yes to compulsory measures, and what goes out without a second look."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Literal

from pydantic import Field

from warnengine.model.book.entry import Colour, Day, Duration, Entry, Phrase
from warnengine.model.book.measure import Measure


class Authority(Entry):
    """Who may say yes, and for how long we wait for them."""

    unit: str
    post: str
    within: Duration


class ApprovalRule(Entry):
    """Who decides on compulsory measures of one level; one clock for all measures of one change."""

    level: Colour
    authorities: tuple[Authority, ...] = Field(min_length=1)
    """In order: no decision in time goes to the next."""
    ceiling: int
    """People one approval may reach; above it the request must be split."""
    confirm: Literal["bureau"] | None = None


class Authorisation(Entry):
    """A standing authorisation (年度审定): these compulsory measures need not be asked for while it is valid."""

    document: Phrase
    """铜府发〔2026〕12号"""
    by: Phrase
    """Who authorised it: 铜梁区人民政府."""
    measures: tuple[str, ...] = Field(min_length=1)
    """Ids of compulsory measures."""
    levels: tuple[Colour, ...] = ()
    """Only measures that are due at these levels; empty: at any."""
    units: tuple[str, ...] = ()
    """Only for these units; empty: for all that owe the measure."""
    valid_from: Day
    valid_to: Day
    """The last day on which it counts, in Beijing time."""

    def allows(self, unit: str, measure: Measure, day: date) -> bool:
        """Whether it lets that unit be ordered that measure on that day."""
        return (
            measure.id in self.measures
            and self.valid_from <= day <= self.valid_to
            and (not self.levels or measure.when.level in self.levels)
            and (not self.units or unit in self.units)
        )


class Limits(Entry):
    """What goes out without a second look; beyond it a second person looks first."""

    people_per_order: int = Field(default=200, ge=1)
    """Of one order, unless its measures say otherwise with `ceiling`."""
    times_usual: int = Field(default=3, ge=2)
    """How many times as many people as orders of that unit and level usually have."""
    orders_per_minute: int = Field(default=1200, ge=1)
    """Of a level and above, in the whole district; all-clears are not counted."""
    countersign_within: Duration = timedelta(minutes=30)
    """Within which an approval by telephone is countersigned; then it is a task of the duty room."""
