"""The fold: any permutation and any repetition of the same messages gives the same cells."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from warnengine.model.consultation import verb_of
from warnengine.model.place import District
from warnengine.model.situation import Cell, CellKey, Doubt, InForce, Statement, Unheeded, Word
from warnengine.model.warning import Precision, Warning
from warnengine.situation.reading import as_one, disputed, grouped, join, mark, place, rank, statements, union

__all__ = [
    "apply",
    "doubts",
    "fold",
    "forces",
    "forget",
    "in_force",
    "join",
    "standing",
    "statements",
    "turns",
    "words",
]


def apply(cell: Cell, statement: Statement) -> Cell:
    """Add one statement to a cell. Commutative, associative and idempotent."""
    known = cell.statements.get(place(statement))
    joined = join(known, statement) if known else statement
    return Cell(cell.key, {**cell.statements, place(statement): joined})


def in_force(cell: Cell, at: datetime) -> InForce | None:
    """The level that stands at a moment: the word of each issuer that counts, and of those the gravest."""
    counting = words(cell, at)
    level = max((word.level for word in counting), key=rank, default=None)
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
        new = next((statement for statement in said if identifier in statement.names), None)
        if new is None or new.level is None:
            continue
        if new == counts:
            found += _beyond(new, said, lowering)
            continue
        overtaken = counts is not None and mark(counts) > mark(new)
        if new.over and not overtaken:
            found.append(Doubt(Unheeded.OVER, new, counts))
        elif counts and overtaken and counts.sent > arrived and rank(counts.level) < new.level and not new.over:
            found.append(Doubt(Unheeded.AHEAD, new, counts))
    return tuple(found)


def forget(cell: Cell, before: datetime) -> Cell:
    """Drop what was said before a moment and has been overtaken by its issuer since, and conclusions that were
    over by then, for each is an issuer of its own.

    An issuer of whom an all-clear is in doubt keeps everything: what it referred to must stay known.
    """
    kept: dict[str, Statement] = {}
    for groups in _by_message(cell):
        counts, others = _weighed(_in_order(groups))
        if counts and _spent(counts, before):
            continue
        for group in groups:
            one = as_one(group)
            gone = one is None or (counts is not None and not others and mark(one) < mark(counts))
            if not gone or any(statement.sent >= before for statement in group):
                kept |= {place(statement): statement for statement in group}
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
    about = [one for one in lowering if word.names & one.lowers and rank(one.level) < rank(word.level)]
    if not about:
        return Word(word, word.level)
    lowest = min((one.level for one in about), key=rank)
    return Word(word, lowest, frozenset(one.identifier for one in about if one.level == lowest))


def _beyond(new: Statement, said: Sequence[Statement], lowering: Iterable[Statement]) -> Iterator[Doubt]:
    """Conclusions that lower what the same issuer said before, and do not name what it says now."""
    before = union(statement.names for statement in said) - new.names
    for one in lowering:
        if one.lowers & before and not one.lowers & new.names and rank(one.level) < rank(new.level):
            yield Doubt(Unheeded.BEYOND, new, one)


def _by_issuer(cell: Cell) -> list[list[Statement]]:
    """What each issuer said, each message once, in the order of sending."""
    return [_in_order(groups) for groups in _by_message(cell)]


def _by_message(cell: Cell) -> Iterator[list[list[Statement]]]:
    """What each issuer said, message by message, with every reading of it."""
    issuers: dict[str, list[Statement]] = {}
    for statement in sorted(cell.statements.values(), key=lambda one: (*mark(one), one.title)):
        issuers.setdefault(statement.issuer, []).append(statement)
    return (grouped(said) for said in issuers.values())


def _in_order(groups: Iterable[Sequence[Statement]]) -> list[Statement]:
    return sorted((one for group in groups if (one := as_one(group))), key=mark)


def _weighed(said: Sequence[Statement]) -> tuple[Statement | None, list[Doubt]]:
    """The word of one issuer that counts, and the all-clears that mean something else than what they would end.

    What was over when it came in never counts: it neither warns nor hides what stands.
    """
    counts: Statement | None = None
    others: list[Doubt] = []
    for number, statement in enumerate(said):
        if statement.over:
            continue
        if counts and disputed(statement, counts):
            counts, other = sorted((statement, counts), key=lambda one: rank(one.level), reverse=True)
            others.append(Doubt(Unheeded.DISPUTED, other, counts))
        elif statement.level is None and counts and _means_another(statement, counts, said[:number]):
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
    heard = union(statement.names for statement in before)
    return bool(clear.references & heard) and not clear.references & _chain(standing, before)


def _chain(of: Statement, said: Sequence[Statement]) -> set[str]:
    """The identifiers that belong together with one statement, by what names what."""
    chain = {*of.names, *of.references}
    links = [{*statement.names, *statement.references} for statement in said]
    while joined := [link for link in links if link & chain and not link <= chain]:
        chain.update(*joined)
    return chain
