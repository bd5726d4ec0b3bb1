"""Bundles that are not part of a change's own audience: to a deputy or superior of somebody silent, and to the
authority that must decide."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Protocol

import structlog

from warnengine.model.book import ApprovalRule, Authority, RuleBook, Whom
from warnengine.model.bundle import Asked, Call, Listener, NewBundle, Pleading, Response
from warnengine.model.level import Level
from warnengine.order.asking import written
from warnengine.order.expand import BundleDesk, code_hash, link_code
from warnengine.order.plea import countersign_facts, countersign_plain, facts_of, plain
from warnengine.order.texts import Texts
from warnengine.order.turns import taking_turns
from warnengine.order.unstarted import leader_text, not_started, note, to_be_told, words

log = structlog.get_logger()
UNRULED = timedelta(minutes=5)
"""Until a request that nobody may decide is looked at again: a new rule book may name somebody."""
SHORTEST = timedelta(minutes=1)
"""What a request says is left of the time to decide, at least."""
COUNTERSIGN_ASKS = 3
"""How often somebody is asked to countersign before only the duty room's list says so."""


class ApprovalDesk(BundleDesk, Protocol):
    """One overdue request, locked for one transaction."""

    pleading: Pleading
    left: timedelta
    """Of the time of who is asked; none of a request that is overdue."""

    async def listeners(self, authority: Authority) -> Sequence[Listener]:
        """Who holds the post now, with the way there."""

    async def newcomers(self, authority: Authority) -> Sequence[Listener]:
        """Those of them who have not been asked."""

    async def next_rung(self, rung: int, within: timedelta) -> None:
        """The clock of the next authority starts."""

    async def to_duty_room(self, words: str) -> None:
        """Nobody has decided."""

    async def listener(self, person: str) -> Listener | None:
        """One person, with the way there."""


class LeaderDesk(BundleDesk, Protocol):
    """Units that have not begun, of which nobody above has learnt, locked for one transaction."""

    dangers: frozenset[str]
    change: int

    async def leaders(self, district: str, whom: Whom, level: Level) -> Sequence[Listener]:
        """Who holds the post now, with the way there."""

    async def told(self, note: str) -> None:
        """Somebody above knows; what is to be added to the tasks."""


class ResponseStore(Protocol):
    """Where the clock of the response is read."""

    async def responses(self) -> Sequence[Response]:
        """Standing orders with the clock of their response."""

    async def unstarted(self, response: Response, words: str) -> bool:
        """A task for the duty room, one while it is open; whether it is new."""

    async def started(self, still: Sequence[Response]) -> int:
        """Take off the list what has begun or is over; return how many."""

    def untold(self, late: Sequence[Response]) -> AbstractAsyncContextManager[LeaderDesk]:
        """Those of which nobody above has learnt, locked."""


class ApprovalStore(Protocol):
    """Where the petitioner finds its desk."""

    def overdue(self) -> AbstractAsyncContextManager[ApprovalDesk | None]:
        """A request whose authority's time has passed; None when there is none."""

    def taken_over(
        self, posts: Sequence[tuple[Level, int, str, str]]
    ) -> AbstractAsyncContextManager[ApprovalDesk | None]:
        """A request of which somebody on duty in the post that is asked knows nothing; None when there is none."""


