"""Trial: its digests, and the deliberate act by which it goes live."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from warnengine.model.digest import Preview, Tally, Told
from warnengine.model.errors import WarnEngineError
from warnengine.model.level import Level
from warnengine.store.database import Database, queries

if TYPE_CHECKING:
    from warnengine.store.database import Connection

sql = queries.trial


class NotYet(WarnEngineError):
    """A trial does not go live now; says why and what to do."""


async def tally(connection: Connection, change: int, room: str) -> Tally:
    """A change in figures. room: the key under which the duty room gets its digests."""
    facts = await sql.digest_facts(connection, change=change, person=room)
    ways = await sql.digest_ways(connection, change=change)
    texts = await sql.digest_texts(connection, change=change)
    return Tally(
        **{**dict(facts), "level": Level(facts["level"])},
        ways={row["channel"]: row["n"] for row in ways},
        texts=tuple(Told(row["short"], Level(row["level"]), tuple(row["readers"])) for row in texts),
    )


@dataclass(frozen=True, slots=True)
class TrialStore:
    """Going live: one person asks with a preview, another confirms the same preview."""

    database: Database

    async def ask(self, preview: Preview, by: str) -> tuple[int, list[dict[str, Any]]]:
        """Keep a request; return its number and what stands. NotYet where this is no trial or `by` nobody."""
        async with self.database.transaction() as connection:
            await _refuse_unless_trial(connection)
            who = await _person(connection, preview.district, by)
            standing, sha256 = await _seen(connection, preview)
            number: int = await sql.ask(
                connection, district=preview.district, asked_by=who, send_anew=preview.send_anew,
                preview=preview.facts | {"standing": standing}, sha256=sha256,
            )  # fmt: skip
            body = {"request": number, "by": who, "send_anew": preview.send_anew, "sha256": sha256.hex()}
            await queries.orders.audit(connection, kind="going_live_asked", body=body)
            return number, standing

    async def confirm(self, number: int, preview: Preview, by: str) -> list[dict[str, Any]]:
        """Go live; return what stood. NotYet where the preview has changed, or one person does both."""
        async with self.database.transaction() as connection:
            await _refuse_unless_trial(connection)
            await sql.hold_district(connection, district=preview.district)
            asked = await sql.asked(connection, id=number)
            if asked is None or asked["confirmed"] or asked["old"]:
                raise NotYet(
                    f"there is no open request {number} of the last hour: ask again, `warnengine trial go-live`"
                )
            who = await _person(connection, preview.district, by)
            if who == asked["asked_by"]:
                raise NotYet(f"{by} has asked for it: somebody else must confirm")
            seen = preview.anew(send_anew=asked["send_anew"])
            standing, sha256 = await _seen(connection, seen)
            if sha256 != asked["sha256"]:
                raise NotYet(f"what request {number} showed is not so any more: look at a new preview, ask again")
            await sql.confirm(connection, id=number, confirmed_by=who)
            await _put_aside(connection, seen)
            await sql.now_live(connection)
            body = {"request": number, "asked_by": asked["asked_by"], "confirmed_by": who, "sha256": sha256.hex(),
                    "send_anew": seen.send_anew, "standing": len(standing)}  # fmt: skip
            await queries.orders.audit(connection, kind="gone_live", body=body)
            return standing


async def _refuse_unless_trial(connection: Connection) -> None:
    kind = await sql.kind(connection)
    if kind != "trial":
        raise NotYet(f"this database belongs to a {kind} installation, there is no trial to end")


async def _person(connection: Connection, district: str, who: str) -> str:
    found = await sql.person(connection, district=district, who=who.strip())
    if len(found) != 1:
        why = "is the name of several people, give the key" if found else "holds no post in the address list"
        raise NotYet(f"{who} {why}: two people of the bureau decide, by their names in the list")
    key: str = found[0]["key"]
    return key


async def _seen(connection: Connection, preview: Preview) -> tuple[list[dict[str, Any]], bytes]:
    """What stands now, and the hash of all that the preview says."""
    rows = [dict(row) for row in await sql.standing(connection, district=preview.district)]
    standing = [{**row, "level": Level(row["level"]).key} for row in rows]
    whole = [preview.facts, preview.send_anew, standing]
    return standing, hashlib.sha256(json.dumps(whole, ensure_ascii=False, sort_keys=True).encode()).digest()


async def _put_aside(connection: Connection, preview: Preview) -> None:
    """Nothing of the trial may reach anybody later: no timer, no send, no order, no granted request. Live begins
    without a situation, or with that in force where it was asked for."""
    for end in (
        sql.end_sends, sql.end_timers, sql.end_tasks, sql.end_requests, sql.end_obligations, sql.end_versions,
        sql.end_orders, sql.end_changes, sql.judge_bundles, sql.forget_situation, sql.take_in_nothing,
        sql.end_events,
    ):  # fmt: skip
        await end(connection)
    await queries.approvals.void_empty(connection, district=preview.district)
    if preview.send_anew:
        await sql.take_in_anew(connection)
