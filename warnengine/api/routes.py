"""Every route of the API on one page."""

from __future__ import annotations

import hmac
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from warnengine.api.operators import Operators, bearer
from warnengine.api.problems import Problem
from warnengine.api.proof import delivery_words, order_words, shown_proof
from warnengine.model.arrival import Arrival, Taken, Verdict
from warnengine.model.book import RuleBook
from warnengine.model.level import Level
from warnengine.model.reason import why_not
from warnengine.order.escalate import rule_of
from warnengine.settings import Settings
from warnengine.store.answers import AnswerStore
from warnengine.store.board import BoardStore
from warnengine.store.duty import DutyStore
from warnengine.store.warnings import WarningStore

LARGEST = 8 << 20
"""Bytes of a body that are read. Far more than a warning has (881 KB has been seen): what is only too long is kept
with its reason, like anything else that is refused."""
CALLBACK_LARGEST = 256_000
NOT_COUNTED = "已记下{}代答;不算本人应答(不是B角,或这一级要本人应答),继续叫应"
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
    result: Literal["answered", "no_answer", "hung_up", "wrong_number", "done"]
    """hung_up: before the end; that is no answer."""
    by: str
    words: str = ""
    who: str = Field(default="", max_length=60)
    """Who spoke, where it was not the person: name, or key of the directory."""
    why: str = Field(default="", max_length=200)
    """Why the person did not."""

    @model_validator(mode="after")
    def _both(self) -> Closing:
        if bool(self.who) != bool(self.why) or (self.who and self.result != "answered"):
            raise ValueError(
                "who answered in the person's place, and why, belong together, with the result answered"
            )
        return self


class Verified(BaseModel):
    """Somebody has looked (抽查)."""

    model_config = ConfigDict(extra="forbid")
    by: str = Field(min_length=1, max_length=60)
    words: str = Field(default="", max_length=500)


class Caller(BaseModel):
    """Who calls the roll."""

    model_config = ConfigDict(extra="forbid")
    by: Annotated[str, Field(min_length=1, max_length=60)]


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
    halted: Callable[[], Awaitable[list[dict[str, Any]]]]
    """Stops in force; none where the store does not answer, which `ready` tells."""
    canary: Callable[[], dict[str, str]]
    """Each path in words; empty where none flies."""
    roll_call: Callable[[str], Awaitable[int | None]]
    """Begins a roll-call in somebody's name; how many are asked, None where one is open."""
    health: Callable[[], Awaitable[dict[str, Any]]]
    """Canary, account, roll-call, in colours and words."""
    callbacks: Mapping[tuple[str, str], Callback] = field(default_factory=dict)
    """By gateway name and secret."""


def build(services: Services) -> APIRouter:
    """The routes over these services."""
    router = operations(services)
    operator = Operators(services.settings)
    _intake(router, services, operator)
    _lists(router, services, operator)
    _duty(router, services, operator)
    _proof(router, services, operator)
    _health(router, services, operator)
    _clock(router, services, operator)
    _callbacks(router, services)
    return router


def _intake(router: APIRouter, services: Services, operator: Operators) -> None:
    @router.post("/v1/warnings", status_code=202)
    async def warnings(request: Request) -> JSONResponse:
        """Take a warning: 202 once it is kept, 200 where it was known, 422 or 413 where it is quarantined."""
        source = source_of(request, services.settings)
        raw = await body_of(request, LARGEST)
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


def _lists(router: APIRouter, services: Services, operator: Operators) -> None:
    @router.get("/v1/orders", dependencies=operator.only)
    async def orders(most: Most = 1000) -> list[dict[str, Any]]:
        """Standing orders and what came of them."""
        return [{**row, "proof": order_words(row)} for row in await services.board.orders(min(most, 5000))]

    @router.get("/v1/deliveries", dependencies=operator.only)
    async def deliveries(most: Most = 5000, after: After = 0) -> list[dict[str, Any]]:
        """Deliveries by id; read on with `after`."""
        rows = await services.board.deliveries(min(most, 20_000), after)
        return [
            {
                **row,
                "why": why_not(row["state"], row["reason"]),
                "proof": delivery_words(row["state"]),
                "text": services.shown(row["text"], int(row["bundle"]), row["name"], row.pop("posts")),
            }
            for row in rows
        ]

    @router.get("/v1/unmatched", dependencies=operator.only)
    async def unmatched(most: Most = 200) -> list[dict[str, Any]]:
        """Warnings of which no unit has an order, and why."""
        return await services.board.unmatched(min(most, 1000))

    @router.get("/v1/approvals", dependencies=operator.only)
    async def approvals(state: Literal["pending", "decided"] = "pending") -> list[dict[str, Any]]:
        """Requests for approval, with the authority that is being asked."""
        found = await services.board.requests(pending=state == "pending")
        return [{**one, "authority": _authority(one, services.book)} for one in found]


