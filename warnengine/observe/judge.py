"""One trigger in one township: what its stations show at every moment, and the episodes that this makes."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from warnengine.model.book.trigger import Soil, Station, Trigger, Watch
from warnengine.model.level import Level
from warnengine.model.observation import Day, Episode, Kind, Reading, Seen
from warnengine.observe.datum import comparable
from warnengine.observe.rain import Rain, isolated
from warnengine.observe.series import Series
from warnengine.observe.soil import percent

ENOUGH = 0.8
"""Of a window that must have been observed before it counts as fallen below: what is missing is not zero."""
FRESH = 3
"""Intervals of a station after which what it said last says nothing of now."""
FORECAST_HOLDS = timedelta(hours=24)
"""How long the newest forecast of a highest stage counts, until another one comes."""


@dataclass
class Record:
    """What is known of one station."""

    station: Station
    readings: Sequence[Reading]
    since: datetime
    until: datetime
    days: Mapping[date, Day] = field(default_factory=dict)
    """Its rain of hydrological days."""
    soil: Soil | None = None
    spike: float = 200

    def __post_init__(self) -> None:
        of_rain = self.of(Kind.RAIN)
        self.rain = Rain(of_rain, self.since, self.until)
        self.spikes = isolated(of_rain, self.spike)

    def of(self, kind: Kind) -> list[Reading]:
        """Its readings of one kind, as of now."""
        return [one for one in self.readings if one.kind is kind and one.at <= self.until]

    def times(self, trigger: Trigger) -> list[datetime]:
        """When it said something of what the trigger looks at."""
        return sorted({reading.at for reading in self.of(trigger.watch.kind)})


Look = Callable[[datetime], Seen | None]


def look(trigger: Trigger, known: Record) -> Look:
    """What a station shows of a trigger at a moment; None where it says nothing of that moment."""
    if trigger.watch is Watch.RAIN:
        return lambda at: _rain(trigger, known, at)
    readings = known.of(trigger.watch.kind)
    series = Series(comparable(readings, known.station, trigger.datum) if trigger.datum else readings)
    if trigger.watch is Watch.RISE:
        return lambda at: _rise(trigger, known.station, series, at)
    within = FORECAST_HOLDS if trigger.watch is Watch.FORECAST_STAGE else FRESH * known.station.every
    return lambda at: _value(trigger, known.station, series, at, within)


def _rain(trigger: Trigger, known: Record, at: datetime) -> Seen | None:
    place = bisect_right(known.rain.ends, at) - 1
    if place < 0 or at - known.rain.ends[place] > FRESH * known.station.every:
        return None
    last = known.rain.ends[place]
    moved = percent(known.days, last, known.soil) if trigger.soil and known.soil else 0
    windows = {window for limits in trigger.limits.values() for window in limits}
    values = {}
    for window in windows:
        fell = known.rain.window(last, window)
        values[window] = fell.millimetres, fell.share
    spiky = {window for window in windows if any(last - window < spike <= last for spike in known.spikes)}
    return _seen(trigger, known.station, last, values, moved, spiky)


def _rise(trigger: Trigger, station: Station, series: Series, at: datetime) -> Seen | None:
    if series.at(at, FRESH * station.every) is None:
        return None
    windows = {window for limits in trigger.limits.values() for window in limits}
    values = {window: found for window in windows if (found := series.rise(at, window))}
    return _seen(trigger, station, at, values) if values else None


def _value(trigger: Trigger, station: Station, series: Series, at: datetime, within: timedelta) -> Seen | None:
    value = series.at(at, within)
    return None if value is None else _seen(trigger, station, at, {timedelta(): (value, 1.0)})


def _seen(
    trigger: Trigger,
    station: Station,
    at: datetime,
    values: Mapping[timedelta, tuple[float, float]],
    moved: int = 0,
    spiky: frozenset[timedelta] | set[timedelta] = frozenset(),
) -> Seen:
    """The gravest thing that a station shows; among equally grave ones what is closest to its threshold, or most
    beyond it."""
    shown = []
    for window, (value, share) in values.items():
        level, threshold = _reached(trigger, window, value, moved)
        lowest = _threshold(next(iter(trigger.limits.values())).get(window, threshold), moved)
        holds = value > lowest - trigger.falls_by or share < ENOUGH
        short = 0.0 if level else round(threshold - value, 3)
        shown.append(
            Seen(
                station.id,
                at,
                window,
                value,
                round(share, 3),
                level,
                threshold,
                short,
                holds,
                moved,
                window in spiky,
            )
        )
    gravest = max(
        shown, key=lambda one: (one.level or 0, one.value / one.threshold if one.threshold else 0, one.window)
    )
    return replace(gravest, holds=any(one.holds for one in shown))


def _reached(trigger: Trigger, window: timedelta, value: float, moved: int) -> tuple[Level | None, float]:
    """The gravest level that a value reaches in a window, with its threshold; else the lowest threshold."""
    limits = [(level, _threshold(by[window], moved)) for level, by in trigger.limits.items() if window in by]
    reached = [(level, limit) for level, limit in limits if value >= limit]
    return reached[-1] if reached else (None, limits[0][1])


def _threshold(limit: float, moved: int) -> float:
    return round(limit * (100 + moved) / 100, 3)


def together(trigger: Trigger, shown: Sequence[Seen]) -> Seen | None:
    """What the stations show together: the level at which enough of them agree; None where nothing is heard.

    With 2 of 3 the second gravest counts. Fewer stations than must agree are never enough for a level, nor to say
    that it has fallen.
    """
    if not shown:
        return None
    ranked = sorted(shown, key=lambda one: (one.level or 0, -one.short), reverse=True)
    if len(ranked) < trigger.agree:
        return replace(ranked[0], level=None, holds=True)
    deciding = ranked[trigger.agree - 1]
    return replace(deciding, holds=sum(one.holds for one in shown) >= trigger.agree)


def moments(trigger: Trigger, records: Sequence[Record], since: datetime) -> list[tuple[datetime, Seen]]:
    """What was shown whenever a station said something after a moment, in the order of time."""
    looks = [look(trigger, known) for known in records]
    times = sorted({at for known in records for at in known.times(trigger) if at > since})
    shown = ((at, together(trigger, [seen for one in looks if (seen := one(at))])) for at in times)
    return [(at, seen) for at, seen in shown if seen]


def episodes(
    trigger: Trigger, shown: Iterable[tuple[datetime, Seen]], standing: Episode | None = None
) -> tuple[Episode, ...]:
    """Crossings with hysteresis: what has begun stands at its gravest until it has been below for long enough.

    standing: what stood before the first moment.
    """
    return tuple(_episodes(trigger, shown, standing))


def _episodes(
    trigger: Trigger, shown: Iterable[tuple[datetime, Seen]], open_: Episode | None
) -> Iterator[Episode]:
    below: datetime | None = None
    for at, seen in shown:
        if open_ is None:
            below = None
            open_ = Episode(at, seen.level, seen) if seen.level else None
            continue
        if seen.level and seen.level > open_.level:
            open_ = replace(open_, level=seen.level, seen=seen)
        if seen.level or seen.holds:
            below = None
            continue
        below = below or at
        if at - below >= trigger.rearm:
            yield replace(open_, fallen=below)
            open_, below = None, None
    if open_:
        yield open_
