"""What people and programs read: orders, deliveries, approvals, the clock, the gauges."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from warnengine.model.level import Level
from warnengine.model.proof import Proof
from warnengine.store import partitions
from warnengine.store.database import Database, queries
from warnengine.store.shapes import plain

if TYPE_CHECKING:
    from warnengine.store.database import Connection

sql = queries.board
approvals = queries.approvals
COUNTED = 10
"""Seconds for which a count of a day's deliveries is good enough; more where it takes over a twentieth of them."""


class BoardStore:
    """Reads for the API, and the decisions of authorities."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.counted: tuple[float, dict[str, list[dict[str, Any]]]] = (0, {})
        """The figures that are dear, and until when on the monotonic clock they count."""

    async def orders(self, most: int) -> list[dict[str, Any]]:
        """Standing orders with their newest version, newest first."""
        return [_order(row) for row in await self._rows(sql.orders, district=None, most=most)]

    async def deliveries(self, most: int, after: int) -> list[dict[str, Any]]:
        """Deliveries by id, after one; ids are strings, for they pass what JavaScript can count."""
        rows = await self._rows(sql.deliveries, most=most, after=after)
        return [
            {**row, "id": str(row["id"]), "bundle": str(row["bundle"]), "level": Level(row["level"]).key}
            for row in rows
        ]

    async def waiting(self, most: int) -> list[dict[str, Any]]:
        """Texts below orange that wait: for a channel's turn, or because their reader got much before."""
        rows = await self._rows(queries.pace.waiting, most=most)
        return [{**row, "bundle": str(row["bundle"]), "level": Level(row["level"]).key} for row in rows]

    async def obligations(self, most: int, unit: str | None) -> list[dict[str, Any]]:
        """Who must answer what stands, with every answer and the level of proof, the gravest first."""
        return await self._rows(sql.of_obligations, most=most, unit=unit)

    async def unmatched(self, most: int) -> list[dict[str, Any]]:
        """Warnings of which no unit has an order, newest first, each with the reason."""
        return [{**row, "level": Level(row["level"]).key} for row in await self._rows(sql.unmatched, most=most)]

    async def verify(self, version: int, person: str, by: str, words: str) -> bool | None:
        """Record that somebody has looked; False where nothing was reported, None where nothing is asked."""
        async with self.database.transaction() as connection:
            proof = await sql.proof_of(connection, version=version, person=person)
            if proof is None or proof < Proof.REPORTED:
                return None if proof is None else False
            seen = {"version": version, "person": person, "by": by, "words": words}
            await sql.verified(connection, **seen)
            await queries.orders.audit(connection, kind="verified", body=seen)
            return True

    async def requests(self, *, pending: bool) -> list[dict[str, Any]]:
        """Requests for approval that wait, or that are decided."""
        rows = await self._rows(approvals.requests, pending=pending)
        return [{**row, "level": Level(row["level"]).key, "state": _state(row["decision"])} for row in rows]

    async def decide(self, approval: int, decision: str, by: str, words: str) -> str | None:
        """Record a decision. Return None where it counts, why it does not where it does not, '' where there is no
        such request."""
        async with self.database.transaction() as connection:
            return await settle(connection, approval, decision, by, {"words": words})

    async def level_of(self, approval: int) -> Level | None:
        """The level of a request; None where there is none."""
        async with self.database.reading() as connection:
            row = await approvals.one(connection, approval=approval)
            return Level(row["level"]) if row else None

    async def clock(self) -> dict[str, Any]:
        """Engine time, the next due moment, and how much is in flight."""
        async with self.database.reading() as connection:
            return plain(dict(await sql.clock(connection)))

    async def jump(self, moment: datetime) -> bool:
        """Set a demo's clock forward; False where it may not be set."""
        async with self.database.transaction() as connection:
            return bool(await sql.jump(connection, moment=moment))

    async def ensure_partitions(self) -> None:
        """Room for this month's deliveries and the next ones'."""
        await partitions.ensure(self.database)

    async def count_tables(self) -> None:
        """Good plans for tables that have their first rows."""
        await partitions.count(self.database)

    async def gauges(self) -> dict[str, Any]:
        """Single figures for the metrics page."""
        async with self.database.reading() as connection:
            return dict(await sql.gauges(connection))

    async def by_label(self, silent: timedelta) -> dict[str, list[dict[str, Any]]]:
        """Figures that carry a label; those of many deliveries are counted now and then.

        silent: a promised receipt is overdue after so long."""
        names = ("obligations", "tasks_by_kind", "queue_by_lane", "sources", "held")
        figures = {name: await self._rows(getattr(sql, name)) for name in names}
        until, counted = self.counted
        began = time.monotonic()
        if began >= until:
            counted = {
                "deliveries_by_state": await self._rows(sql.deliveries_by_state),
                "receipts_missing": await self._rows(sql.receipts_missing, silent=silent),
            }
            now = time.monotonic()
            self.counted = (now + max(COUNTED, 20 * (now - began)), counted)
        return figures | counted

    async def _rows(self, query: Any, **arguments: Any) -> list[dict[str, Any]]:
        async with self.database.reading() as connection:
            return [plain(dict(row)) for row in await query(connection, **arguments)]


