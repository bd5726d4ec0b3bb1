"""The duty room's pages: everything that it may do, in big clear words, read back before anything is sent."""

from __future__ import annotations

from fastapi import APIRouter

from warnengine.console.duty import (
    board,
    consultations,
    decisions,
    health,
    manual,
    orders,
    quarantine,
    sign_in,
    stops,
    tasks,
)
from warnengine.console.duty.room import Room
from warnengine.console.duty.route import route_class

__all__ = ["Room", "build"]


def build(room: Room) -> APIRouter:
    """All pages below /duty."""
    router = APIRouter(prefix="/duty", include_in_schema=False, route_class=route_class(room))
    for part in (sign_in, board, tasks, stops, manual, consultations, quarantine, orders, decisions, health):
        part.add(router, room)
    return router
