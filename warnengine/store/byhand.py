"""Orders by hand and orders taken back, each carried out or rehearsed in one transaction."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

import asyncpg

from warnengine.model.byhand import Load
from warnengine.model.errors import Clash
from warnengine.model.level import Level
from warnengine.model.order import Mark, Version
from warnengine.store import shapes
from warnengine.store.change import ChangeDesk
from warnengine.store.controls import ENGINE, end_lapsed, record_halt
from warnengine.store.database import Database, queries
from warnengine.store.district import DistrictDesk
from warnengine.store.warnings import ask

if TYPE_CHECKING:
    from warnengine.store.database import Connection

sql = queries.byhand

Judge = Callable[[Sequence[Load], Mapping[Level, int]], Mapping[int, str]]
"""Which orders wait, and why: the orders of a change, and how many were made in the minute before."""


class _Undone(Exception):
    """Nothing of this rehearsal stays."""


class HandDesk:
    """A locked district; what happens here stays only where somebody keeps it."""

    def __init__(self, connection: Connection, district: str) -> None:
        self.connection = connection
        self.district = DistrictDesk(connection, district)
        self.people = ChangeDesk(connection)
        self.kept = False

    def keep(self) -> None:
        """This is no rehearsal."""
        self.kept = True

    async def manual(self, id_: int) -> dict[str, Any] | None:
        """An order by hand, locked: of two who decide at once, one does."""
        row = await sql.hold_manual(self.connection, id=id_)
        return dict(row) if row else None

    async def order(self, id_: int) -> dict[str, Any] | None:
        """A standing order with its newest version, locked."""
        row = await sql.hold_order(self.connection, id=id_)
        return dict(row) if row else None

    async def of_root(self, family: str) -> list[dict[str, Any]]:
        """What stands of an order by hand: order, unit, version."""
        found = await sql.of_root(self.connection, district=self.district.district, family=family)
        return [dict(row) for row in found]

    async def sent(self, manual: dict[str, Any], by: Sequence[str], break_glass: str | None, sha256: str) -> None:
        """It goes out, in the place of what it corrects."""
        await sql.replaced(self.connection, root=manual["root"])
        await sql.sent(self.connection, id=manual["id"], by=list(by), break_glass=break_glass, sha256=sha256)
        await queries.controls.settled(self.connection, about=f"manual {manual['id']}", by=by[-1], result="done")

    async def withdrawn(self, order: int, words: str, why: str, by: str) -> bool:
        """An order is taken back; False where it has lapsed or is taken back already."""
        done = await sql.withdraw(self.connection, standing_order=order, words=words, why=why, by=by)
        return done is not None

    async def ended(self, root: int, unit: str) -> None:
        """One unit's part of an order by hand is over."""
        await sql.ended(self.connection, root=root, unit=unit)

    async def loads(self, change: int) -> list[Load]:
        """The orders of a change, with how many people each goes to."""
        return await loads(self.connection, change)

    async def readers(self, change: int, orders: Sequence[int]) -> list[dict[str, Any]]:
        """Texts of a change that tell of these orders: short, people, without, who, channels."""
        rows = await sql.readers(self.connection, change=change, orders=list(orders))
        return [dict(row) for row in rows]

    async def ask_afterwards(self, change: int, loads: Sequence[Load], sha256: str, author: str) -> int:
        """The authority of the gravest level is asked to approve what one person alone has sent."""
        level = max(load.version.lane_level for load in loads)
        approval: int = await sql.ask_afterwards(
            self.connection,
            district=self.district.district,
            change=change,
            level=level,
            sha256=sha256,
            ceiling=sum(load.people for load in loads),
            author=author,
        )
        items = [
            {
                "approval": approval,
                "standing_order": load.order,
                "measure": mark.standing.measure,
                "words": mark.words,
            }
            for load in loads
            for mark in load.version.measures
            if mark.mark is not Mark.LAPSED
        ]
        await queries.approvals.add_item(self.connection, items)
        return approval

    async def in_force(self) -> str:
        """Hash of the rule book that counts; empty where none was published."""
        row = await queries.books.in_force(self.connection, district=self.district.district)
        return row["hash"] if row else ""

    async def seal(self, kind: str, body: dict[str, Any]) -> None:
        """A row of the chain."""
        await queries.orders.audit(self.connection, kind=kind, body=body)


D = TypeVar("D", bound=HandDesk)


@asynccontextmanager
async def rehearsed(database: Database, district: str, made: Callable[[Connection, str], D]) -> AsyncIterator[D]:
    """A desk over a district, locked. Unless it is kept, nothing of what happens stays; nor after a Clash."""
    try:
        async with database.transaction() as connection:
            await queries.controls.lock_district(connection, code=district)
            desk = made(connection, district)
            yield desk
            if not desk.kept:
                raise _Undone
    except _Undone:
        return
    except asyncpg.DeadlockDetectedError:  # receipts of the same orders came in at this moment
        raise Clash from None


