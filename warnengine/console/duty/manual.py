"""超预案 by hand: written in one page, read back, sent by the second person, or first and asked afterwards."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from fastapi import APIRouter, Request, Response

from warnengine.console.duty.forms import Form, form
from warnengine.console.duty.room import Room, to
from warnengine.model.book import DIGITS, UnitKind
from warnengine.model.byhand import FAMILY
from warnengine.model.clock import BEIJING
from warnengine.model.errors import Refused
from warnengine.model.level import Level
from warnengine.order.wish import ORDERED, Wish

STEP = timedelta(minutes=5)
"""Deadlines are clock times that somebody can say aloud."""
WITHIN = (15, 30, 60, 120)
LASTS = (3, 6, 12, 24)
LEVELS = {level.key for level in Level}


def add(router: APIRouter, room: Room) -> None:
    """/duty/manual"""
    _writing(router, room)
    _sending(router, room)


def _writing(router: APIRouter, room: Room) -> None:
    @router.get("/manual")
    async def list_(request: Request, said: str = "") -> Response:
        """Drafts that wait, and what was sent."""
        seat = room.seat(request)
        return await room.page("manuals.html", request, seat, manuals=await room.drafts.manuals(60), said=said)

    @router.get("/manual/new")
    async def new(request: Request, corrects: int | None = None) -> Response:
        """An empty form, or one filled with what is to be corrected."""
        room.seat(request).must("duty", "leader")
        row = await _row(room, corrects) if corrects else None
        return await _form(room, request, _filled(row) if row else Form({}), corrects=corrects)

    writing = asyncio.Lock()

    @router.post("/manual")
    async def draft(request: Request) -> Response:
        """Keep a draft; nothing is sent. The same form twice is one draft."""
        seat = room.seat(request).must("duty", "leader")
        fields = await form(request)
        corrects = fields.number("corrects") if fields.one("corrects") else None
        try:
            wanted = await _wish(room, fields, corrects)
            async with writing:
                made = await _same(room, wanted, seat.name)
                id_ = made or (await room.hand.draft(wanted, seat.who))["manual"]
        except Refused as error:
            return await _form(room, request, fields, corrects=corrects, problem=error)
        return to(f"/duty/manual/{id_}")

    @router.get("/manual/{id_}/edit")
    async def change(request: Request, id_: int) -> Response:
        """The form again."""
        room.seat(request).must("duty", "leader")
        return await _form(room, request, _filled(await _row(room, id_)), edits=id_)

    @router.post("/manual/{id_}/edit")
    async def edit(request: Request, id_: int) -> Response:
        """Write a draft anew; whoever said yes before must look again."""
        seat = room.seat(request).must("duty", "leader")
        fields = await form(request)
        try:
            await room.hand.edit(id_, await _wish(room, fields, None), seat.who)
        except Refused as error:
            return await _form(room, request, fields, edits=id_, problem=error)
        return to(f"/duty/manual/{id_}")


def _sending(router: APIRouter, room: Room) -> None:
    @router.get("/manual/{id_}")
    async def read_back(request: Request, id_: int, said: str = "") -> Response:
        """What sending it would do now, or what became of it."""
        return await _read_back(room, request, id_, said="sent" if said == "sent" else "")

    @router.post("/manual/{id_}/send")
    async def send(request: Request, id_: int) -> Response:
        """Say yes to what was read."""
        seat = room.seat(request)
        fields = await form(request)
        if not fields.one("token"):
            seat.must("duty", "leader")
        try:
            who = room.actor(request, fields, seat).must("duty", "leader")
            glass = fields.why("break_glass") if "break_glass" in fields.fields else None
            done = await room.hand.send(id_, who.who, fields.one("confirm", 64), glass)
        except Refused as error:
            return await _read_back(room, request, id_, error)
        room.ring()
        if not done["sent"]:
            return await _read_back(room, request, id_, said=f"{who.name}已核对,还不能发出。{done['missing']}")
        return to(f"/duty/manual/{id_}?said=sent")

    @router.post("/manual/{id_}/discard")
    async def discard(request: Request, id_: int) -> Response:
        """Throw a draft away."""
        seat = room.seat(request).must("duty", "leader")
        if not await room.drafts.discard(id_, seat.name):
            raise Refused(409, f"第{id_}号临时指令不是待发的草稿:已发出的请在“指令”页撤回。")
        return to("/duty/manual?said=discarded")


async def _read_back(
    room: Room, request: Request, id_: int, problem: Refused | None = None, said: str = ""
) -> Response:
    seat = room.seat(request)
    row = await _row(room, id_)
    shown: dict[str, Any] = {}
    if not (row["sent_at"] or row["ended_at"]):
        try:
            shown = await room.hand.preview(id_)
        except Refused as error:
            problem = problem or error
    yes = await room.drafts.approvals(id_, shown["confirm"]) if shown else []
    orders = await room.store.orders_of(f"{FAMILY}{row['root']}")
    facts = {"one": row, "shown": shown, "orders": orders, "yes": yes, "said": said}
    status, words = (problem.status, str(problem)) if problem else (200, "")
    return await room.page("manual.html", request, seat, status, problem=words, **facts)


async def _row(room: Room, id_: int) -> dict[str, Any]:
    row = await room.drafts.manual(id_)
    if row is None:
        raise Refused(404, f"没有第{id_}号临时指令:请在“临时指令”页核对编号。")
    return row


async def _form(
    room: Room,
    request: Request,
    fields: Form,
    *,
    corrects: int | None = None,
    edits: int | None = None,
    problem: Refused | None = None,
) -> Response:
    seat = room.seat(request)
    now = await room.drafts.now()
    units = [unit for unit in room.book.units.values() if unit.kind in ORDERED]
    below = DIGITS.keys() - {UnitKind.TOWNSHIP}
    named = {
        "镇街园区": [unit for unit in units if unit.kind is not UnitKind.SECTOR and unit.kind not in below],
        "部门": [unit for unit in units if unit.kind is UnitKind.SECTOR],
        "村社区网格": [unit for unit in units if unit.kind in below],
    }
    groups = {name: group for name, group in named.items() if group}
    said = {measure.order for unit in units for measure in room.book.measures_of(unit)}
    facts = {
        "form": fields, "corrects": corrects, "edits": edits, "groups": groups, "measures": sorted(said),
        "within": [(minutes, rounded(now, minutes)) for minutes in WITHIN], "lasts": LASTS,
        "levels": reversed(Level), "problem": str(problem) if problem else "",
    }  # fmt: skip
    return await room.page("write.html", request, seat, problem.status if problem else 200, **facts)


async def _wish(room: Room, fields: Form, corrects: int | None) -> Wish:
    return wished(fields, await room.drafts.now(), corrects)


async def _same(room: Room, wish: Wish, author: str) -> int | None:
    """The number of the draft that this very form has made already: buttons are pressed twice."""
    for row in await room.drafts.manuals(20):
        if row["sent_at"] or row["ended_at"] or row["author"] != author or wish.corrects is not None:
            continue
        same = (tuple(row["units"]), row["words"], row["level"], row["why"])
        times = (datetime.fromisoformat(row["deadline"]), datetime.fromisoformat(row["not_after"]))
        if same == (wish.units, wish.words, wish.level.key, wish.why) and times == (wish.deadline, wish.not_after):
            return int(row["id"])
    return None


def wished(fields: Form, now: datetime, corrects: int | None) -> Wish:
    """What a form wants; Refused says which part of it is missing."""
    units = tuple(dict.fromkeys(fields.all("unit")))
    if not units:
        raise Refused(422, "还没有选单位:请勾选要发给哪些单位。不选不等于全区。")
    words = fields.one("words", 120)
    if len(words) < 4:
        raise Refused(422, "请写清要做什么(至少4个字),例如:关闭景区,劝离全部游客。")
    level = fields.one("level")
    if level not in LEVELS:
        raise Refused(422, "还没有选级别:请选红、橙、黄、蓝中的一个。")
    deadline = _deadline(fields, now)
    lasts = fields.one("lasts")
    if lasts not in {str(hours) for hours in LASTS}:
        raise Refused(422, "还没有选有效多久:请选一个。")
    not_after = max(deadline, rounded(now, 60 * int(lasts)))
    return Wish(units, words, deadline, Level.from_key(level), not_after, fields.why(), corrects)


def rounded(now: datetime, minutes: int) -> datetime:
    """So many minutes from now, up to the next five: a time that can be said aloud."""
    moment = now + timedelta(minutes=minutes)
    over = (moment - datetime.min.replace(tzinfo=moment.tzinfo)) % STEP
    return moment + (STEP - over if over else timedelta())


def _deadline(fields: Form, now: datetime) -> datetime:
    """The clock time that was written, today or tomorrow; else the minutes that were chosen."""
    said = fields.one("clock")
    if said:
        found = re.fullmatch(r"([01]\d|2[0-3]):([0-5]\d)", said)
        if not found:
            raise Refused(422, "完成时限写得不对:请写成 03:30 这样的钟点,或选几分钟内。")
        here = now.astimezone(BEIJING)
        moment = here.replace(hour=int(found[1]), minute=int(found[2]), second=0, microsecond=0)
        return moment if moment > here else moment + timedelta(days=1)
    within = fields.one("within")
    if within not in {str(minutes) for minutes in WITHIN}:
        raise Refused(422, "还没有选完成时限:请选几分钟内,或写钟点。")
    return rounded(now, int(within))


def _filled(row: Mapping[str, Any]) -> Form:
    """The form of an order as it was written; its times are chosen anew."""
    return Form(
        {
            "unit": list(row["units"]),
            "words": [row["words"]],
            "level": [Level(row["level"]).key],
            "why": [row["why"]],
        }
    )
