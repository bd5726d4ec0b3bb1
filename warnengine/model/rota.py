"""Days as a rota names them, with 调休: which rows speak of a day, and which of them goes before the others."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import StrEnum


class DayKind(StrEnum):
    """What the State Council's notice says of a day; of all others the week says it."""

    HOLIDAY = "节假日"
    """A day of a holiday as it is announced, the weekends within it included."""
    WORKING = "上班"
    """A Saturday or Sunday that is worked in exchange: 调休."""


EVERY, WORK, REST, HOLIDAY = "每天", "工作日", "休息日", "节假日"
WEEKDAYS = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")
DAYS = (EVERY, WORK, REST, HOLIDAY, *WEEKDAYS)
"""Every name of days; a date stands for itself."""
SATURDAY = 5


def working(day: date, calendar: Mapping[date, DayKind]) -> bool:
    """Whether people work on that day."""
    listed = calendar.get(day)
    return listed is DayKind.WORKING if listed else day.weekday() < SATURDAY


def speaks_of(days: str, day: date, calendar: Mapping[date, DayKind]) -> bool:
    """Whether a row with these days is about that day."""
    match days:
        case "每天":
            return True
        case "工作日":
            return working(day, calendar)
        case "休息日":
            return not working(day, calendar)
        case "节假日":
            return calendar.get(day) is DayKind.HOLIDAY
        case _ if days in WEEKDAYS:
            return WEEKDAYS[day.weekday()] == days
        case _:
            return days == day.isoformat()


def rank(days: str, day: date, calendar: Mapping[date, DayKind]) -> int:
    """Which of the rows that speak of a day goes before the others: the more special.

    A date, then 节假日; then the weekday before 工作日 and 休息日, and the other way round on a day that the
    calendar lists, for on a Saturday that is worked the row of the Saturdays is not meant; 每天 last.
    """
    if days == EVERY:
        return 0
    if days == HOLIDAY:
        return 3
    if days in WEEKDAYS:
        return 1 if day in calendar else 2
    if days in {WORK, REST}:
        return 2 if day in calendar else 1
    return 4
