"""Timers, escalations and approval requests, each fired in the transaction that makes what it causes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from warnengine.model.book import Act, After
from warnengine.model.bundle import Asked, Ended, Listener, Response, Rung, Unheard, Waiting
from warnengine.model.level import Level
from warnengine.model.pace import Recent
from warnengine.model.proof import Proof
from warnengine.store.change import ChangeDesk, ways
from warnengine.store.database import Database, queries
from warnengine.store.petitions import ApprovalDesk, LeaderDesk, about

if TYPE_CHECKING:
    from warnengine.store.database import Connection

sql = queries.ladder
approvals = queries.approvals
Speak = Callable[[ChangeDesk, Asked, Sequence[Listener]], Awaitable[None]]
"""Writes one message about bundles that have run out, and a bundle for each who gets it."""
ACTS = {act.value: act for act in (*Act, *After)}


class TimerDesk:
    """Timers that have run out, locked for one transaction."""

    def __init__(self, connection: Connection, speak: Speak) -> None:
        self.connection = connection
        self.speak = speak
        self.rows: dict[tuple[int, int], Any] = {}

    async def rungs(self, most: int) -> list[Rung]:
        """What has run out; nothing while another engine climbs."""
        if not await sql.alone(self.connection):
            return []
        await sql.bring_due(self.connection)
        rows = await sql.due_timers(self.connection, most=most)
        self.rows = {(row["bundle"], row["step"]): row for row in rows}
        return [_rung(row) for row in self.rows.values()]

    async def remind(self, rung: Rung) -> None:
        """One more attempt on every channel of the bundle."""
        await sql.remind(self.connection, bundle=rung.bundle)

    async def write(self, to: str, purpose: str, rungs: Sequence[Rung]) -> None:
        """One message to one person about several bundles; whom a deputy knows to be silent is not named again."""
        new = [rung for rung in rungs if not await self._told(to, purpose, rung)]
        if new:
            versions = {v for rung in new for v in self._versions(to, purpose, rung)}
            await self._speak(purpose, new, [to], sorted(versions))

    async def share(self, rung: Rung) -> None:
        """Tell all who have answered for a bundle who of them is responsible."""
        found = await sql.sharing(self.connection, bundle=rung.bundle)
        if len(found["people"]) > 1:
            versions = self.rows[rung.bundle, rung.step]["versions"]
            await self._speak("shared", [rung], found["people"], versions, found["responsible"])

    async def _told(self, to: str, purpose: str, rung: Rung) -> bool:
        if purpose != "escalation":
            return False
        asked = await sql.asked_already(self.connection, behalf=rung.bundle, people=[to], purpose=purpose)
        return bool(asked)

    def _versions(self, to: str, purpose: str, rung: Rung) -> Sequence[int]:
        if purpose in {"finish", "unfinished"}:
            return [version for version, person in rung.owing if purpose == "unfinished" or person == to]
        versions: Sequence[int] = self.rows[rung.bundle, rung.step]["versions"]
        return versions

    async def _speak(
        self,
        purpose: str,
        rungs: Sequence[Rung],
        people: Sequence[str],
        versions: Sequence[int],
        responsible: str = "",
    ) -> None:
        rows = [self.rows[rung.bundle, rung.step] for rung in rungs]
        ids = [rung.bundle for rung in rungs]
        silent = await sql.silent(self.connection, bundles=ids)
        done = await sql.items_done(self.connection, versions=list(versions))
        names = await sql.names(self.connection, district=rows[0]["district"], people=list(people))
        known = {one["key"]: one["name"] for one in names}
        asked = Asked(
            purpose=purpose,
            bundles=tuple(one["id"] for one in silent),
            change=max(row["change"] for row in rows),
            level=Level(max(row["level"] for row in rows)),
            silent=tuple((one["name"], tuple(one["posts"])) for one in silent),
            moment=rungs[0].now,
            done=frozenset((one["version"], one["measure"]) for one in done),
            responsible=known.get(responsible, ""),
            others=tuple(name for key, name in sorted(known.items()) if key != responsible),
        )
        found = await sql.ways_to(self.connection, district=rows[0]["district"], people=sorted(people))
        own = tuple(post for row in rows for post in row["posts"]) if purpose in {"reminder", "finish"} else ()
        listeners = [_listener(rows, versions, one, own) for one in found]
        if listeners:
            await self.speak(ChangeDesk(self.connection), asked, listeners)

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

    async def later(self, rung: Rung, until: datetime) -> None:
        """The timer waits."""
        await sql.timer_later(self.connection, bundle=rung.bundle, step=rung.step, until=until)

    async def fired(self, rung: Rung, outcome: str) -> None:
        """The timer is done, and what came of it."""
        await sql.timer_fired(self.connection, bundle=rung.bundle, step=rung.step, outcome=outcome)


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
            concerned, call = await about(connection, row) if row else ([], None)
            yield ApprovalDesk(connection, row, concerned, call) if concerned else None

    @asynccontextmanager
    async def taken_over(self, posts: Sequence[tuple[Level, int, str, str]]) -> AsyncIterator[ApprovalDesk | None]:
        """A request of which somebody on duty in the post that is asked knows nothing; None when there is none.

        posts: (level, rung, unit, post), as the rules ask them."""
        levels, rungs, units, keys = [list(one) for one in zip(*posts, strict=True)] if posts else [[]] * 4
        async with self.database.transaction() as connection:
            row = await approvals.taken_over(connection, levels=levels, rungs=rungs, units=units, posts=keys)
            concerned, call = await about(connection, row) if row else ([], None)
            yield ApprovalDesk(connection, row, concerned, call) if concerned else None

    async def ended(self) -> list[Ended]:
        """Dangers beyond their end, of which no task tells yet."""
        async with self.database.reading() as connection:
            rows = await sql.ended(connection)
        return [
            Ended(**{**row, "level": Level(row["level"]), "because": tuple(row["because"] or ())}) for row in rows
        ]

    async def show(self, ended: Ended, words: str) -> None:
        """A task for the duty room, once for each end."""
        key = {"district": ended.district, "hazard": ended.hazard, "family": ended.family}
        async with self.database.transaction() as connection:
            await sql.show_ended(connection, **key, words=words)

    async def unheard(self, after: timedelta) -> list[Unheard]:
        """Orders of at least this age that nobody is known to have got."""
        async with self.database.reading() as connection:
            rows = await sql.unheard(connection, after=after)
        return [Unheard(**{**row, "level": Level(row["level"])}) for row in rows]

    async def alarm(self, unheard: Unheard, words: str) -> bool:
        """A task for the duty room, one while it is open; whether it is new."""
        danger = f"{unheard.unit} {unheard.hazard} {unheard.family}"
        async with self.database.transaction() as connection:
            return bool(await sql.alarm(connection, district=unheard.district, danger=danger, words=words))

    async def responses(self) -> list[Response]:
        """Standing orders with the clock of their response."""
        async with self.database.reading() as connection:
            rows = await sql.responses(connection)
        return [
            Response(**{**row, "level": Level(row["level"]), "started": frozenset(row["started"])}) for row in rows
        ]

    async def unstarted(self, response: Response, words: str) -> bool:
        """A task for the duty room, one while it is open; whether it is new."""
        async with self.database.transaction() as connection:
            new = await sql.unstarted(connection, district=response.district, danger=response.danger, words=words)
            return new is not None

    async def started(self, still: Sequence[Response]) -> int:
        """Take off the list what has begun or is over; return how many."""
        async with self.database.transaction() as connection:
            return len(await sql.started(connection, still=[f"{one.district} {one.danger}" for one in still]))

    @asynccontextmanager
    async def untold(self, late: Sequence[Response]) -> AsyncIterator[LeaderDesk]:
        """Units that have not begun, of which a leader does not know yet, locked for one transaction."""
        async with self.database.transaction() as connection:
            dangers = [f"{one.district} {one.danger}" for one in late]
            yield LeaderDesk(connection, list(await sql.untold(connection, dangers=dangers)))

    async def by_hand(self, after: timedelta) -> int:
        """Give the duty room the calls that no machine has made within that time, or that it has made in vain and
        will not make again; return how many."""
        async with self.database.transaction() as connection:
            if not await sql.alone_in_vain(connection):  # two would each add a call
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
        act=ACTS[row["act"]],
        waiting=tuple(
            Waiting(Level(one["level"]), Proof(one["proof"]), one["called"], one["answered"])
            for one in row["waiting"]
        ),
        owing=tuple((version, person) for version, person in row["owing"]),
        stale=row["stale"],
        off_duty=row["off_duty"],
        not_after=row["not_after"],
        now=row["now"],
        person=row["person"],
        name=row["name"],
        deputies=tuple(row["deputies"]),
        superiors=tuple(row["superiors"]),
        due=row["due"],
        level=Level(row["level"]),
        more=row["more"],
        lately=tuple(
            Recent(datetime.fromisoformat(one["at"]), one["bundle"], one["level"], one["purpose"] == "order")
            for one in row["lately"]
        ),
    )


def _listener(rows: Sequence[Any], versions: Sequence[int], found: Any, posts: tuple[str, ...]) -> Listener:
    gravest = max(rows, key=lambda row: row["level"])
    return Listener(
        district=gravest["district"],
        person=found["person"],
        versions=tuple(versions),
        posts=tuple(dict.fromkeys(posts)),
        level=Level(gravest["level"]),
        kind=gravest["kind"],
        not_after=max(row["not_after"] for row in rows),
        follows=(),
        addresses=ways(found["addresses"]),
    )