@dataclass(frozen=True, slots=True)
class Spokesman:
    """Writes bundles for people who must act because others have not."""

    book: RuleBook
    texts: Texts
    key: bytes

    async def speak(self, desk: BundleDesk, asked: Asked, people: Sequence[Listener]) -> None:
        """Write one message about bundles that have run out, and a bundle for each who gets it; nothing where
        nothing is left to ask for."""
        versions = await desk.versions(people[0].versions)
        words = written(asked, versions, self.book, self.texts)
        if words is None:
            return
        text = await desk.add_text(asked.change, people[0].versions, (), asked.purpose, words)
        bundles = await self.bundles(desk, await taking_turns(desk, people, self.book), text)
        await desk.add_bundles(asked.change, asked.purpose, [self._about(one, asked) for one in bundles], [])

    def _about(self, bundle: NewBundle, asked: Asked) -> NewBundle:
        """An escalation stands for the first silent one; all else is only about its bundles."""
        if asked.purpose != "escalation":
            return replace(bundle, about=asked.bundles)
        counts = self.book.ladder[asked.level].answer.deputy
        return replace(bundle, behalf=asked.bundles[0], about=asked.bundles[1:], stands_in=counts)

    async def tell(self, desk: LeaderDesk, late: Sequence[Response]) -> int:
        """Tell whom the rule names of all units that have not begun, in one message; return how many units."""
        due = [one for one in late if one.danger in desk.dangers]
        if not due:
            return 0
        level = max(one.level for one in due)
        start = self.book.ladder[level].start
        whom = start.tell if start else None
        people = await desk.leaders(due[0].district, whom, level) if whom else []
        if people:
            versions = await desk.versions(people[0].versions)
            words = leader_text(due, versions, self.book, self.texts)
            text = await desk.add_text(desk.change, people[0].versions, (), "unstarted", words)
            await desk.add_bundles(desk.change, "unstarted", await self.bundles(desk, people, text), [])
        await desk.told(note(people, whom, self.book))
        return len(due)

    async def plead(self, desk: ApprovalDesk) -> None:
        """Ask the next authority; after the last, the duty room, and the last again."""
        pleading = desk.pleading
        if pleading.call:
            await self._countersign(desk, pleading.call)
            return
        rule = rule_of(pleading.level, self.book)
        if rule is None:
            await desk.to_duty_room(f"第{pleading.approval}号请示:规则里没有{pleading.level.zh}的审批人")
            await desk.next_rung(pleading.rung, UNRULED)
            return
        rung = min(pleading.rung + 1, len(rule.authorities) - 1)
        authority = rule.authorities[rung]
        if pleading.rung == rung:
            await desk.to_duty_room(f"第{pleading.approval}号请示无人批复:请电话请示")
        people = await desk.listeners(authority)
        if people:
            await self._request(desk, people, authority.within)
        else:
            await desk.to_duty_room(f"第{pleading.approval}号请示:{authority.unit}/{authority.post}无人在岗")
        await desk.next_rung(rung, authority.within)
        log.info("approval asked", approval=pleading.approval, rung=rung)

    async def pass_on(self, desk: ApprovalDesk) -> bool:
        """Ask whoever has come on duty in the post that is asked already; return whether there was anybody. The
        clock goes on: no evacuation is put off because a shift has changed."""
        rule = rule_of(desk.pleading.level, self.book)
        people = await desk.newcomers(rule.authorities[desk.pleading.rung]) if rule else ()
        if people:
            await self._request(desk, people, max(desk.left, SHORTEST))
            log.info("approval passed on", approval=desk.pleading.approval, people=len(people))
        return bool(people)

    async def _countersign(self, desk: ApprovalDesk, call: Call) -> None:
        """Ask who decided by telephone to confirm it; whoever has not in time is a task, and asked once more."""
        within = self.book.limits.countersign_within
        if desk.pleading.rung >= 0:
            minutes = int(within.total_seconds() // 60)
            await desk.to_duty_room(
                f"第{call.approval}号请示的电话批复{minutes}分钟未补签:请{call.person}补签,记录人{call.recorded_by}"
            )
        who = await desk.listener(call.person) if desk.pleading.rung < COUNTERSIGN_ASKS - 1 else None
        if who:
            facts = countersign_facts(call, self.book)
            written = self.texts.write("countersign", "", facts, fallback=countersign_plain(facts))
            text = await desk.add_text(desk.pleading.change, desk.pleading.versions, (), "approval", written)
            await self._ask(desk, await self.bundles(desk, [who], text))
        await desk.next_rung(desk.pleading.rung + 1, within)

    async def _ask(self, desk: ApprovalDesk, bundles: Sequence[NewBundle]) -> None:
        asked = [replace(bundle, approval=desk.pleading.approval) for bundle in bundles]
        await desk.add_bundles(desk.pleading.change, "approval", asked, [])

    async def _request(self, desk: ApprovalDesk, people: Sequence[Listener], within: timedelta) -> None:
        pleading = desk.pleading
        versions = await desk.versions(pleading.versions)
        facts = facts_of(pleading, versions, self.book, within)
        words = self.texts.write("approval", "", facts, fallback=plain(facts))
        text = await desk.add_text(pleading.change, pleading.versions, (), "approval", words)
        await self._ask(desk, await self.bundles(desk, people, text))

    async def bundles(self, desk: BundleDesk, people: Sequence[Listener], text: int) -> list[NewBundle]:
        """One for each who reads a text."""
        ids = await desk.next_bundles(len(people))
        return [
            NewBundle(id_, who, text, code_hash(link_code(self.key, id_)))
            for id_, who in zip(ids, people, strict=True)
        ]


def rule_of(level: Level, book: RuleBook) -> ApprovalRule | None:
    """Who decides at a level; where nobody is named, whoever does at the next graver one."""
    return next((book.approvals[graver] for graver in sorted(book.approvals) if graver >= level), None)


async def petition(spokesman: Spokesman, store: ApprovalStore) -> bool:
    """Ask for one overdue request; return whether there was one."""
    async with store.overdue() as desk:
        if desk is not None:
            await spokesman.plead(desk)
        return desk is not None


async def pass_on(spokesman: Spokesman, store: ApprovalStore) -> bool:
    """Put one request that waits to whoever has come on duty since; return whether there was anybody."""
    rules = {level: rule for level in Level if (rule := rule_of(level, spokesman.book))}
    posts = [
        (level, rung, one.unit, one.post)
        for level, rule in rules.items()
        for rung, one in enumerate(rule.authorities)
    ]
    async with store.taken_over(posts) as desk:
        return desk is not None and await spokesman.pass_on(desk)


async def show_unstarted(spokesman: Spokesman, store: ResponseStore) -> bool:
    """Tell the duty room of units that have not begun, and after longer whom the rule names; return whether
    there was anything new."""
    late = [one for one in await store.responses() if not_started(one, spokesman.book)]
    new = [await store.unstarted(one, words(one, spokesman.book)) for one in late if not one.alarmed]
    gone = await store.started(late)
    later = [one for one in late if not one.told and to_be_told(one, spokesman.book)]
    if not later:
        return any(new) or bool(gone)
    async with store.untold(later) as desk:
        return bool(await spokesman.tell(desk, later)) or any(new) or bool(gone)
