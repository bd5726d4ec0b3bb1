"""What was not let in: the list, and the desk at which one case is worked on in one transaction."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from warnengine.model.arrival import Arrival, Verdict
from warnengine.model.errors import RefusedWarning
from warnengine.model.quarantine import Case
from warnengine.store import shapes
from warnengine.store.database import DATA_ERRORS, Database, queries
from warnengine.store.warnings import LONGEST, ArrivalDesk

if TYPE_CHECKING:
    from warnengine.store.database import Connection

sql = queries.quarantine


class AgainDesk(ArrivalDesk):
    """Intake's desk for bytes that are kept already: what is still not let in stays the same case."""

    left: Case | None = None
    """What is still not let in."""
    kept: int | None = None
    """The arrival by which the rest was let in; None where it had been before."""

    async def hold(self, district: str, arrival: int, case: Case) -> None:
        """Nothing new waits: the case is open already."""
        self.left = case

    async def keep(
        self, arrival: Arrival, verdict: Verdict, reason: str | None, explanation: str | None
    ) -> int | None:
        """As for any arrival."""
        self.kept = await super().keep(arrival, verdict, reason, explanation)
        return self.kept


class CaseDesk:
    """One case, locked."""

    def __init__(self, connection: Connection, row: dict[str, Any]) -> None:
        self.connection = connection
        self.row = row
        self.again: AgainDesk | None = None

    @asynccontextmanager
    async def arrival(self) -> AsyncIterator[AgainDesk]:
        """For intake: what a refusal has written does not stay; the case does."""
        try:
            async with self.connection.transaction():
                self.again = AgainDesk(self.connection)
                yield self.again
        except DATA_ERRORS as error:
            raise RefusedWarning("not_storable", f"the database cannot hold it: {str(error)[:200]}") from error

    @asynccontextmanager
    async def rehearsed(self) -> AsyncIterator[None]:
        """Nothing of what happens within stays."""
        rehearsal = self.connection.transaction()
        await rehearsal.start()
        try:
            yield
        finally:
            await rehearsal.rollback()

    async def ask(self, by: str, why: str, reasons: Sequence[str]) -> None:
        """Somebody wants it let in; another person must agree."""
        await sql.ask(self.connection, arrival=self.row["id"], by=by, why=why, reasons=list(reasons))
        await self.note("asked", by, why)
        await self.seal("asked", by, why=why, reasons=list(reasons))

    async def left(self, case: Case, by: str) -> None:
        """It was read anew and is not let in still, or not all of it."""
        await sql.left(
            self.connection,
            arrival=self.row["id"],
            reason=case.reason,
            words=shapes.storable(case.words[:LONGEST]),
            part=case.part,
        )
        await self.note("retried", by, case.words)

    async def close(self, outcome: str, by: str, why: str, admitted: int | None = None) -> None:
        """It is nobody's work any more."""
        id_ = self.row["id"]
        await sql.close(self.connection, arrival=id_, outcome=outcome, by=by, why=why, admitted=admitted)
        await self.note(outcome, by, why)
        more = {
            "asked_by": self.row["asked_by"],
            "asked_why": self.row["asked_why"],
            "reasons": self.row["asked_for"],
        }
        await self.seal(outcome, by, why=why, admitted=admitted, **(more if outcome == "released" else {}))
        if self.row["about"]:
            result = "not_needed" if outcome == "junk" else "done"
            await sql.settle_task(self.connection, about=self.row["about"], by=by, result=result)

    async def note(self, act: str, by: str, words: str) -> None:
        """Who did what, on the page of the case."""
        await sql.note(
            self.connection, arrival=self.row["id"], act=act, by=by, words=shapes.storable(words[:2000])
        )

    async def seal(self, act: str, by: str, **more: Any) -> None:
        """The same in the audit chain, with the bytes that it is about."""
        body = {"arrival": self.row["id"], "sha256": self.row["sha256"], "act": act, "by": by, **more}
        await queries.orders.audit(self.connection, kind="quarantine", body=body)


class QuarantineStore:
    """Where people find what was not let in."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def listed(
        self,
        *,
        still_open: bool | None = None,
        reason: str | None = None,
        within: timedelta | None = None,
        most: int = 200,
    ) -> list[dict[str, Any]]:
        """What was refused or contradicts itself, newest first; still_open None: all."""
        async with self.database.reading() as connection:
            rows = await sql.listed(connection, open=still_open, reason=reason, within=within, most=most)
            return [shapes.plain(dict(row)) for row in rows]

    async def count(self) -> int:
        """How many wait for a person."""
        async with self.database.reading() as connection:
            found: int = await sql.count_open(connection)
            return found

    async def one(self, arrival: int) -> dict[str, Any] | None:
        """One case with its bytes (raw) and what people did with it (history); None where there is none."""
        async with self.database.reading() as connection:
            row = await sql.one(connection, arrival=arrival)
            if row is None or not row["refused"]:
                return None
            history = [dict(one) for one in await sql.history(connection, arrival=arrival)]
            return {**dict(row), "history": history}

    @asynccontextmanager
    async def desk(self, arrival: int) -> AsyncIterator[CaseDesk | None]:
        """One case, locked for one transaction; None where there is none."""
        async with self.database.transaction() as connection:
            await sql.lock(connection, arrival=arrival)
            await sql.hold_row(connection, arrival=arrival)
            row = await sql.one(connection, arrival=arrival)
            yield CaseDesk(connection, dict(row)) if row and row["refused"] else None
