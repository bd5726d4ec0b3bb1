"""Routes for what was not let in: listed, looked at, read anew, released by two people, closed."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request

from warnengine.api.control import Body, Number, Why
from warnengine.api.operators import Operators
from warnengine.ingest.quarantine import Quarantine


class Because(Body):
    """Why it is to be let in, or is junk."""

    why: Why


def build(quarantine: Quarantine, operators: Operators) -> APIRouter:
    """/v1/quarantine"""
    router = APIRouter()

    def by(request: Request) -> str:
        return operators.one_of(request, "duty", "leader").name

    @router.get("/v1/quarantine", dependencies=operators.only)
    async def listed(
        state: Literal["all", "open", "closed"] = "all",
        reason: Annotated[str | None, Query(max_length=60)] = None,
        days: Annotated[int | None, Query(ge=1, le=36600)] = None,
        most: Annotated[int, Query(ge=1, le=2000)] = 200,
    ) -> list[dict[str, Any]]:
        """What was not let in, newest first, with its reason and what to do. days: only what came so lately."""
        return await quarantine.listed(state, reason, timedelta(days=days) if days else None, most)

    @router.get("/v1/quarantine/{arrival}/case", dependencies=operators.only)
    async def one(arrival: Number) -> dict[str, Any]:
        """One case: its text, how it is read, what people did, what may be done."""
        return await quarantine.one(arrival)

    @router.post("/v1/quarantine/{arrival}/retry")
    async def retry(request: Request, arrival: Number) -> dict[str, Any]:
        """Read the kept bytes anew by the rules of now."""
        return await quarantine.retry(arrival, by(request))

    @router.post("/v1/quarantine/{arrival}/release", status_code=202)
    async def ask(request: Request, arrival: Number, because: Because) -> dict[str, Any]:
        """Ask that it be let in as it is; another person must agree."""
        return await quarantine.ask(arrival, by(request), because.why)

    @router.post("/v1/quarantine/{arrival}/release/agree")
    async def agree(request: Request, arrival: Number) -> dict[str, Any]:
        """Let it in: another person than who asked."""
        return await quarantine.agree(arrival, by(request))

    @router.post("/v1/quarantine/{arrival}/close")
    async def close(request: Request, arrival: Number, because: Because) -> dict[str, Any]:
        """It is junk, or has been dealt with by hand."""
        return await quarantine.close(arrival, by(request), because.why)

    return router
