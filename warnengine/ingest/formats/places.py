"""Which townships of a district a plain Chinese text names.

Full names and firm other names (旧县镇, 城区三街道) count wherever they stand. A name without 镇 or 街道
(安居, 高楼) is also an everyday word, so it counts only in a list of names or beside words that make it a place:
将安居…, 高楼雨量…. An alias that several townships share names all of them. Other districts have townships of the
same names: one behind the name of another district (潼南区太平镇) is not ours, nor is 安居区.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from warnengine.ingest.formats.plain import plain
from warnengine.model.place import District

_SUFFIX = re.compile(r"(?:街道|镇|乡)$")
_SEPARATOR = r"(?:[、,/·]|以及|和|及|与|或)"
_LEFT = re.compile(
    r"(?:^|[^\u4e00-\u9fff]|[区县镇乡市台将对除含括和及与时分日间内天晨晚午夜计布在达的]|街道|解除|撤销|取消|终止|结束|其中|以及|继续|维持|确认)$"
)
_RIGHT = re.compile(
    r"$|[^\u4e00-\u9fff]|[等和及与以之雨降累将已可出暴雷预仍有局境的为最小大两三四维红橙黄蓝强冰寒霜雾霾发达多附按升调继]"
    r"|高温|森林|道路|镇街|一带|干旱|低温|地质|山洪|海拔|外(?:$|[^\u4e00-\u9fff]|[其各全均])"
)
_NOT_RIGHT = re.compile(r"[小大](?!时|[风雾雨雪])")
_SURE_LEFT = re.compile(r"(?:我[区县市]|全区|将|解除|撤销|取消|终止|结束|维持|除|其中|预计)$")
_SURE_RIGHT = re.compile(
    r"等|以外|之外|外(?:$|[^\u4e00-\u9fff]|[其各全均])|[雨降]|累计|境内|一带|[暴雷]|大风|冰雹|高温|仍|[两三四]?个?(?:镇|街道)"
)
_KNOWN = "\0"
_STRANGER = re.compile(
    r"(?:(?<=[、和及与区县市])|^)(?![等各其全部所多少沿本]|大部|乡镇|街镇)([\u4e00-\u9fff]{1,5}?(?:街道|镇|乡))(?=[、和及与等])"
)
_BARE_STRANGER = re.compile(r"(?<=\0[、和及与])(?!其|周边|附近|邻近|以及)([\u4e00-\u9fff]{2,3})(?=[、和及与]\0)")
_DISTRICT = re.compile(r"[\u4e00-\u9fff]{1,4}[区县市]$")
_ANY_DISTRICT = re.compile(r"[\u4e00-\u9fff]{2,3}?[区县市]")
_COMMON = re.compile(
    r"(?:[我全本各该辖库景园片地社矿林郊灾牧城新发范]|丘陵|(?<![璧巫秀眉])山)区$|[我全本各该城辖]市$|[我全本各该郊区市]县$"
)
_ALONG = r"干流|流域|沿线|沿岸|沿江|沿河|两岸|[^,、]{0,8}[段站]"


@dataclass(frozen=True, slots=True)
class Names:
    """The names of one district's townships and rivers, ready to be found."""

    codes: Mapping[str, tuple[str, ...]]
    """Name → codes of 9 digits."""
    run: re.Pattern[str]
    """One name, or several joined as in a list."""
    one: re.Pattern[str]
    own: tuple[str, ...]
    """Names of the district."""
    rivers: Mapping[str, tuple[str, ...]]
    """River → codes of the townships on it."""
    river: re.Pattern[str]
    along: re.Pattern[str]
    """Rivers, with words for the places along them."""


