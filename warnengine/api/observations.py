"""Routes of observations: rows in, what stands near a threshold or over it, and the end that a person decides."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Protocol

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from warnengine.api.operators import Operators
from warnengine.api.problems import Problem
from warnengine.api.routes import LARGEST, body_of, source_of
from warnengine.model.errors import RefusedWarning
from warnengine.model.observation import Report
from warnengine.settings import Settings

SHOWN = 1000
"""Refused rows that an answer lists; all of them are kept."""
Most = Annotated[int, Query(ge=1)]
Trigger = Annotated[str, Path(max_length=100)]


class Refusals(Protocol):
    """Where rows and crossings are kept."""

    async def refused(self, most: int) -> list[dict[str, Any]]:
        """Rows that were refused, newest first."""

    async def crossings(self, most: int) -> list[dict[str, Any]]:
        """Every crossing, newest first."""


class Observing(Protocol):
    """What the routes call."""

    @property
    def store(self) -> Refusals:
        """Where rows and crossings are kept."""

    async def shown(self) -> list[dict[str, object]]:
        """What stands, is over its threshold or near it."""

    async def end(self, trigger: str, towns: Sequence[str], by: str, *, leader: bool) -> list[str]:
        """A person ends what has fallen below."""


@dataclass(frozen=True, slots=True)
class Watching:
    """What the routes need of the engine."""

    settings: Settings
    take: Callable[[str, bytes], Awaitable[Report]]
    observing: Observing
    ring: Callable[[], None]


class End(BaseModel):
    """Where a threshold's orders are over."""

    model_config = ConfigDict(extra="forbid")
    towns: tuple[Annotated[str, Field(pattern=r"^\d{9}$")], ...] = ()
    """Codes of townships; none: wherever it has fallen below."""


def build(watching: Watching, operators: Operators) -> APIRouter:
    """The routes."""
    router = APIRouter()

    @router.post("/v1/observations", status_code=202)
    async def observations(request: Request) -> JSONResponse:
        """Take rows, JSON lines or CSV: 202 where some are new, 200 where all were known, 422 where none counts.
        Rows that are refused are listed by line with the reason; the others count."""
        source = source_of(request, watching.settings)
        raw = await body_of(request, LARGEST)
        try:
            report = await watching.take(source, raw)
        except RefusedWarning as refusal:
            raise Problem(422, "Nothing was taken", str(refusal)) from refusal
        return _answer(report)

    @router.get("/v1/observations/triggers", dependencies=operators.only)
    async def triggers() -> list[dict[str, object]]:
        """Thresholds that are reached, or nearly; what runs in the shadow says so."""
        return await watching.observing.shown()

    @router.get("/v1/observations/crossings", dependencies=operators.only)
    async def crossings(most: Most = 200) -> list[dict[str, Any]]:
        """Every crossing there was, newest first, those in the shadow too."""
        return await watching.observing.store.crossings(min(most, 5000))

    @router.get("/v1/observations/refused", dependencies=operators.only)
    async def refused(most: Most = 200) -> list[dict[str, Any]]:
        """Rows that were refused, with their reason."""
        return await watching.observing.store.refused(min(most, 5000))

    @router.post("/v1/observations/triggers/{trigger}/end")
    async def end(request: Request, trigger: Trigger, what: End) -> dict[str, Any]:
        """End what has fallen below (解除监测预警); orange and red need a leader."""
        by = operators.one_of(request, "duty", "leader")
        towns = await watching.observing.end(trigger, what.towns, by.name, leader=by.role == "leader")
        watching.ring()
        return {"trigger": trigger, "towns": towns, "by": by.name}

    return router


def _answer(report: Report) -> JSONResponse:
    body: dict[str, Any] = {
        "kept": report.kept,
        "known": report.known,
        "refused": len(report.refused),
        "refusals": [{"line": one.line, "reason": one.reason} for one in report.refused[:SHOWN]],
        "differing": list(report.differing[:SHOWN]),
    }
    if report.refused and not report.kept and not report.known:
        problem = {"type": "about:blank", "title": "Kept, not used", "status": 422, "detail": "没有一行可用"}
        return JSONResponse(problem | body, 422, media_type="application/problem+json")
    return JSONResponse(body, 202 if report.kept else 200)
