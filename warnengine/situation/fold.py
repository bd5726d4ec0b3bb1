"""The fold: any permutation and any repetition of the same messages gives the same cells."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from warnengine.model.consultation import verb_of
from warnengine.model.level import Level
from warnengine.model.place import District
from warnengine.model.situation import Cell, CellKey, Doubt, InForce, Statement, Unheeded, Word
from warnengine.model.warning import Claim, Precision, Warning

TOWNSHIP = 9
"""Digits of a township's code: cells are no finer, so a village (12 digits) speaks for its township."""


def statements(warning: Warning, district: District) -> dict[CellKey, Statement]:
    """What one message says about each cell of one district.

    A claim about a township, or about a village in it, beats a claim about the whole district in the same
    message; where two claims are equally close, the graver level counts.
    """
    said: dict[CellKey, tuple[int, Statement]] = {}
    for claim in warning.claims:
        closeness = min(len(claim.area.code or ""), TOWNSHIP)
        for key in _cells(claim, district):
            statement = _statement(warning, claim)
            before = said.get(key)
            if before is None or before[0] < closeness:
                said[key] = closeness, statement
            elif before[0] == closeness:
                said[key] = closeness, join(before[1], statement)
    return {key: statement for key, (_, statement) in said.items()}


def apply(cell: Cell, statement: Statement) -> Cell:
    """Add one statement to a cell. Commutative, associative and idempotent."""
    known = cell.statements.get(statement.identifier)
    joined = join(known, statement) if known else statement
    return Cell(cell.key, {**cell.statements, statement.identifier: joined})


def join(one: Statement, other: Statement) -> Statement:
    """Two readings of the same message: the graver level and the wider period count; it lowers what both name."""
    return replace(
        one,
        issuer=max(one.issuer, other.issuer),
        sent=min(one.sent, other.sent),
        level=max(one.level, other.level, key=_rank),
        begins=_earliest(one.begins, other.begins),
        ends=_latest(one.ends, other.ends),
        precision=min(one.precision, other.precision, key=list(Precision).index),
        over=one.over and other.over,
        references=one.references | other.references,
        lifts=max(one.lifts, other.lifts, key=_rank),
        lowers=one.lowers & other.lowers,
    )


def in_force(cell: Cell, at: datetime) -> InForce | None:
    """The level that stands at a moment: the word of each issuer that counts, and of those the gravest."""
    counting = words(cell, at)
    level = max((word.level for word in counting), key=_rank, default=None)
    if level is None:
        return None
    stating = [word for word in counting if word.level == level]
    said = [word.statement for word in stating]
    ends = None if any(s.ends is None for s in said) else max(s.ends for s in said if s.ends)
    return InForce(
        cell.key,
        level,
        because=frozenset(s.identifier for s in said).union(*(word.by for word in stating)),
        ends=ends,
        renewed=frozenset(s.identifier for s in said if s.precision is not Precision.STILL),
    )


def words(cell: Cell, at: datetime) -> tuple[Word, ...]:
    """What counts of each issuer at a moment, lowered by what is concluded of that very message until then."""
    counting = _counting(cell)
    lowering = _lowering(counting, at)
    return tuple(_lowered(word, lowering) for word in counting if not word.lowers)


def turns(cell: Cell, after: datetime) -> frozenset[datetime]:
    """When the level of a cell may change without anybody saying anything: a lowering ends."""
    return frozenset(one.ends for one in _lowering(_counting(cell), after) if one.ends)


def fold(warnings: Iterable[Warning], district: District) -> dict[CellKey, Cell]:
    """The cells of one district after all these messages, in whatever order they came."""
    cells: dict[CellKey, Cell] = {}
    for warning in warnings:
        for key, statement in statements(warning, district).items():
            cells[key] = apply(cells.get(key, Cell(key)), statement)
    return cells


def doubts(cell: Cell, identifier: str, arrived: datetime) -> tuple[Doubt, ...]:
    """What a person must judge now that this message has come in: itself, or all-clears for something else."""
    found: list[Doubt] = []
    lowering = _lowering(_counting(cell), arrived)
    for said in _by_issuer(cell):
        counts, others = _weighed(said)
        found += others
        new = next((statement for statement in said if statement.identifier == identifier), None)
        if new is None or new.level is None:
            continue
        if new == counts:
            found += _beyond(new, said, lowering)
            continue
        overtaken = counts is not None and _mark(counts) > _mark(new)
        if new.over and not overtaken:
            found.append(Doubt(Unheeded.OVER, new, counts))
        elif counts and overtaken and counts.sent > arrived and _rank(counts.level) < new.level and not new.over:
            found.append(Doubt(Unheeded.AHEAD, new, counts))
    return tuple(found)


