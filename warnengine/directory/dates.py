"""Days, moments and times of day as people write them in a table."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta

from warnengine.directory.problem import Unfit
from warnengine.model.clock import BEIJING
from warnengine.model.rota import DAYS

DAY = timedelta(days=1)
DATE = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?")
CLOCK = re.compile(r"(\d{1,2})\s*[::]\s*(\d{2})(?:[::]00)?")
RANGE = re.compile(r"\s*(?:~|～|至|到|—+|–)\s*")
BETWEEN = re.compile(r"[、,，;；\s]+")
YEARS = range(2020, 2100)
MOST = 366
"""Days in one cell."""
AS_DATE = "写成 2026-10-01"
AS_MOMENT = "写成 2026-10-01,或者带时间 2026-10-01 14:00"
AS_CLOCK = "写成 08:30;到半夜写 24:00"
AS_DAYS = "写日期 2026-10-01、一段 2026-10-01~2026-10-07,或者 " + "、".join(DAYS)


def day(written: str, fix: str = AS_DATE) -> date:
    """2026-10-01, 2026/10/1, 2026年10月1日."""
    found = DATE.fullmatch(written.strip())
    if not found:
        raise Unfit(f"“{written}”不是日期", fix)
    try:
        read = date(*map(int, found.groups()))
    except ValueError:
        raise Unfit(f"没有“{written}”这一天", fix) from None
    if read.year not in YEARS:
        raise Unfit(f"“{written}”的年份不对", fix)
    return read


def span(written: str, fix: str = AS_DATE) -> tuple[date, ...]:
    """A date, or all dates from one to another."""
    ends = [day(part, fix) for part in RANGE.split(written.strip())]
    if len(ends) > 2:
        raise Unfit(f"“{written}”看不懂", fix)
    first, last = ends[0], ends[-1]
    if not first <= last < first + MOST * DAY:
        raise Unfit(f"“{written}”前后颠倒,或者超过一年", fix)
    return tuple(first + number * DAY for number in range((last - first).days + 1))


def days(written: str) -> tuple[str, ...]:
    """Names of days and dates as `Shift.days` has them; several in one cell."""
    found: list[str] = []
    joined = RANGE.sub("~", written.strip())  # blanks around it belong to it
    for part in filter(None, BETWEEN.split(joined)):
        named = re.sub(r"^(星期|礼拜)", "周", part).replace("周天", "周日")
        found += [named] if named in DAYS else [one.isoformat() for one in span(part, AS_DAYS)]
    if not found:
        raise Unfit("没有填", AS_DAYS)
    return tuple(dict.fromkeys(found))


def clock(written: str) -> timedelta:
    """A time of day, since midnight; 24:00 is its end."""
    found = CLOCK.fullmatch(written.strip())
    since = timedelta(hours=int(found[1]), minutes=int(found[2])) if found else None
    if since is None or since > DAY or int(found[2]) > 59:  # type: ignore[index]  # since is read from it
        raise Unfit(f"“{written}”不是钟点", AS_CLOCK)
    return since


def hours(begins: timedelta, ends: timedelta) -> tuple[time, timedelta]:
    """When a shift begins and how long it lasts: what ends before it begins ends on the day after."""
    lasts = ends - begins
    return (datetime.combine(date.min, time(0)) + begins).time(), lasts if lasts > timedelta() else lasts + DAY


def moment(written: str, *, last: bool = False) -> datetime:
    """A date or a date with a time, in Beijing; last: a date alone is meant to its end."""
    found = re.fullmatch(rf"({DATE.pattern})[\sT]*({CLOCK.pattern})?", written.strip())
    if not found:
        raise Unfit(f"“{written}”不是日期", AS_MOMENT)
    midnight = datetime.combine(day(found[1], AS_MOMENT), time(0), BEIJING)
    return midnight + (clock(found[5]) if found[5] else DAY if last else timedelta())
