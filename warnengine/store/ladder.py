"""Timers, escalations and approval requests, each fired in the transaction that makes what it causes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from warnengine.model.book import Act, Authority
from warnengine.model.bundle import Ended, Listener, Pleading, Rung, Unheard
from warnengine.model.level import Level
from warnengine.store.database import Database, queries
from warnengine.store.orders import ChangeDesk, ways

if TYPE_CHECKING:
    from warnengine.store.database import Connection

sql = queries.ladder
approvals = queries.approvals
Speak = Callable[[ChangeDesk, int, int, Sequence[Listener]], Awaitable[None]]
"""Writes bundles for people who act in place of a silent one: desk, change, the silent bundle, the people."""


class TimerDesk:
    """Timers that have run out, locked for one transaction."""

    def __init__(self, connection: Connection, speak: Speak) -> None:
        self.connection = connection
        self.speak = speak
        self.rows: dict[tuple[int, int], Any] = {}

    async def rungs(self, most: int) -> list[Rung]:
        """What has run out."""
        rows = await sql.due_timers(self.connection, most=most)
        self.rows = {(row["bundle"], row["step"]): row for row in rows}
        return [_rung(row) for row in self.rows.values()]

    async def remind(self, rung: Rung) -> None:
        """One more attempt on every channel of the bundle."""
        await sql.remind(self.connection, bundle=rung.bundle)

    async def escalate(self, rung: Rung, people: Sequence[str]) -> None:
        """A bundle for each of them that speaks for the silent one."""
        row = self.rows[rung.bundle, rung.step]
        asked = await sql.asked_already(self.connection, behalf=rung.bundle, people=list(people))
        new = sorted(set(people) - {one["person"] for one in asked})
        found = await sql.ways_to(self.connection, district=row["district"], people=new)
        listeners = [_listener(row, one) for one in found]
        if listeners:
            await self.speak(ChangeDesk(self.connection), row["change"], rung.bundle, listeners)

    async def call(self, rung: Rung, channel: str) -> bool:
        """The duty room telephones, or a machine does (call, voice); False where no number is known."""
        return await _call(self.connection, rung.bundle, channel)

    async def visit(self, rung: Rung, words: str) -> None:
        """The duty room sends somebody."""
        row = self.rows[rung.bundle, rung.step]
        await queries.orders.add_task(
            self.connection,
            district=row["district"],
            kind="visit",
            bundle=rung.bundle,
            person=row["person"],
            words=words,
        )

    async def fired(self, rung: Rung, outcome: str) -> None:
        """The timer is done, and what came of it."""
        await sql.timer_fired(self.connection, bundle=rung.bundle, step=rung.step, outcome=outcome)


class ApprovalDesk(ChangeDesk):
    """One overdue request, locked for one transaction."""

    def __init__(self, connection: Connection, row: Any, concerned: Sequence[Any]) -> None:
        super().__init__(connection)
        self.district: str = row["district"]
        self.not_after: datetime = max(one["not_after"] for one in concerned)
        self.pleading = Pleading(
            approval=row["id"],
            change=row["change"],
            level=Level(row["level"]),
            rung=row["rung"],
            versions=tuple(sorted({one["id"] for one in concerned})),
            items=tuple((one["id"], one["words"]) for one in concerned),
        )

    async def listeners(self, authority: Authority) -> list[Listener]:
        """Who holds the post now, with the way there."""
        rows = await approvals.holders(
            self.connection, district=self.district, unit=authority.unit, post=authority.post
        )
        return [
            Listener(
                district=self.district,
                person=row["person"],
                versions=self.pleading.versions,
                posts=(f"{authority.unit}/{authority.post}",),
                level=self.pleading.level,
                kind="approval",
                not_after=self.not_after,
                follows=(),
                addresses=ways(row["addresses"]),
            )
            for row in rows
        ]

    async def next_rung(self, rung: int, within: timedelta) -> None:
        """The clock of the next authority starts."""
        await approvals.next_rung(self.connection, approval=self.pleading.approval, rung=rung, within=within)

    async def to_duty_room(self, words: str) -> None:
        """Nobody has decided."""
        await queries.orders.add_task(
            self.connection, district=self.district, kind="decide", bundle=None, person=None, words=words
        )


class LadderStore:
    """Where the chaser and the petitioner find their desks."""

    def __init__(self, database: Database, speak: Speak) -> None:
        self.database = database
        self.speak = speak

    @asynccontextmanager
    async def due_timers(self) -> AsyncIterator[TimerDesk]:
        """One transaction over due timers."""
        async with self.database.transaction() as connection:
            yield TimerDesk(connection, self.speak)

    @asynccontextmanager
    async def overdue(self) -> AsyncIterator[ApprovalDesk | None]:
        """A request whose authority's time has passed; None when there is none."""
        async with self.database.transaction() as connection:
            row = await approvals.overdue(connection)
            concerned = list(await approvals.concerned(connection, approval=row["id"])) if row else []
            yield ApprovalDesk(connection, row, concerned) if concerned else None

    async def ended(self) -> list[Ended]:
        """Dangers beyond their end, of which no task tells yet."""
        async with self.database.reading() as connection:
            rows = await sql.ended(connection)
        return [Ended(**{**row, "level": Level(row["level"])}) for row in rows]

    async def show(self, ended: Ended, words: str) -> None:
        """A task for the duty room, once for each end."""
        key = {"district": ended.district, "hazard": ended.hazard, "family": ended.family}
        async with self.database.transaction() as connection:
            await sql.show_ended(connection, **key, words=words)

    async def unheard(self) -> list[Unheard]:
        """Orders that nobody is known to have got."""
        async with self.database.reading() as connection:
            rows = await sql.unheard(connection)
        return [Unheard(**{**row, "level": Level(row["level"])}) for row in rows]

    async def alarm(self, unheard: Unheard, words: str) -> bool:
        """A task for the duty room, one while it is open; whether it is new."""
        danger = f"{unheard.unit} {unheard.hazard} {unheard.family}"
        async with self.database.transaction() as connection:
            return bool(await sql.alarm(connection, district=unheard.district, danger=danger, words=words))

    async def by_hand(self, after: timedelta) -> int:
        """Give the duty room the calls that no machine has made within that time, or that it has made in vain and
        will not make again; return how many."""
        async with self.database.transaction() as connection:
            if not await sql.alone(connection):  # two would each add a call
                return 0
            rows = await sql.in_vain(connection, after=after)
            return sum([await _call(connection, row["bundle"], "call") for row in rows])

    async def expire(self, most: int = 500) -> int:
        """Page for obligations whose time is over before they reached anybody; return how many. Looks at no more
        than `most` bundles."""
        async with self.database.transaction() as connection:
            rows = list(await sql.expire_unreached(connection, most=most))
            for row in rows:
                await queries.orders.add_task(
                    connection,
                    district=row["district"],
                    kind="unreached",
                    bundle=row["bundle"],
                    person=row["person"],
                    words="指令到期仍未确认送达",
                )
            return len(rows)


async def _call(connection: Connection, bundle: int, channel: str) -> bool:
    """Add a call to a bundle, or one more attempt at it. Only one at a time: each call has its own place."""
    await queries.dispatch.hold_bundles(connection, bundles=[bundle])
    way = {"bundle": bundle, "channel": channel}
    return bool(await sql.call_again(connection, **way) or await sql.add_call(connection, **way))


def _rung(row: Any) -> Rung:
    return Rung(
        bundle=row["bundle"],
        step=row["step"],
        act=Act(row["act"]),
        answered=row["answered"],
        stale=row["stale"],
        off_duty=row["off_duty"],
        not_after=row["not_after"],
        now=row["now"],
        person=row["person"],
        name=row["name"],
        deputies=tuple(row["deputies"]),
        superiors=tuple(row["superiors"]),
    )


def _listener(row: Any, found: Any) -> Listener:
    return Listener(
        district=row["district"],
        person=found["person"],
        versions=tuple(row["versions"]),
        posts=(),
        level=Level(row["level"]),
        kind=row["kind"],
        not_after=row["not_after"],
        follows=(),
        addresses=ways(found["addresses"]),
    )
