"""Requests for approval: decided here or by telephone, countersigned; what needs no asking."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from fastapi import APIRouter, Request, Response

from warnengine.console.duty.forms import Form, form
from warnengine.console.duty.room import Room, to
from warnengine.console.duty.words import hour
from warnengine.model.clock import BEIJING
from warnengine.model.errors import Refused
from warnengine.model.level import Level
from warnengine.order.authority import NOTICE
from warnengine.order.escalate import rule_of
from warnengine.store.telephone import SLACK, Said

SAID = {"yes": "同意", "no": "不同意"}


def add(router: APIRouter, room: Room) -> None:
    """/duty/approvals, /duty/authorisations"""
    _lists(router, room)
    _deciding(router, room)
    _telephone(router, room)


def _lists(router: APIRouter, room: Room) -> None:
    @router.get("/approvals")
    async def approvals(request: Request, said: str = "") -> Response:
        """What waits for a decision, and decisions that wait for a countersignature."""
        seat = room.seat(request)
        waiting = await room.board.requests(pending=True)
        asked = [one for one in waiting if one["kind"] != "countersign"]
        for one in asked:
            one["people"] = await room.store.audience(one["id"])
        owed = [one for one in waiting if one["kind"] == "countersign"]
        decided = await room.board.requests(pending=False)
        past = [one for one in decided if one["kind"] != "countersign" and one["decision"] != "void"][-20:]
        names = {one["id"]: one for one in decided}
        return await room.page(
            "approvals.html", request, seat, asked=asked, owed=owed, past=past[::-1], names=names, said=said
        )

    @router.get("/authorisations")
    async def authorisations(request: Request) -> Response:
        """Standing authorisations: what, for whom, by whom, until when."""
        seat = room.seat(request)
        today = (await room.drafts.now()).astimezone(BEIJING).date()
        all_ = [(one, standing(one.valid_from, one.valid_to, today)) for one in room.book.standing]
        words = {m.id: m.order for unit in room.book.units.values() for m in room.book.measures_of(unit)}
        return await room.page("authorisations.html", request, seat, all_=all_, orders=words)


def _deciding(router: APIRouter, room: Room) -> None:
    @router.get("/approvals/{approval}/{decision}")
    async def read_back(request: Request, approval: int, decision: str) -> Response:
        """What a yes would send, or the form for a telephone call."""
        seat = room.seat(request)
        one = await _request(room, approval)
        if decision == "telephone":
            seat.must("duty")
            fields = Form({"at": [hour(await room.drafts.now())]})
            return await _called(room, request, one, fields)
        seat.must("leader")
        if decision not in SAID:
            raise Refused(404, "没有这个页面:请在“请示”页选择同意、不同意或电话批复。")
        return await room.page("decide.html", request, seat, one=one, decision=decision, said=SAID[decision])

    @router.post("/approvals/{approval}/decide")
    async def decide(request: Request, approval: int) -> Response:
        """A leader decides, under their own name."""
        seat = room.seat(request).must("leader")
        fields = await form(request)
        decision = fields.one("decision")
        if decision not in SAID:
            raise Refused(422, "请选同意或不同意。")
        why_not = await room.board.decide(approval, decision, seat.name, fields.one("words"))
        if why_not:
            raise Refused(409, f"第{approval}号请示:{why_not}。")
        if why_not is not None:
            raise Refused(404, f"没有第{approval}号请示:请在“请示”页核对编号。")
        room.ring()
        return to(f"/duty/approvals?said={decision}")

    @router.post("/approvals/{approval}/countersign")
    async def countersign(request: Request, approval: int) -> Response:
        """Whoever decided by telephone says so again."""
        seat = room.seat(request).must("leader")
        if not (seat.person and await room.store.countersign(approval, seat.person)):
            raise Refused(
                403, "补签只能由作出电话批复的本人办理:请本人登录,或由本人回复短信、在短信链接页面补签。"
            )
        room.ring()
        return to("/duty/approvals?said=countersigned")


def _telephone(router: APIRouter, room: Room) -> None:
    @router.post("/approvals/{approval}/telephone")
    async def record(request: Request, approval: int) -> Response:
        """First read back what was written down, then record it; it counts at once."""
        seat = room.seat(request).must("duty")
        fields = await form(request)
        one = await _request(room, approval)
        try:
            decision, at = fields.one("decision"), await _moment(room, fields)
            if decision not in SAID or not fields.one("person") or not fields.one("words"):
                raise Refused(422, "请填全:谁来电、同意还是不同意、原话。")
        except Refused as error:
            return await _called(room, request, one, fields, error)
        if fields.one("confirmed") != "1":
            return await _called(room, request, one, fields, at=at)
        said = Said(fields.one("person"), decision, at, fields.one("words"), seat.name, seat.person)
        try:
            rule = rule_of(Level.from_key(one["level"]), room.book)
            await room.telephone.record(approval, said, rule.authorities if rule else ())
        except Refused as error:
            return await _called(room, request, one, fields, error)
        room.ring()
        return to(f"/duty/approvals?said=telephone_{decision}")


async def _request(room: Room, id_: int) -> dict[str, Any]:
    """A request that waits, with how many people a yes would reach."""
    waiting = await room.board.requests(pending=True)
    one = next((one for one in waiting if one["id"] == id_ and one["kind"] != "countersign"), None)
    if one is None:
        raise Refused(409, f"第{id_}号请示已经批复、作废,或没有这一号:不用再办,请在“请示”页看结果。")
    return {**one, "people": await room.store.audience(id_)}


async def _called(
    room: Room,
    request: Request,
    one: dict[str, Any],
    fields: Form,
    problem: Refused | None = None,
    at: datetime | None = None,
) -> Response:
    rule = rule_of(Level.from_key(one["level"]), room.book)
    deciders = await room.store.deciders(one["district"], rule.authorities if rule else ())
    facts = {"one": one, "form": fields, "deciders": deciders, "at": at, "decisions": SAID}
    words = str(problem) if problem else ""
    seat = room.seat(request)
    return await room.page(
        "telephone.html", request, seat, problem.status if problem else 200, problem=words, **facts
    )


async def _moment(room: Room, fields: Form) -> datetime:
    """When the clock showed last what was written."""
    now = (await room.drafts.now()).astimezone(BEIJING)
    try:
        said = datetime.strptime(fields.one("at"), "%H:%M").time()  # noqa: DTZ007 - a clock on the wall
    except ValueError:
        raise Refused(422, "来电时间写得不对:请写成 03:12 这样的钟点。") from None
    moment = now.replace(hour=said.hour, minute=said.minute, second=0, microsecond=0)
    return moment if moment <= now + SLACK else moment - timedelta(days=1)


def standing(begins: Any, ends: Any, today: Any) -> tuple[str, str]:
    """Colour and words of an authorisation today."""
    if ends < today:
        return "red", "已到期,现在逐次报批"
    if begins > today:
        return "grey", "还没有开始"
    days = (ends - today).days
    return ("yellow", f"还剩{days}天,请续办") if ends - today <= NOTICE else ("green", f"有效,还剩{days}天")