@lru_cache(maxsize=64)
def names_of(district: District) -> Names:
    """Every name and short name; longer ones win."""
    codes: dict[str, list[str]] = defaultdict(list)
    rivers: dict[str, list[str]] = defaultdict(list)
    for town in district.townships:
        name = plain(town.name)
        short = _SUFFIX.sub("", name)
        for known in dict.fromkeys((name, *map(plain, town.aliases), short if len(short) > 1 else name)):
            codes[known].append(town.code)
        for river in town.rivers:
            rivers[plain(river)].append(town.code)
    any_name, any_river = _any(codes), _any(rivers)
    list_of_rivers = rf"(?:{any_river})(?:{_SEPARATOR}(?:{any_river}))*"
    return Names(
        {name: tuple(found) for name, found in codes.items()},
        re.compile(rf"(?:{any_name})(?:{_SEPARATOR}(?:{any_name}))*"),
        re.compile(any_name),
        tuple(map(plain, (district.name, *district.aliases))),
        {name: tuple(found) for name, found in rivers.items()},
        re.compile(any_river),
        re.compile(rf"沿{list_of_rivers}|{list_of_rivers}(?:{_ALONG})"),
    )


def _any(words: Mapping[str, object]) -> str:
    return "|".join(map(re.escape, sorted(words, key=len, reverse=True))) or r"(?!)"


def towns_in(text: str, district: District | None) -> tuple[str, ...]:
    """Codes of the townships that the text names, in its order, each once."""
    if district is None:
        return ()
    names = names_of(district)
    found: dict[str, None] = {}
    for run in names.run.finditer(text):
        if _of_another(text, run.start(), names):
            continue
        for name in _meant(names.one.findall(run.group()), text[: run.start()], text[run.end() :]):
            found.update(dict.fromkeys(names.codes[name]))
    return tuple(found)


def strangers_in(text: str, district: District) -> tuple[str, ...]:
    """Names that stand in a list with townships of the district and are none: 安居镇、某某镇等; or are those of
    another district: 潼南区太平镇."""
    names = names_of(district)
    marked = names.run.sub(_KNOWN, text)
    if _KNOWN not in marked:
        return ()
    found = (*_STRANGER.findall(marked), *_BARE_STRANGER.findall(marked), *_others(text, names))
    return tuple(dict.fromkeys(found))


def _others(text: str, names: Names) -> Iterator[str]:
    for run in names.run.finditer(text):
        if district := _of_another(text, run.start(), names):
            yield district + run.group()


def _of_another(text: str, at: int, names: Names) -> str:
    """The name of another district right before a place in the text; empty: there is none."""
    found = _DISTRICT.search(text[max(0, at - 5) : at])
    if not found or _COMMON.search(found.group()):
        return ""
    before = text[:at]
    ours = any(before.endswith(own) for own in names.own) or any(
        own.startswith(found.group()) for own in names.own
    )
    return "" if ours else found.group()


def foreign(text: str, district: District) -> bool:
    """Whether the text names a district, county or city that is not this one."""
    own = names_of(district).own
    named = (found.group() for found in _ANY_DISTRICT.finditer(text))
    return any(not _COMMON.search(name) and not any(name in mine for mine in own) for name in named)


def rivers_in(text: str, district: District) -> tuple[str, ...]:
    """Codes of the townships on the rivers that the text names."""
    names = names_of(district)
    return tuple(dict.fromkeys(code for river in names.river.findall(text) for code in names.rivers[river]))


def along_rivers(text: str, district: District) -> tuple[str, ...]:
    """Codes of the townships along the rivers along which the text places something: 涪江沿线, 沿琼江."""
    runs = (found.group() for found in names_of(district).along.finditer(text))
    return tuple(dict.fromkeys(code for run in runs for code in rivers_in(run, district)))


def _meant(listed: list[str], before: str, after: str) -> list[str]:
    """The names of one run that are places and not everyday words."""
    if _is_short(listed[0]) and not _LEFT.search(before[-3:]):
        listed = listed[1:]
    if listed and _is_short(listed[-1]) and (not _RIGHT.match(after) or _NOT_RIGHT.match(after)):
        listed = listed[:-1]
    if len(listed) == 1 and _is_short(listed[0]):
        place = _SURE_LEFT.search(before[-3:]) or _SURE_RIGHT.match(after)
        return listed if place else []
    return listed


def _is_short(name: str) -> bool:
    return len(name) < 4 and not _SUFFIX.search(name)
