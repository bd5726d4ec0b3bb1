"""A Chinese warning text: of which hazards it states which level, for which townships, and for how long."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from warnengine.ingest.formats import period
from warnengine.ingest.formats.period import Period
from warnengine.ingest.formats.places import strangers_in, towns_in
from warnengine.ingest.formats.region import NOWHERE_IN_PARTICULAR, Region, region, spared
from warnengine.ingest.formats.statements import Statement, Topic, puts_off, statements
from warnengine.ingest.formats.vocabulary import Vocabulary
from warnengine.ingest.formats.wording import clauses, observed, restates
from warnengine.model.level import Level
from warnengine.model.place import District

_TIME = re.compile(r"[\d今明次翌]|小时|天")
"""Without any of these, a clause gives no period."""
_REST = re.compile(r"(?:其余|其他|其它|剩余)(?=.{0,4}(?:镇|街|乡|地区|区域))|其余")
_PARTIAL = re.compile(r"部分|局部|局地|个别")
_UNKNOWN_TOWN = re.compile(r"[\u4e00-\u9fff]{1,3}?(?<!部分)(?<!各)(?<!所有)(?<!全部)(?<!个)(?:街道|镇|乡)(?!街)")


@dataclass(frozen=True, slots=True)
class Sentence:
    """What a text states of one topic."""

    level: Level | None = None
    """Of the statement that names no townships; None: lifted, or there is none."""
    lifted: bool = False
    """解除 without naming townships, and nothing put in its place."""
    lifts: bool = False
    """Whether the text lifts anything at all."""
    still: bool = False
    """Whether it only says that what stood still stands."""
    named: Level | None = None
    """The gravest level that is named beside the topic, lifted or not."""
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

    @property
    def silent(self) -> bool:
        """Whether it states nothing, neither a level nor a lifting."""
        return not (self.levels or self.lifted or self.towns or self.rest or self.unresolved)


SILENT = Sentence()


@dataclass(frozen=True, slots=True)
class Text:
    """A text taken to pieces."""

    parts: tuple[str, ...]
    statements: tuple[Statement, ...]
    put_off: tuple[str, ...]
    """Clauses that announce a lifting at a time to come."""

    @property
    def topics(self) -> tuple[Topic, ...]:
        """What it states something of, in its order."""
        return tuple(dict.fromkeys(statement.topic for statement in self.statements))


def take(text: str, words: Vocabulary, *, coloured: bool) -> Text:
    """Take a plain text to pieces. A level beside no hazard is of the first hazard that is stated likewise."""
    parts = clauses(text)
    found = [one for part in parts for one in statements(part, words, coloured=coloured)]
    first = {one.topic.response: one.topic for one in reversed(found) if one.topic.hazard}
    settled = tuple(
        one if one.topic.hazard else replace(one, topic=first.get(one.topic.response, one.topic)) for one in found
    )
    return Text(parts, settled, tuple(part for part in parts if puts_off(part)))


def states(text: Text, topics: frozenset[Topic], district: District | None = None) -> Sentence:
    """Which levels it states of some topics that mean the same."""
    stated = _of(text, topics)
    return replace(
        _levels(stated, district),
        lifts=any(one.level is None for one in text.statements),
        still=bool(stated) and all(one.level and restates(one.clause) for one in stated),
        named=max((one.named for one in stated if one.named), default=None),
    )


def read(
    text: Text, topics: frozenset[Topic], sent: datetime, district: District | None, *, hydrology: bool
) -> Sentence:
    """The same with where and until when; townships are looked for only in those of `district`."""
    own = _own(text, _of(text, topics))
    said = {one.clause for one in text.statements}
    silent = tuple(part for part in own if part not in said)
    return replace(
        states(text, topics, district),
        region=region(silent, district, hydrology=hydrology) if district else NOWHERE_IN_PARTICULAR,
        period=period.find(",".join(part for part in own if _TIME.search(part) and not observed(part)), sent),
        strangers=_strangers(text, district),
    )


def _of(text: Text, topics: frozenset[Topic]) -> list[Statement]:
    return [one for one in text.statements if one.topic in topics]


def _levels(stated: Sequence[Statement], district: District | None) -> Sentence:
    main: list[Statement] = []
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
            main.append(item)
    level = _last(main)
    return Sentence(
        level=level,
        lifted=bool(main) and not level,
        towns=towns,
        rest=rest,
        unresolved=tuple(unresolved),
    )


def _last(stated: Sequence[Statement]) -> Level | None:
    """The level that was stated last and not lifted after: a lifting that names a level takes that one alone."""
    standing: list[Level] = []
    for item in stated:
        if item.level:
            standing.append(item.level)
        else:
            standing = [level for level in standing if item.named and level != item.named]
    return standing[-1] if standing else None


def _own(text: Text, stated: Sequence[Statement]) -> tuple[str, ...]:
    """The clauses from the first statement of a topic to that of the next: a notice of two hazards may forecast
    each by itself. All of them where there is but one topic, or where its own ones forecast nothing."""
    others = {one.clause for one in text.statements} - {one.clause for one in stated}
    mine = {one.clause for one in stated}
    if not (others and mine):
        return text.parts
    start = min(text.parts.index(clause) for clause in mine)
    end = next((at for at, part in enumerate(text.parts) if at > start and part in others), len(text.parts))
    own = text.parts[start:end]
    return own if any(part not in mine for part in own) else text.parts


def _strangers(text: Text, district: District | None) -> tuple[str, ...]:
    return tuple(name for part in text.parts for name in strangers_in(part, district)) if district else ()


def _subject(clause: str, district: District | None) -> tuple[str, ...]:
    """The townships that a statement is about; empty: it names none."""
    if district and (but := spared(clause, district)):
        return tuple(town.code for town in district.townships if town.code not in but)
    return towns_in(_REST.split(clause)[0], district)


def _about_part(item: Statement) -> bool:
    """A lifting for some townships, none of which we know: never taken as one for the whole district."""
    return item.level is None and bool(_PARTIAL.search(item.clause) or _UNKNOWN_TOWN.search(item.clause))
