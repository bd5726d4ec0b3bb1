"""How wet the soil is: antecedent rain Pa = Σ Kⁿ·Pₙ over the days before, at most Wm (SL 666-2014)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from warnengine.model.book.trigger import Soil
from warnengine.model.clock import BEIJING
from warnengine.model.observation import Day
from warnengine.observe.rain import Rain

DAYS = 15
"""After so many days less than a tenth is left."""
ENOUGH = 0.8
"""Of a day that must have been observed before the soil may be called dry: what is missing is not zero."""
BEGINS = timedelta(hours=8)
"""Of a hydrological day, in Beijing."""


def hydrological_day(moment: datetime) -> date:
    """The day, from 08:00 to 08:00, in which a moment lies; 08:00 itself ends the day before."""
    return (moment.astimezone(BEIJING) - BEGINS - timedelta(microseconds=1)).date()


def begins(day: date) -> datetime:
    """When a hydrological day begins."""
    return datetime(day.year, day.month, day.day, tzinfo=BEIJING) + BEGINS


def percent(days: Mapping[date, Day], moment: datetime, soil: Soil) -> int:
    """By how much the thresholds move: less where it is wet, more where it is certainly dry."""
    today = hydrological_day(moment)
    before = [days.get(today - timedelta(days=n), Day(0, 0)) for n in range(1, DAYS + 1)]
    held = min(sum(day.millimetres * soil.fades**n for n, day in enumerate(before, 1)), soil.holds) / soil.holds
    if held >= soil.wet:
        return soil.wet_percent
    known = all(day.share >= ENOUGH for day in before)
    return soil.dry_percent if known and held <= soil.dry else 0


def rain_of(rain: Rain, day: date) -> Day:
    """What fell on a hydrological day, and how much of it was observed."""
    return rain.window(begins(day) + timedelta(days=1), timedelta(days=1))
