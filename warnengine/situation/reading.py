"""Readings of messages: what each says of each cell, and one word of it where several are one message."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import reduce

from warnengine.model import voice
from warnengine.model.consultation import CONSULTATION
from warnengine.model.level import Level
from warnengine.model.observation import OBSERVED
from warnengine.model.place import District
from warnengine.model.situation import CellKey, Statement
from warnengine.model.warning import Claim, Precision, Warning

TOWNSHIP = 9
"""Digits of a township's code: cells are no finer, so a village (12 digits) speaks for its township."""
OURS = frozenset({CONSULTATION, OBSERVED})
"""Formats of messages that this engine makes: nobody else brings them by their titles."""
GAPS = frozenset({"unknown_town", "level_unknown"})
"""Problems of a text that may mean places which it does not give: what it leaves out is not known."""
ALWAYS = datetime.min.replace(tzinfo=UTC)


def statements(warning: Warning, district: District) -> dict[CellKey, Statement]:
    """What one message says about each cell of one district.

    A claim about a township, or about a village in it, beats a claim about the whole district in the same
    message; where two claims are equally close, the graver level counts. Townships of which a whole text is silent
    are told too: a title of the same message, which knows the district alone, does not speak for them.
    """
    said: dict[CellKey, tuple[int, Statement]] = {}
    for claim in warning.claims:
        closeness = min(len(claim.area.code or ""), TOWNSHIP)
        statement = _statement(warning, claim)
        for key in _cells(claim, district):
            before = said.get(key)
            if before is None or before[0] < closeness:
                said[key] = closeness, statement
            elif before[0] == closeness:
                said[key] = closeness, join(before[1], statement)
    tops = _tops({key: statement.level for key, (_, statement) in said.items()}.items())
    memory: dict[tuple[int, Level | None], Statement] = {}
    spoken = {key: _graded(one, tops[key[1:]], memory) for key, (_, one) in said.items()}
    return spoken | dict(_silences(warning, spoken, tops, district))


def place(statement: Statement) -> str:
    """Where a cell keeps a statement: what only a title says stands beside the whole text of the message."""
    return f"{statement.identifier} title" if statement.title else statement.identifier


def join(one: Statement, other: Statement) -> Statement:
    """Two readings of the same message: the graver level and the wider period count; it lowers what both name, and
    speaks where one of them does."""
    if one.silent != other.silent:
        return _of_message(other if one.silent else one, one, other)
    return replace(
        _of_message(one, one, other),
        level=max(one.level, other.level, key=rank),
        begins=_earliest(one.begins, other.begins),
        ends=_latest(one.ends, other.ends),
        precision=min(one.precision, other.precision, key=list(Precision).index),
        over=one.over and other.over,
        lifts=max(one.lifts, other.lifts, key=rank),
        lowers=one.lowers & other.lowers,
    )


def grouped(said: Iterable[Statement]) -> list[list[Statement]]:
    """What one voice said, each message with everything by which it came in: two providers, title and text."""
    groups: list[list[Statement]] = []
    known: dict[object, list[Statement]] = {}
    for statement in sorted(said, key=lambda one: (voice.number(one.identifier) is None, *mark(one), one.title)):
        told, others = _signs(statement)
        group = next((known[sign] for sign in told if sign in known), None)
        if group is None:
            group = []
            groups.append(group)
        group.append(statement)
        for sign in (*told, *others):
            known.setdefault(sign, group)
    return groups


def as_one(group: Sequence[Statement]) -> Statement | None:
    """One message in one cell; None where its whole text does not speak of this township.

    It goes by the name under which it came in first, so that another provider makes nothing new of it. The whole
    text tells places and period; the graver level of a title counts: then they contradict each other.
    """
    if len(group) == 1 and not group[0].silent:
        return group[0]
    whole = [one for one in group if not one.title]
    top = max((_top(one) for one in whole), default=0)
    titles = [one for one in group if one.title and (not whole or rank(one.level) > top)]
    spoken = [*titles, *(one for one in whole if not one.silent)]
    if not spoken:
        return None
    first = min(group, key=lambda one: (one.heard or ALWAYS, mark(one)))
    national = [one for one in group if voice.number(one.identifier)]
    return replace(
        reduce(join, spoken),
        identifier=first.identifier,
        also=frozenset(one.identifier for one in group) - {first.identifier},
        sent=min(one.sent for one in national or group),
        over=all(one.over for one in group if not one.silent),
        references=union(one.references for one in group),
        title=False,
        heard=first.heard,
    )


