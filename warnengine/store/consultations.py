"""Conclusions of consultations: drafts, what counts, and the desk at which one is rehearsed or said."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from warnengine.model.consultation import Conclusion, Verb
from warnengine.model.level import Level
from warnengine.model.situation import Cell, CellKey
from warnengine.store.byhand import HandDesk, rehearsed
from warnengine.store.database import Database, queries
from warnengine.store.district import DistrictDesk
from warnengine.store.warnings import ArrivalDesk

sql = queries.consultations
Row = Mapping[str, Any]


class ConclusionDesk(HandDesk):
    """A locked district, and intake's desk in the same transaction."""

    @asynccontextmanager
    async def arrival(self) -> AsyncIterator[ArrivalDesk]:
        """For intake: what it keeps stays where this desk is kept."""
        yield ArrivalDesk(self.connection)

    async def one(self, id_: int) -> dict[str, Any] | None:
        """A conclusion, locked: of two who confirm at once, one does."""
        await sql.hold(self.connection, id=id_)
        row = await sql.one(self.connection, id=id_)
        return dict(row) if row else None

    async def say(self, id_: int, by: Sequence[str]) -> None:
        """It counts from now on; nobody has to confirm it any more."""
        await sql.say(self.connection, id=id_, by=list(by))
        await queries.controls.settled(self.connection, about=about(id_), by=by[-1], result="done")


class ConclusionStore:
    """Where conclusions are kept."""

    def __init__(self, database: Database, district: str) -> None:
        self.database = database
        self.district = district

    @asynccontextmanager
    async def desk(self) -> AsyncIterator[ConclusionDesk]:
        """The district, locked. Unless it is kept, nothing of what happens stays; nor after a Clash."""
        async with rehearsed(self.database, self.district, ConclusionDesk) as desk:
            yield desk

    async def draft(self, one: Conclusion, author: str, waits: str) -> int:
        """Keep a draft and put it on the duty room's list (waits: its words); its number."""
        row = {
            "verb": one.verb.value,
            "hazard": one.hazard,
            "family": one.family,
            "levels": [[town, level and level.key] for town, level in one.levels],
            "until": one.until,
            "names": list(one.names),
            "of": one.of[0] if one.of else None,
            "lightens": one.lightens,
            "presided": one.presided,
            "took_part": one.took_part,
            "why": one.why,
            "author": author,
        }
        async with self.database.transaction() as connection:
            id_: int = await sql.draft(connection, district=self.district, **row)
            words = waits.format(id_)
            await queries.controls.ask(connection, district=self.district, about=about(id_), words=words)
            return id_

    async def drop(self, id_: int, by: str) -> bool:
        """A draft is not wanted; False where it counts, or was dropped before."""
        async with self.database.transaction() as connection:
            await sql.hold(connection, id=id_)
            row = await sql.one(connection, id=id_)
            if row is None or row["said_at"] or row["dropped_at"]:
                return False
            await sql.drop(connection, id=id_)
            await queries.controls.settled(connection, about=about(id_), by=by, result="not_needed")
            return True

    async def one(self, id_: int) -> dict[str, Any] | None:
        """A conclusion as it was written; None where there is none of that number."""
        async with self.database.reading() as connection:
            row = await sql.one(connection, id=id_)
            return dict(row) if row else None

    async def all(self, most: int = 200) -> list[dict[str, Any]]:
        """Conclusions and drafts, newest first."""
        async with self.database.reading() as connection:
            return [dict(row) for row in await sql.all_of(connection, district=self.district, most=most)]

    async def situation(self) -> tuple[dict[CellKey, Cell], datetime]:
        """Every cell of the district, and engine time."""
        async with self.database.reading() as connection:
            desk = DistrictDesk(connection, self.district)
            return await desk.cells(), await desk.now()


def conclusion(row: Row) -> Conclusion:
    """A row of `consultation`."""
    return Conclusion(
        id=row["id"],
        verb=Verb(row["verb"]),
        hazard=row["hazard"],
        family=row["family"],
        levels=tuple((town, Level.from_key(level) if level else None) for town, level in row["levels"]),
        until=row["until"],
        names=tuple(row["names"]),
        presided=row["presided"],
        took_part=row["took_part"],
        why=row["why"],
        of=(row["of"], Verb(row["of_verb"])) if row["of"] else None,
    )


def about(id_: int) -> str:
    """What the task of a draft is told by."""
    return f"consultation {id_}"
