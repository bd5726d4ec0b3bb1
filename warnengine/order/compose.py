"""What a person must do because of one change, in the words of a template's facts.

The first line stands alone within 70 characters: who, what, by when, how to answer. The rest may follow.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from warnengine.model.book import Evidence, Measure, RuleBook
from warnengine.model.bundle import Written
from warnengine.model.order import Form, Kind, Mark, MeasureMark, Version
from warnengine.order.draft import measure_of
from warnengine.order.texts import Texts

BEIJING = timezone(timedelta(hours=8))
"""All of China keeps one time, without summer time."""
FIRST_LINE = 70
"""Characters of one SMS in UCS-2, signature included."""


@dataclass(frozen=True, slots=True)
class Act:
    """One thing to do."""

    words: str
    """06:25前撤离涪江225米线下住户,先老弱"""
    plain: str
    """The same without its clock time, for what simply goes on."""
    clock: str
    due: datetime
    advice: bool
    new: bool
    counts: bool
    compulsory: bool


@dataclass(frozen=True, slots=True)
class Section:
    """One unit's part of a message."""

    unit: str
    head: str
    """暴雨红色, 暴雨升为红色, 暴雨降为橙色, 暴雨红色再次预警, 解除暴雨红色."""
    kind: str
    hazard: str
    level: int
    acts: tuple[Act, ...]
    """New acts first, by clock time."""
    going_on: tuple[Act, ...]
    ended: tuple[str, ...]
    scope: str
    """25个镇街红色,3个镇街橙色; empty where it is the whole territory at one level."""
    towns: tuple[str, ...]
    until: str


def compose(versions: Sequence[Version], book: RuleBook, texts: Texts, kind: str | None = None) -> Written:
    """The words of one bundle, slots open. kind: the template, where the versions do not decide it."""
    sections = sorted((section(version, book) for version in versions), key=_urgency)
    facts = facts_of(sections, book)
    return texts.write(kind or _kind(sections), sections[0].hazard, facts, fallback=plain(sections, book))


def facts_of(sections: Sequence[Section], book: RuleBook) -> dict[str, object]:
    """Everything a template may name."""
    acts = [act for part in sections for act in part.acts]
    return {
        "sign": book.signature,
        "phone": book.duty_phone,
        "first": sections[0],
        "sections": sections,
        "ask": ask(acts),
        "single": len(sections) == 1 and len(acts) == 1 and not sections[0].going_on,
    }


def section(version: Version, book: RuleBook) -> Section:
    """One version as its unit reads it."""
    change = version.change
    unit = book.units.get(change.key.unit)
    hazard = book.hazard_table.get(change.key.hazard)
    name = hazard.name if hazard else change.key.hazard.lstrip("?")
    acts = [act for mark in version.measures if (act := _act(mark, version, book))]
    again = change.kind is Kind.REOPEN
    return Section(
        unit=unit.short if unit else change.key.unit,
        head=_head(name, version),
        kind=change.kind.value,
        hazard=change.key.hazard,
        level=int(version.lane_level),
        acts=tuple(sorted((a for a in acts if a.new or again), key=lambda a: (a.due, not a.compulsory))),
        going_on=tuple(sorted((a for a in acts if not a.new and not again), key=lambda a: a.due)),
        ended=tuple(_ended(version, book)),
        scope=_scope(version, book),
        towns=tuple(f"{_names(part.towns, book)}:{part.level.zh}" for part in change.reach),
        until=change.ends.astimezone(BEIJING).strftime("%d日%H:%M") if change.ends else "",
    )


def ask(acts: Sequence[Act]) -> str:
    """How to answer by SMS alone."""
    if any(act.counts for act in acts):
        leaving = any("撤" in act.words or "转移" in act.words for act in acts if act.counts)
        return f"收到回1,{'撤完' if leaving else '办完'}回3加人数。"
    return "收到回1,办完回3。" if acts else "收到回1。"


def plain(sections: Sequence[Section], book: RuleBook) -> str:
    """The text that needs no template."""
    lines = [f"{part.head} {part.unit}:" + ";".join(act.words for act in part.acts) for part in sections]
    acts = [act for part in sections for act in part.acts]
    return f"【{book.signature}】{{resend}}" + "\n".join(lines) + f"。{ask(acts)}核实{book.duty_phone}"


def _urgency(part: Section) -> tuple[int, bool, datetime, str]:
    first = part.acts[0].due if part.acts else datetime.max.replace(tzinfo=BEIJING)
    return -part.level, not part.acts, first, part.unit


def _kind(sections: Sequence[Section]) -> str:
    kinds = {part.kind for part in sections}
    if kinds == {Kind.LAPSE.value}:
        return "lapse"
    return "order" if kinds <= {Kind.ISSUE.value} else "update"


def _head(name: str, version: Version) -> str:
    change = version.change
    level, before = change.level, change.before
    if level is None:
        return f"解除{name}{before.zh if before else ''}"
    if change.kind is Kind.REOPEN:
        return f"{name}{level.zh}继续"
    if before is None or before == level:
        return f"{name}{level.zh}"
    return f"{name}{'升为' if level > before else '降为'}{level.zh}"


def _act(mark: MeasureMark, version: Version, book: RuleBook) -> Act | None:
    measure = measure_of(mark.standing, version.change, book)
    if measure is None or mark.mark is Mark.LAPSED or mark.deadline is None:
        return None
    advice = mark.standing.form is Form.ADVICE
    clock = mark.deadline.astimezone(BEIJING).strftime("%H:%M")
    return Act(
        words=f"{clock}前{_words(measure, mark.standing.form)}",
        plain=_words(measure, mark.standing.form),
        clock=clock,
        due=mark.deadline,
        advice=advice,
        new=mark.mark is Mark.ADDED,
        counts=Evidence.COUNT in measure.evidence and not advice,
        compulsory=measure.compulsory,
    )


def _ended(version: Version, book: RuleBook) -> Iterator[str]:
    """What need not be done any more. What a graver measure replaces is not ended: it is part of that measure."""
    replaced: set[str] = set()
    for mark in version.measures:
        measure = measure_of(mark.standing, version.change, book)
        if measure and mark.mark is not Mark.LAPSED:
            replaced.update(measure.replaces)
    for mark in version.measures:
        measure = measure_of(mark.standing, version.change, book)
        if measure and mark.mark is Mark.LAPSED and measure.id not in replaced:
            yield _words(measure, mark.standing.form)


def _words(measure: Measure, form: Form) -> str:
    return measure.advice or measure.order if form is Form.ADVICE else measure.order


def _scope(version: Version, book: RuleBook) -> str:
    reach = version.change.reach
    towns = sum(len(part.towns) for part in reach)
    if towns <= 1 or (len(reach) == 1 and towns == len(book.district.townships)):
        return ""
    return ",".join(
        f"{_names(part.towns, book) if len(part.towns) <= 2 else _count(part.towns)}{part.level.zh}"
        for part in reach
    )


def _count(towns: Sequence[str]) -> str:
    return f"{len(towns)}个镇街"


def _names(towns: Sequence[str], book: RuleBook) -> str:
    return "、".join(town.name if (town := book.district.township(code)) else code for code in towns)
