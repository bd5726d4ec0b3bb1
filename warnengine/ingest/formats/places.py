"""Which townships of a district a Chinese text names.

Full names and firm other names (旧县镇, 城区三街道) count wherever they stand. A name without 镇 or 街道
(安居, 高楼) is also an everyday word, so it counts only in a list of names or beside words that make it a place:
将安居…, 高楼雨量…. An alias that several townships share names all of them.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from warnengine.model.place import District

_SUFFIX = re.compile(r"(?:街道|镇|乡)$")
_SEPARATOR = r"\s*(?:[、,，]|以及|和|及|与)\s*"
_LEFT = re.compile(
    r"(?:^|[^\u4e00-\u9fff]|[区县镇乡市台将对除含括和及与时分日间内天晨晚午夜计布在达的]|街道|解除|撤销|其中|以及|继续)$"
)
_RIGHT = re.compile(
    r"$|[^\u4e00-\u9fff]|[等和及与以之雨降累将已可出暴雷预仍有局境的为最小两三四维红橙黄蓝强冰寒霜雾霾发达多附按升调继]"
    r"|大[风雾]|高温|森林|道路|镇街|一带|外(?:$|[^\u4e00-\u9fff]|[其各全均])"
)
_SURE_LEFT = re.compile(r"(?:我[区县市]|全区|将|解除|撤销|除|其中|预计)$")
_SURE_RIGHT = re.compile(
    r"等|以外|之外|外(?:$|[^\u4e00-\u9fff]|[其各全均])|[雨降]|累计|境内|一带|[暴雷]|大风|冰雹|高温|仍|[两三四]?个?(?:镇|街道)"
)
_KNOWN = "\0"
_STRANGER = re.compile(
    r"(?:(?<=[、和及与区县市])|^)(?![等各其全部所多少沿本]|大部|乡镇|街镇)([\u4e00-\u9fff]{1,5}?(?:街道|镇|乡))(?=[、和及与等])"
)


@dataclass(frozen=True, slots=True)
class Names:
    """The names of one district's townships, ready to be found."""

    codes: Mapping[str, tuple[str, ...]]
    """Name → codes of 9 digits."""
    run: re.Pattern[str]
    """One name, or several joined as in a list."""
    one: re.Pattern[str]


@lru_cache(maxsize=64)
def names_of(district: District) -> Names:
    """Every name and short name; longer ones win."""
    codes: dict[str, list[str]] = defaultdict(list)
    for town in district.townships:
        short = _SUFFIX.sub("", town.name)
        for name in dict.fromkeys((town.name, *town.aliases, short if len(short) > 1 else town.name)):
            codes[name].append(town.code)
    any_name = "|".join(map(re.escape, sorted(codes, key=len, reverse=True))) or r"(?!)"
    return Names(
        {name: tuple(found) for name, found in codes.items()},
        re.compile(rf"(?:{any_name})(?:{_SEPARATOR}(?:{any_name}))*"),
        re.compile(any_name),
    )


def towns_in(text: str, district: District | None) -> tuple[str, ...]:
    """Codes of the townships that the text names, in its order, each once."""
    if district is None:
        return ()
    names = names_of(district)
    found: dict[str, None] = {}
    for run in names.run.finditer(text):
        for name in _meant(names.one.findall(run.group()), text[: run.start()], text[run.end() :]):
            found.update(dict.fromkeys(names.codes[name]))
    return tuple(found)


def strangers_in(text: str, district: District) -> tuple[str, ...]:
    """Names that stand in a list with townships of the district and are none: 安居镇、某某镇等."""
    marked = names_of(district).run.sub(_KNOWN, text)
    return tuple(dict.fromkeys(_STRANGER.findall(marked))) if _KNOWN in marked else ()


def _meant(listed: list[str], before: str, after: str) -> list[str]:
    """The names of one run that are places and not everyday words."""
    if _is_short(listed[0]) and not _LEFT.search(before[-3:]):
        listed = listed[1:]
    if listed and _is_short(listed[-1]) and not _RIGHT.match(after):
        listed = listed[:-1]
    if len(listed) == 1 and _is_short(listed[0]):
        place = _SURE_LEFT.search(before[-3:]) or _SURE_RIGHT.match(after)
        return listed if place else []
    return listed


def _is_short(name: str) -> bool:
    return len(name) < 4 and not _SUFFIX.search(name)
