"""Stopping at once; going on by another person, who reads whom that reaches."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from warnengine.console.duty.forms import form
from warnengine.console.duty.gate import Seat
from warnengine.console.duty.room import Room, to
from warnengine.console.duty.words import stop_key
from warnengine.model.errors import Refused


def add(router: APIRouter, room: Room) -> None:
    """/duty/halt"""

    @router.get("/halt")
    async def show(request: Request, order: str = "", said: str = "") -> Response:
        """Stops in force, and the button."""
        seat = room.seat(request)
        target = order if order.isascii() and order.isdecimal() else ""
        waiting = await room.store.behind(f"order {target}" if target else "all")
        past = (await room.halts.halts(still=False))[:10]
        facts: dict[str, Any] = {"waiting": waiting, "order": target, "past": past, "said": said[:20]}
        return await room.page("halt.html", request, seat, **facts)

    @router.post("/halt")
    async def halt(request: Request) -> Response:
        """Stop; whoever has signed in may."""
        seat = room.seat(request)
        fields = await form(request)
        target = fields.one("order", 20)
        made = await room.halts.halt("order" if target else "all", target, seat.name, fields.why())
        return to(f"/duty/halt?said={made['id']}")

    @router.get("/halt/{stop}/resume")
    async def read_back(request: Request, stop: int) -> Response:
        """Whom going on would reach."""
        seat = room.seat(request).must("duty", "leader")
        one = await _stop(room, stop)
        others = [stop_key(other) for other in await room.halts.halts() if other["id"] != stop]
        held = await room.store.behind(stop_key(one), others)
        return await room.page("resume.html", request, seat, stop=one, held=held, needs=_needs(one, seat))

    @router.post("/halt/{stop}/resume")
    async def resume(request: Request, stop: int) -> Response:
        """Go on: another person than who stopped."""
        seat = room.seat(request)
        fields = await form(request)
        who = room.actor(request, fields, seat).must("duty", "leader")
        await room.halts.resume(stop, who.name, leader=who.role == "leader")
        room.ring()
        return to("/duty/halt?said=resumed")


async def _stop(room: Room, id_: int) -> dict[str, Any]:
    found = next((one for one in await room.halts.halts() if one["id"] == id_), None)
    if found is None:
        raise Refused(409, f"第{id_}号停发已经恢复,或没有这一号:请在“停发”页看最新的清单。")
    return found


def _needs(stop: dict[str, Any], seat: Seat) -> str:
    """Why whoever has signed in may not end a stop alone; empty where they may."""
    if stop.get("automatic") and seat.role != "leader":
        return "这是超出限额自动暂停的,要带班领导放行"
    if stop["by"] == seat.name:
        return "这是您本人下的停发,要另一个人恢复"
    return ""
