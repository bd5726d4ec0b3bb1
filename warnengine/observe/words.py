"""What a threshold says to people: in messages, in tasks, in lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from warnengine.model.book.trigger import Trigger, Triggers
from warnengine.model.clock import BEIJING
from warnengine.model.level import Level
from warnengine.model.observation import Outlook, Seen

TRANSFER = {Level.ORANGE: "准备转移", Level.RED: "立即转移"}
"""What the two gravest levels ask for where water comes (SL 666-2014)."""
WATER = frozenset({"flash_flood", "waterlogging", "flood", "small_river_flood", "transit_flood"})
LISTED = 6
"""Stations that a sentence names; more are counted."""


def asked(hazard: str, level: Level) -> str:
    """准备转移, 立即转移; for what is no water the colour."""
    return TRANSFER.get(level, level.zh) if hazard in WATER else level.zh


def told(outlook: Outlook, trigger: Trigger, triggers: Triggers, town: str) -> str:
    """Why a township is told now: 安居镇立即转移:安居雨量站27日05:40前1小时58毫米,达到55毫米。"""
    rises = outlook.rises
    assert rises is not None
    assert rises.seen is not None
    return f"{town}{asked(trigger.hazard, rises.level)}:{shown(rises.seen, trigger, triggers)}"


def shown(seen: Seen, trigger: Trigger, triggers: Triggers) -> str:
    """What one station shows beside its threshold."""
    station = triggers.station(seen.station)
    name = station.name if station else seen.station
    unit, datum = trigger.watch.kind.unit, f"({trigger.datum})" if trigger.datum else ""
    over = f"达到{_figure(seen.threshold)}{unit}" if seen.level else f"阈值{_figure(seen.threshold)}{unit}"
    what = f"前{_span(seen.window)}{_verb(trigger)}" if seen.window else trigger.watch.kind.zh
    notes = "".join(_notes(seen))
    return f"{name}{_clock(seen.at)}{what}{_figure(seen.value)}{unit}{datum},{over}{notes}"


def fallen(trigger: Trigger, below: Sequence[tuple[str, Level, datetime]]) -> str:
    """What the duty room reads of townships (name, level, since when) in which a trigger has fallen below."""
    named = "、".join(
        f"{town}{asked(trigger.hazard, level)}(自{_clock(since)})" for town, level, since in below[:LISTED]
    )
    more = f"等{len(below)}个镇街" if len(below) > LISTED else ""
    return (
        f"监测预警到期待确认:{trigger.name}已低于阈值:{named}{more}。指令仍然有效,不会自动解除。"
        "请核实雨情水情和转移人员,确已安全的由值班室解除"
        f"(POST /v1/observations/triggers/{trigger.id}/end)"
    )


def left(trigger: str, name: str, towns: Sequence[tuple[str, str, datetime]]) -> str:
    """What the duty room reads of townships (name, what is asked for, since when) in which a trigger has ordered
    something, and where the book in force does not watch it any more."""
    named = "、".join(f"{town}{asks}(自{_clock(since)})" for town, asks, since in towns[:LISTED])
    more = f"等{len(towns)}个镇街" if len(towns) > LISTED else ""
    return (
        f"监测预警待确认:现行规则库已不再监测阈值“{name}”:{named}{more}。指令仍然有效,不会自动解除,"
        "也不再有数据说明是否回落。请核实雨情水情和转移人员,确已安全的由值班室解除"
        f"(POST /v1/observations/triggers/{trigger}/end)"
    )


def isolated(outlook: Outlook, trigger: Trigger, triggers: Triggers, town: str) -> str:
    """A question about a peak that stands alone."""
    rises = outlook.rises
    assert rises is not None
    assert rises.seen is not None
    return (
        f"孤立高值请核实:{shown(rises.seen, trigger, triggers)},前后读数几乎没有雨。已按阈值对{town}处置,没有剔除;"
        "确属仪器误报的,请撤回指令并通知站点维护单位"
    )


def other_datum(source: str, why: str) -> str:
    """What the duty room reads of a source whose stages cannot be held against the thresholds."""
    return f"数据源{source}的水位没有采用,不会触发指令。{why}"


def unheard(identifier: str, why: str) -> str:
    """What the duty room reads where intake did not take what a threshold has decided."""
    return f"监测预警{identifier}没有被系统接收,没有下达指令({why})。请立即研判,需要的人工下达"


def silent(source: str, names: Sequence[str], minutes: int) -> str:
    """What the duty room reads of stations that have stopped reporting."""
    more = f"等{len(names)}个站" if len(names) > LISTED else ""
    return (
        f"测站没有数据:数据源{source}的{'、'.join(names[:LISTED])}{more}超过{minutes}分钟没有新数据。"
        "缺测不等于没有下雨:请联系站点单位,并派人或用视频核实雨情水情"
    )


def row(outlook: Outlook, triggers: Triggers, names: Mapping[str, str]) -> dict[str, object]:
    """One line of the list of what is over its threshold or near it."""
    trigger = triggers.trigger(outlook.trigger)
    assert trigger is not None
    said = shown(outlook.now, trigger, triggers) if outlook.now else "没有数据"
    shadow = "【影子运行,不下达】" if trigger.shadow else ""
    about = {"name": trigger.name, "hazard": trigger.hazard, "shadow": trigger.shadow, "words": shadow + said}
    return _row(outlook, names) | about


def row_left(outlook: Outlook, name: str, hazard: str, names: Mapping[str, str]) -> dict[str, object]:
    """One line of it for what stands by a threshold that the book in force does not watch any more."""
    about = {
        "name": name,
        "hazard": hazard,
        "shadow": False,
        "words": "现行规则库已不再监测,指令仍然有效,待值班室确认",
    }
    return _row(replace(outlook, now=None), names) | about


def _row(outlook: Outlook, names: Mapping[str, str]) -> dict[str, object]:
    level, now = outlook.told.level, outlook.now
    return {
        "trigger": outlook.trigger,
        "town": outlook.town,
        "town_name": names.get(outlook.town, outlook.town),
        "level": level.key if level else None,
        "over_now": now.level.key if now and now.level else None,
        "since": _moment(outlook.told.began) if level else None,
        "fallen_since": _moment(outlook.told.fallen) if level else None,
        "value": now.value if now else None,
        "threshold": now.threshold if now else None,
        "short_by": now.short if now else None,
        "observed_share": now.share if now else None,
        "spike": bool(now and now.spike),
        "stations": list(outlook.stations),
    }


def _notes(seen: Seen) -> Sequence[str]:
    soil = f",土壤{'偏湿' if seen.percent < 0 else '偏干'}阈值调整{seen.percent:+d}%" if seen.percent else ""
    missing = f",该时段只观测到{seen.share:.0%}" if seen.share < 1 else ""
    return soil, missing, ",含孤立高值" if seen.spike else ""


def _verb(trigger: Trigger) -> str:
    return "上涨" if trigger.watch.value == "rise" else "雨量"


def _figure(value: float) -> str:
    return f"{value:g}" if abs(value) < 1000 else f"{value:.2f}"


def _span(window: timedelta) -> str:
    minutes = window // timedelta(minutes=1)
    return f"{minutes // 60}小时" if minutes % 60 == 0 else f"{minutes}分钟"


def _moment(moment: datetime | None) -> str | None:
    return moment.astimezone(BEIJING).isoformat() if moment else None


def _clock(moment: datetime) -> str:
    return f"{moment.astimezone(BEIJING):%d日%H:%M}"
