"""What `rules diff` tells a clerk, in Chinese: orders and people, not lines of a file."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import timedelta

from warnengine.app.book_diff import BookDiff, OrderDiff
from warnengine.cli.book_facts import facts
from warnengine.match.compare import Changed
from warnengine.model.book import Evidence, Measure
from warnengine.model.level import Level

FIELDS = {
    "order": "指令",
    "advice": "建议",
    "deadline": "时限",
    "compulsory": "强制",
    "evidence": "反馈",
    "posts": "另发岗位",
    "ceiling": "人数上限",
}
EVIDENCE = {Evidence.COUNT: "人数", Evidence.PHOTO: "照片", Evidence.REPORT: "报告"}
FIRST = 6
"""Units or people that a line lists; --json has all."""
Row = tuple[str, str, str]
"""(hazard and family, kind of change, in words)"""


def shown(found: BookDiff) -> Iterator[str]:
    """The whole answer."""
    yield f"旧 {found.one.hash[:12]} → 新 {found.other.hash[:12]}"
    if found.same:
        same = found.one.hash == found.other.hash
        rest = "。" if same else ";不同的只有叫应时限、审批、授权、案例等。"
        yield f"两版规则下达的指令和收令人完全一样{rest}"
        return
    if not found.orders:
        yield "两版规则对同样的来文下达同样的指令,收令人也一样。"
        yield from facts(found)
        return
    who = "人" if found.people else "个岗位(没有通讯录,用 --directory 可数到人)"
    yield f"有变化的指令 {len(found.orders)} 个(单位×灾种×级别),涉及 {len(found.affected)} {who}"
    danger = ""
    for (name, kind, words), where in _grouped(found):
        if name != danger:
            danger = name
            yield f"■ {name}"
        yield f"  [{kind}] {words} —— {_places(where, found)}"
    yield from _moves(found)
    yield from facts(found)


def _grouped(found: BookDiff) -> list[tuple[Row, dict[str, list[Level]]]]:
    """The same change of many units and levels on one line."""
    rows: dict[Row, dict[str, list[Level]]] = defaultdict(lambda: defaultdict(list))
    for order in found.orders:
        step = order.difference.step
        for kind, words in _rows(order):
            rows[_danger(order, found), kind, words][step.unit].append(step.level)
    return sorted(rows.items())


def _rows(order: OrderDiff) -> Iterator[tuple[str, str]]:
    found = order.difference
    yield from (("新增", _measure(measure)) for measure in found.new)
    yield from (("删去", _measure(measure)) for measure in found.gone)
    yield from (("改动", _changed(changed)) for changed in found.changed)


def _measure(measure: Measure) -> str:
    compulsory = ",须批准" if measure.compulsory else ""
    return f"{_span(measure.deadline)}内 {measure.order}{compulsory} ({measure.id})"


def _changed(changed: Changed) -> str:
    parts = (
        f"{FIELDS[name]} {_value(changed.before, name)} → {_value(changed.after, name)}" for name in changed.fields
    )
    return f"{changed.before.id}:{';'.join(parts)}"


def _value(measure: Measure, name: str) -> str:
    value = getattr(measure, name)
    if isinstance(value, timedelta):
        return _span(value)
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, tuple):
        return "、".join(EVIDENCE.get(one, str(one)) for one in value) or "无"
    return f"“{value}”" if isinstance(value, str) else "无" if value is None else str(value)


def _span(span: timedelta) -> str:
    minutes = int(span.total_seconds() // 60)
    return f"{minutes // 60}小时" if minutes and minutes % 60 == 0 else f"{minutes}分钟"


def _places(where: dict[str, list[Level]], found: BookDiff) -> str:
    units = {**found.one.units, **found.other.units}
    names = [units[code].short if code in units else code for code in where]
    levels = sorted({level for listed in where.values() for level in listed})
    return f"{'、'.join(level.zh for level in levels)}:{_some(names, '个单位')}"


def _some(names: Sequence[str], what: str) -> str:
    return "、".join(names[:FIRST]) + (f"等{len(names)}{what}" if len(names) > FIRST else "")


def _moves(found: BookDiff) -> Iterator[str]:
    """Who is called by an order that did not call them, and who no more."""
    for title, gained in (("新收到指令的", True), ("不再收到指令的", False)):
        rows: dict[str, list[str]] = defaultdict(list)
        for order in found.orders:
            for who in (order.after - order.before) if gained else (order.before - order.after):
                step = order.difference.step
                rows[who].append(f"{_danger(order, found)}{step.level.zh}")
        if rows:
            names = [f"{_who(who, found)}({_some(list(dict.fromkeys(rows[who])), '项')})" for who in sorted(rows)]
            yield f"{title} {len(rows)} {'人' if found.people else '个岗位'}:{_some(names, '')}"


def _who(who: str, found: BookDiff) -> str:
    """A name, or the post of a unit."""
    if found.people:
        return found.people.people[who].name
    unit, post = who.split("/")
    book = found.other if unit in found.other.units and post in found.other.posts else found.one
    return f"{book.units[unit].short}{book.posts[post].name_in(book.units[unit].kind)}"


def _danger(order: OrderDiff, found: BookDiff) -> str:
    step = order.difference.step
    hazard = found.other.hazard_table.get(step.hazard) or found.one.hazard_table.get(step.hazard)
    name = hazard.name if hazard else step.hazard
    book = found.other if step.family in found.other.families else found.one
    return f"{name}({book.family_name(step.family)})"
