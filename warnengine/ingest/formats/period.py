"""The period that a Chinese sentence gives: 预计18日20时至19日08时, 7月16日至7月19日, 未来6小时, 持续至8时.

What has been observed (过去1小时, 截至5时) is no period. A period may begin before the issue; missing days, months
and years are those nearest to the issue, also over the end of a month or year. Parts of the day are those of the
Chinese weather service (白天 08–20, 夜间 20–08).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from warnengine.model.clock import BEIJING


@dataclass(frozen=True, slots=True)
class Period:
    """From when until when, as the sentence says."""

    begins: datetime | None
    ends: datetime


_LONGEST = timedelta(days=92)
_NEXT_DAY = {"次日", "翌日", "次"}
_DAYS = {"今": 0, "明": 1, "后": 2}
_PARTS = {
    "凌晨": (0, 6), "早晨": (5, 8), "早上": (5, 8), "清晨": (5, 8), "早": (5, 8), "上午": (8, 12),
    "中午": (11, 14),
    "午后": (12, 18), "下午": (12, 18), "傍晚": (17, 20), "前半夜": (20, 24), "后半夜": (24, 32),
    "夜间": (20, 32), "夜里": (20, 32), "晚上": (20, 32), "晚": (20, 32), "夜": (20, 32), "白天": (8, 20),
    "晨": (5, 8),
}  # fmt: skip
_NUMBERS = {
    "半": 0.5, "一": 1, "两": 2, "二": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9, "十": 10,
    "十二": 12, "二十四": 24, "三十六": 36, "四十八": 48, "七十二": 72,
}  # fmt: skip
_MOMENT = (
    r"(?:(?P<{p}year>\d{{4}})年)?(?:(?P<{p}month>\d{{1,2}})月)?"
    r"(?:(?P<{p}day>\d{{1,2}})[日号]|(?P<{p}word>次日|翌日|[今明后][天日]|[今明](?=[早晚夜晨])|次(?=[早晨])))?"
    rf"(?P<{{p}}part>{'|'.join(_PARTS)})?"
    r"(?:(?P<{p}hour>\d{{1,2}})(?:[时点](?:(?P<{p}minute>\d{{1,2}})分)?|[:：](?P<{p}colon>\d{{2}})))?"
)
_TO = r"起?\s*(?:至|到|—+|–|-|~|～)\s*"
_RANGE = re.compile(_MOMENT.format(p="a_") + _TO + _MOMENT.format(p="b_"))
_UNTIL = re.compile(r"(?:(?:持续|延续|维持|延长|延期|顺延|有效期?)(?:至|到)|延至)" + _MOMENT.format(p="b_"))
_BEFORE = re.compile(r"预计" + _MOMENT.format(p="b_") + r"(?:以前|之前|前)")
_AHEAD = re.compile(
    r"(?P<ahead>未来|今后|接下来|随后|预计)?(?<![\d.一二三四五六七八九十])"
    r"(?:(?P<low>\d{1,3}|[一二两三四五六七八九十半]+)[-~～—至到])?(?P<high>\d{1,3}|[一二两三四五六七八九十半]+)"
    r"个?(?P<unit>小时|天)(?P<within>之?内)?"
)
_PAST = re.compile(r"(?:过去|最近|近|前|已|连续|之前)的?$")
_SHARED_UNIT = re.compile(r"(?<![\d:：.])(\d{1,2})([-~～—至到])(\d{1,2})([日时])")


def find(text: str, sent: datetime) -> Period | None:
    """The first period of the text that ends after it was sent, looked for after 预计 first."""
    anchor = sent.astimezone(BEIJING)
    text = _SHARED_UNIT.sub(r"\1\4\2\3\4", text)
    forecast = text[text.find("预计") :] if "预计" in text else text
    for part in dict.fromkeys((forecast, text)):
        found = next((p for p in _periods(part, anchor) if anchor < p.ends), None)
        if found:
            return found
    return None


def _periods(text: str, anchor: datetime) -> Iterator[Period]:
    for match in _RANGE.finditer(text):
        begins = _moment(match, "a_", anchor, None)
        ends = begins and _moment(match, "b_", anchor, begins)
        if begins and ends and begins < ends <= begins + _LONGEST:
            late = timedelta(days=1 if ends <= anchor and not (match["a_day"] or match["a_word"]) else 0)
            yield Period(begins + late, ends + late)
    for match in (*_UNTIL.finditer(text), *_BEFORE.finditer(text)):
        ends = _moment(match, "b_", anchor, anchor)
        if ends and ends <= anchor + _LONGEST:
            yield Period(None, ends)
    yield from _ahead(text, anchor)


def _ahead(text: str, anchor: datetime) -> Iterator[Period]:
    for match in _AHEAD.finditer(text):
        number = match["high"]
        size = _NUMBERS.get(number) if not number.isdigit() else int(number)
        expected = match["ahead"] or match["within"]
        if size and expected and not _PAST.search(text[max(0, match.start() - 4) : match.start()]):
            yield Period(anchor, anchor + timedelta(hours=size * (1 if match["unit"] == "小时" else 24)))


def _moment(match: re.Match[str], p: str, anchor: datetime, begins: datetime | None) -> datetime | None:
    """One end of a range; `begins` is given for its later end. None where the words make no time."""
    fields = ("month", "day", "word", "part", "hour")
    if not any(match[p + field] for field in fields) or (match[p + "month"] and not match[p + "day"]):
        return None
    clock = _clock(match, p, later=begins is not None)
    if clock is None:
        return None
    try:
        day = _day(match, p, anchor, begins)
    except ValueError:
        return None
    found = datetime.combine(day, time(), BEIJING) + clock
    says_day = match[p + "day"] or match[p + "word"]
    return found + timedelta(days=1) if begins and not says_day and found <= begins else found


def _clock(match: re.Match[str], p: str, *, later: bool) -> timedelta | None:
    part = _PARTS.get(match[p + "part"] or "")
    if match[p + "hour"] is None:
        whole = part or (0, 24)
        return timedelta(hours=whole[1] if later else whole[0])
    hour, minute = int(match[p + "hour"]), int(match[p + "minute"] or match[p + "colon"] or 0)
    if part and part[0] >= 12 and hour < 12:
        hour += 12
    return timedelta(hours=hour, minutes=minute) if hour <= 24 and minute < 60 else None


def _day(match: re.Match[str], p: str, anchor: datetime, begins: datetime | None) -> date:
    """Raise ValueError where there is no such day."""
    base = (begins or anchor).date()
    if word := match[p + "word"]:
        since = base if word in _NEXT_DAY else anchor.date()
        return since + timedelta(days=_DAYS.get(word[0], 1))
    if not match[p + "day"]:
        return base
    day, month, year = (int(match[p + name]) if match[p + name] else None for name in ("day", "month", "year"))
    if year and abs(year - base.year) > 1:
        raise ValueError("a year far away")
    candidates = [found for found in _calendar(base, year, month, day or 0) if begins is None or found >= base]
    if not candidates:
        raise ValueError("no such day")
    return min(candidates, key=lambda found: abs(found - base))


def _calendar(base: date, year: int | None, month: int | None, day: int) -> Iterator[date]:
    """Every such day in the months around `base` that the fields given allow."""
    if year and month:
        yield date(year, month, day)
        return
    for shift in range(-12, 13) if month else range(-2, 3):
        months = base.year * 12 + base.month - 1 + shift
        if month in {None, months % 12 + 1}:
            try:
                yield date(months // 12, months % 12 + 1, day)
            except ValueError:
                continue
