"""Lines that one process at a time may bind, by lease."""

from __future__ import annotations

from datetime import timedelta

from warnengine.model.line import Hold
from warnengine.store.database import DATABASE_ERRORS, Database, queries, told

sql = queries.lines


class LineStore:
    """Who holds which line."""

    def __init__(self, database: Database, owner: str) -> None:
        self.database = database
        self.owner = owner

    async def take(self, gateway: str, lease: timedelta, *, well: bool) -> Hold:
        """Take a line or hold on to it, for so long from now, and say whether it can be used; or learn that of who
        has it. ConnectionError: unknown."""
        try:
            async with self.database.transaction() as connection:
                row = await sql.take(connection, gateway=gateway, owner=self.owner, lease=lease, well=well)
        except DATABASE_ERRORS as error:
            raise ConnectionError(f"the store does not answer: {told(error)}") from error
        if row is None:  # taken for the first time at this very moment, by somebody else
            return Hold(ours=False, owner="", epoch=0, well=True)
        return Hold(ours=row["ours"], owner=row["owner"], epoch=row["epoch"], well=row["well"])

    async def give_back(self, gateway: str) -> None:
        """Let somebody else have it at once; ConnectionError: after the lease."""
        try:
            async with self.database.transaction() as connection:
                await sql.give_back(connection, gateway=gateway, owner=self.owner)
        except DATABASE_ERRORS as error:
            raise ConnectionError(f"the store does not answer: {told(error)}") from error

    async def free(self) -> None:
        """Free every line: only where no other process can be using this database."""
        async with self.database.transaction() as connection:
            await sql.free(connection)
