"""What a limit holds back waits for a leader, and the leader learns of it at once."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from warnengine.model.book import Authority, RuleBook
from warnengine.model.bundle import Listener
from warnengine.model.level import Level
from warnengine.order.escalate import Spokesman, rule_of
from warnengine.order.expand import BundleDesk

NAMED = 3
"""Orders that a text names; more are counted."""


class HeldDesk(BundleDesk, Protocol):
    """Orders that are held, locked for one transaction."""

    why: tuple[str, ...]
    """Of each stop, in the words of the limit."""
    numbers: tuple[int, ...]
    """Of the stops."""
    level: Level
    """The gravest."""
    change: int

    async def leaders(self, authority: Authority) -> Sequence[Listener]:
        """Who holds the post now, with the way there."""

    async def told(self, note: str) -> None:
        """They know; what is to be added to the tasks."""


class HeldStore(Protocol):
    """Where the desk is found."""

    def held(self) -> AbstractAsyncContextManager[HeldDesk | None]:
        """What nobody above knows of; None where there is nothing."""


async def tell_held(spokesman: Spokesman, store: HeldStore) -> bool:
    """Write one text to whoever may let held orders through; return whether there were any."""
    async with store.held() as desk:
        if desk is None:
            return False
        people, name = await _leaders(desk, spokesman.book)
        if people:
            facts = facts_of(desk.why, desk.numbers, spokesman.book)
            written = spokesman.texts.write("held", "", facts, fallback=plain(facts))
            text = await desk.add_text(desk.change, (), (), "held", written)
            await desk.add_bundles(desk.change, "held", await spokesman.bundles(desk, people, text), [])
        await desk.told(f"。已发短信报{name}" if people else "。没有审批领导在岗,请电话报告")
        return True


def facts_of(why: Sequence[str], numbers: Sequence[int], book: RuleBook) -> dict[str, object]:
    """Everything a template of kind `held` may name."""
    return {
        "sign": book.signature,
        "phone": book.duty_phone,
        "count": len(why),
        "why": tuple(dict.fromkeys(why))[:NAMED],
        "more": len(set(why)) > NAMED,
        "numbers": numbers,
    }


def plain(facts: dict[str, object]) -> str:
    """The text that needs no template."""
    return "【{sign}】{{resend}}{count}条指令超限暂停,等您放行。请回电{phone}".format(**facts)


async def _leaders(desk: HeldDesk, book: RuleBook) -> tuple[Sequence[Listener], str]:
    """The first authority of the level that somebody holds, and what it is called."""
    rule = rule_of(desk.level, book)
    for authority in rule.authorities if rule else ():
        if people := await desk.leaders(authority):
            unit, post = book.units.get(authority.unit), book.posts.get(authority.post)
            return people, f"{unit.short}{post.name_in(unit.kind)}" if unit and post else authority.post
    return (), ""
