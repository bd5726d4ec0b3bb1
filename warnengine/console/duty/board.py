"""The first page: what stands, who has not answered, what there is to do."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from warnengine.console.duty.room import Room

GRAVE = ("unstarted", "silent", "unreached", "decide", "gateway", "call", "visit")
"""Kinds of tasks in the order in which somebody looks at them; others come after."""


def add(router: APIRouter, room: Room) -> None:
    """/duty"""

    @router.get("")
    async def board(request: Request, said: str = "") -> Response:
        """The board."""
        seat = room.seat(request)
        tasks = await room.duty.tasks(still_open=True)
        tasks.sort(key=lambda task: GRAVE.index(task["kind"]) if task["kind"] in GRAVE else len(GRAVE))
        figures = await room.store.figures()
        concluded = [one for one in await room.consulting.shown() if one["state"] == "counts"]
        facts: dict[str, Any] = {
            "figures": figures,
            "tasks": tasks,
            "concluded": concluded,
            "refused": await room.quarantine.count(),
            "unmatched": await room.store.unmatched(),
            "said": said,
        }
        return await room.page("board.html", request, seat, **facts)
