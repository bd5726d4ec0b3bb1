"""Those above who are asked or told: an authority of a request, the leader over units that have not begun."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from warnengine.model.book import Authority, Whom
from warnengine.model.bundle import Call, Listener, Pleading
from warnengine.model.level import Level
from warnengine.store.change import ChangeDesk, ways
from warnengine.store.database import queries

if TYPE_CHECKING:
    from warnengine.store.database import Connection

sql = queries.ladder
approvals = queries.approvals
COUNTERSIGN_LIFE = timedelta(hours=24)
"""How long a request to countersign may still be sent."""


class ApprovalDesk(ChangeDesk):
    """One overdue request, locked for one transaction."""

    def __init__(self, connection: Connection, row: Any, concerned: Sequence[Any], call: Any) -> None:
        super().__init__(connection)
        self.district: str = row["district"]
        later = row["now"] + COUNTERSIGN_LIFE if row["of"] else row["now"]
        self.not_after: datetime = max(later, *(one["not_after"] for one in concerned))
        self.pleading = Pleading(
            approval=row["id"],
            change=row["change"],
            level=Level(row["level"]),
            rung=row["rung"],
            versions=tuple(sorted({one["id"] for one in concerned})),
            items=tuple((one["id"], one["words"]) for one in concerned),
            after=row["kind"] == "after",
            call=Call(**call) if call else None,
        )
        self.left: timedelta = row["due"] - row["now"]

    async def listeners(self, authority: Authority) -> list[Listener]:
        """Who holds the post now, with the way there."""
        rows = await approvals.holders(
            self.connection, district=self.district, unit=authority.unit, post=authority.post
        )
        return [self._listener(row, f"{authority.unit}/{authority.post}") for row in rows]

    async def newcomers(self, authority: Authority) -> list[Listener]:
        """Those of them who have not been asked."""
        people = await self.listeners(authority)
        request = {"approval": self.pleading.approval, "change": self.pleading.change, "district": self.district}
        rows = await approvals.asked(self.connection, **request, people=[one.person for one in people])
        asked = {row["person"] for row in rows}
        return [one for one in people if one.person not in asked]

    async def listener(self, person: str) -> Listener | None:
        """One person, with the way there."""
        rows = await sql.ways_to(self.connection, district=self.district, people=[person])
        return next((self._listener(row) for row in rows), None)

    def _listener(self, row: Any, *posts: str) -> Listener:
        return Listener(
            district=self.district,
            person=row["person"],
            versions=self.pleading.versions,
            posts=posts,
            level=self.pleading.level,
            kind="approval",
            not_after=self.not_after,
            follows=(),
            addresses=ways(row["addresses"]),
        )

    async def next_rung(self, rung: int, within: timedelta) -> None:
        """The clock of the next authority starts."""
        await approvals.next_rung(self.connection, approval=self.pleading.approval, rung=rung, within=within)

    async def to_duty_room(self, words: str) -> None:
        """Nobody has decided."""
        await queries.orders.add_task(
            self.connection, district=self.district, kind="decide", bundle=None, person=None, words=words
        )


class LeaderDesk(ChangeDesk):
    """Units that have not begun, of which a leader learns in one message."""

    def __init__(self, connection: Connection, rows: Sequence[Any]) -> None:
        super().__init__(connection)
        self.rows = rows
        self.dangers = frozenset(row["danger"] for row in rows)
        self.change: int = max((row["change"] for row in rows), default=0)

    async def leaders(self, district: str, whom: Whom, level: Level) -> list[Listener]:
        """Who holds the post now, with the way there."""
        rows = await approvals.holders(self.connection, district=district, unit=whom.unit, post=whom.post)
        return [
            Listener(
                district=district,
                person=row["person"],
                versions=tuple(sorted({one["version"] for one in self.rows})),
                posts=(f"{whom.unit}/{whom.post}",),
                level=level,
                kind="issue",
                not_after=max(one["not_after"] for one in self.rows),
                follows=(),
                addresses=ways(row["addresses"]),
            )
            for row in rows
        ]

    async def told(self, note: str) -> None:
        """The leader knows; what is to be added to the tasks."""
        await sql.told(self.connection, tasks=[row["id"] for row in self.rows], note=note)


async def about(connection: Connection, row: Any) -> tuple[list[Any], Any]:
    """The versions that a request is about, and the call that is to be countersigned, whatever came after it."""
    about = row["of"] or row["id"]
    concerned = await approvals.concerned(connection, approval=about, all=row["of"] is not None)
    return list(concerned), await approvals.call(connection, approval=row["id"])
