"""The address list: imported whole, retired rows stay, open orders keep their snapshot."""

from __future__ import annotations

from warnengine.model.directory import Directory
from warnengine.store.database import Database, queries

sql = queries.people


class PeopleStore:
    """People, posts and addresses of a district."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def replace(self, district: str, directory: Directory) -> None:
        """Make this list the one that counts from now on, for the orders that stand too."""
        people = [
            {"district": district, "key": p.key, "name": p.name, "prefers": list(p.prefers)}
            for p in directory.people.values()
        ]
        ways = [
            {"district": district, "person": person.key, "channel": channel, "address": address}
            for person in directory.people.values()
            for channel, address in person.ways
        ]
        posts = [
            {
                "district": district,
                "unit": held.unit,
                "post": held.post,
                "person": held.person,
                "deputy": held.deputy,
                "superior": held.superior,
            }
            for held in directory.holdings
        ]
        async with self.database.transaction() as connection:
            # an order that is being written now looks for its people in the old list, and must be asked anew
            await queries.controls.lock_district(connection, code=district)
            await sql.add_person(connection, people)
            await sql.retire_all(connection, district=district)
            await sql.add_address(connection, ways)
            await sql.end_all(connection, district=district)
            await sql.add_holding(connection, posts)
            await sql.ask_anew(connection, district=district)
            await sql.go_new_ways(connection, district=district)
            body = {"district": district, "people": len(people), "posts": len(posts)}
            await queries.orders.audit(connection, kind="directory", body=body)

    async def count(self, district: str) -> int:
        """How many posts somebody holds now."""
        async with self.database.reading() as connection:
            return int(await sql.holding_count(connection, district=district))
