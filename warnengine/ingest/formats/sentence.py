"""A Chinese warning text: which level it states for which townships, and for how long."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from warnengine.ingest.formats import period
from warnengine.ingest.formats.period import Period
from warnengine.ingest.formats.places import strangers_in, towns_in
from warnengine.ingest.formats.wording import COLOUR, Statement, clauses, observed, statement
from warnengine.model.level import Level
from warnengine.model.place import District
from warnengine.model.warning import Precision

READ = 6000
"""Characters read; the longest real text has about 1 000."""

_REST = re.compile(r"(?:其余|其他|其它|剩余)(?=.{0,4}(?:镇|街|乡|地区|区域))|其余")
_PARTIAL = re.compile(r"部分|局部|局地|个别")
_UNKNOWN_TOWN = re.compile(r"[\u4e00-\u9fff]{1,3}?(?<!部分)(?<!各)(?<!所有)(?<!全部)(?<!个)(?:街道|镇|乡)(?!街)")
_COUNT = re.compile(r"(\d{1,2})个(?:镇|街|乡)")
_MOST = re.compile(r"大部(?:分)?")
_SOME = re.compile(r"部分|大部|局部|局地|多数|少数|沿[^，]{1,6}(?:镇|街|乡)|\d个(?:镇|街|乡)")
_EXCEPT = re.compile(r"除(?:了)?(.{1,300}?)(?:以外|之外|外)")
_SOMEWHERE = re.compile(r"[我全本][区县市]|镇街|乡镇|街镇|\d个镇|地区|区域|部分|大部|局地|局部")
_HIGHLIGHT = re.compile(r"^(?:其中|局部|局地|尤其|特别是|最大)")


@dataclass(frozen=True, slots=True)
class Region:
    """Where the forecast part of a text expects it."""

    towns: tuple[str, ...] | None
    """Codes; None: the text does not narrow it down to townships."""
    precision: Precision
    doubt: str = ""
    """Why the district as a whole is taken."""


NOWHERE_IN_PARTICULAR = Region(None, Precision.NAMED)


@dataclass(frozen=True, slots=True)
class Sentence:
    """What a text states."""

    level: Level | None = None
    """Of the statement that names no townships; None: lifted, or there is none."""
    lifted: bool = False
    """解除 without naming townships, and nothing put in its place."""
    lifts: bool = False
    """Whether the text lifts anything at all."""
    towns: Mapping[str, Level | None] = field(default_factory=dict)
    """Levels stated for named townships; None: lifted."""
    rest: Statement | None = None
    """What is stated for 其余镇街."""
    region: Region = NOWHERE_IN_PARTICULAR
    period: Period | None = None
    unresolved: tuple[str, ...] = ()
    """Clauses that state something about places that we do not know; a lifting among them is not applied."""

    strangers: tuple[str, ...] = ()
    """Names that stand among those of townships and are none that we know."""

    @property
    def levels(self) -> frozenset[Level]:
        """Every level that it states."""
        rest = self.rest.level if self.rest else None
        return frozenset(level for level in (self.level, rest, *self.towns.values()) if level)


def read(text: str, sent: datetime, district: District | None, grades: re.Pattern[str] = COLOUR) -> Sentence:
    """Read a text; townships are looked for only in those of `district`."""
    parts = clauses(text[:READ])
    stated = [found for part in parts if (found := statement(part, grades))]
    main: list[Level | None] = []
    towns: dict[str, Level | None] = {}
    rest: Statement | None = None
    unresolved: list[str] = []
    for item in stated:
        if named := _subject(item.clause, district):
            towns.update(dict.fromkeys(named, item.level))
        elif _REST.search(item.clause):
            rest = item
        elif district and _about_part(item):
            unresolved.append(item.clause)
        else:
            main.append(item.level)
    levels = [level for level in main if level]
    said = {item.clause for item in stated}
    silent = tuple(part for part in parts if part not in said)
    return Sentence(
        level=levels[-1] if levels else None,
        lifted=bool(main) and not levels,
        lifts=any(item.level is None for item in stated),
        towns=towns,
        rest=rest,
        region=_region(silent, district) if district else NOWHERE_IN_PARTICULAR,
        period=period.find("，".join(part for part in parts if not observed(part)), sent),
        unresolved=tuple(unresolved),
        strangers=tuple(name for part in parts for name in strangers_in(part, district)) if district else (),
    )


def _subject(clause: str, district: District | None) -> tuple[str, ...]:
    """The townships that a statement is about; empty: it names none."""
    if district and (spared := _spared(clause, district)):
        return tuple(town.code for town in district.townships if town.code not in spared)
    return towns_in(_REST.split(clause)[0], district)


def _spared(text: str, district: District) -> frozenset[str]:
    """The townships X of 除X外."""
    found = _EXCEPT.search(text)
    return frozenset(towns_in(found[0], district)) if found else frozenset()


def _about_part(item: Statement) -> bool:
    """A lifting for some townships, none of which we know: never taken as one for the whole district."""
    return item.level is None and bool(_PARTIAL.search(item.clause) or _UNKNOWN_TOWN.search(item.clause))


def _region(parts: tuple[str, ...], district: District) -> Region:
    """Where it is expected; where it is already, if the forecast only says that it goes on."""
    every = tuple(town.code for town in district.townships)
    ahead = [part for part in parts if not observed(part)]
    text = "，".join(ahead)
    if spared := _spared(text, district):
        return Region(tuple(code for code in every if code not in spared), Precision.NAMED)
    main = "，".join(part for part in ahead if not _HIGHLIGHT.search(part))
    listed = towns_in(main, district)
    seen = towns_in("，".join(part for part in parts if observed(part)), district)
    if "上述" in text:
        listed = tuple(dict.fromkeys((*seen, *listed)))
    if listed:
        return _listed(listed, every, main)
    if _SOMEWHERE.search(main):
        return _unlisted(main, every)
    named = seen or towns_in(text, district)
    return Region(named, Precision.NAMED) if named else NOWHERE_IN_PARTICULAR


def _listed(named: tuple[str, ...], every: tuple[str, ...], text: str) -> Region:
    """Names followed by 等N个镇街 or 等大部分镇街 may be examples; 等部分镇街 closes a list."""
    count = max((int(number) for number in _COUNT.findall(text)), default=0)
    if count == len(every) or len(named) == len(every):
        return Region(every, Precision.NAMED)
    if count > len(named):
        doubt = f"the text says {count} townships and names {len(named)}"
        return Region(None, Precision.DISTRICT, doubt)
    if _MOST.search(text) and len(named) * 2 <= len(every):
        return Region(None, Precision.DISTRICT, f"the text says most townships and names {len(named)}")
    return Region(named, Precision.NAMED)


def _unlisted(text: str, every: tuple[str, ...]) -> Region:
    if any(int(number) == len(every) for number in _COUNT.findall(text)):
        return NOWHERE_IN_PARTICULAR
    if found := _SOME.search(text):
        doubt = f"the text says {found.group()} and names no township"
        return Region(None, Precision.DISTRICT, doubt)
    return NOWHERE_IN_PARTICULAR
