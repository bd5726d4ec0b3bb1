"""What is measured at moments: stage, temperature, wind, and the newest forecast of a highest stage."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from datetime import datetime, timedelta

from warnengine.model.observation import Reading


class Series:
    """The values of one station by time. Any order and any repetition of the readings gives the same: of one time
    the newest revision counts, then the higher value."""

    def __init__(self, readings: Iterable[Reading]) -> None:
        best = {reading.at: reading for reading in sorted(set(readings), key=_weight)}
        self.times = sorted(best)
        self.values = [best[at].value for at in self.times]

    def at(self, moment: datetime, within: timedelta) -> float | None:
        """The last value until then, where it is not older than that."""
        place = bisect_right(self.times, moment) - 1
        if place < 0 or moment - self.times[place] > within:
            return None
        return self.values[place]

    def rise(self, moment: datetime, window: timedelta) -> tuple[float, float] | None:
        """By how much the last value until then is above the lowest one of the window, and which share of the
        window lies between the first and the last value; None where there are not two."""
        last = bisect_right(self.times, moment)
        first = bisect_right(self.times, moment - window - timedelta(microseconds=1))
        if last - first < 2:
            return None
        span = (self.times[last - 1] - self.times[first]) / window
        return round(self.values[last - 1] - min(self.values[first:last]), 3), min(span, 1.0)


def _weight(reading: Reading) -> tuple[int, float]:
    return reading.revision, reading.value
