"""Where the forecast part of a text expects it: townships by name, by exclusion, or by their river.

What narrows a place down in words that name none (部分镇街, 海拔800米以上地区) leaves the whole and says so; a
place that is none of ours leaves nobody and says so.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from warnengine.ingest.formats.places import along_rivers, foreign, names_of, rivers_in, towns_in
from warnengine.ingest.formats.wording import observed
from warnengine.model.place import District
from warnengine.model.warning import Precision

_COUNT = re.compile(r"(\d{1,2})个(?:镇|街|乡)")
_MOST = re.compile(r"大部(?:分)?")
_SOME = re.compile(r"部分|大部|局部|局地|多数|少数|个别|沿[^,]{1,6}(?:镇|街|乡)|\d个(?:镇|街|乡)|[东西南北中]+部")
_EXCEPT = re.compile(r"除(?:了)?(.{1,300}?)(?:以外|之外|外)")
_SOMEWHERE = re.compile(r"[我全本][区县市]|镇街|乡镇|街镇|\d个镇|地区|区域|部分|大部|局地|局部|个别")
_HIGHLIGHT = re.compile(r"^(?:其中|局部|局地|尤其|特别是|最大)")
_ALTITUDE = re.compile(r"海拔[^,]{0,6}?\d{2,4}(?:[-~至到]\d{2,4})?(?:米|m)[^,]{0,4}")
_STATION = re.compile(r"[\u4e00-\u9fff]{2,}站")


@dataclass(frozen=True, slots=True)
class Region:
    """Where it is expected."""

    towns: tuple[str, ...] | None
    """Codes; None: the text does not narrow it down to townships; empty: it speaks of places that are not ours."""
    precision: Precision
    doubt: str = ""
    """Why the district as a whole, or nobody, is taken."""
    partly: str = ""
    """The clause that narrows the townships named down further, or that names them by their river only."""


NOWHERE_IN_PARTICULAR = Region(None, Precision.NAMED)


def region(parts: tuple[str, ...], district: District, *, hydrology: bool = False) -> Region:
    """Where it is expected; where it is already, if the forecast only says that it goes on."""
    ahead = [part for part in parts if not observed(part)]
    limit = next((part for part in ahead if _ALTITUDE.search(part)), "")
    found = _named(parts, ahead, district)
    if found is None and (river := _along(parts, ahead, district, hydrology=hydrology)):
        return river
    if found is None and hydrology and (elsewhere := _elsewhere(parts, district)):
        return Region((), Precision.NAMED, elsewhere)
    found = found or _unlisted(ahead, district)
    if limit and found.towns is not None:
        return Region(found.towns, found.precision, found.doubt, limit)
    if limit and found.precision is Precision.NAMED:
        return Region(None, Precision.DISTRICT, f"the text limits it by altitude: {limit[:60]}")
    return found


def spared(text: str, district: District) -> frozenset[str]:
    """The townships X of 除X外."""
    found = _EXCEPT.search(text)
    return frozenset(towns_in(found[0], district)) if found else frozenset()


def _named(parts: tuple[str, ...], ahead: list[str], district: District) -> Region | None:
    """By names of townships; None: it gives none."""
    every = tuple(town.code for town in district.townships)
    text = ",".join(ahead)
    if but := spared(text, district):
        return Region(tuple(code for code in every if code not in but), Precision.NAMED)
    main = ",".join(part for part in ahead if not _HIGHLIGHT.search(part))
    listed = towns_in(main, district)
    seen = towns_in(",".join(part for part in parts if observed(part)), district)
    if "上述" in text:
        listed = tuple(dict.fromkeys((*seen, *listed)))
    if listed:
        return _listed(listed, every, main)
    if _SOMEWHERE.search(main):
        return None
    named = seen or towns_in(text, district)
    return Region(named, Precision.NAMED) if named else None


def _listed(named: tuple[str, ...], every: tuple[str, ...], text: str) -> Region:
    """Names followed by 等N个镇街 or 等大部分镇街 may be examples; 等部分镇街 closes a list."""
    count = max((int(number) for number in _COUNT.findall(text)), default=0)
    if count == len(every) or len(named) == len(every):
        return Region(every, Precision.NAMED)
    if count > len(named):
        doubt = f"the text says {count} townships and names {len(named)}: {text[:60]}"
        return Region(None, Precision.DISTRICT, doubt)
    if _MOST.search(text) and len(named) * 2 <= len(every):
        doubt = f"the text says most townships and names {len(named)}: {text[:60]}"
        return Region(None, Precision.DISTRICT, doubt)
    return Region(named, Precision.NAMED)


def _along(parts: tuple[str, ...], ahead: list[str], district: District, *, hydrology: bool) -> Region | None:
    """The townships of a river along which it is expected; a station of a water office is one on its river."""
    for clause in ahead:
        if towns := along_rivers(clause, district):
            return Region(towns, Precision.NAMED, partly=clause)
    if not hydrology:
        return None
    ways = (rivers_in, _at_station)
    found = next(((clause, towns) for way in ways for clause in parts if (towns := way(clause, district))), None)
    return Region(found[1], Precision.NAMED, partly=found[0]) if found else None


def _at_station(clause: str, district: District) -> tuple[str, ...]:
    """The townships that stations are named after: 安居站."""
    names = names_of(district)
    stations = "".join(_STATION.findall(clause))
    return tuple(dict.fromkeys(code for name in names.one.findall(stations) for code in names.codes[name]))


def _elsewhere(parts: tuple[str, ...], district: District) -> str:
    """The clause in which a water office speaks of a station that is not known to be ours."""
    text = ",".join(parts)
    if re.search(r"[我全本]区|镇街", text) or any(name in text for name in (district.name, *district.aliases)):
        return ""
    clause = next((part for part in parts if _STATION.search(part) or foreign(part, district)), "")
    return f"the text speaks of a river or station that is not known here: {clause[:60]}" if clause else ""


def _unlisted(ahead: list[str], district: District) -> Region:
    main = ",".join(part for part in ahead if not _HIGHLIGHT.search(part))
    if any(int(number) == len(district.townships) for number in _COUNT.findall(main)):
        return NOWHERE_IN_PARTICULAR
    if (found := _SOME.search(main)) and _SOMEWHERE.search(main):
        clause = next(part for part in main.split(",") if found.group() in part)
        doubt = f"the text says {found.group()} and names no township: {clause[:60]}"
        return Region(None, Precision.DISTRICT, doubt)
    return NOWHERE_IN_PARTICULAR
