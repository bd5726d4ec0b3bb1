"""What came of a task."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from warnengine.console.duty.forms import form
from warnengine.console.duty.room import Room, to
from warnengine.model.errors import Refused

RESULTS = ("answered", "no_answer", "hung_up", "wrong_number", "done")


def add(router: APIRouter, room: Room) -> None:
    """/duty/tasks/…"""

    @router.post("/tasks/{task}")
    async def close(request: Request, task: int) -> Response:
        """Close a task; `answered` is the answer of the person, or of who spoke in their place."""
        seat = room.seat(request)
        fields = await form(request)
        result, who, why = fields.one("result"), fields.one("who", 60), fields.one("why", 200)
        if result not in RESULTS:
            raise Refused(422, "请先选择结果,再提交。")
        if bool(who) != bool(why) or (who and result != "answered"):
            raise Refused(422, "别人代答的,请同时写明是谁、为什么本人不接,并选“已接通,听完并应答”。")
        if await room.duty.open_kind(task) == "call":
            await room.called(task, result)
        levels = [level for level, rung in room.book.ladder.items() if rung.answer.deputy]
        words = fields.one("words")
        closed = await room.duty.close(task, result, seat.name, words, who=who, why=why, levels=levels)
        if not closed:
            raise Refused(409, "这项待办已经有人办了,不用再办:请回首页看最新的清单。")
        room.ring()
        return to("/duty?said=" + ("not_counted" if who and not closed.answered else "task"))
