"""Frozen types to JSON columns and back; pydantic knows the types, PostgreSQL the JSON."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import asyncpg
from pydantic import TypeAdapter

from warnengine.model.byhand import Deferred, Manual, Withdrawn
from warnengine.model.clock import BEIJING
from warnengine.model.level import Level
from warnengine.model.order import Change, Kind, Mark, MeasureMark, OrderKey, Reach, Standing, Stands, Version
from warnengine.model.situation import Cell, CellKey, Statement
from warnengine.model.warning import Warning

WARNING = TypeAdapter(Warning)
STATEMENTS = TypeAdapter(dict[str, Statement])
MARKS = TypeAdapter(tuple[MeasureMark, ...])
REACH = TypeAdapter(tuple[Reach, ...])


def digest(value: object) -> bytes:
    """SHA-256 over a value's repr: values are tuples of strings, numbers, times."""
    return hashlib.sha256(repr(value).encode()).digest()


def cell(row: asyncpg.Record) -> Cell:
    """A row of `cell`."""
    key = CellKey(row["area"], row["hazard"], row["family"])
    return Cell(key, STATEMENTS.validate_python(row["statements"]))


def stands(row: asyncpg.Record) -> Stands:
    """A row of query `standing`."""
    marks = MARKS.validate_python(row["measures"])
    kept = [mark for mark in marks if mark.mark is not Mark.LAPSED]
    return Stands(
        order=row["standing_order"],
        version=row["version"],
        key=OrderKey(row["unit"], row["hazard"], row["family"]),
        level=Level(row["level"]),
        measures=frozenset(mark.standing for mark in kept),
        reach=REACH.validate_python(row["reach"]),
        seen=frozenset(row["seen"] or ()),
        book=row["book"],
        said={mark.standing: mark for mark in kept},
        ends=row["ends"],
    )


def version(row: asyncpg.Record) -> Version:
    """A row of query `versions`."""
    marks = MARKS.validate_python(row["measures"])
    change = Change(
        kind=Kind(row["kind"]),
        key=OrderKey(row["unit"], row["hazard"], row["family"]),
        order=row["standing_order"],
        version=row["version"],
        before=Level(row["before"]) if row["before"] else None,
        level=Level(row["level"]) if row["level"] else None,
        added=_standings(marks, Mark.ADDED),
        continuing=_standings(marks, Mark.CONTINUING),
        lapsed=_standings(marks, Mark.LAPSED),
        reach=REACH.validate_python(row["reach"]),
        because=frozenset(row["because"]),
        ends=row["not_after"] if row["level"] else None,
    )
    return Version(
        change,
        marks,
        tuple(row["posts"]),
        tuple(row["channels"]),
        row["book"],
        row["made_at"],
        row["not_after"],
    )


def manual(row: asyncpg.Record) -> Manual:
    """A row of `manual_order`."""
    return Manual(
        row["id"],
        row["root"],
        tuple(row["units"]),
        row["words"],
        row["deadline"],
        Level(row["level"]),
        row["not_after"],
    )


def withdrawn(row: asyncpg.Record) -> Withdrawn:
    """A row of query `withdrawn`."""
    key = OrderKey(row["unit"], row["hazard"], row["family"])
    return Withdrawn(row["standing_order"], key, row["words"], frozenset(row["seen"]))


def deferred(row: asyncpg.Record) -> tuple[OrderKey, Deferred]:
    """A row of `deferred_order`."""
    key = OrderKey(row["unit"], row["hazard"], row["family"])
    return key, Deferred(row["book"], Level(row["level"]), REACH.validate_python(row["reach"]))


def columns(version: Version, standing_order: int, change: int) -> dict[str, Any]:
    """The arguments of query `add_version`."""
    what = version.change
    return {
        "standing_order": standing_order,
        "version": what.version,
        "change": change,
        "kind": what.kind.value,
        "before": what.before,
        "level": what.level,
        "measures": MARKS.dump_python(version.measures, mode="json"),
        "reach": REACH.dump_python(what.reach, mode="json"),
        "because": sorted(what.because),
        "posts": list(version.posts),
        "channels": list(version.channels),
        "book": version.book,
        "made_at": version.made_at,
        "not_after": version.not_after,
    }


def iso(moment: datetime | None) -> str | None:
    """A time for JSON, in Beijing time: people read it beside texts."""
    return moment.astimezone(BEIJING).isoformat() if moment else None


def plain(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row for JSON: times as ISO 8601, everything else as it is."""
    return {key: iso(value) if isinstance(value, datetime) else value for key, value in row.items()}


def storable(text: str) -> str:
    """What a gateway wrote, without what PostgreSQL cannot hold: NUL and half surrogate pairs. Refused, it would
    come back for ever."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()


def _standings(marks: tuple[MeasureMark, ...], wanted: Mark) -> tuple[Standing, ...]:
    return tuple(mark.standing for mark in marks if mark.mark is wanted)
