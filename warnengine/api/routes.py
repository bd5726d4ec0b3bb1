"""Every route of the API on one page."""

from __future__ import annotations

import hmac
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import AwareDatetime, BaseModel, ConfigDict

from warnengine.api.problems import Problem
from warnengine.model.arrival import Arrival, Taken, Verdict
from warnengine.model.book import RuleBook
from warnengine.model.level import Level
from warnengine.model.reason import why_not
from warnengine.settings import Settings
from warnengine.store.answers import AnswerStore
from warnengine.store.board import BoardStore
from warnengine.store.duty import DutyStore
from warnengine.store.warnings import WarningStore

LARGEST = 8 << 20
"""Bytes of a body that are read. Far more than a warning has (881 KB has been seen): what is only too long is kept
with its reason, like anything else that is refused."""
CALLBACK_LARGEST = 256_000
Number = Annotated[int, Path(ge=1, lt=1 << 63)]
Most = Annotated[int, Query(ge=1)]
After = Annotated[int, Query(ge=0, lt=1 << 63)]


class Decision(BaseModel):
    """What an authority says about a request."""

    model_config = ConfigDict(extra="forbid")
    decision: Literal["yes", "no"]
    by: str
    comment: str = ""


class Closing(BaseModel):
    """What came of a task."""

    model_config = ConfigDict(extra="forbid")
    result: Literal["answered", "no_answer", "wrong_number", "done"]
    by: str
    words: str = ""


class Jump(BaseModel):
    """Where a demo's clock is set to."""

    model_config = ConfigDict(extra="forbid")
    to: AwareDatetime


Callback = Callable[[str, Mapping[str, str], bytes], Awaitable[tuple[bytes, str]]]
"""Takes method, query and body of a provider's call; returns the answer that the provider wants and its type."""


@dataclass(frozen=True, slots=True)
class Services:
    """What the routes call."""

    settings: Settings
    book: RuleBook
    take: Callable[[Arrival], Awaitable[Taken]]
    warnings: WarningStore
    board: BoardStore
    duty: DutyStore
    answers: AnswerStore
    called: Callable[[int, str], Awaitable[None]]
    """What came of a call by hand: its number and the result."""
    ready: Callable[[], Awaitable[dict[str, str]]]
    """Problems by part; empty when the engine may be trusted with a warning."""
    notes: Callable[[], Awaitable[dict[str, str]]]
    """What else is worth knowing, by part."""
    refresh: Callable[[], Awaitable[None]]
    """Brings gauges up to date."""
    shown: Callable[[str, int, str, Sequence[str]], str]
    """Fills a text's slots: text, bundle, name, posts."""
    ring: Callable[[], None]
    """There is work."""
    callbacks: Mapping[tuple[str, str], Callback] = field(default_factory=dict)
    """By gateway name and secret."""


def build(services: Services) -> APIRouter:
    """The routes over these services."""
    router = operations(services)
    operator = _Operator(services.settings)
    _intake(router, services, operator)
    _lists(router, services, operator)
    _duty(router, services, operator)
    _clock(router, services, operator)
    _callbacks(router, services)
    return router


def _intake(router: APIRouter, services: Services, operator: _Operator) -> None:
    @router.post("/v1/warnings", status_code=202)
    async def warnings(request: Request) -> JSONResponse:
        """Take a warning: 202 once it is kept, 200 where it was known, 422 or 413 where it is quarantined."""
        source = _source(request, services.settings)
        raw = await _body(request, LARGEST)
        media_type = request.headers.get("content-type")
        taken = await services.take(Arrival(source, f"http/{uuid.uuid4().hex}", raw, media_type))
        return _taken(taken)

    @router.get("/v1/quarantine/{arrival}", dependencies=operator.only)
    async def original(arrival: Number) -> Response:
        """What came in, byte by byte."""
        raw = await services.warnings.original(arrival)
        if raw is None:
            raise Problem(404, "Nothing there", f"There is no arrival {arrival}; GET /v1/quarantine lists them.")
        return Response(raw, media_type="application/octet-stream", headers={"X-Content-Type-Options": "nosniff"})

    @router.get("/v1/quarantine", dependencies=operator.only)
    async def quarantine() -> list[dict[str, Any]]:
        """What was refused, with its reason."""
        return await services.warnings.quarantine()


def _lists(router: APIRouter, services: Services, operator: _Operator) -> None:
    @router.get("/v1/orders", dependencies=operator.only)
    async def orders(most: Most = 1000) -> list[dict[str, Any]]:
        """Standing orders and what came of them."""
        return await services.board.orders(min(most, 5000))

    @router.get("/v1/deliveries", dependencies=operator.only)
    async def deliveries(most: Most = 5000, after: After = 0) -> list[dict[str, Any]]:
        """Deliveries by id; read on with `after`."""
        rows = await services.board.deliveries(min(most, 20_000), after)
        return [
            {
                **row,
                "why": why_not(row["state"], row["reason"]),
                "text": services.shown(row["text"], int(row["bundle"]), row["name"], row.pop("posts")),
            }
            for row in rows
        ]

    @router.get("/v1/approvals", dependencies=operator.only)
    async def approvals(state: Literal["pending", "decided"] = "pending") -> list[dict[str, Any]]:
        """Requests for approval, with the authority that is being asked."""
        found = await services.board.requests(pending=state == "pending")
        return [{**one, "authority": _authority(one, services.book)} for one in found]


