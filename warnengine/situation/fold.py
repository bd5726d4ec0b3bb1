"""The fold: any permutation and any repetition of the same messages gives the same cells."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from warnengine.model.level import Level
from warnengine.model.place import District
from warnengine.model.situation import Cell, CellKey, InForce, Statement
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
    """Two readings of the same message: the graver level and the wider period count."""
    return replace(
        one,
        issuer=max(one.issuer, other.issuer),
        sent=min(one.sent, other.sent),
        level=max(one.level, other.level, key=_rank),
        begins=_earliest(one.begins, other.begins),
        ends=_latest(one.ends, other.ends),
        precision=min(one.precision, other.precision, key=list(Precision).index),
    )


def in_force(cell: Cell) -> InForce | None:
    """The level that stands: the newest word of each issuer, and of those the gravest."""
    newest: dict[str, Statement] = {}
    for statement in sorted(cell.statements.values(), key=lambda s: (s.sent, s.identifier)):
        newest[statement.issuer] = statement
    level = max((statement.level for statement in newest.values()), key=_rank, default=None)
    if level is None:
        return None
    stating = [statement for statement in newest.values() if statement.level == level]
    ends = None if any(s.ends is None for s in stating) else max(s.ends for s in stating if s.ends)
    return InForce(
        cell.key,
        level,
        because=frozenset(s.identifier for s in stating),
        ends=ends,
        renewed=frozenset(s.identifier for s in stating if s.precision is not Precision.STILL),
    )


def fold(warnings: Iterable[Warning], district: District) -> dict[CellKey, Cell]:
    """The cells of one district after all these messages, in whatever order they came."""
    cells: dict[CellKey, Cell] = {}
    for warning in warnings:
        for key, statement in statements(warning, district).items():
            cells[key] = apply(cells.get(key, Cell(key)), statement)
    return cells


def forget(cell: Cell, before: datetime) -> Cell:
    """Drop what was said before a moment and has been overtaken by its issuer since."""
    newest: dict[str, tuple[datetime, str]] = {}
    for statement in cell.statements.values():
        mark = (statement.sent, statement.identifier)
        newest[statement.issuer] = max(newest.get(statement.issuer, mark), mark)
    kept = {
        identifier: statement
        for identifier, statement in cell.statements.items()
        if statement.sent >= before or newest[statement.issuer] == (statement.sent, identifier)
    }
    return Cell(cell.key, kept)


def forces(cells: Mapping[CellKey, Cell]) -> list[InForce]:
    """Everything in force among these cells."""
    return [force for cell in cells.values() if (force := in_force(cell))]


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
    )


def _rank(level: Level | None) -> int:
    return level or 0


def _earliest(one: datetime | None, other: datetime | None) -> datetime | None:
    return min((moment for moment in (one, other) if moment), default=None)


def _latest(one: datetime | None, other: datetime | None) -> datetime | None:
    return max((moment for moment in (one, other) if moment), default=None)
