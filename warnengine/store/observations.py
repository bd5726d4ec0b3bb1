"""Observations and what the thresholds make of them: kept first, then judged in one transaction."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from warnengine.model.level import Level
from warnengine.model.observation import Datum, Day, Kind, Outlook, Reading, Refusal, Seen, Told
from warnengine.store import shapes
from warnengine.store.database import Database, queries
from warnengine.store.warnings import ask

if TYPE_CHECKING:
    from warnengine.store.database import Connection

sql = queries.observations
SEEN = TypeAdapter(Seen)
FALLEN = "trigger "
"""What a task about something that has fallen below is told by; the name of the trigger follows."""
LEFT = " left"
"""After that name: about what nothing watches any more."""
Key = tuple[str, str]
"""(trigger, township)"""


class JudgeDesk:
    """Everything that waits to be judged, locked for one transaction."""

    def __init__(self, connection: Connection, district: str) -> None:
        self.connection = connection
        self.district = district

    async def now(self) -> datetime:
        """Engine time."""
        moment: datetime = await sql.now(self.connection)
        return moment

    async def due(self) -> frozenset[str]:
        """Stations with readings that nobody has judged."""
        return frozenset(row["station"] for row in await sql.due(self.connection, district=self.district))

    async def readings(self, stations: Iterable[str], since: datetime) -> dict[str, list[Reading]]:
        """What these stations have said since a moment."""
        wanted = sorted(stations)
        found: dict[str, list[Reading]] = {station: [] for station in wanted}
        for row in await sql.readings(self.connection, district=self.district, stations=wanted, since=since):
            found[row["station"]].append(_reading(row))
        return found

    async def days(self, stations: Iterable[str], since: date) -> dict[str, dict[date, Day]]:
        """The rain of their hydrological days."""
        wanted = sorted(stations)
        found: dict[str, dict[date, Day]] = {station: {} for station in wanted}
        for row in await sql.days(self.connection, district=self.district, stations=wanted, since=since):
            found[row["station"]][row["day"]] = Day(row["millimetres"], row["share"])
        return found

    async def keep_days(self, days: Mapping[tuple[str, date], Day]) -> None:
        """Keep the rain of days."""
        rows = [
            {"district": self.district, "station": station, "day": day, **asdict(rain)}
            for (station, day), rain in days.items()
        ]
        await sql.keep_day(self.connection, rows)

    async def states(self) -> dict[Key, tuple[Told, bool]]:
        """What has been told, and whether that was in the shadow."""
        rows = await sql.states(self.connection, district=self.district)
        return {(row["trigger"], row["town"]): (_told(row), row["shadow"]) for row in rows}

    async def keep(self, outlooks: Iterable[tuple[Outlook, bool]]) -> None:
        """Keep what triggers show and what has been told of them, each with whether it is in the shadow."""
        rows = [
            {
                "district": self.district,
                "trigger": one.trigger,
                "town": one.town,
                **{name: getattr(one.told, name) for name in ("level", "began", "fallen", "lifted", "identifier")},
                "shadow": shadow,
                "stations": list(one.stations),
                "now": SEEN.dump_python(one.now, mode="json") if one.now else None,
            }
            for one, shadow in outlooks
        ]
        await sql.keep_state(self.connection, rows)

    async def cross(
        self, outlook: Outlook, what: str, at: datetime, words: str, *, shadow: bool, message: str | None = None
    ) -> None:
        """Record a crossing."""
        row = {
            "district": self.district,
            "trigger": outlook.trigger,
            "town": outlook.town,
            "what": what,
            "level": outlook.told.level,
            "at": at,
            "shadow": shadow,
            "words": words,
            "message": message,
        }
        await sql.cross(self.connection, [row])

    async def say(self, identifier: str, raw: bytes) -> None:
        """Keep a message for intake."""
        await sql.say(self.connection, district=self.district, identifier=identifier, raw=raw)

    async def seal(self, trigger: str, towns: Sequence[str], by: str) -> None:
        """The chain keeps who ended what."""
        body = {"trigger": trigger, "towns": list(towns), "by": by}
        await queries.orders.audit(self.connection, kind="observed_end", body=body)

    async def spoken(self, identifiers: Iterable[str]) -> dict[str, bytes]:
        """The bytes of messages that were decided on, by identifier."""
        return await _spoken(self.connection, self.district, identifiers)

    async def show_ended(
        self, fallen: Mapping[str, tuple[str, datetime]], left: Mapping[str, tuple[str, datetime]]
    ) -> None:
        """One task for each trigger of which something has fallen below, and one for each that nothing watches any
        more, with its words and the moment since when it is so; the others are closed."""
        tasks = {f"{FALLEN}{trigger}": one for trigger, one in fallen.items()}
        tasks |= {f"{FALLEN}{trigger}{LEFT}": one for trigger, one in left.items()}
        for danger, (said, since) in tasks.items():
            await sql.show_fallen(self.connection, district=self.district, danger=danger, words=said, since=since)
        await sql.drop_fallen(self.connection, district=self.district, still=list(tasks))

    async def forget_days(self, before: date) -> None:
        """Delete the rain of days that no threshold looks at any more."""
        await sql.forget_days(self.connection, district=self.district, before=before)

    async def ask(self, questions: Iterable[str]) -> None:
        """Put questions to the duty room, each once for ever."""
        await ask(self.connection, self.district, questions)

    async def judged(self, stations: Iterable[str]) -> None:
        """Nothing of these waits any more."""
        await sql.not_due(self.connection, district=self.district, stations=sorted(stations))


class ObservationStore:
    """Where observations are kept and judged."""

    def __init__(self, database: Database, district: str) -> None:
        self.database = database
        self.district = district

    async def now(self) -> datetime:
        """Engine time."""
        async with self.database.reading() as connection:
            moment: datetime = await sql.now(connection)
            return moment

    async def keep(
        self, source: str, readings: Sequence[Reading], refused: Sequence[Refusal]
    ) -> tuple[int, list[Reading]]:
        """Keep readings and what was refused, in one transaction; return how many readings are new, and those of
        them that stand beside another value of the same moment."""
        async with self.database.transaction() as connection:
            await sql.refuse(connection, [self._refusal(source, one) for one in refused])
            rows = [_row(one) for one in readings]
            kept = await sql.keep(connection, rows=rows, district=self.district, source=source) if rows else []
            if kept:  # what was known already shows nothing new of a station, not even that it lives
                stations = sorted({row["station"] for row in kept})
                await sql.heard(connection, district=self.district, source=source, stations=stations)
        differing = {(r["station"], r["kind"], r["at"], r["value"], r["revision"]) for r in kept if r["differs"]}
        return len(kept), [
            one for one in readings if (one.station, one.kind, one.at, one.value, one.revision) in differing
        ]

    async def ask(self, questions: Iterable[str]) -> None:
        """Put questions to the duty room, each once for ever; nothing before the district is published."""
        asked = [shapes.storable(words) for words in questions]
        if asked:
            async with self.database.transaction() as connection:
                rows = [{"district": self.district, "words": one, "about": shapes.digest(one)} for one in asked]
                await sql.ask(connection, rows)

    async def waiting(self) -> tuple[bool, bool]:
        """Whether something waits to be judged, and whether something waits to be told."""
        async with self.database.reading() as connection:
            row = await sql.waiting(connection, district=self.district)
            return row["due"], row["unsaid"]

    @asynccontextmanager
    async def judging(self) -> AsyncIterator[JudgeDesk | None]:
        """One transaction over what waits to be judged; None while another engine judges."""
        async with self.database.transaction() as connection:
            alone = await sql.alone(connection)
            yield JudgeDesk(connection, self.district) if alone else None

    async def unsaid(self) -> list[tuple[int, str, bytes]]:
        """Messages that intake has not taken: number, identifier, bytes."""
        async with self.database.reading() as connection:
            rows = await sql.unsaid(connection, district=self.district)
        return [(row["id"], row["identifier"], row["raw"]) for row in rows]

    async def spoken(self, identifiers: Iterable[str]) -> dict[str, bytes]:
        """The bytes of messages that were decided on, by identifier."""
        async with self.database.reading() as connection:
            return await _spoken(connection, self.district, identifiers)

    async def said(self, message: int, verdict: str) -> None:
        """Intake has taken it."""
        async with self.database.transaction() as connection:
            await sql.said(connection, id=message, verdict=verdict)

    async def outlooks(self) -> list[Outlook]:
        """What every trigger shows, as it was judged last."""
        async with self.database.reading() as connection:
            rows = await sql.states(connection, district=self.district)
        return [
            Outlook(
                row["trigger"],
                row["town"],
                SEEN.validate_python(row["now"]) if row["now"] else None,
                tuple(row["stations"]),
                _told(row),
            )
            for row in rows
        ]

    async def refused(self, most: int) -> list[dict[str, Any]]:
        """Rows that were refused, newest first."""
        async with self.database.reading() as connection:
            rows = await sql.refused(connection, district=self.district, most=most)
        return [shapes.plain(dict(row)) for row in rows]

    async def crossings(self, most: int) -> list[dict[str, Any]]:
        """Every crossing, newest first."""
        async with self.database.reading() as connection:
            rows = await sql.crossings(connection, district=self.district, most=most)
        return [
            {**shapes.plain(dict(row)), "level": Level(row["level"]).key if row["level"] else None} for row in rows
        ]

    async def silent(self, after: timedelta) -> dict[str, tuple[list[str], datetime]]:
        """Stations that have reported and are silent for so long, by source, with the last word of any."""
        async with self.database.reading() as connection:
            rows = await sql.silent(connection, district=self.district, after=after)
        return {row["source"]: (list(row["stations"]), row["last"]) for row in rows}

    async def show_silent(self, words: Mapping[str, tuple[str, datetime]]) -> None:
        """One task for each source with silent stations, with the last word of any; the others are closed."""
        async with self.database.transaction() as connection:
            for source, (said, since) in words.items():
                about = {"district": self.district, "source": source}
                await sql.show_silent(connection, **about, words=said, since=since)
            await sql.drop_silent(connection, district=self.district, still=list(words))

    def _refusal(self, source: str, one: Refusal) -> dict[str, Any]:
        raw = shapes.storable(one.raw)
        return {
            "district": self.district,
            "source": source,
            "line": one.line,
            "raw": raw,
            "reason": shapes.storable(one.reason),
            "about": shapes.digest((source, raw, one.reason)),
        }


async def _spoken(connection: Connection, district: str, identifiers: Iterable[str]) -> dict[str, bytes]:
    wanted = sorted(set(identifiers) - {""})
    rows = await sql.spoken(connection, district=district, identifiers=wanted) if wanted else []
    return {row["identifier"]: row["raw"] for row in rows}


def _row(one: Reading) -> dict[str, Any]:
    row = asdict(one)
    return {
        **row,
        "at": one.at.isoformat(),
        "datum": one.datum or "",
        "peak_at": one.peak_at.isoformat() if one.peak_at else None,
    }


def _reading(row: Any) -> Reading:
    return Reading(
        row["station"],
        Kind(row["kind"]),
        row["at"],
        row["value"],
        row["minutes"],
        Datum(row["datum"]) if row["datum"] else None,
        row["peak_at"],
        row["revision"],
    )


def _told(row: Any) -> Told:
    level = Level(row["level"]) if row["level"] else None
    return Told(level, row["began"], row["fallen"], row["lifted"], row["identifier"])
