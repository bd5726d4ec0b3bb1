"""Which rows may count: a known station, a possible value, a time that can be, and a stage in a datum that the
district's thresholds can be held against."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from difflib import get_close_matches

from warnengine.model.book.trigger import Station, Trigger, Triggers
from warnengine.model.clock import BEIJING
from warnengine.model.observation import STAGES, Datum, Kind, Reading
from warnengine.observe.datum import NotComparable, converted

AHEAD = timedelta(minutes=10)
"""How far a station's clock may be ahead."""
OLDEST = timedelta(days=14)
"""What is older is history: it would change nothing."""
POSSIBLE = {
    Kind.RAIN: (0, 600),
    Kind.STAGE: (-50, 3000),
    Kind.FORECAST_STAGE: (-50, 3000),
    Kind.TEMPERATURE: (-60, 60),
    Kind.WIND: (0, 120),
}
"""Beyond these a value is a fault of the instrument, or stands in another unit."""
FASTEST = 40.0
"""Millimetres a minute: no rain on record was harder."""


class Unusable(Exception):
    """Why a row is kept and not used, in Chinese, with what to do."""


class OtherDatum(Unusable):
    """A stage that could only be held against a threshold of another zero: the duty room learns of it too."""


def admitted(reading: Reading, triggers: Triggers, now: datetime) -> Reading:
    """The reading as it counts, its interval filled in; Unusable where it does not."""
    station = triggers.station(reading.station)
    if station is None:
        near = get_close_matches(reading.station, [one.id for one in triggers.stations], n=1)
        meant = f"(是不是{near[0]}?)" if near else ""
        raise Unusable(f"没有测站{reading.station}{meant}:请核对站号,新站请先写进 rules/triggers.yaml 的 stations")
    if reading.kind not in station.tells:
        kinds = "、".join(kind.zh for kind in station.tells)
        raise Unusable(f"{station.name}只报{kinds},不报{reading.kind.zh}:请核对要素,或在该站的 tells 里加上")
    _time(reading, now)
    whole = _interval(reading, station)
    _value(whole)
    if whole.kind in STAGES:
        _comparable(whole, station, triggers)
    return whole


def _time(reading: Reading, now: datetime) -> None:
    at = f"{reading.at.astimezone(BEIJING):%Y-%m-%d %H:%M}"
    if reading.at > now + AHEAD:
        raise Unusable(f"时间{at}还没有到:请核对站点时钟和时区")
    if reading.at < now - OLDEST:
        raise Unusable(f"时间{at}已超过{OLDEST.days}天,不再影响阈值:历史资料请另行归档")


def _interval(reading: Reading, station: Station) -> Reading:
    if reading.kind is not Kind.RAIN:
        return replace(reading, minutes=0)
    minutes = reading.minutes or station.every // timedelta(minutes=1)
    if minutes > 24 * 60:
        raise Unusable(f"时段{minutes}分钟超过一天:请按不超过24小时的时段上报")
    return replace(reading, minutes=minutes)


def _value(reading: Reading) -> None:
    low, high = POSSIBLE[reading.kind]
    hard = reading.kind is Kind.RAIN and reading.value > FASTEST * reading.minutes
    if not low <= reading.value <= high or hard:
        raise Unusable(
            f"{reading.kind.zh}{reading.value:g}{reading.kind.unit}不可能:请核对数值和单位"
            f"(应为{reading.kind.unit});缺测请不要填数,空着这一行"
        )


def _comparable(reading: Reading, station: Station, triggers: Triggers) -> None:
    """Refuse loudly what could only be held against a threshold of another zero."""
    if reading.datum is None:
        raise Unusable(f"{station.name}的{reading.kind.zh}没有写基准面:请写明 datum,{'、'.join(Datum)}之一")
    day = reading.at.astimezone(BEIJING).date()
    if station.valid_from and day < station.valid_from:
        raise Unusable(f"{station.name}的零点自{station.valid_from}起有效,这一行更早:请按当时的零点换算后归档")
    for wanted in sorted(
        {one.datum for one in triggers.triggers if one.datum and _looks_at(one, station, reading)}
    ):
        try:
            converted(reading, station, wanted)
        except NotComparable:
            raise OtherDatum(
                f"{station.name}的{reading.kind.zh}是{reading.datum}高程,阈值是{wanted}高程,两者不能直接比较"
                f"(重庆各站相差约1.5米):请按{wanted}上报,或在该站的 offsets 里写明换算值和依据文件"
            ) from None


def _looks_at(trigger: Trigger, station: Station, reading: Reading) -> bool:
    if trigger.watch.kind is not reading.kind:
        return False
    towns = set(trigger.towns or station.towns)
    return station.id in trigger.stations or (not trigger.stations and bool(towns.intersection(station.towns)))
