"""What stands, and taking it back: one action that reads back, one that does it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import APIRouter, Request, Response

from warnengine.console.duty.forms import Form, form
from warnengine.console.duty.gate import Seat
from warnengine.console.duty.room import Room, to
from warnengine.model.errors import Refused

MOST = 1000
MISTAKE, OVER = "系误发", "险情已过"
"""The reason that stands in the field before anybody writes a better one."""


def add(router: APIRouter, room: Room) -> None:
    """/duty/orders"""

    @router.get("/orders")
    async def orders(request: Request, said: str = "") -> Response:
        """Standing orders, the gravest first."""
        seat = room.seat(request)
        rows = [row for row in await room.board.orders(MOST) if not row["lapsed"]]
        rows.sort(key=lambda row: -LEVELS[row["level"]])
        concluded = [one for one in await room.consulting.shown() if one["state"] == "counts"]
        about = {row["id"]: [one for one in concluded if concerns(one, row)] for row in rows}
        return await room.page("orders.html", request, seat, orders=rows, about=about, said=said)

    @router.get("/withdraw")
    async def read_back(request: Request, mistake: int = 1) -> Response:
        """What taking orders back would do: whom it reaches, in which words."""
        seat = room.seat(request).must("duty", "leader")
        ids = _ids(request.query_params.getlist("order"))
        why = MISTAKE if mistake else OVER
        shown = await room.hand.withdraw_all(ids, seat.who, why, None, mistake=bool(mistake))
        return await _drawn(room, request, seat, ids, shown, mistake=bool(mistake), why=why)

    @router.post("/withdraw")
    async def withdraw(request: Request) -> Response:
        """Take them back, as was read."""
        seat = room.seat(request).must("duty", "leader")
        fields = await form(request)
        ids, mistake = _ids(fields.all("order")), fields.one("mistake") == "1"
        confirm = fields.one("confirm", 64)
        done = await room.hand.withdraw_all(ids, seat.who, fields.why(), confirm or None, mistake=mistake)
        if not done["withdrawn"]:
            return await _drawn(room, request, seat, ids, done, mistake=mistake, why=fields.why())
        room.ring()
        return to(f"/duty/orders?said={done['people']}")


def concerns(conclusion: Mapping[str, Any], order: Mapping[str, Any]) -> bool:
    """Whether a conclusion speaks of an order's danger in one of its townships."""
    same = (conclusion["hazard"], conclusion["family"]) == (order["hazard"], order["family"])
    towns = {town for part in order["reach"] for town in part["towns"]}
    return same and any(one["town"] in towns for one in conclusion["levels"])


async def _drawn(
    room: Room, request: Request, seat: Seat, ids: Sequence[int], shown: dict[str, Any], *, mistake: bool, why: str
) -> Response:
    return await room.page(
        "withdraw.html", request, seat, ids=ids, shown=shown, mistake=mistake, why=why, form=Form({})
    )


def _ids(values: Sequence[str]) -> list[int]:
    found = Form({"id": [""]})
    if not values:
        raise Refused(422, "还没有选指令:请在“指令”页勾选要撤回的,再按“撤回”。")
    return [Form({**found.fields, "id": [value]}).number("id") for value in dict.fromkeys(values)]


LEVELS = {"blue": 1, "yellow": 2, "orange": 3, "red": 4}
