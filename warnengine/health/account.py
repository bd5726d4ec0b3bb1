"""The account: that nothing is unexplained is said every hour, with the zero. What is old is grey, not green."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from warnengine.health.paths import Colour
from warnengine.model.order import Change, Kind, OrderKey, Stands

GRACE = timedelta(minutes=2)
"""What is younger is still under way."""
SLACK = timedelta(minutes=10)
"""How long after its time the account may come before its light is grey."""
SHOWN = 5
FIGURES = ("warnings", "orders", "people", "accepted", "delivered", "acked")
CHINESE = ("预警", "指令", "人", "网关接收", "送达", "应答")
WORDS = {
    "not_taken": "预警收到了,没有进入态势",
    "without_orders": "有预警在生效,没有任何指令",
    "missing": "按规则应有的指令没有",
    "surplus": "指令仍在,按规则不该有",
    "differs": "指令与规则算出的不一致",
    "not_expanded": "指令没有分到全部责任人",
    "not_told": "在岗的责任人没有收到这条指令的任务",
    "not_sent": "消息没有任何发送渠道,也没有转值班室",
    "no_record": "没有任何发送记录",
    "no_outcome": "发送没有结果",
    "no_end": "没有发出去,也没有转值班室",
    "no_receipt": "网关接收了,回执既没有来,也没有判为无回执",
    "parked": "回执对不上任何一条消息",
}
"""What each finding means, for people."""


@dataclass(frozen=True, slots=True)
class Unexplained:
    """One thing that nobody can explain."""

    what: str
    id: str


@dataclass(frozen=True, slots=True)
class Account:
    """What came in since a moment, and what became of it."""

    since: datetime
    figures: Mapping[str, int]
    unexplained: tuple[Unexplained, ...]

    @property
    def line(self) -> str:
        """n warnings, n orders, n people, n accepted, n delivered, n acked, 0 unexplained"""
        counted = ", ".join(f"{self.figures[name]} {name}" for name in FIGURES)
        return f"{counted}, {len(self.unexplained)} unexplained"

    @property
    def words(self) -> str:
        """The same for the duty room."""
        counted = "、".join(f"{word}{self.figures[name]}" for name, word in zip(FIGURES, CHINESE, strict=True))
        return f"{counted},说不清的{len(self.unexplained)}"


def task_of(account: Account) -> str:
    """What the duty room is asked to find out."""
    first: dict[str, list[str]] = {}
    for one in account.unexplained:
        first.setdefault(one.what, []).append(one.id)
    parts = [
        f"{WORDS[what]}{len(ids)}项({'、'.join(ids[:SHOWN])}{'等' if len(ids) > SHOWN else ''})"
        for what, ids in first.items()
    ]
    return f"对账有{len(account.unexplained)}项说不清:{';'.join(parts)}。请运维查明,相关人员先电话核实"


def differing(changes: Sequence[Change], standing: Mapping[OrderKey, Stands], book: str) -> list[Unexplained]:
    """What diff() would still do, where the reconciler is at rest: nothing, but for what an older book explains.

    A new book adds no order to a danger that stands already before the next warning of it.
    """
    older = {stands.key[1:] for stands in standing.values() if stands.book != book}
    names = {Kind.ISSUE: "missing", Kind.LAPSE: "surplus"}
    return [
        Unexplained(names.get(change.kind, "differs"), "/".join(change.key))
        for change in changes
        if not (change.kind is Kind.ISSUE and change.key[1:] in older)
    ]


def colour(at: datetime | None, unexplained: Collection[object], now: datetime, every: timedelta) -> Colour:
    """The light of an account: no account, or one whose successor is overdue, says nothing."""
    if at is None or now - at > every + SLACK:
        return Colour.GREY
    return Colour.RED if unexplained else Colour.GREEN
