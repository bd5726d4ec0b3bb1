"""What the text of a city or province says of a district of ours.

Such texts list districts (铜梁、璧山、大足等区县), also by level (风险高:开州区、铜梁区). A part of the city that
the text does not spell out (西部地区) may or may not be ours: that is for a person.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from warnengine.ingest.formats.places import names_of, towns_in
from warnengine.ingest.formats.sentence import Text
from warnengine.ingest.formats.statements import Topic
from warnengine.ingest.formats.wording import colour_in, observed, risk_in
from warnengine.model.level import Level
from warnengine.model.place import Area, District
from warnengine.model.warning import Precision

_HEADING = 14
"""Characters of a clause that only says which level the places behind it have."""
_BODY = re.compile(r"(?:气象[台局]|区?(?:防汛|人民政府|应急|水利|林业)|水文)")
_WHOLE = re.compile(r"全市大部|[我本]市(?:各|所有|大部)|(?:各|所有)区县|大部(?:分)?(?:区县|地区)|全[市省]")
_BUT = re.compile(r"除(?:了)?[^,]{1,200}?(?:以外|之外|外)")
_OTHERS = re.compile(r"(?:其余|其他|其它|剩余|各)(?:区县|地区|县市)")
_PART = re.compile(r"[东西南北中]+部(?:偏[东西南北])?(?:地区|区县|的?部分)?|部分区县|局部区县|沿江|[^,]{0,4}流域")


@dataclass(frozen=True, slots=True)
class Place:
    """Somewhere in the district."""

    area: Area
    level: Level | None
    """As the text says of this very place; None: as of everything, unless it is lifted."""
    lifted: bool


def named_in(text: Text, topics: frozenset[Topic], district: District) -> tuple[Place, ...]:
    """The district, or the townships named right behind its name, wherever the text means it."""
    found = [place for at, part in enumerate(text.parts) for place in _in_clause(text, at, part, topics, district)]
    towns = [place for place in found if place.area.code != district.code]
    return tuple(dict.fromkeys(towns or found))


def _in_clause(text: Text, at: int, part: str, topics: frozenset[Topic], district: District) -> Iterator[Place]:
    if observed(part):
        return
    names = names_of(district)
    level, lifted = _level(text, at, part, topics)
    for name in re.finditer("|".join(map(re.escape, sorted(names.own, key=len, reverse=True))), part):
        if _BODY.match(part, name.end()) or _excepted(part, name.start()):
            continue
        run = names.run.match(part, name.end())
        codes = towns_in("将" + run.group(), district) if run else ()
        areas = [Area(town.name, town.code) for town in district.townships if town.code in codes]
        for area in areas or [Area(district.name, district.code)]:
            yield Place(area, level, lifted)


def _level(text: Text, at: int, part: str, topics: frozenset[Topic]) -> tuple[Level | None, bool]:
    """What the clause, or a short heading before it, says of the places in it; and whether it lifts."""
    stated = [one for one in text.statements if one.clause == part and one.topic in topics]
    if stated:
        return stated[-1].level, stated[-1].level is None
    heading = text.parts[at - 1] if at else ""
    level = risk_in(part) or (colour_in(heading) or risk_in(heading) if len(heading) <= _HEADING else None)
    return level, False


@dataclass(frozen=True, slots=True)
class Meant:
    """A part of the city or province in which the district may lie."""

    clause: str
    precision: Precision | None
    """None: it may well lie outside."""


def _excepted(part: str, at: int) -> bool:
    """Whether a name stands in what is left out: 除铜梁外其余区县."""
    return any(but.start() < at < but.end() for but in _BUT.finditer(part))


def meant_by(text: Text, district: District) -> Meant | None:
    """What a text says that spells out no district: 全市, 我市大部, 西部地区, 除城口外其余区县."""
    for part in text.parts:
        if observed(part):
            continue
        if (but := _BUT.search(part)) and _OTHERS.search(part, but.end()):
            ours = any(own in but.group() for own in names_of(district).own)
            return None if ours else Meant(part, Precision.NAMED)
        if found := _WHOLE.search(part):
            return Meant(part, Precision.DISTRICT if "大部" in found.group() else Precision.NAMED)
        if _PART.search(part):
            return Meant(part, None)
    return None
