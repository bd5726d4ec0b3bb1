"""Who would get which order because of a message, and why all others would not: by the engine itself, unsent."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from warnengine.app.rehearsal import Message, People, Played, Rehearsal, rehearsal
from warnengine.match.index import Danger
from warnengine.match.silence import Scene, Silence, Why, silence
from warnengine.model.arrival import Verdict
from warnengine.model.book import RuleBook, Unit
from warnengine.model.clock import BEIJING
from warnengine.model.errors import RefusedWarning
from warnengine.model.instead import Instead
from warnengine.model.level import Level
from warnengine.model.order import Kind, Mark, Version
from warnengine.model.situation import InForce
from warnengine.model.timetable import Plan
from warnengine.model.warning import Warning
from warnengine.settings import Settings
from warnengine.situation import fold
from warnengine.store.rehearsal import Told

REFUSALS = {
    "not_actual": "不是实际发布(演练、测试或草稿)",
    "unknown_sender": "发布单位无权向本区发布,见 district.yaml 的 issuers",
    "not_authorised": "超出发布单位能发的范围,见 district.yaml 的 issuers",
    "stale": "发布太久才第一次收到,可能是旧报文重放",
    "unknown_area": "写的地方不在本区",
    "no_area": "没有写明地方",
    "no_claim": "没有写明哪里是什么级别",
    "sent_ahead": "发布时间晚于到达时间",
    "identifier_reused": "同一编号前后内容不同",
    "too_long": "超过可读长度",
}
"""Reasons of the quarantine in the bureau's words; any other is shown by its name."""


@dataclass(frozen=True, slots=True)
class Order:
    """One order with everybody who is told of it."""

    version: Version
    recipients: tuple[Told, ...]

    @property
    def unit(self) -> str:
        """The code of its unit."""
        return self.version.change.key.unit

    def posts(self, who: Told) -> tuple[str, ...]:
        """The posts of this unit that somebody is told it in; none: they heard an earlier version."""
        pairs = (post.split("/", 1) for post in who.posts)
        return tuple(post for unit, post in pairs if unit == self.unit)

    def plain(self) -> dict[str, Any]:
        """As the file of results has it."""
        change = self.version.change
        return {
            "unit": change.key.unit,
            "kind": change.kind.value,
            "hazard": change.key.hazard,
            "level": change.level.key if change.level else None,
            "measures": [mark.standing.measure for mark in self.version.measures if mark.mark is not Mark.LAPSED],
            "rule_version": self.version.book,
            "recipients": [
                {"person": who.person, "post": ",".join(self.posts(who)) or None, "channels": list(who.channels)}
                for who in self.recipients
            ],
        }


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything about the last of some messages."""

    book: RuleBook
    played: Played
    orders: tuple[Order, ...]
    silent: tuple[Silence, ...]
    absent: tuple[Instead, ...]
    """Posts of these orders that others hold than the list says, or nobody."""
    names: Mapping[str, str]
    """Of the people of the list."""
    questions: tuple[str, ...]
    """What the duty room is asked to judge."""

    def plain(self) -> dict[str, Any]:
        """As the file of results has it."""
        return {
            "orders": [order.plain() for order in self.orders],
            "silent": [{"unit": one.unit, "reason": one.reason} for one in self.silent],
            "absent": [
                {
                    "unit": one.unit,
                    "post": one.post,
                    "person": one.person,
                    "reason": one.because.value,
                    "stands_in": list(one.sits),
                    "until": one.until.astimezone(BEIJING).isoformat() if one.until else None,
                }
                for one in self.absent
            ],
        }


async def explain(settings: Settings, rules: Path, listed: Sequence[Message], people: People) -> Explanation:
    """Play the messages in their order; tell what the last one leads to."""
    begins = min(message.at for message in listed)
    async with rehearsal(settings, rules, people, begins) as stage:
        return await explained(stage, listed)


async def explained(stage: Rehearsal, listed: Sequence[Message]) -> Explanation:
    """The same on a stage that is set."""
    for message in listed[:-1]:
        await stage.play(message)
    played = await stage.play(listed[-1])
    scene = await _scene(stage, played.message.warning)
    book = stage.engine.book
    orders = tuple(_order(id_, version, played.told) for id_, version in played.versions.items())
    concerned = {order.unit for order in orders}
    silent = (_silent(unit, played, scene) for unit in book.units.values() if unit.code not in concerned)
    absent = tuple(await _absent(stage, orders))
    names = {person.key: person.name for person in stage.listed.people.values()} if stage.listed else {}
    return Explanation(book, played, orders, tuple(silent), absent, names, tuple(await stage.store.questions()))


def unreadable(refusal: RefusedWarning, book: RuleBook) -> dict[str, Any]:
    """What is left to say where the last message cannot even be read."""
    reason = Silence("", Why.REFUSED, f"读不出({refusal.reason})").reason
    return {"orders": [], "silent": [{"unit": unit, "reason": reason} for unit in book.units]}


def _order(id_: int, version: Version, told: Iterable[Told]) -> Order:
    return Order(version, tuple(who for who in told if id_ in who.versions))


async def _absent(stage: Rehearsal, orders: Iterable[Order]) -> list[Instead]:
    """Why somebody else than the list says holds a post that is told, where the list says why. An all-clear goes
    to whom the order went to, whoever has the post now."""
    if stage.listed is None:
        return []
    assert stage.clock
    at, duty = stage.clock, await stage.store.on_duty(stage.clock)
    plan = Plan.of(stage.listed, at)
    told = [order for order in orders if order.version.change.kind is not Kind.LAPSE]
    posts = dict.fromkeys((order.unit, post) for order in told for post in order.version.posts)
    as_known = (post for post in posts if duty.holders(*post) == plan.held(post, at).keys())
    return [one for post in as_known for one in plan.instead(post, at)]


async def _scene(stage: Rehearsal, warning: Warning) -> Scene:
    book = stage.engine.book
    cells, standing = await stage.store.situation()
    said: dict[Danger, dict[str, Level | None]] = defaultdict(dict)
    spoken = fold.statements(warning, book.district).items()
    for key, statement in ((key, statement) for key, statement in spoken if not statement.silent):
        said[key.hazard, key.family][key.area] = statement.level
    forces: dict[Danger, dict[str, InForce]] = defaultdict(dict)
    assert stage.clock
    for force in stage.engine.reconciler.situation.forces(cells, stage.clock):
        forces[force.key.hazard, force.key.family][force.key.area] = force
    return Scene(book, said, forces, standing, stage.clock.astimezone(BEIJING).date())


def _silent(unit: Unit, played: Played, scene: Scene) -> Silence:
    taken, warning = played.taken, played.message.warning
    if taken.verdict is Verdict.QUARANTINED:
        reason = taken.reason or ""
        return Silence(unit.code, Why.REFUSED, REFUSALS.get(reason, reason))
    if not scene.said:
        why = Why.ELSEWHERE if warning.claims else Why.NO_WARNING
        return Silence(unit.code, why, "" if warning.claims else warning.msg_type.value)
    return together(unit, scene.said, scene)


def together(unit: Unit, dangers: Mapping[Danger, object], scene: Scene) -> Silence:
    """The reasons of a unit in all dangers of a message; the first one names them."""
    found = [silence(unit, danger, scene) for danger in dangers]
    first, others = found[0], [one.reason for one in found[1:]]
    return Silence(unit.code, first.why, ";".join(part for part in (first.more, *dict.fromkeys(others)) if part))
