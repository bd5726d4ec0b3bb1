"""What the doctor asks of the database, and what proves numbers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from warnengine.model.directory import Directory
from warnengine.store.database import Database, queries
from warnengine.store.people import PeopleStore

sql = queries.doctor


@dataclass(frozen=True, slots=True)
class DoctorStore:
    """Reads, and the dates at which numbers were proven."""

    database: Database

    async def schema(self) -> tuple[str, int]:
        """The newest migration, and for how many coming months there are partitions."""
        async with self.database.reading() as connection:
            return await sql.newest_migration(connection), await sql.months_ahead(connection)

    async def locks(self) -> tuple[int, int, int]:
        """How many locks the server has room for, how many one statement may take, and the setting."""
        async with self.database.reading() as connection:
            row = await queries.partitions.locks(connection)
            return row["room"], row["most"], row["now"]

    async def without_month(self) -> list[str]:
        """Tables with rows for which there was no partition."""
        async with self.database.reading() as connection:
            return [row["parent"] for row in await queries.partitions.without_month(connection)]

    async def directory(self, district: str) -> Directory:
        """The address list that counts now."""
        return await PeopleStore(self.database).listed(district)

    async def unproven(self, district: str, days: int) -> list[str]:
        """Names of people in posts whose number nothing has proven for so many days."""
        return list((await self.unproven_people(district, days)).values())

    async def unproven_people(self, district: str, days: int) -> dict[str, str]:
        """The same, by their keys in the address list."""
        async with self.database.reading() as connection:
            rows = await sql.unproven(connection, district=district, days=days)
        return {row["key"]: row["name"] for row in rows}

    async def prove(self, since: datetime) -> None:
        """Take down which numbers were proven since then."""
        async with self.database.transaction() as connection:
            await sql.prove(connection, since=since)