def forget(cell: Cell, before: datetime) -> Cell:
    """Drop what was said before a moment and has been overtaken by its issuer since, and conclusions that were
    over by then, for each is an issuer of its own.

    An issuer of whom an all-clear is in doubt keeps everything: what it referred to must stay known.
    """
    kept: dict[str, Statement] = {}
    for said in _by_issuer(cell):
        counts, others = _weighed(said)
        if counts and _spent(counts, before):
            continue
        for statement in said:
            overtaken = counts is not None and not others and _mark(statement) < _mark(counts)
            if statement.sent >= before or not overtaken:
                kept[statement.identifier] = statement
    return Cell(cell.key, kept)


def forces(cells: Mapping[CellKey, Cell], at: datetime) -> list[InForce]:
    """Everything in force among these cells at a moment."""
    return [force for cell in cells.values() if (force := in_force(cell, at))]


def _spent(last: Statement, before: datetime) -> bool:
    """Whether the last word of a conclusion is that it is over, or lowers what ended before a moment."""
    if verb_of(last.identifier) is None or last.sent >= before:
        return False
    return last.ends is not None and last.ends < before if last.lowers else last.level is None


def standing(warnings: Iterable[Warning], district: District, at: datetime) -> list[InForce]:
    """Everything in force in one district at a moment after all these messages."""
    return forces(fold(warnings, district), at)


def _counting(cell: Cell) -> list[Statement]:
    """The word of each issuer that counts, conclusions that lower others among them."""
    return [word for said in _by_issuer(cell) if (word := _weighed(said)[0])]


def _lowering(counting: Iterable[Statement], at: datetime) -> list[Statement]:
    """Of those, what lowers others and has not ended. What has no end lowers nothing."""
    return [word for word in counting if word.lowers and word.ends and word.ends > at]


def _lowered(word: Statement, lowering: Iterable[Statement]) -> Word:
    """One word, as it counts under what is concluded of it: the lowest level counts, and only a lower one."""
    about = [one for one in lowering if word.identifier in one.lowers and _rank(one.level) < _rank(word.level)]
    if not about:
        return Word(word, word.level)
    lowest = min((one.level for one in about), key=_rank)
    return Word(word, lowest, frozenset(one.identifier for one in about if one.level == lowest))


def _beyond(new: Statement, said: Sequence[Statement], lowering: Iterable[Statement]) -> Iterator[Doubt]:
    """Conclusions that lower what the same issuer said before, and do not name what it says now."""
    before = {statement.identifier for statement in said} - {new.identifier}
    for one in lowering:
        if one.lowers & before and new.identifier not in one.lowers and _rank(one.level) < _rank(new.level):
            yield Doubt(Unheeded.BEYOND, new, one)


def _by_issuer(cell: Cell) -> Iterable[list[Statement]]:
    """What each issuer said, in the order of sending."""
    issuers: dict[str, list[Statement]] = {}
    for statement in sorted(cell.statements.values(), key=_mark):
        issuers.setdefault(statement.issuer, []).append(statement)
    return issuers.values()


def _weighed(said: Sequence[Statement]) -> tuple[Statement | None, list[Doubt]]:
    """The word of one issuer that counts, and the all-clears that mean something else than what they would end.

    What was over when it came in never counts: it neither warns nor hides what stands.
    """
    counts: Statement | None = None
    others: list[Doubt] = []
    for place, statement in enumerate(said):
        if statement.over:
            continue
        if statement.level is None and counts and _means_another(statement, counts, said[:place]):
            others.append(Doubt(Unheeded.OTHER, statement, counts))
        else:
            counts = statement
    return counts, others


def _means_another(clear: Statement, standing: Statement, before: Sequence[Statement]) -> bool:
    """Whether an all-clear names a lower level than stands, or only messages of another chain.

    References that never came in say nothing; a message belongs to the chain of whatever it names, for some
    issuers name the first message of a chain and others the last.
    """
    if standing.level is None:
        return False
    if clear.lifts and clear.lifts < standing.level:
        return True
    known = clear.references & {statement.identifier for statement in before}
    return bool(known) and not clear.references & _chain(standing, before)


def _chain(of: Statement, said: Sequence[Statement]) -> set[str]:
    """The identifiers that belong together with one statement, by what names what."""
    chain = {of.identifier, *of.references}
    links = [{statement.identifier, *statement.references} for statement in said]
    while joined := [link for link in links if link & chain and not link <= chain]:
        chain.update(*joined)
    return chain


def _mark(statement: Statement) -> tuple[datetime, str]:
    return statement.sent, statement.identifier


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
    )


def _rank(level: Level | None) -> int:
    return level or 0


def _earliest(one: datetime | None, other: datetime | None) -> datetime | None:
    return min((moment for moment in (one, other) if moment), default=None)


def _latest(one: datetime | None, other: datetime | None) -> datetime | None:
    return max((moment for moment in (one, other) if moment), default=None)
