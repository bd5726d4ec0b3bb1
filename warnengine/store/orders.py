"""Where the reconciler and the expander find what is due."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from warnengine.store.database import Database, queries

if TYPE_CHECKING:
    pass

from warnengine.store.change import ChangeDesk
from warnengine.store.district import DistrictDesk

sql = queries.orders


class OrderStore:
    """Where reconciler and expander find their desks."""

    def __init__(self, database: Database) -> None:
        self.database = database

    @asynccontextmanager
    async def due_district(self) -> AsyncIterator[tuple[DistrictDesk, ChangeDesk] | None]:
        """The next district with something to take in, locked; None when there is none. The second desk knows the
        book in force, which cannot change meanwhile."""
        async with self.database.transaction() as connection:
            row = await sql.due_district(connection)
            code, book = (row["code"], row["book"]) if row else ("", None)
            yield (DistrictDesk(connection, code), ChangeDesk(connection, code, book)) if code else None

    @asynccontextmanager
    async def due_change(self) -> AsyncIterator[tuple[int, ChangeDesk] | None]:
        """The next change whose people do not all have a bundle, locked; None when there is none. Its desk knows
        the book that it was begun with."""
        async with self.database.transaction() as connection:
            change = await sql.change_to_expand(connection)
            yield (change["id"], ChangeDesk(connection, change["district"], change["book"])) if change else None

    async def found(self, code: str, name: str) -> None:
        """Keep a district, so that it may have people before it has a book."""
        async with self.database.transaction() as connection:
            await queries.ingest.add_district(connection, code=code, name=name)

    async def publish(self, code: str, name: str, book: str, files: dict[str, str]) -> None:
        """Keep a rule book under its hash, and its district."""
        async with self.database.transaction() as connection:
            await queries.ingest.add_district(connection, code=code, name=name)
            await sql.publish_book(connection, hash=book, files=files)
