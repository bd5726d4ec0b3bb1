"""会商结论: written in one page, read back with whom it reaches, confirmed, and ended the same way."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

from fastapi import APIRouter, Request, Response

from warnengine.console.duty.forms import Form, form
from warnengine.console.duty.manual import rounded
from warnengine.console.duty.room import Room, to
from warnengine.model.clock import BEIJING
from warnengine.model.errors import Refused
from warnengine.model.level import Level
from warnengine.order.compose import hazard_name
from warnengine.order.conclusion import Wanted

LASTS = (3, 6, 12, 24)
"""Hours."""
STATES = {
    "draft": "待确认,还没有生效",
    "dropped": "草稿已作废,没有生效",
    "counts": "生效中",
    "over": "已到期,级别已恢复",
    "withdrawn": "已终止",
    "done": "已执行",
}
KINDS = {"issue": "新下达", "update": "调整", "reopen": "再次催办", "lapse": "解除"}


def add(router: APIRouter, room: Room) -> None:
    """/duty/consultations"""
    _writing(router, room)
    _deciding(router, room)


def _writing(router: APIRouter, room: Room) -> None:
    @router.get("/consultations")
    async def list_(request: Request, said: str = "") -> Response:
        """Conclusions and drafts."""
        found = await room.consulting.shown(60)
        return await room.page(
            "consultations.html", request, room.seat(request), found=found, states=STATES, said=said
        )

    @router.get("/consultations/new")
    async def new(request: Request) -> Response:
        """An empty form beside what is in force."""
        room.seat(request).must("duty", "leader")
        return await _form(room, request, Form({}))

    @router.post("/consultations")
    async def draft(request: Request) -> Response:
        """Keep a draft; nothing counts yet. The same form twice is one draft."""
        seat = room.seat(request).must("duty", "leader")
        fields = await form(request)
        try:
            made = await room.consulting.draft(wanted(fields, await room.drafts.now()), seat.who)
        except Refused as error:
            return await _form(room, request, fields, error)
        return to(f"/duty/consultations/{made['consultation']}")

    @router.post("/consultations/{id_}/withdraw")
    async def withdraw(request: Request, id_: int) -> Response:
        """Write down that it counts no longer; that is confirmed on a page of its own."""
        seat = room.seat(request).must("duty", "leader")
        fields = await form(request)
        words = (fields.one("presided", 60), fields.one("took_part", 300), fields.one("why", 300))
        try:
            made = await room.consulting.withdraw(id_, *words, seat.who)
        except Refused as error:
            return await _read_back(room, request, id_, error)
        return to(f"/duty/consultations/{made['consultation']}")


def _deciding(router: APIRouter, room: Room) -> None:
    @router.get("/consultations/{id_}")
    async def read_back(request: Request, id_: int, said: str = "") -> Response:
        """What it would do now, or what became of it."""
        return await _read_back(room, request, id_, said=said == "confirmed")

    @router.post("/consultations/{id_}/confirm")
    async def confirm(request: Request, id_: int) -> Response:
        """Say yes to what was read."""
        seat = room.seat(request)
        fields = await form(request)
        if not fields.one("token"):
            seat.must("duty", "leader")
        try:
            who = room.actor(request, fields, seat).must("duty", "leader")
            await room.consulting.confirm(id_, who.who, fields.one("confirm", 64))
        except Refused as error:
            return await _read_back(room, request, id_, error)
        return to(f"/duty/consultations/{id_}?said=confirmed")

    @router.post("/consultations/{id_}/discard")
    async def discard(request: Request, id_: int) -> Response:
        """Throw a draft away."""
        seat = room.seat(request).must("duty", "leader")
        await room.consulting.discard(id_, seat.who)
        return to("/duty/consultations?said=discarded")


async def _form(room: Room, request: Request, fields: Form, problem: Refused | None = None) -> Response:
    """What stands now is beside it: nobody raises or lowers from memory."""
    stand = await room.consulting.standing()
    names = {f"{one['hazard']} {one['family']}": f"{one['name']},现在有效" for one in stand}
    book = room.book
    for family, hazards in book.in_use.items():
        for hazard in hazards:
            names.setdefault(f"{hazard} {family}", f"{hazard_name(hazard, book)}({book.family_name(family)})")
    facts = {
        "form": fields, "stand": stand, "dangers": names, "levels": list(reversed(Level)), "lasts": LASTS,
        "towns": book.district.townships, "problem": str(problem) if problem else "",
    }  # fmt: skip
    return await room.page(
        "conclude.html", request, room.seat(request), problem.status if problem else 200, **facts
    )


async def _read_back(
    room: Room, request: Request, id_: int, problem: Refused | None = None, *, said: bool = False
) -> Response:
    one = await _one(room, id_, problem)
    groups: dict[str, list[Any]] = {}
    for order in one.get("orders", ()):
        groups.setdefault(KINDS[order["kind"]], []).append(order)
    facts = {"one": one, "groups": groups, "states": STATES, "said": said, "problem": one["problem"]}
    status = problem.status if problem else 200
    return await room.page("consultation.html", request, room.seat(request), status, **facts)


async def _one(room: Room, id_: int, problem: Refused | None) -> dict[str, Any]:
    """A conclusion; where it cannot be shown what it would do, because it may no longer be, only its words."""
    try:
        found = await room.consulting.one(id_)
    except Refused as error:
        listed = (one for one in await room.consulting.shown() if one["consultation"] == id_)
        found = next(listed, {})
        problem = problem or error
        if not found:
            raise
    return found | {"problem": str(problem) if problem else ""}


def wanted(fields: Form, now: datetime) -> Wanted:
    """What a form says was concluded; Refused says which part of it is missing."""
    verb = fields.one("verb")
    if not verb:
        raise Refused(422, "还没有选结论:请选升级、降级或延长。")
    hazard, _, family = fields.one("danger").partition(" ")
    if not family:
        raise Refused(422, "还没有选灾种:请从列表里选一个。")
    level = fields.one("level")
    if not level and verb != "extend":
        raise Refused(422, "还没有选级别:请选会商定的级别。")
    return Wanted(
        verb=verb,
        hazard=hazard,
        family=family,
        towns=tuple(dict.fromkeys(fields.all("town"))),
        until=until(fields, now),
        presided=fields.one("presided", 60),
        took_part=fields.one("took_part", 300),
        why=fields.one("why", 300),
        level=level,
    )


def until(fields: Form, now: datetime) -> datetime:
    """The clock time that was written, today or tomorrow; else the hours that were chosen."""
    said = fields.one("clock")
    if not said:
        lasts = fields.one("lasts")
        if lasts not in {str(hours) for hours in LASTS}:
            raise Refused(422, "还没有选到什么时候:请选几小时,或写钟点。")
        return rounded(now, 60 * int(lasts))
    found = re.fullmatch(r"([01]?\d|2[0-3])[::]([0-5]\d)", said)
    if not found:
        raise Refused(422, "止期写得不对:请写成 08:00 这样的钟点,或选几小时。")
    here = now.astimezone(BEIJING)
    moment = here.replace(hour=int(found[1]), minute=int(found[2]), second=0, microsecond=0)
    return moment if moment > here else moment + timedelta(days=1)
