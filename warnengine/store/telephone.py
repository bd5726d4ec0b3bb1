"""Approval by telephone: recorded by one, decided by another, countersigned by them afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from warnengine.model.book import Authority
from warnengine.model.errors import Refused
from warnengine.store.board import settle
from warnengine.store.database import Database, queries
from warnengine.store.shapes import iso, plain

if TYPE_CHECKING:
    from warnengine.store.database import Connection

sql = queries.approvals
SLACK = timedelta(minutes=1)
"""By which the duty room's clock on the wall may be ahead."""


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody said on the telephone, as it was written down."""

    person: str
    """Key of who decided."""
    decision: str
    at: datetime
    words: str
    recorded_by: str
    recorder: str | None
    """Key of who wrote it down, where the settings tell."""


class TelephoneStore:
    """Where calls are written down."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def record(self, approval: int, said: Said, authorities: Sequence[Authority]) -> dict[str, Any]:
        """Decide a request at once by what was said; ask for the countersignature.

        authorities: of the request's level; any of them may be the one who picks up the telephone.
        """
        async with self.database.transaction() as connection:
            row = await sql.hold(connection, approval=approval)
            if row is None:
                raise Refused(404, f"没有第{approval}号请示:用 GET /v1/approvals 查看编号。")
            name = await _authority(connection, row["district"], said.person, authorities)
            _check(row, said, name)
            kept = {"words": said.words, "manner": "telephone", "person": said.person}
            kept |= {"recorded_by": said.recorded_by, "called_at": iso(said.at) or "", "countersigned": "pending"}
            why_not = await settle(connection, approval, said.decision, name, kept)
            if why_not is not None:
                raise Refused(409, f"第{approval}号请示不能这样批复:{why_not}。")
            await sql.by_telephone(connection, approval=approval, recorded_by=said.recorded_by, called_at=said.at)
            countersign = await sql.ask_countersign(connection, approval=approval, person=said.person)
            return {"approval": approval, "decision": said.decision, "by": name, "countersign": countersign}


def _check(row: Any, said: Said, name: str) -> None:
    if row["kind"] == "countersign":
        raise Refused(409, "这是补签,只能由作出批复的本人回复短信或在链接页面办理。")
    if row["decided_at"]:
        raise Refused(409, f"第{row['id']}号请示已由{row['by']}批复({row['decision']}):先到的算数,不能再记。")
    if said.recorder == said.person or said.recorded_by == name:
        raise Refused(403, f"{name}不能自己记录自己的批复:请另一名值班员来记。")
    if not row["asked_at"] - SLACK <= said.at <= row["now"] + SLACK:
        raise Refused(422, "通话时间要在请示提出之后、现在之前:请核对 at。")


async def _authority(connection: Connection, district: str, person: str, authorities: Sequence[Authority]) -> str:
    """The name of who decided; Refused where they hold none of the posts that may."""
    holders = {
        row["person"]: row["name"]
        for authority in authorities
        for row in await sql.holders(connection, district=district, unit=authority.unit, post=authority.post)
    }
    if person not in holders:
        known = "、".join(f"{name}({key})" for key, name in holders.items()) or "无人在岗"
        raise Refused(422, f"{person}现在不是这一级的审批人:可以批复的有{known}。")
    return str(holders[person])


async def countersigned(connection: Connection, bundle: int) -> bool:
    """Record a countersignature, where this bundle asks its reader for one."""
    row = await sql.countersign(connection, bundle=bundle, manner="answer")
    if row is None:
        return False
    body = {**plain(dict(row)), "countersigns": row["of"]}
    await queries.orders.audit(connection, kind="approval", body=body)
    return True
