"""The columns of triggers.yaml: thresholds that order without waiting for a signal, and their stations."""

from __future__ import annotations

import re
from typing import Any

from warnengine.model.level import Level
from warnengine.model.observation import Datum
from warnengine.rulebook.excel.columns import (
    Column,
    Raw,
    Read,
    Show,
    count,
    decimal,
    duration,
    figure,
    flag,
    number,
    one_of,
    phrase,
    plain,
    read_duration,
    whole_number,
    yes,
)
from warnengine.rulebook.excel.words import ALL, READINGS, WATCHES, Misread, Vocabulary, Words, parts

DATUMS = tuple(datum.value for datum in Datum)
WATCHED = Words("看什么", WATCHES)
TOLD = Words("报什么", READINGS)
STATION = re.compile(r"[A-Za-z0-9_-]{2,40}")
WINDOW = re.compile(r"(\d+ ?(?:分钟|小时|分|时|m|h))[内::\s]*(\d+(?:\.\d+)?) ?(?:毫米|mm|米|m)?")
"""30分钟: 30"""
MEANS = {Level.ORANGE: "(准备转移)", Level.RED: "(立即转移)"}


def limits(level: Level) -> Column:
    """The thresholds of one level: one figure, or one for each window on a line of its own."""

    def show(trigger: Any, _words: Vocabulary) -> str:
        found = getattr(trigger, level.key) or {}
        return "\n".join(
            f"{duration(window)}: {figure(limit)}" if window else figure(limit) for window, limit in found.items()
        )

    return Column(level.zh + MEANS.get(level, ""), level.key, show, _limits, width=18)


def _limits(cell: str, words: Vocabulary) -> Raw:
    if re.fullmatch(r"-?[0-9.]+", cell):
        return number(cell, words)
    found: dict[str, str] = {}
    for part in parts(cell.strip("{}")):
        fits = WINDOW.fullmatch(part)
        if not fits:
            raise Misread(
                f"读不懂阈值“{part}”",
                "雨量和涨率一行一个时段,例如“1小时: 45”;水位、气温、风速只写一个数,例如 217.5",
            )
        window = str(read_duration(fits[1], words))
        if window in found:
            raise Misread(f"“{fits[1]}”写了两次", "留一个")
        found[window] = figure(float(fits[2]))
    return found


def _stations(cell: str, words: Vocabulary) -> Raw:
    """By name, or by number: a station that the same workbook adds has no name in the book yet."""
    known = words.stations.by_key
    return [one if one in known or STATION.fullmatch(one) else words.stations.key(one) for one in parts(cell)]


def _station_number(cell: str, _words: Vocabulary) -> Raw:
    if not STATION.fullmatch(cell):
        raise Misread(f"站号“{cell}”写法不对", "2到40个字母、数字、横线,例如 S500151105")
    return cell


def _where(cell: str, words: Vocabulary) -> Raw:
    return "all" if cell == ALL else words.townships.keys(cell)


def _everywhere(trigger: Any, words: Vocabulary) -> str:
    return words.townships.say_all(trigger.towns) or ALL


def _one(words: Words) -> Read:
    return lambda cell, _words: words.key(cell)


def _length(key: str) -> Show:
    return lambda entry, _words: duration(getattr(entry, key))


def _datum(entry: Any, _words: Vocabulary) -> str:
    return str(entry.datum.value if entry.datum else "")


TRIGGERS = (
    Column("名称", "name", plain("name"), phrase, width=24, required=True),
    Column(
        "灾种",
        "hazard",
        lambda one, words: words.hazards.say(one.hazard),
        lambda cell, words: words.hazards.key(cell),
        required=True,
        choices="hazards",
    ),
    Column(
        "看什么",
        "watch",
        lambda one, _words: WATCHED.say(one.watch.value),
        _one(WATCHED),
        width=10,
        required=True,
        choices="watches",
    ),
    Column("镇街", "towns", _everywhere, _where, width=26, required=True, choices="towns_or_all", several=True),
    Column(
        "测站",
        "stations",
        lambda one, words: words.stations.say_all(one.stations),
        _stations,
        width=22,
        choices="stations",
        several=True,
    ),
    Column("要几个站", "agree", count("agree"), whole_number, width=9),
    Column("基准面", "datum", _datum, one_of(DATUMS, "基准面"), width=9, choices="datums"),
    *(limits(level) for level in Level),
    Column("随土壤干湿调整", "soil", flag("soil"), yes("true"), width=9, choices="yes"),
    Column("低多少算回落", "falls_by", decimal("falls_by"), number, width=9),
    Column("低多久算回落", "rearm", _length("rearm"), read_duration),
    Column("差多少算接近", "near", decimal("near"), number, width=9),
    Column("影子运行", "shadow", flag("shadow"), yes("true"), width=9, choices="yes"),
    Column("依据", "source", plain("source"), phrase, width=36),
    Column("待确认", "confirm", flag("confirm"), yes("bureau"), width=8, choices="yes"),
)
"""阈值: 橙 is 准备转移, 红 is 立即转移."""

STATIONS = (
    Column("站号", "id", plain("id"), _station_number, width=16, required=True),
    Column("名称", "name", plain("name"), phrase, width=28, required=True),
    Column(
        "报什么",
        "tells",
        lambda one, _words: TOLD.say_all(kind.value for kind in one.tells),
        lambda cell, _words: TOLD.keys(cell),
        width=20,
        required=True,
        choices="readings",
        several=True,
    ),
    Column(
        "镇街",
        "towns",
        lambda one, words: words.townships.say_all(one.towns),
        lambda cell, words: words.townships.keys(cell),
        width=26,
        choices="towns",
        several=True,
    ),
    Column("多久报一次", "every", _length("every"), read_duration, width=11),
    Column("河流", "river", plain("river"), phrase, width=10),
    Column("经度", "lon", decimal("lon"), number, width=11),
    Column("纬度", "lat", decimal("lat"), number, width=11),
    Column("基准面", "datum", _datum, one_of(DATUMS, "基准面"), width=9, choices="datums"),
    Column("样例", "sample", flag("sample"), yes("true"), width=7, choices="yes"),
    Column("待确认", "confirm", flag("confirm"), yes("bureau"), width=8, choices="yes"),
)
"""测站: gauges, each with the townships for which it speaks."""