def _duty(router: APIRouter, services: Services, operator: _Operator) -> None:
    @router.post("/v1/approvals/{approval}", dependencies=operator.only)
    async def decide(approval: Number, decision: Decision) -> dict[str, Any]:
        """Say yes or no; the first decision counts."""
        before = await services.board.decide(approval, decision.decision, decision.by, decision.comment)
        if before is None:
            services.ring()
            return {"approval": approval, "decision": decision.decision}
        if before:
            raise Problem(409, "Does not count", f"Request {approval}: {before}.")
        raise Problem(404, "No such request", f"There is no request {approval}; GET /v1/approvals lists them.")

    @router.get("/v1/tasks", dependencies=operator.only)
    async def tasks(state: Literal["open", "closed"] = "open") -> list[dict[str, Any]]:
        """What the duty room has to do by hand."""
        return await services.duty.tasks(still_open=state == "open")

    @router.post("/v1/tasks/{task}", dependencies=operator.only)
    async def close(task: Number, closing: Closing) -> dict[str, Any]:
        """Say what came of a task; `answered` acknowledges on behalf of the person, by name."""
        kind = await services.duty.open_kind(task)
        if kind == "call":  # stored first and harmless twice: who gets no answer closes the task again
            await services.called(task, closing.result)
        if kind is None or not await services.duty.close(task, closing.result, closing.by, closing.words):
            raise Problem(409, "Not open", f"Task {task} does not exist or is closed already.")
        return {"task": task, "result": closing.result}


def operations(services: Services) -> APIRouter:
    """Life, readiness and figures: what every process answers, whatever its roles."""
    router = APIRouter()

    @router.get("/healthz")
    async def healthz() -> PlainTextResponse:
        """The process lives."""
        return PlainTextResponse("ok\n")

    @router.get("/readyz")
    async def readyz() -> JSONResponse:
        """The engine may be trusted with a warning, or why not."""
        problems = await services.ready()
        told = {"ready": not problems, "problems": problems, "notes": await services.notes()}
        return JSONResponse(told, 503 if problems else 200)

    @router.get("/metrics")
    async def metrics() -> Response:
        """Prometheus text."""
        await services.refresh()
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return router


def _clock(router: APIRouter, services: Services, operator: _Operator) -> None:
    @router.get("/v1/clock")
    async def clock() -> dict[str, Any]:
        """Engine time, the next due moment, and how much is in flight."""
        return await services.board.clock()

    @router.post("/v1/clock", status_code=204, dependencies=operator.only)
    async def jump(where: Jump) -> None:
        """Set a demo's clock forward."""
        moment: datetime = where.to
        if not await services.board.jump(moment):
            raise Problem(403, "The clock stays", "Only a demo installation's clock is set, and only forward.")
        services.ring()


def _callbacks(router: APIRouter, services: Services) -> None:
    @router.api_route("/v1/callbacks/{gateway}/{secret}", methods=["GET", "POST"])
    async def callback(gateway: str, secret: str, request: Request) -> Response:
        """A provider's receipts and replies; answered only after they are stored."""
        take = next(
            (
                found
                for (name, known), found in services.callbacks.items()
                if name == gateway and hmac.compare_digest(known, secret)
            ),
            None,
        )
        if take is None:
            raise Problem(404, "No such callback", "The gateway's name or its secret is wrong.")
        body, media_type = await take(request.method, request.query_params, await _body(request, CALLBACK_LARGEST))
        return Response(body, media_type=media_type)


class _Operator:
    def __init__(self, settings: Settings) -> None:
        self.token = settings.operator_token
        self.only = [Depends(self._check)]

    def _check(self, request: Request) -> None:
        wanted = self.token.get_secret_value() if self.token else ""
        if not wanted or not hmac.compare_digest(_bearer(request), wanted):
            raise Problem(401, "Who are you?", "Send the operator token: Authorization: Bearer …")


def _authority(asked: dict[str, Any], book: RuleBook) -> dict[str, str]:
    rule = book.approvals.get(Level.from_key(asked["level"]))
    if rule is None:
        return {"unit": "", "post": "", "name": "规则里没有审批人"}
    authorities = rule.authorities
    one = authorities[min(max(asked["rung"], 0), len(authorities) - 1)]
    unit = book.units.get(one.unit)
    post = book.posts.get(one.post)
    name = f"{unit.short if unit else one.unit}{post.name_in(unit.kind) if post and unit else one.post}"
    return {"unit": one.unit, "post": one.post, "name": name}


def _source(request: Request, settings: Settings) -> str:
    token = _bearer(request)
    for source in settings.sources:
        if hmac.compare_digest(source.token.get_secret_value(), token):
            return source.name
    raise Problem(401, "Unknown source", "Send the token of a source of the settings: Authorization: Bearer …")


def _bearer(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token if scheme.lower() == "bearer" and token.isascii() else ""


async def _body(request: Request, largest: int) -> bytes:
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > largest:
            raise Problem(413, "Too large", f"More than {largest} bytes are not read: nothing of them is kept.")
    return bytes(body)


def _taken(taken: Taken) -> JSONResponse:
    if taken.verdict is Verdict.QUARANTINED:
        status = 413 if taken.reason == "too_large" else 422
        body = {
            "type": "about:blank",
            "title": "Kept, not dispatched",
            "status": status,
            "reason": taken.reason,
            "detail": taken.explanation,
        }
        return JSONResponse(body, status, media_type="application/problem+json")
    body = {"verdict": taken.verdict, "warnings": list(taken.warnings), "detail": taken.explanation}
    return JSONResponse(body, 200 if taken.verdict is Verdict.REPEAT else 202)
