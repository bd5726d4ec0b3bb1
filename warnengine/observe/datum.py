"""Stages in one datum: converted by what a document says of the station, else refused."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from warnengine.model.book.trigger import Offset, Station
from warnengine.model.clock import BEIJING
from warnengine.model.observation import Datum, Reading


class NotComparable(Exception):
    """Two stages have no datum in common."""


def converted(reading: Reading, station: Station, wanted: Datum) -> Reading:
    """The reading in that datum; NotComparable where no document says how."""
    if reading.datum is wanted:
        return reading
    back = _offset(station, reading.datum, reading.at) if reading.datum is not station.datum else 0.0
    there = _offset(station, wanted, reading.at) if wanted is not station.datum else 0.0
    if back is None or there is None:
        raise NotComparable
    return replace(reading, value=round(reading.value - back + there, 3), datum=wanted)


def comparable(readings: Iterable[Reading], station: Station, wanted: Datum) -> list[Reading]:
    """Those that can be said in that datum. What cannot was refused when it came; a newer book may have taken the
    offset away since."""
    found = []
    for reading in readings:
        try:
            found.append(converted(reading, station, wanted))
        except NotComparable:
            continue
    return found


def _offset(station: Station, datum: Datum | None, at: datetime) -> float | None:
    """Metres from the station's own datum to another one."""
    return next((one.add for one in station.offsets if one.datum is datum and _valid(one, at)), None)


def _valid(offset: Offset, at: datetime) -> bool:
    return offset.valid_from is None or offset.valid_from <= at.astimezone(BEIJING).date()
