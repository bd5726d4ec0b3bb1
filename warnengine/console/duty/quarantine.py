"""来文隔离: what was not let in, why, its text, and what may be done: read anew, released by two, closed."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

from fastapi import APIRouter, Request, Response

from warnengine.console.duty.forms import form
from warnengine.console.duty.gate import Seat
from warnengine.console.duty.room import Room, to
from warnengine.model.errors import Refused

STATES = {"open": "待处理", "closed": "已处理", "all": "全部"}
DAYS = (1, 7, 30)
REASONS = {
    "unknown_sender": "单位不在名单",
    "not_authorised": "超出能发的范围",
    "stale": "可能是旧报文",
    "signature_missing": "没有签名",
    "signature_invalid": "签名不对",
    "signature_expired": "证书过期",
    "signature_weak": "签名算法太旧",
    "signature_partial": "签名只管一部分",
    "no_area": "没写地方",
    "no_claim": "没写级别",
    "unknown_area": "地方不认识",
    "identifier_reused": "同号不同内容",
    "sent_ahead": "时间在将来",
    "not_actual": "演练或测试",
    "doctype": "带有DOCTYPE",
    "source_conflict": "两个来源不一致",
    "unreadable_callback": "网关回执读不懂",
}
"""A reason in a few words; any other says that the message cannot be read."""
ACTS = {
    "retried": "重读,仍没有收下",
    "asked": "申请放行",
    "admitted": "重读,收下",
    "released": "同意放行",
    "junk": "关闭",
}


def add(router: APIRouter, room: Room) -> None:
    """/duty/quarantine"""
    _looking(router, room)
    _acting(router, room)


def _looking(router: APIRouter, room: Room) -> None:
    @router.get("/quarantine")
    async def list_(
        request: Request, state: str = "open", reason: str = "", days: str = "", said: str = ""
    ) -> Response:
        """What was not let in; by reason, age, and whether it waits."""
        seat = room.seat(request)
        state = state if state in STATES else "open"
        within = timedelta(days=int(days)) if days in {str(one) for one in DAYS} else None
        found = await room.quarantine.listed(state, None, within)
        facts: dict[str, Any] = {
            "found": [one for one in found if not reason or one["reason"] == reason],
            "counts": Counter(one["reason"] for one in found),
            "state": state, "reason": reason, "days": days if within else "", "said": said,
            "states": STATES, "choices": DAYS, "short": short,
        }  # fmt: skip
        return await room.page("quarantines.html", request, seat, **facts)

    @router.get("/quarantine/{arrival}")
    async def one(request: Request, arrival: int, said: str = "") -> Response:
        """One of them, with its text as plain text."""
        return await _page(room, request, room.seat(request), arrival, said=said)


def _acting(router: APIRouter, room: Room) -> None:
    @router.post("/quarantine/{arrival}/retry")
    async def retry(request: Request, arrival: int) -> Response:
        """Read it anew by the rules of now."""
        seat = room.seat(request).must("duty", "leader")
        one = await room.quarantine.retry(arrival, seat.name)
        return to(f"/duty/quarantine/{arrival}?said={'left' if one['open'] else 'admitted'}")

    @router.post("/quarantine/{arrival}/release")
    async def release(request: Request, arrival: int) -> Response:
        """Ask; and where another person types their own token into the same form, they agree at once."""
        seat = room.seat(request).must("duty", "leader")
        fields = await form(request)
        try:
            await room.quarantine.ask(arrival, seat.name, fields.why())
            if not fields.one("token"):
                return to(f"/duty/quarantine/{arrival}?said=asked")
            await room.quarantine.agree(arrival, room.actor(request, fields, seat).must("duty", "leader").name)
        except Refused as error:
            return await _page(room, request, seat, arrival, error)
        return to(f"/duty/quarantine/{arrival}?said=released")

    @router.post("/quarantine/{arrival}/agree")
    async def agree(request: Request, arrival: int) -> Response:
        """Let it in: another person than who asked."""
        seat = room.seat(request)
        fields = await form(request)
        try:
            who = room.actor(request, fields, seat).must("duty", "leader")
            await room.quarantine.agree(arrival, who.name)
        except Refused as error:
            return await _page(room, request, seat, arrival, error)
        return to(f"/duty/quarantine/{arrival}?said=released")

    @router.post("/quarantine/{arrival}/close")
    async def close(request: Request, arrival: int) -> Response:
        """It is junk, or has been dealt with by hand."""
        seat = room.seat(request).must("duty", "leader")
        fields = await form(request)
        try:
            await room.quarantine.close(arrival, seat.name, fields.why())
        except Refused as error:
            return await _page(room, request, seat, arrival, error)
        return to("/duty/quarantine?said=closed")


async def _page(
    room: Room, request: Request, seat: Seat, arrival: int, problem: Refused | None = None, *, said: str = ""
) -> Response:
    one = await room.quarantine.one(arrival)
    facts = {"one": one, "said": said, "problem": str(problem) if problem else "", "acts": ACTS, "short": short}
    return await room.page("quarantine.html", request, seat, problem.status if problem else 200, **facts)


def short(reason: str) -> str:
    """超出能发的范围"""
    return REASONS.get(reason, "读不懂")
