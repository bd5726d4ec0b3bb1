"""The address list: imported whole, retired rows stay, open orders keep their snapshot."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any

from warnengine.model.directory import Absence, Directory, Holding, Person, Shift
from warnengine.model.errors import DirectoryError
from warnengine.model.rota import DayKind
from warnengine.model.timetable import Stint, timetable, year_known
from warnengine.store.database import Database, queries

if TYPE_CHECKING:
    from warnengine.store.database import Connection

sql = queries.people
FIRST = {
    "sms": "mobile",
    "email": "email",
    "call": "phone",
    "wecom": "wecom",
    "app": "app",
    "loudspeaker": "loudspeaker",
    "extra": "extra",
}
"""Where the first address of a channel stands in a Person."""


class PeopleStore:
    """People, posts and addresses of a district."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def replace(self, district: str, directory: Directory, before: Directory | None = None) -> None:
        """Make this list the one that counts from now on, for the orders that stand too.

        before: the list that this one was made from; DirectoryError where another has come in meanwhile."""
        async with self.database.transaction() as connection:
            # an order that is being written now looks for its people in the old list, and must be asked anew
            await queries.controls.lock_district(connection, code=district)
            if before is not None and before != await _listed(connection, district):
                raise DirectoryError("刚才有人导入了通讯录,这次没有导入 — 再导入一次")
            await _keep_people(connection, district, directory)
            await _keep_list(connection, district, directory)
            await _work_out(connection, district, directory)
            await sql.ask_anew(connection, district=district)
            await sql.go_new_ways(connection, district=district)
            body = {
                "district": district,
                "people": len(directory.people),
                "posts": len(directory.holdings),
                "absences": len(directory.absences),
                "shifts": len(directory.shifts),
            }
            await queries.orders.audit(connection, kind="directory", body=body)

    async def go_on(self, district: str) -> bool:
        """Work the rota out for another year, where one has come to be known since; return whether it was."""
        async with self.database.transaction() as connection:
            short = await sql.short_of(connection, district=district)
            if short is None or short["year"] >= year_known(short["now"]):
                return False
            await queries.controls.lock_district(connection, code=district)
            await _work_out(connection, district, await _listed(connection, district))
            return True

    async def listed(self, district: str) -> Directory:
        """The list that counts, as it was imported: without what the hour makes of it."""
        async with self.database.reading() as connection:
            return await _listed(connection, district)

    async def proofs(self, district: str) -> dict[tuple[str, str, str], datetime]:
        """When each number and mailbox of the list was proven last, by (person, channel, address)."""
        async with self.database.reading() as connection:
            rows = await sql.people(connection, district=district)
        return {(row["key"], row["channel"], row["address"]): row["proven_at"] for row in rows if row["proven_at"]}

    async def hand_over(self) -> bool:
        """Orders that stand go to whoever has taken over a post; return whether there was anybody."""
        async with self.database.transaction() as connection:
            return bool(await sql.hand_over(connection))

    async def count(self, district: str) -> int:
        """How many posts somebody holds now."""
        async with self.database.reading() as connection:
            return int(await sql.holding_count(connection, district=district))


async def _listed(connection: Connection, district: str) -> Directory:
    ways = await sql.people(connection, district=district)
    holdings = await sql.listed(connection, district=district)
    absences = await sql.absences(connection, district=district)
    shifts = await sql.shifts(connection, district=district)
    days = await sql.special_days(connection, district=district)
    return Directory(
        {key: _person(list(rows)) for key, rows in groupby(ways, lambda row: row["key"])},
        tuple(Holding(**dict(row)) for row in holdings),
        tuple(Absence(**dict(row)) for row in absences),
        tuple(Shift(**dict(row)) for row in shifts),
        {row["day"]: DayKind(row["kind"]) for row in days},
    )


async def _work_out(connection: Connection, district: str, directory: Directory) -> None:
    """Who holds which post from now on."""
    begins = await sql.begins(connection, district=district)
    await sql.end_all(connection, district=district)
    stints = timetable(directory, begins["now"])
    since = begins["now"] if begins["later"] else None
    await sql.add_stint(connection, list(_rows(district, stints, since)))
    await sql.counted_to(connection, district=district, year=year_known(begins["now"]))


async def _keep_people(connection: Connection, district: str, directory: Directory) -> None:
    """Names and addresses."""
    people = [
        {"district": district, "key": p.key, "name": p.name, "prefers": list(p.prefers)}
        for p in directory.people.values()
    ]
    ways = [
        {"district": district, "person": person.key, "channel": channel, "address": address, "rank": rank}
        for person in directory.people.values()
        for rank, (channel, address) in enumerate(person.ways)
    ]
    await sql.add_person(connection, people)
    await sql.retire_all(connection, district=district)
    await sql.add_address(connection, ways)


async def _keep_list(connection: Connection, district: str, directory: Directory) -> None:
    """The list as it was imported."""
    await sql.forget_list(connection, district=district)
    await sql.add_listed(connection, list(_placed(district, map(_fields, directory.holdings))))
    await sql.add_absence(connection, list(_placed(district, map(_fields, directory.absences))))
    await sql.add_shift(connection, list(_placed(district, map(_fields, directory.shifts))))
    days = [{"district": district, "day": day, "kind": kind.value} for day, kind in directory.calendar.items()]
    await sql.add_day(connection, days)


def _placed(district: str, rows: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    return ({"district": district, "place": place, **row} for place, row in enumerate(rows, 1))


def _fields(one: Holding | Absence | Shift) -> dict[str, Any]:
    return {name: getattr(one, name) for name in one.__slots__}


def _rows(district: str, stints: Iterable[Stint], since: datetime | None) -> Iterator[dict[str, Any]]:
    """What of these stints is not over; since: when they begin to count, None: always."""
    for stint in stints:
        starts = stint.starts if since is None or (stint.starts and stint.starts > since) else since
        if since is None or stint.ends is None or stint.ends > since:
            yield {"district": district, **_fields(stint.holding), "starts": starts, "ends": stint.ends}


def _person(rows: list[Any]) -> Person:
    """Somebody with their ways, the first of each channel in its place."""
    known = {"key": rows[0]["key"], "name": rows[0]["name"], "prefers": tuple(rows[0]["prefers"])}
    others: list[tuple[str, str]] = []
    for row in rows:
        if place := FIRST.get(row["channel"]):
            if place in known:
                others.append((row["channel"], row["address"]))
            else:
                known[place] = row["address"]
    return Person(**{"mobile": None, "email": None, **known}, others=tuple(others))