class ByHandStore:
    """Where people find the desk, and drafts are kept."""

    def __init__(self, database: Database) -> None:
        self.database = database

    @asynccontextmanager
    async def desk(self, district: str) -> AsyncIterator[HandDesk]:
        """The district, locked. Unless it is kept, nothing of what happens stays; nor after a Clash."""
        async with rehearsed(self.database, district, HandDesk) as desk:
            yield desk

    async def draft(self, district: str, author: str, words: dict[str, Any]) -> int:
        """Keep a draft and put it on the duty room's list; its number."""
        async with self.database.transaction() as connection:
            id_: int = await sql.draft(connection, district=district, author=author, **words)
            body = {**shapes.plain(words), "id": id_, "author": author}
            await queries.orders.audit(connection, kind="manual_draft", body=body)
            about = f"第{id_}号临时指令待复核发出:{author}拟,“{words['words'][:60]}”。请另一人核对后发出"
            await queries.controls.ask(connection, district=district, about=f"manual {id_}", words=about)
            return id_

    async def approve(self, manual: int, sha256: str, by: str, role: str) -> None:
        """Somebody has looked at exactly this preview and says yes."""
        async with self.database.transaction() as connection:
            await sql.approve(connection, manual=manual, sha256=sha256, by=by, role=role)
            body = {"id": manual, "sha256": sha256, "by": by, "role": role}
            await queries.orders.audit(connection, kind="manual_approval", body=body)

    async def approvals(self, manual: int, sha256: str) -> list[tuple[str, str]]:
        """Who has said yes to exactly this: name and role."""
        async with self.database.reading() as connection:
            rows = await sql.approvals(connection, manual=manual, sha256=sha256)
        return [(row["by"], row["role"]) for row in rows]

    async def discard(self, manual: int, by: str) -> bool:
        """A draft is not sent; False where it was sent or discarded before."""
        async with self.database.transaction() as connection:
            row = await sql.hold_manual(connection, id=manual)
            if row is None or row["sent_at"] or row["ended_at"]:
                return False
            await sql.discarded(connection, id=manual)
            await queries.controls.settled(connection, about=f"manual {manual}", by=by, result="not_needed")
            await queries.orders.audit(connection, kind="manual_discard", body={"id": manual, "by": by})
            return True

    async def manual(self, id_: int) -> dict[str, Any] | None:
        """An order by hand as it was written."""
        async with self.database.reading() as connection:
            row = await sql.manual(connection, id=id_)
            return dict(row) if row else None

    async def manuals(self, most: int = 200) -> list[dict[str, Any]]:
        """Orders by hand, newest first."""
        async with self.database.reading() as connection:
            rows = await sql.manuals(connection, most=most)
        return [{**shapes.plain(dict(row)), "level": Level(row["level"]).key} for row in rows]

    async def ask(self, district: str, questions: Sequence[str]) -> None:
        """Put questions to the duty room, each once for ever."""
        async with self.database.transaction() as connection:
            await ask(connection, district, questions)

    async def edit(self, id_: int, editor: str, words: dict[str, Any]) -> bool:
        """Write a draft anew, by whom from now on it is; False where it was sent or discarded. Whoever said yes to
        it has said yes to something else."""
        async with self.database.transaction() as connection:
            row = await sql.hold_manual(connection, id=id_)
            if row is None or row["sent_at"] or row["ended_at"]:
                return False
            await sql.edit(connection, id=id_, author=editor, **{k: v for k, v in words.items() if k != "root"})
            await queries.orders.audit(
                connection, kind="manual_draft", body={**shapes.plain(words), "id": id_, "author": editor}
            )
            return True

    async def now(self) -> datetime:
        """Engine time."""
        async with self.database.reading() as connection:
            moment: datetime = await queries.orders.now(connection)
            return moment


async def loads(connection: Connection, change: int) -> list[Load]:
    """The orders of a change, with how many people each goes to."""
    rows = await sql.loads(connection, change=change)
    found = await queries.orders.versions(connection, ids=[row["id"] for row in rows])
    versions: dict[int, Version] = {row["id"]: shapes.version(row) for row in found}
    return [Load(row["standing_order"], versions[row["id"]], row["people"], row["usual"]) for row in rows]


async def second_look(desk: DistrictDesk, change: int, judge: Judge) -> dict[int, str]:
    """What is too large or too much waits, from the transaction that makes it, until a leader lets it through."""
    connection = desk.connection
    await end_lapsed(connection)
    before = {Level(row["level"]): row["made"] for row in await sql.lately(connection, change=change)}
    why = judge(await loads(connection, change), before)
    for order, said in why.items():
        halt = {"scope": "order", "target": str(order), "by": ENGINE, "why": said, "automatic": True}
        row = await queries.controls.halt(connection, **halt)
        if row:
            await record_halt(connection, desk.district, row)
    return dict(why)
