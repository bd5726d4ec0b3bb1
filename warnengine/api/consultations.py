"""Routes for 会商结论: written down, shown, confirmed, withdrawn. What may not be is said in Chinese."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from pydantic import AwareDatetime, Field

from warnengine.api.control import Body, Number
from warnengine.api.operators import Operators
from warnengine.order.conclusion import Wanted
from warnengine.order.consulting import Consulting
from warnengine.order.wish import Who


class Minutes(Body):
    """Who concluded, and why."""

    presided: str = Field("", max_length=60)
    took_part: str = Field("", max_length=300)
    why: str = Field("", max_length=300)


class Concluded(Minutes):
    """What was concluded; what it may not be is said by the rules, in Chinese."""

    verb: str = Field(max_length=20)
    """raise, lower or extend."""
    hazard: str = Field(max_length=40)
    family: str = Field("signal", max_length=40)
    level: str = Field("", max_length=20)
    """blue yellow orange red; of what is lowered also none; empty of an extension."""
    towns: tuple[str, ...] = Field((), max_length=2000)
    """Codes or names; the district's own means all of them."""
    until: AwareDatetime
    messages: tuple[str, ...] = Field((), max_length=500)
    """Identifiers of what is lowered; none named: all that counts there above the level."""

    def wanted(self) -> Wanted:
        """The same for the rules."""
        return Wanted(**self.model_dump())


class Yes(Body):
    """A yes to what was shown."""

    confirm: str = Field(pattern="^[0-9a-f]{64}$")


def build(consulting: Consulting, operators: Operators) -> APIRouter:
    """/v1/consultations"""
    router = APIRouter()

    def who(request: Request) -> Who:
        one = operators.one_of(request, "duty", "leader")
        return Who(one.name, one.role)

    @router.post("/v1/consultations", status_code=201)
    async def draft(request: Request, said: Concluded) -> dict[str, Any]:
        """Write down what was concluded, and see who would get which orders. Nothing counts yet."""
        return await consulting.draft(said.wanted(), who(request))

    @router.get("/v1/consultations", dependencies=operators.only)
    async def shown() -> list[dict[str, Any]]:
        """Conclusions and drafts, newest first: `counts` is in effect."""
        return await consulting.shown()

    @router.get("/v1/consultations/{number}", dependencies=operators.only)
    async def one(number: Number) -> dict[str, Any]:
        """One of them; of a draft what it would do now."""
        return await consulting.one(number)

    @router.post("/v1/consultations/{number}/confirm")
    async def confirm(request: Request, number: Number, yes: Yes) -> dict[str, Any]:
        """Say yes to what was shown: it counts at once. What makes a danger less needs another than its author."""
        return await consulting.confirm(number, who(request), yes.confirm)

    @router.post("/v1/consultations/{number}/withdraw", status_code=201)
    async def withdraw(request: Request, number: Number, minutes: Minutes) -> dict[str, Any]:
        """Write down that a conclusion counts no longer; it is confirmed as a conclusion is."""
        return await consulting.withdraw(number, minutes.presided, minutes.took_part, minutes.why, who(request))

    @router.delete("/v1/consultations/{number}")
    async def discard(request: Request, number: Number) -> dict[str, Any]:
        """Throw a draft away."""
        return await consulting.discard(number, who(request))

    return router
