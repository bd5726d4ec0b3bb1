"""Routes by which people stop, order, withdraw and record. What may not be is said in Chinese, with what to do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Request
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from warnengine.api.operators import Operators
from warnengine.model.book import RuleBook
from warnengine.model.errors import Refused
from warnengine.model.level import Level
from warnengine.order.escalate import rule_of
from warnengine.order.hand import Hand
from warnengine.order.wish import Who, Wish
from warnengine.store.board import BoardStore
from warnengine.store.byhand import ByHandStore
from warnengine.store.controls import HaltStore
from warnengine.store.telephone import Said, TelephoneStore

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


class Wanted(Body):
    """An order that no rule made. Words, or a measure of the book, whose words and time are taken."""

    units: tuple[str, ...] = Field(min_length=1)
    words: str | None = Field(None, min_length=4, max_length=120)
    measure: str | None = None
    deadline: AwareDatetime | None = None
    level: Literal["blue", "yellow", "orange", "red"]
    not_after: AwareDatetime
    why: Why
    corrects: int | None = None
    """The order by hand whose place it takes."""


class Confirmed(Body):
    """A yes to a preview."""

    confirm: str = Field(pattern="^[0-9a-f]{64}$")
    """As the preview says."""
    break_glass: Why | None = None
    """先发后补: why one person alone must send it now."""


class Withdrawal(Body):
    """An order is taken back; without `confirm` it is shown what that would do."""

    why: Why
    mistake: bool = True
    """It was sent in error; otherwise it is over."""
    confirm: str | None = Field(None, pattern="^[0-9a-f]{64}$")


class Telephoned(Body):
    """What somebody decided on the telephone."""

    decision: Literal["yes", "no"]
    person: str = Field(min_length=1)
    """Who decided: their key in the address list."""
    at: AwareDatetime
    words: str = Field(min_length=1, max_length=500)


@dataclass(frozen=True, slots=True)
class Hands:
    """What the routes call."""

    hand: Hand
    drafts: ByHandStore
    telephone: TelephoneStore
    board: BoardStore


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


def by_hand(hands: Hands, operators: Operators, ring: Callable[[], None]) -> APIRouter:
    """Orders beside the rules: written, looked at, sent."""
    router = APIRouter()

    async def wish(wanted: Wanted) -> Wish:
        return wished(wanted, hands.hand.book, await hands.drafts.now())

    @router.post("/v1/manual", status_code=201)
    async def draft(request: Request, wanted: Wanted) -> dict[str, Any]:
        """Write an order and see what it would do: how many people, which words. Nothing is sent."""
        author = _who(request, operators)
        return await hands.hand.draft(await wish(wanted), author)

    @router.get("/v1/manual", dependencies=operators.only)
    async def drafts() -> list[dict[str, Any]]:
        """Orders by hand, newest first."""
        return await hands.drafts.manuals()

    @router.get("/v1/manual/{order}", dependencies=operators.only)
    async def preview(order: Number) -> dict[str, Any]:
        """What sending a draft would do now."""
        return await hands.hand.preview(order)

    @router.put("/v1/manual/{order}")
    async def edit(request: Request, order: Number, wanted: Wanted) -> dict[str, Any]:
        """Write a draft anew; whoever said yes to it before must look again."""
        editor = _who(request, operators)
        return await hands.hand.edit(order, await wish(wanted), editor)

    @router.post("/v1/manual/{order}/send")
    async def send(request: Request, order: Number, yes: Confirmed) -> dict[str, Any]:
        """Say yes to a preview; with the second person's yes it goes at once."""
        done = await hands.hand.send(order, _who(request, operators), yes.confirm, yes.break_glass)
        ring()
        return done

    @router.delete("/v1/manual/{order}")
    async def discard(request: Request, order: Number) -> dict[str, Any]:
        """Throw a draft away."""
        if not await hands.drafts.discard(order, _who(request, operators).name):
            raise Refused(409, f"第{order}号临时指令不是待发的草稿:已发出的用 /v1/orders/编号/withdraw 撤回。")
        return {"manual": order, "discarded": True}

    return router


def taking_back(hands: Hands, operators: Operators, ring: Callable[[], None]) -> APIRouter:
    """Orders taken back."""
    router = APIRouter()

    @router.post("/v1/orders/{order}/withdraw")
    async def withdraw(request: Request, order: Number, taken: Withdrawal) -> dict[str, Any]:
        """Take an order back, a rule's or one by hand: first without `confirm`, then with what that showed."""
        by = _who(request, operators)
        done = await hands.hand.withdraw(order, by, taken.why, taken.confirm, mistake=taken.mistake)
        ring()
        return done

    return router


def by_telephone(hands: Hands, operators: Operators, ring: Callable[[], None]) -> APIRouter:
    """Decisions that came by telephone."""
    router = APIRouter()

    @router.post("/v1/approvals/{approval}/telephone")
    async def record(request: Request, approval: Number, said: Telephoned) -> dict[str, Any]:
        """Write down who said what and when; it counts at once, and they are asked to countersign."""
        duty = operators.one_of(request, "duty")
        level = await hands.board.level_of(approval)
        rule = rule_of(level, hands.hand.book) if level else None
        call = Said(said.person, said.decision, said.at, said.words, duty.name, duty.person)
        done = await hands.telephone.record(approval, call, rule.authorities if rule else ())
        ring()
        return done

    return router


def _who(request: Request, operators: Operators) -> Who:
    operator = operators.one_of(request, "duty", "leader")
    return Who(operator.name, operator.role)


def wished(wanted: Wanted, book: RuleBook, now: datetime) -> Wish:
    """What is wanted, with the words and the time of the measure that it names."""
    words, deadline = wanted.words, wanted.deadline
    if (words is None) == (wanted.measure is None):
        raise Refused(422, "words(自拟)和 measure(规则里的措施)二选一:请只填一个。")
    if wanted.measure:
        all_ = (measure for unit in book.units.values() for measure in book.measures_of(unit))
        measure = next((one for one in all_ if one.id == wanted.measure), None)
        if measure is None:
            raise Refused(422, f"规则里没有措施{wanted.measure}:请核对编号,或用 words 自拟。")
        words, deadline = measure.order, deadline or now + measure.deadline
    if deadline is None or words is None:
        raise Refused(422, "请填完成时限 deadline,例如 2026-07-27T06:25:00+08:00。")
    level = Level.from_key(wanted.level)
    return Wish(wanted.units, words, deadline, level, wanted.not_after, wanted.why, wanted.corrects)
