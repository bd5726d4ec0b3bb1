"""Why a unit gets no order because of a message: one reason of a closed list, in the bureau's words. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from warnengine.match.index import Danger, index, territory
from warnengine.model.book import RuleBook, Silent, Unit, UnitKind
from warnengine.model.level import Level
from warnengine.model.order import OrderKey, Stands
from warnengine.model.situation import InForce


class Why(StrEnum):
    """Every reason for silence."""

    REFUSED = "来文未采用"
    ELSEWHERE = "来文不涉及本区"
    NO_WARNING = "来文不是预警"
    UNCHANGED = "已有指令继续执行,没有变化"
    OUTSIDE = "不在预警范围"
    NOTHING_TO_END = "没有在执行的指令,无须解除"
    NOT_COUNTED = "来文不改变现行预警"
    BELOW = "未到其首条措施的级别"
    DECIDED = "规则写明无须行动"
    UNKNOWN = "规则库没有这一灾种的措施,只报值班室研判"
    NOT_ADDRESSED = "不承担行动,按叫应和审批规则通知"
    GAP = "规则库没有写它的措施,也没有写明无须行动"
    TAKEN_BACK = "指令已由人撤回"


@dataclass(frozen=True, slots=True)
class Silence:
    """One unit, and why it gets nothing."""

    unit: str
    why: Why
    more: str = ""

    @property
    def reason(self) -> str:
        """In words, beginning with those of the list."""
        return f"{self.why}:{self.more}" if self.more else str(self.why)


@dataclass(frozen=True, slots=True)
class Scene:
    """What a message has left behind."""

    book: RuleBook
    said: Mapping[Danger, Mapping[str, Level | None]]
    """What the message says of the district's townships; None: no longer in force."""
    forces: Mapping[Danger, Mapping[str, InForce]]
    standing: Mapping[OrderKey, Stands]
    today: date


def silence(unit: Unit, danger: Danger, scene: Scene) -> Silence:
    """Why a unit gets no order in one of the dangers of which the message speaks."""
    book, name = scene.book, _danger(danger, scene.book)
    stands = scene.standing.get(OrderKey(unit.code, *danger))
    if stands:
        return Silence(unit.code, Why.UNCHANGED, f"{name}{stands.level.zh},第{stands.version}版")
    within = territory(unit, book)
    here = [force for town, force in scene.forces.get(danger, {}).items() if town in within]
    if not here:
        return Silence(unit.code, *_calm(within, danger, scene))
    why, more = _quiet(unit, danger, max(force.level for force in here), scene)
    return Silence(unit.code, why, more)


def _quiet(unit: Unit, danger: Danger, level: Level, scene: Scene) -> tuple[Why, str]:
    """Why a unit owes nothing though the danger has reached it."""
    book, name = scene.book, f"{_danger(danger, scene.book)}{level.zh}"
    first = min((m.when.level for m in index(book).measures(unit, danger, book)), default=None)
    if first is not None and first <= level:
        return Why.TAKEN_BACK, name
    decided = decision(unit, danger, level, book, scene.today)
    if decided:
        until = f",至{decided.until}" if decided.until else ""
        return Why.DECIDED, f"{decided.decided_by}决定,{decided.because}{until}"
    if first is not None:
        return Why.BELOW, f"现为{name},{first.zh}起有措施"
    return _without(unit, danger, book), name


def _without(unit: Unit, danger: Danger, book: RuleBook) -> Why:
    """Why a unit has no measure at all."""
    if not _anybody(danger, book):
        return Why.UNKNOWN
    leads = unit.kind in (UnitKind.DISTRICT, UnitKind.DUTY_ROOM)
    return Why.NOT_ADDRESSED if leads else Why.GAP


def decision(unit: Unit, danger: Danger, level: Level, book: RuleBook, today: date) -> Silent | None:
    """The decision that a unit owes nothing at a level, where it counts today."""
    hazard, family = danger
    for one in (*book.silent.get(unit.code, ()), *book.silent.get(unit.kind, ())):
        counts = one.until is None or today <= one.until
        if counts and one.family == family and hazard in one.hazards and (not one.levels or level in one.levels):
            return one
    return None


def _calm(within: frozenset[str], danger: Danger, scene: Scene) -> tuple[Why, str]:
    """Why nothing is in force where the unit is."""
    said = [level for town, level in scene.said.get(danger, {}).items() if town in within]
    name = _danger(danger, scene.book)
    if not said:
        towns = sorted(within)
        only = scene.book.district.township(towns[0]) if len(towns) == 1 else None
        return Why.OUTSIDE, f"{name}没有点到{only.name if only else '它的镇街'}"
    if any(said):
        return Why.NOT_COUNTED, f"{name}到达时已过有效期,或另有更新的来文为准"
    return Why.NOTHING_TO_END, name


def _anybody(danger: Danger, book: RuleBook) -> bool:
    """Whether the book has a measure for a danger at all."""
    known = index(book)
    tables = (*known.kinds.values(), *known.own.values())
    return any(danger in table for table in tables)


def _danger(danger: Danger, book: RuleBook) -> str:
    """暴雨预警信号 as people say it: the hazard, and which product where it is no 预警信号."""
    hazard, family = danger
    found = book.hazard_table.get(hazard)
    name = found.name if found else hazard.removeprefix("?")
    return name if family == "signal" else f"{name}({book.family_name(family)})"
