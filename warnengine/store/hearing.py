"""Who has a message after all: evidence that comes late, or while others are deciding without it."""

from __future__ import annotations

from datetime import datetime, timedelta

from warnengine.store.database import Database, queries

sql = queries.hearing
OVERLAP = timedelta(minutes=2)
"""More than any transaction lasts."""


class HearingStore:
    """Looks at what is known of people, and at what was done without knowing it."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._looked: datetime | None = None
        """Engine time of the last look at answers."""

    async def tell_after_all(self) -> int:
        """Let what has followed an order be told to whoever was not known to have it; return how many changes are
        expanded again. Who has been told already is left alone, so this may be repeated at will."""
        async with self.database.transaction() as connection:
            now = await queries.orders.now(connection)
            found = await sql.tell_after_all(connection, looked=self._looked and self._looked - OVERLAP)
        self._looked = now
        return len(found)

    async def drop_unreached(self) -> int:
        """Take off the duty room's list who was unreached and has the message now; return how many."""
        async with self.database.transaction() as connection:
            return len(await sql.drop_unreached(connection))

    async def unconfirmed_all_clears(self, after: timedelta) -> int:
        """Tell the duty room who is not known to have heard an all-clear that was made so long ago, each once;
        return of how many."""
        async with self.database.transaction() as connection:
            return len(await sql.unconfirmed_all_clears(connection, after=after))
