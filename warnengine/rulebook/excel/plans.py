"""The columns of a township's plan: its risks, the posts that it calls, its points."""

from __future__ import annotations

from typing import Any

from warnengine.model.book import Alarm, PointKind, Role
from warnengine.rulebook.excel.columns import (
    LONGEST,
    Column,
    Raw,
    count,
    day,
    decimal,
    flag,
    hazard_list,
    level_list,
    number,
    one_of,
    phrase,
    plain,
    several_of,
    whole_number,
    yes,
)
from warnengine.rulebook.excel.words import ALL, Misread, Vocabulary, parts


def charges(role: Role) -> Column:
    """Who answers for a point in one role: 安居镇 分管负责人."""

    def show(point: Any, words: Vocabulary) -> str:
        mine = (one for one in point.responsible if one.role is role)
        return "、".join(f"{words.units.say(one.unit)} {words.posts.say(one.post)}" for one in mine)

    def read(cell: str, words: Vocabulary) -> Raw:
        return [_charge(role, one, words) for one in parts(cell)]

    return Column(role.zh, f"responsible.{role.value}", show, read, width=24)


def _charge(role: Role, text: str, words: Vocabulary) -> dict[str, str]:
    unit, _, post = text.rpartition(" ")
    if not unit:
        raise Misread(f"“{text}”少了单位或岗位", "写“单位 岗位”,中间空一格,例如“安居镇 分管负责人”")
    return {"role": role.value, "unit": words.units.key(unit), "post": words.posts.key(post)}


KINDS = tuple(kind.value for kind in PointKind)
ALARMS = tuple(alarm.value for alarm in Alarm)
MAPS = ("WGS84", "GCJ02")
HEIGHTS = ("吴淞", "黄海")
POINTS = (
    Column("名称", "name", plain("name"), phrase, width=32, required=True),
    Column("类别", "kind", plain("kind"), one_of(KINDS, "类别"), required=True, choices="kinds"),
    Column(
        "灾种",
        "hazards",
        hazard_list(),
        lambda cell, words: words.hazards.keys(cell),
        width=28,
        required=True,
        choices="hazards",
        several=True,
    ),
    Column(
        "村(社区)",
        "village",
        lambda one, words: words.units.say(one.village),
        lambda cell, words: words.units.key(cell),
        width=22,
    ),
    Column("经度", "lon", decimal("lon"), number, width=11),
    Column("纬度", "lat", decimal("lat"), number, width=11),
    Column("坐标系", "datum", plain("datum"), one_of(MAPS, "坐标系"), width=9, choices="maps"),
    Column("高程(米)", "elevation", decimal("elevation"), number, width=9),
    Column("高程基准", "height", plain("height"), one_of(HEIGHTS, "高程基准"), width=9, choices="heights"),
    Column("户数", "households", count("households"), whole_number, width=7),
    Column("人数", "people", count("people"), whole_number, width=7),
    Column("特殊人群", "special", count("special"), whole_number, width=9),
    *(charges(role) for role in Role),
    Column("什么时候转移", "trigger", plain("trigger"), phrase, width=30),
    Column("路线", "route", plain("route"), phrase, width=24),
    Column("安置点", "shelter", plain("shelter"), phrase, width=24),
    Column("安置点容量", "capacity", count("capacity"), whole_number, width=11),
    Column(
        "报警方式",
        "alarm",
        lambda one, _words: "、".join(alarm.value for alarm in one.alarm),
        several_of(ALARMS, "报警方式"),
        width=22,
    ),
    Column("更新日期", "updated", plain("updated"), day, dated=True),
    Column("样例", "sample", flag("sample"), yes("true"), width=7, choices="yes"),
    Column("待确认", "confirm", flag("confirm"), yes("bureau"), width=8, choices="yes"),
)
"""危险点位 of a township's plan."""


def _risks(cell: str, _words: Vocabulary) -> Raw:
    lines = [line.strip() for line in cell.split("\n") if line.strip()]
    if long := next((line for line in lines if len(line) > LONGEST), None):
        raise Misread(f"“{long[:12]}…”有{len(long)}个字", f"一行一条风险,每条最多{LONGEST}个字")
    return lines


def _called_levels(cell: str, words: Vocabulary) -> Raw:
    return "all" if cell == ALL else words.levels.keys(cell)


PLAN = (
    Column(
        "敏感灾种",
        "sensitive",
        hazard_list("sensitive"),
        lambda cell, words: words.hazards.keys(cell),
        width=48,
        choices="hazards",
        several=True,
    ),
    Column("风险", "risks", lambda one, _words: "\n".join(one.risks), _risks, width=60),
    Column("待确认", "confirm", flag("confirm"), yes("bureau"), width=8, choices="yes"),
)
"""What a plan says of its township; one row."""

CALLED = (
    Column(
        "单位",
        "unit",
        lambda one, words: words.units.say(one.unit),
        lambda cell, words: words.units.key(cell),
        width=26,
        required=True,
    ),
    Column(
        "岗位",
        "post",
        lambda one, words: words.posts.say(one.post),
        lambda cell, words: words.posts.key(cell),
        width=20,
        required=True,
        choices="posts",
    ),
    Column(
        "灾种",
        "hazards",
        hazard_list(),
        lambda cell, words: words.hazards.keys(cell),
        width=36,
        required=True,
        choices="hazards",
        several=True,
    ),
    Column(
        "等级",
        "levels",
        level_list,
        _called_levels,
        width=22,
        required=True,
        choices="levels_or_all",
        several=True,
    ),
)
"""Posts that a plan calls beside those of the ladder."""
