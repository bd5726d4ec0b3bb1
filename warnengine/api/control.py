"""Routes by which people stop, order, withdraw and record. What may not be is said in Chinese, with what to do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel, ConfigDict, Field

from warnengine.api.operators import Operators
from warnengine.store.controls import HaltStore

Number = Annotated[int, Path(ge=1, lt=1 << 63)]
Why = Annotated[str, Field(min_length=2, max_length=200)]


class Body(BaseModel):
    """What a request says; a key that means nothing is a mistake."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class Stop(Body):
    """What is stopped, and why."""

    scope: Literal["all", "district", "order"] = "all"
    target: str = Field("", max_length=20)
    """District code or order number; empty for all."""
    why: Why


def stops(halts: HaltStore, operators: Operators, ring: Callable[[], None]) -> APIRouter:
    """Stopping and going on."""
    router = APIRouter()

    @router.post("/v1/halt", status_code=201)
    async def halt(request: Request, stop: Stop) -> dict[str, Any]:
        """Stop: once this is answered, nothing leaves that was not on the wire. Anybody with a token may."""
        by = operators.name(request)
        return await halts.halt(stop.scope, "" if stop.scope == "all" else stop.target, by, stop.why)

    @router.get("/v1/halt", dependencies=operators.only)
    async def in_force(state: Literal["open", "closed"] = "open") -> list[dict[str, Any]]:
        """Stops in force, or those that were."""
        return await halts.halts(still=state == "open")

    @router.post("/v1/halt/{stop}/resume")
    async def resume(request: Request, stop: Number) -> dict[str, Any]:
        """End a stop: another person than who made it."""
        by = operators.one_of(request, "duty", "leader")
        ended = await halts.resume(stop, by.name, leader=by.role == "leader")
        ring()
        return ended

    return router