def _duty(router: APIRouter, services: Services, operator: Operators) -> None:
    @router.post("/v1/approvals/{approval}")
    async def decide(request: Request, approval: Number, decision: Decision) -> dict[str, Any]:
        """Say yes or no; the first decision counts. Who has a name decides under it, and only as a leader."""
        by = operator.decider(request, decision.by)
        before = await services.board.decide(approval, decision.decision, by, decision.comment)
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
        levels = [level for level, rung in services.book.ladder.items() if rung.answer.deputy]
        closed = kind and await services.duty.close(
            task, closing.result, closing.by, closing.words, who=closing.who, why=closing.why, levels=levels
        )
        if not closed:
            raise Problem(409, "Not open", f"Task {task} does not exist or is closed already.")
        answer = {"task": task, "result": closing.result, "answered": closed.answered}
        return answer | ({"note": NOT_COUNTED.format(closing.who)} if closing.who and not closed.answered else {})


def _health(router: APIRouter, services: Services, operator: Operators) -> None:
    @router.get("/v1/health", dependencies=operator.only)
    async def health() -> dict[str, Any]:
        """What the engine knows of its own health; grey is unknown, never well."""
        return await services.health()

    @router.post("/v1/roll-calls", status_code=202, dependencies=operator.only)
    async def roll_call(caller: Caller) -> dict[str, Any]:
        """Call the roll now (点名); GET /v1/health shows who has answered."""
        people = await services.roll_call(caller.by)
        if people is None:
            raise Problem(409, "Running already", "A roll-call is open; GET /v1/health shows it.")
        services.ring()
        return {"people": people}


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
        # a stopped engine stays reachable: whoever ends the stop comes by this door
        halted = await services.halted()
        mode, notes = services.settings.installation, await services.notes()
        told = {"ready": not problems, "mode": mode, "problems": problems, "notes": notes}
        body: dict[str, Any] = told | ({"halted": halted} if halted else {})
        if lights := services.canary():
            body["canary"] = lights
        return JSONResponse(body, 503 if problems else 200)

    @router.get("/metrics")
    async def metrics() -> Response:
        """Prometheus text."""
        await services.refresh()
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return router


def _proof(router: APIRouter, services: Services, operator: Operators) -> None:
    @router.get("/v1/obligations", dependencies=operator.only)
    async def obligations(most: Most = 5000, unit: str | None = None) -> list[dict[str, Any]]:
        """Who must answer what, and how far it is proven: levels 0 to 5, in words."""
        rows = await services.board.obligations(min(most, 20_000), unit)
        return [shown_proof(row, services.book) for row in rows]

    @router.post("/v1/obligations/{version}/{person}/verified", status_code=201, dependencies=operator.only)
    async def verified(version: Number, person: str, seen: Verified) -> dict[str, Any]:
        """Somebody has looked whether it is done (抽查); only what was reported can be verified."""
        found = await services.board.verify(version, person, seen.by, seen.words)
        if found is None:
            raise Problem(404, "No such obligation", "GET /v1/obligations lists them by version and person.")
        if not found:
            raise Problem(
                409, "Nothing to verify", f"{person} has not reported 已开展 or 已办结 on version {version}."
            )
        return {"version": version, "person": person, "proof": 5}


def _clock(router: APIRouter, services: Services, operator: Operators) -> None:
    @router.get("/v1/clock")
    async def clock() -> dict[str, Any]:
        """Engine time, the next due moment, and how much is in flight."""
        return await services.board.clock()

    @router.post("/v1/clock", status_code=204, dependencies=operator.only)
    async def jump(where: Jump) -> None:
        """Set a demo's clock forward."""
        moment: datetime = where.to
        if not await services.board.jump(moment):
            raise Problem(403, "The clock stays", "Only the clock of a demo or a drill is set, and only forward.")
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
        body, media_type = await take(
            request.method, request.query_params, await body_of(request, CALLBACK_LARGEST)
        )
        return Response(body, media_type=media_type)


def _authority(asked: dict[str, Any], book: RuleBook) -> dict[str, str]:
    if asked["asks"]:
        return {"unit": "", "post": "", "name": asked["asks"]}
    rule = rule_of(Level.from_key(asked["level"]), book)
    if rule is None:
        return {"unit": "", "post": "", "name": "规则里没有审批人"}
    authorities = rule.authorities
    one = authorities[min(max(asked["rung"], 0), len(authorities) - 1)]
    unit = book.units.get(one.unit)
    post = book.posts.get(one.post)
    name = f"{unit.short if unit else one.unit}{post.name_in(unit.kind) if post and unit else one.post}"
    return {"unit": one.unit, "post": one.post, "name": name}


def source_of(request: Request, settings: Settings) -> str:
    """The name of the source whose token a request bears; Problem 401 for a stranger."""
    token = bearer(request)
    for source in settings.sources:
        if hmac.compare_digest(source.token.get_secret_value(), token):
            return source.name
    raise Problem(401, "Unknown source", "Send the token of a source of the settings: Authorization: Bearer …")


async def body_of(request: Request, largest: int) -> bytes:
    """The bytes of a request; Problem 413 where there are more than may be read."""
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
