"""Rule books as they were published: whole, under their hash, and which of them counts since when."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from warnengine.model.byhand import Deferred
from warnengine.model.level import Level
from warnengine.model.order import OrderKey
from warnengine.model.publication import INSTALLATION, Publication, Undecided
from warnengine.store import shapes
from warnengine.store.database import Database, queries
from warnengine.store.district import DistrictDesk

if TYPE_CHECKING:
    from warnengine.store.database import Connection

sql = queries.books
SHORT = 12
"""Letters of a hash that people read."""


class BookDesk:
    """A locked district whose book is about to change."""

    def __init__(self, connection: Connection, district: str) -> None:
        self.connection = connection
        self.code = district
        self.district = DistrictDesk(connection, district)

    async def in_force(self) -> str:
        """Hash of the book that counts; empty where none does."""
        row = await sql.in_force(self.connection, district=self.code)
        return row["hash"] if row else ""

    async def hold(self, id_: int) -> Publication:
        """A publication, locked: of two who decide at once, one does."""
        return _publication(await sql.hold(self.connection, id=id_))

    async def undecided(self) -> list[Undecided]:
        """What authorities have been asked for and nobody has decided."""
        rows = await sql.pending(self.connection, district=self.code)
        return [
            Undecided(row["id"], Level(row["level"]), row["rung"], row["unit"], row["measure"], row["words"])
            for row in rows
        ]

    async def people(self, units: Sequence[str]) -> int:
        """How many people hold a post of these units now."""
        count: int = await sql.people(self.connection, district=self.code, units=list(units))
        return count

    async def submit(
        self, hash_: str, files: Mapping[str, str], by: str, why: str, facts: dict[str, Any]
    ) -> int | None:
        """Keep a book for its approval; None where it waits already."""
        await queries.orders.publish_book(self.connection, hash=hash_, files=dict(files))
        id_: int | None = await sql.submit(self.connection, district=self.code, hash=hash_, by=by, why=why)
        if id_ is not None:
            await self._seal("rules_submitted", {"id": id_, "hash": hash_, "by": by, "why": why, **facts})
            words = f"规则{hash_[:SHORT]}待批准发布:{by}提交,{why}。请另一人(带班领导)核对后批准"
            await queries.controls.ask(self.connection, district=self.code, about=_about(id_), words=words[:400])
        return id_

    async def put_in_force(
        self, one: Publication, by: str, deferred: Mapping[OrderKey, Deferred], facts: dict[str, Any]
    ) -> None:
        """From now on this book counts, and what it alone would change waits."""
        before = await self.in_force()
        await self._count(one.id, by)
        await sql.defer_nothing(self.connection, district=self.code)
        rows = [
            {
                **key._asdict(),
                "district": self.code,
                "book": left.book,
                "level": left.level,
                "reach": shapes.REACH.dump_python(left.reach, mode="json"),
            }
            for key, left in deferred.items()
        ]
        await sql.defer(self.connection, rows)
        await queries.controls.settled(self.connection, about=_about(one.id), by=by, result="done")
        body = {"id": one.id, "hash": one.hash, "before": before, "by": one.by, "approved_by": by, "why": one.why}
        await self._seal("rules_published", {**body, "deferred": len(rows), **facts})

    async def end(self, one: Publication, by: str) -> None:
        """A submission is taken back."""
        await sql.end(self.connection, id=one.id, by=by)
        await queries.controls.settled(self.connection, about=_about(one.id), by=by, result="not_needed")
        await self._seal("rules_withdrawn", {"id": one.id, "hash": one.hash, "by": by})

    async def install(self, hash_: str, why: str) -> None:
        """Put the book of the installation's own folder in force."""
        id_ = await sql.submit(self.connection, district=self.code, hash=hash_, by=INSTALLATION, why=why)
        if id_ is None:  # somebody has submitted this very book
            return
        await self._count(id_, INSTALLATION)
        await self._seal("rules_published", {"id": id_, "hash": hash_, "by": INSTALLATION, "why": why})

    async def _count(self, id_: int, by: str) -> None:
        await sql.approve(self.connection, id=id_, by=by)
        await sql.counts(self.connection, district=self.code, id=id_)

    async def _seal(self, kind: str, body: dict[str, Any]) -> None:
        await queries.orders.audit(self.connection, kind=kind, body={"district": self.code, **body})


class BookStore:
    """Where published books are found."""

    def __init__(self, database: Database) -> None:
        self.database = database

    @asynccontextmanager
    async def desk(self, district: str) -> AsyncIterator[BookDesk]:
        """The district, locked as whoever reconciles it locks it."""
        async with self.database.transaction() as connection:
            await queries.controls.lock_district(connection, code=district)
            yield BookDesk(connection, district)

    async def in_force(self, district: str) -> str:
        """Hash of the book that counts; empty where none does yet."""
        async with self.database.reading() as connection:
            return await BookDesk(connection, district).in_force()

    async def districts(self) -> list[str]:
        """Districts that have a book in force."""
        async with self.database.reading() as connection:
            return [row["code"] for row in await sql.districts_with_a_book(connection)]

    async def files(self, hash_: str) -> dict[str, str] | None:
        """The files of a book, byte for byte as they were; None where it was never kept."""
        async with self.database.reading() as connection:
            found: dict[str, str] | None = await sql.files(connection, hash=hash_)
            return found

    async def named(self, district: str, short: str) -> list[Publication]:
        """Publications of the books whose hash begins so, newest first."""
        async with self.database.reading() as connection:
            rows = await sql.named(connection, district=district, short=short)
        return [_publication(row) for row in rows]

    async def versions(self, district: str) -> list[dict[str, Any]]:
        """Every publication, newest first, for people."""
        async with self.database.reading() as connection:
            rows = await sql.versions(connection, district=district)
        return [shapes.plain(dict(row)) for row in rows]


def _publication(row: Any) -> Publication:
    return Publication(**dict(row))


def _about(id_: int) -> str:
    return f"rules {id_}"
