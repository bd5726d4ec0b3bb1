"""防灾避险明白卡: for the households of one endangered point, one page that hangs by the door."""

from __future__ import annotations

from datetime import date

from warnengine.model.book import Point, Role, RuleBook, Unit
from warnengine.rulebook.document.model import Cell, Document, Section, Table
from warnengine.rulebook.document.words import Unkept, hazard_name, marks

MISSING = "(还没有填,请镇街补上)"
BY_HAND = "姓名            电话"
"""Filled in by hand: people change, and their numbers are not printed for all to read."""
LEAVE = "听到信号、接到通知马上走,先老弱。没有解除,不要回去。"
TINT = "F1F3F5"


def cards(book: RuleBook, unit: Unit, day: date, unkept: Unkept) -> Document | None:
    """The cards of a township, a page for each point of its plan; None where it has no point."""
    plan = book.plans.get(unit.code)
    if plan is None or not plan.points:
        return None
    pages = tuple(_page(book, one, unkept) for one in plan.points)
    return Document(f"{unit.name}防灾避险明白卡", book.district.name, book.hash, day, pages, cards=True)


def _page(book: RuleBook, point: Point, unkept: Unkept) -> Section:
    flag = marks(confirm=point.confirm, sample=point.sample)
    rows = tuple((Cell(label, TINT), Cell(words)) for label, words in _lines(book, point, unkept))
    return Section(f"{point.name}{flag}", (Table((), (3, 9), rows), LEAVE))


def _lines(book: RuleBook, point: Point, unkept: Unkept) -> tuple[tuple[str, str], ...]:
    threat = "、".join(hazard_name(book, key) for key in point.hazards)
    phone = book.duty_phone + marks(sample="duty_phone" in unkept.district)
    room = f"(能容{point.capacity}人)" if point.capacity is not None else ""
    return (
        ("什么危险", f"{point.kind};{threat}"),
        ("什么时候走", point.trigger or "接到转移通知就走"),
        ("听什么信号", "、".join(point.alarm) or MISSING),
        ("谁来敲门", _knocks(book, point)),
        ("走哪条路", point.route or MISSING),
        ("到哪里去", f"{point.shelter}{room}" if point.shelter else MISSING),
        ("打哪个电话", f"{book.district.name}值班电话 {phone}"),
        ("家里几口人", "共      人,其中老人、孩子、病人      人"),
    )


def _knocks(book: RuleBook, point: Point) -> str:
    """Who moves the people; where nobody is named for it, who watches the point."""
    for role in (Role.EVACUATION, Role.MONITOR):
        found = [one for one in point.responsible if one.role is role]
        if found:
            return "\n".join(f"{_who(book, one.unit, one.post)}\n{BY_HAND}" for one in found)
    return MISSING


def _who(book: RuleBook, code: str, post: str) -> str:
    unit = book.units[code]
    return f"{unit.name} {book.posts[post].name_in(unit.kind)}{marks(sample=unit.sample)}"