def disputed(one: Statement, other: Statement) -> bool:
    """Whether two providers give what must be one message different levels: the same moment, and one of the names
    is a provider's own."""
    if one.level == other.level or _told_apart(one, other):
        return False
    return not _moments(one).isdisjoint(_moments(other))


def mark(statement: Statement) -> tuple[datetime, str]:
    """The order in which an issuer spoke."""
    return statement.sent, statement.identifier


def union(sets: Iterable[frozenset[str]]) -> frozenset[str]:
    """All of them together."""
    return frozenset(itertools.chain.from_iterable(sets))


def rank(level: Level | None) -> int:
    """None is below every level."""
    return level or 0


def _signs(statement: Statement) -> tuple[list[object], list[object]]:
    """By what a statement finds its message, and by what else those after it find it. National names come first,
    and find it by name and number alone."""
    told = voice.number(statement.identifier)
    minutes: list[object] = [(_top(statement), moment) for moment in sorted(_moments(statement))]
    if told:
        return [statement.identifier, f"#{told}"], minutes
    return [statement.identifier, *minutes], []


def _told_apart(one: Statement, other: Statement) -> bool:
    """Whether both have national names: then these alone tell."""
    return bool(voice.number(one.identifier) and voice.number(other.identifier))


def _moments(statement: Statement) -> frozenset[str]:
    if not statement.also:
        return voice.moments(statement.identifier, statement.sent)
    return union(voice.moments(name, statement.sent) for name in statement.names)


def _top(statement: Statement) -> int:
    return max(rank(statement.top), rank(statement.level))


def _tops(levels: Iterable[tuple[CellKey, Level | None]]) -> dict[tuple[str, ...], Level | None]:
    tops: dict[tuple[str, ...], Level | None] = {}
    for key, level in levels:
        tops[key[1:]] = max(tops.get(key[1:]), level, key=rank)
    return tops


def _graded(
    statement: Statement, top: Level | None, memory: dict[tuple[int, Level | None], Statement]
) -> Statement:
    """The statement with what its message says at most; one for all townships of a claim."""
    place = id(statement), top
    if place not in memory:
        memory[place] = replace(statement, top=top)
    return memory[place]


def _silences(
    warning: Warning,
    spoken: dict[CellKey, Statement],
    tops: dict[tuple[str, ...], Level | None],
    district: District,
) -> Iterator[tuple[CellKey, Statement]]:
    if warning.title_only or warning.format in OURS or any(one.rule in GAPS for one in warning.problems):
        return
    for (hazard, family), top in tops.items():
        for town in district.townships:
            key = CellKey(town.code, hazard, family)
            if key not in spoken:
                yield key, _silence(warning, top)


def _silence(warning: Warning, top: Level | None) -> Statement:
    return Statement(
        warning.issuer,
        warning.identifier,
        warning.sent,
        level=None,
        begins=None,
        ends=None,
        precision=Precision.STILL,
        over=True,  # it neither warns nor hides what stands
        references=frozenset(warning.references) - {warning.identifier},
        silent=True,
        top=top,
    )


def _cells(claim: Claim, district: District) -> Iterator[CellKey]:
    if claim.area.code is None:
        return
    hazard = claim.hazard or f"?{claim.event}"
    for area in district.covered(claim.area.code):
        yield CellKey(area, hazard, claim.family)


def _statement(warning: Warning, claim: Claim) -> Statement:
    return Statement(
        warning.issuer,
        warning.identifier,
        warning.sent,
        claim.level,
        claim.begins,
        claim.ends,
        claim.precision,
        references=frozenset(warning.references) - {warning.identifier},
        lifts=claim.lifts,
        lowers=frozenset(claim.lowers),
        title=warning.title_only,
    )


def _of_message(statement: Statement, one: Statement, other: Statement) -> Statement:
    """With what both readings know of the message as a whole."""
    return replace(
        statement,
        issuer=max(one.issuer, other.issuer),
        sent=min(one.sent, other.sent),
        references=one.references | other.references,
        top=max(one.top, other.top, key=rank),
        heard=_first_heard(one, other),
    )


def _first_heard(one: Statement, other: Statement) -> datetime | None:
    return min(one.heard, other.heard) if one.heard and other.heard else None


def _earliest(one: datetime | None, other: datetime | None) -> datetime | None:
    return min((moment for moment in (one, other) if moment), default=None)


def _latest(one: datetime | None, other: datetime | None) -> datetime | None:
    return max((moment for moment in (one, other) if moment), default=None)
