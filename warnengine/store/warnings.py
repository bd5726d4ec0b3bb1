"""What came in: raw bytes, warnings, and which districts they concern."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from warnengine.model.arrival import Arrival, Met, Verdict
from warnengine.model.errors import RefusedWarning
from warnengine.model.quarantine import Case
from warnengine.model.voice import number
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


class Digests(NamedTuple):
    """What must not change of a warning: see `Met`."""

    meaning: bytes
    levels: bytes
    grades: bytes


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

    async def meet(self, warnings: Sequence[Warning], sayings: Sequence[Sequence[str]], source: str) -> list[Met]:
        """Keep what is new, or meet what is known by its key or, with its sayings, under another name."""
        keys = await self._kept_as(warnings, sayings, source)
        digests = [_digests(warning) for warning in warnings]
        readings = zip(keys, warnings, digests, strict=True)
        new = {key: _columns(key, warning, said) for key, warning, said in reversed(list(readings))}
        rows = await sql.meet_warnings(self.connection, rows=list(new.values()), source=source)
        kept = {(row["issuer"], row["identifier"]): dict(row) for row in rows}
        first = {key: n for n, key in reversed(list(enumerate(keys)))}
        met = [_met(kept[key], digests[n], first=first[key] == n) for n, key in enumerate(keys)]
        told = [{"saying": one, "warning": m.id} for m, own in zip(met, sayings, strict=True) for one in own]
        if told:
            await sql.add_sayings(self.connection, rows=told)
        for warning, said, one in zip(warnings, digests, met, strict=True):
            if one.title_only and not one.fresh and not warning.title_only and one.same_grades:
                await self._enrich(one.id, warning, said)
        return met

    async def _kept_as(
        self, warnings: Sequence[Warning], sayings: Sequence[Sequence[str]], source: str
    ) -> list[tuple[str, str]]:
        """The key of each; of what nobody knows yet, its own. Whoever asks for the same waits."""
        if named := [one for own in sayings for one in own]:
            await sql.wait_for_sayings(self.connection, sayings=named)
        own = [warning.key for warning in warnings]
        rows = [{"n": n, "issuer": issuer, "identifier": name} for n, (issuer, name) in enumerate(own)]
        known = {
            row["n"]: (row["issuer"], row["identifier"]) for row in await sql.kept_as(self.connection, rows=rows)
        }
        for n, (warning, said) in enumerate(zip(warnings, sayings, strict=True)):
            if said and n not in known:
                known[n] = await self._twin(warning, said, source)
        return [known.get(n, key) for n, key in enumerate(own)]

    async def _twin(self, warning: Warning, sayings: Sequence[str], source: str) -> tuple[str, str]:
        """The key of the same warning under another name, which this name is added to; else its own."""
        national = number(warning.identifier) is not None
        found = await sql.twin(
            self.connection,
            number=sayings[0] if national else "",
            national=national,
            source=source,
            sayings=list(sayings),
        )
        if found is None:
            return warning.key
        issuer, identifier = warning.key
        await sql.add_name(
            self.connection, issuer=issuer, identifier=identifier, warning=found["id"], source=source
        )
        return found["issuer"], found["identifier"]

    async def _enrich(self, id_: int, warning: Warning, said: Digests) -> None:
        await sql.enrich(
            self.connection,
            id=id_,
            headline=warning.headline,
            description=warning.description,
            body=_body(warning),
            meaning=said.meaning,
            levels=said.levels,
            grades=said.grades,
        )

    async def concern(self, district: str, arrival: int, readings: Sequence[tuple[int, Warning]]) -> None:
        """Let the reconciler of a district take these readings in."""
        rows = [{"warning": id_, "body": _body(warning)} for id_, warning in readings]
        if rows:
            await sql.mark_district(self.connection, district=district, arrival=arrival, rows=rows)

    async def link(self, arrival: int, warnings: Iterable[int]) -> None:
        """This arrival brought those warnings."""
        await sql.link_arrival(self.connection, arrival=arrival, warnings=sorted(set(warnings)))


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


def _digests(warning: Warning) -> Digests:
    return Digests(*map(shapes.digest, (warning.meaning(), warning.levels(), warning.grades())))


def _columns(key: tuple[str, str], warning: Warning, said: Digests) -> dict[str, Any]:
    """A row of `warning`, under the key that it is kept by."""
    issuer, identifier = key
    return {
        "issuer": issuer,
        "identifier": identifier,
        "sender": warning.sender,
        "sent": warning.sent.isoformat(),
        "status": warning.status.value,
        "msg_type": warning.msg_type.value,
        "format": warning.format,
        "headline": warning.headline,
        "description": warning.description,
        "body": _body(warning),
        "title_only": warning.title_only,
        **{name: digest.hex() for name, digest in said._asdict().items()},
    }


def _met(kept: dict[str, Any], said: Digests, *, first: bool) -> Met:
    """first: in its arrival; whatever follows under the same key meets it."""
    return Met(
        id=kept["id"],
        fresh=kept["fresh"] and first,
        source=kept["source"],
        same_meaning=kept["meaning"] == said.meaning,
        same_levels=kept["levels"] == said.levels,
        same_grades=kept["grades"] in (None, said.grades),
        title_only=kept["title_only"],
    )