async def settle(
    connection: Connection, approval: int, decision: str, by: str, said: dict[str, Any]
) -> str | None:
    """Decide a request; said: `words`, and what else the chain keeps of it. As `BoardStore.decide`."""
    before = await approvals.hold(connection, approval=approval)
    people = await approvals.too_many(connection, approval=approval) if decision == "yes" else None
    if people:
        return f"it would go to {people} people, more than its ceiling in approvals.yaml allows"
    if before and before["author"] == by and decision == "yes" and not before["decided_at"]:
        return f"{by}本人发出的不能由本人补批"
    words = said["words"]
    row = await approvals.decide(connection, approval=approval, decision=decision, by=by, words=words)
    if row is None and before and before["kind"] == "countersign" and not before["decided_at"]:
        return "补签只能由作出批复的本人回复短信或在链接页面办理"
    if row is None:
        return f"{before['decision']} by {before['by']}" if before else ""
    body = {**plain(dict(row)), "decision": decision, "by": by, **said}
    await queries.orders.audit(connection, kind="approval", body=body)
    await queries.orders.announce(
        connection, type="warnengine.approval.decided", subject=f"approval/{approval}", data=body
    )
    if row["kind"] == "after" and decision == "no":
        await queries.controls.ask(
            connection,
            district=row["district"],
            about=f"approval {approval}",
            words=f"先发后补的第{approval}号{by}不同意:请立即撤回该指令(POST /v1/orders/编号/withdraw)",
        )
    return None


class OutboxStore:
    """Events on their way out."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def publish(self, send: Any, most: int = 200) -> bool:
        """Hand unsent events to `send`, in order, and mark them; return whether there may be more. One engine at a
        time: while another publishes there is nothing to do."""
        async with self.database.transaction() as connection:
            if not await sql.alone(connection):
                return False
            rows = [plain(dict(row)) for row in await sql.unsent(connection, most=most)]
            if rows:
                await send(rows)
                await sql.sent(connection, ids=[row["id"] for row in rows])
            return len(rows) == most


def _order(row: dict[str, Any]) -> dict[str, Any]:
    measures = [
        {
            "id": mark["standing"]["measure"],
            "form": mark["standing"]["form"],
            "deadline": mark["deadline"],
            "words": mark["words"],
        }
        for mark in row.pop("measures")
        if mark["mark"] != "lapsed"
    ]
    return {**row, "level": Level(row["level"]).key, "measures": measures, "number": row["number"] or 0}


def _state(decision: str | None) -> str:
    return {None: "pending", "yes": "approved", "no": "refused", "void": "void"}[decision]
