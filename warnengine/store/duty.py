"""The duty room's list: calls to make, people to visit, answers that nobody could read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from warnengine.model.reason import in_chinese
from warnengine.store.answers import Answer, record, somebody_else
from warnengine.store.database import DATABASE_ERRORS, Database, queries
from warnengine.store.shapes import plain

sql = queries.duty


class Closed(NamedTuple):
    """What came of closing a task."""

    answered: bool
    """Whether the person has answered thereby."""


class DutyStore:
    """Tasks by hand. For calls it is what a gateway is for other channels."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def tasks(self, *, still_open: bool) -> list[dict[str, Any]]:
        """What the duty room has to do by hand, or has done."""
        async with self.database.reading() as connection:
            rows = [plain(dict(row)) for row in await sql.tasks(connection, open=still_open)]
        return [
            {
                **row,
                "bundle": row["bundle"] and str(row["bundle"]),
                "text": in_chinese(row["text"] or ""),
                "reason": row["reason"] and in_chinese(row["reason"]),
            }
            for row in rows
        ]

    async def open_kind(self, task: int) -> str | None:
        """What kind of task that is; None where it is closed or does not exist."""
        async with self.database.reading() as connection:
            kind: str | None = await sql.open_kind(connection, id=task)
            return kind

    async def close(
        self,
        task: int,
        result: str,
        by: str,
        words: str,
        *,
        who: str = "",
        why: str = "",
        levels: Sequence[int] = (),
    ) -> Closed | None:
        """Close a task; `answered` is the person's answer, given to `by`, or that of `who` in the person's place,
        which counts where `who` is the deputy and the rule of the level (levels) says so. None where it is
        closed already."""
        async with self.database.transaction() as connection:
            row = await sql.close(connection, id=task, result=result, by=by)
            if row is None:
                return None
            counts = False
            if row["bundle"] and result == "answered":
                answer = Answer(row["bundle"], 1, "duty_room", by, None, words, who=who, why=why)
                counts = await somebody_else(connection, answer, levels) if who else True
                if not who:
                    await record(connection, answer, row)
            body = {"task": task, "result": result, "by": by, **({"who": who, "why": why} if who else {})}
            await queries.orders.audit(connection, kind="task", body=body)
            return Closed(counts)

    async def drop_enough(self, enough: Mapping[int, int]) -> int:
        """Take calls and visits off the list of whom nobody waits for: so many of the unit have answered as the
        rule of the level asks for. Return how many."""
        if not enough:
            return 0
        async with self.database.transaction() as connection:
            return len(await sql.drop_enough(connection, levels=list(enough), enough=list(enough.values())))

    async def drop_moot(self) -> int:
        """Take off the list what nobody needs to do any more; return how many."""
        async with self.database.transaction() as connection:
            drops = (sql.drop_moot, sql.drop_renewed, sql.drop_heard)
            return sum([len(await drop(connection)) for drop in drops])

    async def line_down(self, line: str, words: str) -> None:
        """Put a gateway, or what it does not deliver, on the list, once."""
        async with self.database.transaction() as connection:
            await sql.line_down(connection, line=line, words=words)

    async def line_up(self, line: str) -> None:
        """Take it off."""
        async with self.database.transaction() as connection:
            await sql.line_up(connection, line=line)

    async def reach(self) -> None:
        """Raise ConnectionError where the list cannot be reached."""
        try:
            async with self.database.reading() as connection:
                await sql.reach(connection)
        except DATABASE_ERRORS as error:
            raise ConnectionError(str(error) or type(error).__name__) from error

    async def put(self, delivery: int, address: str, words: str) -> int:
        """Put a call on the list, or find it there; return its number. ConnectionError: nobody knows."""
        try:
            async with self.database.transaction() as connection:
                number: int = await sql.put_call(connection, delivery=delivery, address=address, words=words)
                return number
        except DATABASE_ERRORS as error:
            raise ConnectionError(str(error) or type(error).__name__) from error
