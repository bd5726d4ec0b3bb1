"""How much rain fell in any window, from readings that come late, twice, out of order, in any intervals."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import accumulate

from warnengine.model.observation import Day, Reading

MINUTE = timedelta(minutes=1)


class Rain:
    """The rain of one station, minute by minute. Any order and any repetition of the readings gives the same.

    Where readings overlap the finest counts (five minutes within their hour), of equally fine ones the newest
    revision, then the higher value. Minutes that no reading covers are missing, not dry.
    """

    def __init__(self, readings: Iterable[Reading], since: datetime, until: datetime) -> None:
        self.since = since.replace(second=0, microsecond=0)
        size = max(int((until - self.since) / MINUTE), 0)
        rates: list[float | None] = [None] * size
        ends = set()
        for reading in sorted(set(readings), key=_weight):
            end = int((reading.at - self.since) / MINUTE)
            first, last = max(end - reading.minutes, 0), min(end, size)
            if first < last:
                rates[first:last] = [reading.value / reading.minutes] * (last - first)
                ends.add(reading.at)
        self.ends = sorted(ends)
        self._fallen = list(accumulate((rate or 0.0 for rate in rates), initial=0.0))
        self._covered = list(accumulate((rate is not None for rate in rates), initial=0))

    def window(self, until: datetime, length: timedelta) -> Day:
        """What fell in the window that ends then, and how much of it was observed."""
        minutes = int(length / MINUTE)
        last = self._place(until)
        first = self._place(until - length)
        fallen = self._fallen[last] - self._fallen[first]
        return Day(round(fallen, 3), (self._covered[last] - self._covered[first]) / minutes)

    def _place(self, moment: datetime) -> int:
        return min(max(int((moment - self.since) / MINUTE), 0), len(self._fallen) - 1)


def isolated(readings: Iterable[Reading], rate: float) -> frozenset[datetime]:
    """Times of readings above a rate (mm/h) whose neighbours, as far as they are known, show next to nothing.

    A cloudburst has rain before or after it; a gauge that is knocked, or tested with a bottle, has not.
    """
    by_time = {reading.at: reading for reading in sorted(set(readings), key=_weight)}
    times = sorted(by_time)
    found = set()
    for place, at in enumerate(times):
        here = by_time[at]
        if _rate(here) <= rate:
            continue
        beside = [by_time[other] for other in (*times[max(place - 1, 0) : place], *times[place + 1 : place + 2])]
        near = [one for one in beside if abs(one.at - at) <= timedelta(minutes=3 * max(one.minutes, here.minutes))]
        if all(_rate(one) < 0.1 * _rate(here) for one in near):
            found.add(at)
    return frozenset(found)


def _rate(reading: Reading) -> float:
    return reading.value * 60 / reading.minutes


def _weight(reading: Reading) -> tuple[int, int, float, datetime]:
    """What is painted later covers what was painted before."""
    return -reading.minutes, reading.revision, reading.value, reading.at
