"""What came in: raw bytes, warnings, and which districts they concern."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from warnengine.model.arrival import Arrival, Met, Verdict
from warnengine.model.errors import RefusedWarning
from warnengine.model.quarantine import Case
from warnengine.model.warning import Warning
from warnengine.store import shapes
from warnengine.store.database import DATA_ERRORS, Database, queries

if TYPE_CHECKING:
    from warnengine.store.database import Connection

sql = queries.ingest
cases = queries.quarantine
LONGEST = 500
"""Characters of what is said of a case: a task's words are in an index, whose entries have 2,704 bytes."""
TAKING_IN = timedelta(hours=1)
"""After its first message a store is being told what stands, however long ago that was said."""


class ArrivalDesk:
    """One arrival and one transaction."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    async def now(self) -> datetime:
        """Engine time."""
        moment: datetime = await sql.now(self.connection)
        return moment

    async def ask(self, district: str, questions: Iterable[str]) -> None:
        """Put questions to the duty room of a district, each once for ever."""
        await ask(self.connection, district, questions)

    async def hold(self, district: str, arrival: int, case: Case) -> None:
        """Keep what of an arrival was not let in as work for the duty room, until somebody has closed it."""
        words = shapes.storable(case.words[:LONGEST])
        still_open = await cases.hold(
            self.connection,
            arrival=arrival,
            reason=case.reason,
            words=words,
            part=case.part,
            about=case.about and shapes.storable(case.about),
            settled=case.settled,
        )
        if still_open and case.about:
            told = f"第{arrival}号来文{'有一部分' if case.part else ''}没有收下:{words}"
            about = shapes.storable(case.about)
            await cases.put_task(self.connection, district=district, about=about, words=told)

    async def held(self, warnings: Sequence[Warning]) -> frozenset[str]:
        """Which identifiers of these messages, and of those that they refer to, have come in before."""
        named = {name for one in warnings for name in (one.identifier, *one.references)}
        rows = await cases.known(self.connection, identifiers=sorted(named))
        return frozenset(row["identifier"] for row in rows)

    async def taking_in(self, now: datetime) -> bool:
        """Whether this store is so young that it is still being told what stands."""
        first = await cases.first_arrival(self.connection)
        return first is None or now - first < TAKING_IN

    async def keep(
        self, arrival: Arrival, verdict: Verdict, reason: str | None, explanation: str | None
    ) -> int | None:
        """Keep the bytes; None where this very arrival is kept already."""
        kept: int | None = await sql.add_arrival(
            self.connection,
            source=arrival.source,
            position=shapes.storable(arrival.position),
            sha256=hashlib.sha256(arrival.raw).digest(),
            raw=arrival.raw,
            media_type=arrival.media_type and shapes.storable(arrival.media_type),
            verdict=verdict.value,
            reason=reason,
            explanation=explanation and shapes.storable(explanation),
        )
        return kept

    async def meet(self, warning: Warning, source: str) -> Met:
        """Keep a new warning, or meet the one of the same key."""
        meaning, levels = shapes.digest(warning.meaning()), shapes.digest(warning.levels())
        row = await sql.meet_warning(
            self.connection,
            issuer=warning.issuer,
            identifier=warning.identifier,
            sender=warning.sender,
            sent=warning.sent,
            status=warning.status.value,
            msg_type=warning.msg_type.value,
            format=warning.format,
            headline=warning.headline,
            description=warning.description,
            body=_body(warning),
            source=source,
            meaning=meaning,
            levels=levels,
        )
        return Met(
            id=row["id"],
            fresh=row["fresh"],
            source=row["source"],
            same_meaning=row["meaning"] == meaning,
            same_levels=row["levels"] == levels,
        )

    async def concern(self, district: str, warning_id: int, arrival: int, warning: Warning) -> None:
        """Let the reconciler of a district take this reading in."""
        await sql.mark_district(
            self.connection, district=district, warning=warning_id, arrival=arrival, body=_body(warning)
        )

    async def link(self, arrival: int, warning_id: int) -> None:
        """This arrival brought that warning."""
        await sql.link_arrival(self.connection, arrival=arrival, warning=warning_id)


class WarningStore:
    """Where intake finds its desk."""

    def __init__(self, database: Database) -> None:
        self.database = database

    @asynccontextmanager
    async def arrival(self) -> AsyncIterator[ArrivalDesk]:
        """One transaction; what it wrote is promised once it has returned.

        Raise RefusedWarning where the database will never hold this message, however often it comes.
        """
        try:
            async with self.database.transaction() as connection:
                yield ArrivalDesk(connection)
        except DATA_ERRORS as error:
            raise RefusedWarning(
                "not_storable",
                f"The database cannot hold what the message says ({type(error).__name__}: {str(error)[:200]}): "
                "read it by hand and ask the issuer to send it again in order",
            ) from error

    async def original(self, arrival: int) -> bytes | None:
        """The bytes of an arrival; None where there is no such arrival."""
        async with self.database.reading() as connection:
            raw: bytes | None = await sql.original(connection, arrival=arrival)
            return raw

    async def quarantine(self, most: int = 200) -> list[dict[str, Any]]:
        """What was refused or contradicts itself, newest first."""
        async with self.database.reading() as connection:
            rows = await cases.listed(connection, open=None, reason=None, within=None, most=most)
            return [shapes.plain(dict(row)) for row in rows]


async def ask(connection: Connection, district: str, questions: Iterable[str]) -> None:
    """Put questions about messages to the duty room, each once for ever."""
    rows = [
        {"district": district, "words": words, "about": shapes.digest(words)}
        for words in map(shapes.storable, questions)
    ]
    await sql.ask(connection, rows)


def _body(warning: Warning) -> Any:
    return shapes.WARNING.dump_python(warning, mode="json")
