"""Stops: what holds every intent until another person ends it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import asyncpg

from warnengine.model.errors import Refused
from warnengine.store.database import Database, queries
from warnengine.store.shapes import plain

if TYPE_CHECKING:
    from warnengine.store.database import Connection

sql = queries.controls
PATIENCE = "1500ms"
"""For intents that are being written when somebody stops everything; then their connections are cut."""
ENGINE = "warnengine"
"""Who stops what passes a limit."""
LAPSED = "指令已解除"
"""What ends such a stop, where nobody has to any more."""
SCOPES = {"all": "全部", "district": "全区", "order": "单条指令"}


class HaltStore:
    """Stops and their ends."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def halt(self, scope: str, target: str, by: str, why: str) -> dict[str, Any]:
        """Stop; once this returns, no intent is written that was not before. The same stop twice is one.

        Refused where there is no such order or district."""
        try:
            return await self._halt(scope, target, by, why)
        except asyncpg.LockNotAvailableError:
            async with self.database.reading() as connection:
                await sql.cut_intents(connection)
            return await self._halt(scope, target, by, why)

    async def _halt(self, scope: str, target: str, by: str, why: str) -> dict[str, Any]:
        async with self.database.transaction() as connection:
            await connection.execute(f"SET LOCAL lock_timeout = '{PATIENCE}'")
            await sql.alone(connection)
            await connection.execute("SET LOCAL lock_timeout = 0")
            district = await _district(connection, scope, target)
            row = await sql.halt(connection, scope=scope, target=target, by=by, why=why, automatic=False)
            if row:
                await record_halt(connection, district, row)
            return shown(row or await sql.halted(connection, scope=scope, target=target))

    async def resume(self, halt: int, by: str, *, leader: bool) -> dict[str, Any]:
        """End a stop; what it held is judged again. Return it with what waited, was over or replaced meanwhile."""
        async with self.database.transaction() as connection:
            row = await sql.halt_by_id(connection, id=halt)
            if row is None:
                raise Refused(404, f"没有第{halt}号停发:用 GET /v1/halt 查看。")
            if row["resumed_at"]:
                raise Refused(409, f"第{halt}号停发已由{row['resumed_by']}恢复。")
            if row["by"] == by:
                raise Refused(403, f"第{halt}号停发是{by}本人下的:恢复要另一个人来做。")
            if row["automatic"] and not leader:
                raise Refused(403, f"第{halt}号停发是超出限额自动暂停的:请带班领导核对后放行。")
            found = dict(await sql.waiting(connection, scope=row["scope"], target=row["target"]))
            await sql.resume(connection, id=halt, by=by)
            await sql.settled(connection, about=f"halt {halt}", by=by, result="done")
            await queries.orders.audit(connection, kind="resume", body={"halt": halt, "by": by, **found})
            return {**shown(await sql.halt_by_id(connection, id=halt)), "held": found}

    async def halts(self, *, still: bool = True) -> list[dict[str, Any]]:
        """Stops in force, or those that were."""
        async with self.database.reading() as connection:
            return [shown(row) for row in await sql.halts(connection, open=still)]


async def record_halt(connection: Connection, district: str, row: Any) -> None:
    """Seal a stop, and put it on the duty room's list."""
    body = {key: row[key] for key in ("id", "scope", "target", "by", "why", "automatic")}
    await queries.orders.audit(connection, kind="halt", body=body)
    words = f"已停发({SCOPES[row['scope']]}{row['target']}):{row['by']},{row['why']}。核实后请另一人恢复"
    await sql.ask(connection, district=district, about=f"halt {row['id']}", words=words[:400])


async def end_lapsed(connection: Connection) -> None:
    """What was held back as too much and has been taken back since is nothing to look at any more."""
    for halt in await sql.end_lapsed(connection, by=LAPSED):
        await sql.settled(connection, about=f"halt {halt['id']}", by=LAPSED, result="not_needed")
        await queries.orders.audit(connection, kind="resume", body={"halt": halt["id"], "by": LAPSED})


def shown(row: Any) -> dict[str, Any]:
    """A stop for the API."""
    return {key: value for key, value in plain(dict(row)).items() if value is not None}


async def _district(connection: Connection, scope: str, target: str) -> str:
    """The district that a stop concerns; the first one for all."""
    if scope == "order":
        order = await sql.order_exists(connection, id=int(target)) if target.isdecimal() else None
        if order is None:
            raise Refused(404, f"没有第{target}号指令:用 GET /v1/orders 查看编号。")
        return str(order["district"])
    districts = [row["code"] for row in await sql.districts(connection)]
    if scope == "district" and target not in districts:
        raise Refused(404, f"没有代码为{target}的区县:有{'、'.join(districts)}。")
    return target or districts[0]
