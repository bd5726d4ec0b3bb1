"""What a person must do because of one change, in the words of a template's facts.

The first line stands alone within 70 characters: who, what, by when, how to answer. The rest may follow.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from warnengine.model.book import RELAY, Evidence, Measure, RuleBook
from warnengine.model.bundle import Written
from warnengine.model.clock import BEIJING
from warnengine.model.level import Level
from warnengine.model.order import Change, Form, Kind, Mark, MeasureMark, Reach, Version
from warnengine.order.byhand import by_hand, correction
from warnengine.order.concluded import extension, lasting, provenance
from warnengine.order.draft import measure_of, words_of
from warnengine.order.relay import instead, judged
from warnengine.order.texts import Texts

NAMED = 6
"""Townships that are named one by one; more are counted."""
FIRST_LINE = 70
"""Characters of one SMS in UCS-2, signature included."""
OVER = "到此结束,返回前先查险"
LEAST = 6
"""Characters of an order that its all-clear quotes, however long the names are."""
FACTS: Mapping[str, object] = {
    "silent": (), "who": "", "overdue": False, "responsible": "", "others": "", "stands_in": False, "intro": "",
    "by_item": True, "minutes": 0,
}  # fmt: skip
"""What only the ladder says: nobody is silent, and whoever reads it may report one thing after the other."""


@dataclass(frozen=True, slots=True)
class Act:
    """One thing to do."""

    measure: str
    """The id of the measure."""
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
    """暴雨红色, 暴雨升为红色, 暴雨降为橙色, 暴雨红色继续, 解除暴雨红色."""
    lead: str
    """What its first line says after the head: the most urgent act, else what ends or changes."""
    kind: str
    hazard: str
    level: int
    acts: tuple[Act, ...]
    """What is new, or asked once more, by clock time."""
    going_on: tuple[Act, ...]
    """What simply goes on and is not part of a new act's words."""
    ended: tuple[str, ...]
    """The gravest first, orders before advice."""
    scope: str
    """25个镇街红色,3个镇街橙色; empty where it is the whole territory at one level."""
    towns: tuple[str, ...]
    """红色:安居镇、少云镇; empty where nothing is in force any more."""
    relayed: bool
    """The book has no measure: whoever decides must read the warning itself."""
    until: str


def compose(
    versions: Sequence[Version],
    book: RuleBook,
    texts: Texts,
    kind: str | None = None,
    more: Mapping[str, object] = FACTS,
) -> Written:
    """The words of one bundle, slots open. kind: the template, where the versions do not decide it; more: what the
    ladder adds to the facts."""
    sections = sorted((section(version, book) for version in versions), key=_urgency)
    facts = facts_of(sections, book) | dict(FACTS) | dict(more)
    text = texts.write(kind or _kind(sections), sections[0].hazard, facts, fallback=plain(sections, book))
    return replace(text, items=_items(sections))


def _items(sections: Sequence[Section]) -> tuple[str, ...]:
    """Measures as a reader counts them: the first line, then ②③; nothing where two orders count from one."""
    counted = [part.acts for part in sections if part.acts]
    return tuple(act.measure for act in counted[0]) if len(counted) == 1 else ()


def facts_of(sections: Sequence[Section], book: RuleBook) -> dict[str, object]:
    """Everything a template may name."""
    acts = [act for part in sections for act in part.acts]
    return {
        "sign": book.signature,
        "phone": book.duty_phone,
        "first": sections[0],
        "sections": sections,
        "ask": ask(acts),
        "ask_end": ask_end(acts),
        "alone": len(sections) == 1 and _says_all(sections[0]),
    }


def section(version: Version, book: RuleBook) -> Section:
    """One version as its unit reads it."""
    change = version.change
    unit = book.units.get(change.key.unit)
    acts, going_on = _acts(version, book)
    said = correction(version) or instead(version)
    ended = () if said else _ended(version, book)
    reach = change.reach if change.level else ()
    head, short = _head(version, book), unit.short if unit else change.key.unit
    room = FIRST_LINE - len(f"【{book.signature}】{head} {short}:“”{OVER}。{ask(())}核实{book.duty_phone}")
    return Section(
        unit=short,
        head=head,
        lead=acts[0].words
        if acts
        else said or lasting(change) or _without_acts(change.kind, ended, going_on, room),
        kind=change.kind.value,
        hazard=change.key.hazard,
        level=int(version.lane_level),
        acts=acts,
        going_on=going_on,
        ended=ended,
        scope=_scope(reach, book),
        towns=tuple(f"{part.level.zh}:{_names(part.towns, book)}" for part in reach),
        relayed=any(mark.standing.measure == RELAY.id for mark in version.measures),
        until=change.ends.astimezone(BEIJING).strftime("%d日%H:%M") if change.ends else "",
    )


def ask(acts: Sequence[Act]) -> str:
    """How to answer by SMS alone."""
    if any(act.counts for act in acts):
        leaving = any("撤" in act.words or "转移" in act.words for act in acts if act.counts)
        return f"收到回1,{'撤完' if leaving else '办完'}回3加人数。"
    return "收到回1,办完回3。" if acts else "收到回1。"


def ask_end(acts: Sequence[Act]) -> str:
    """How to answer a question for the end."""
    counts = any(act.counts for act in acts)
    return f"全办完回3{'加人数' if counts else ''},在办回2。"


def plain(sections: Sequence[Section], book: RuleBook) -> str:
    """The text that needs no template."""
    lines = [
        f"{part.head} {part.unit}:{';'.join(act.words for act in part.acts) or part.lead}" for part in sections
    ]
    acts = [act for part in sections for act in part.acts]
    return f"【{book.signature}】{{resend}}" + "\n".join(lines) + f"。{ask(acts)}核实{book.duty_phone}"


def _urgency(part: Section) -> tuple[bool, int, datetime, str]:
    """What is to be done before what is over, the gravest and soonest first."""
    first = part.acts[0].due if part.acts else datetime.max.replace(tzinfo=BEIJING)
    return not part.acts, -part.level, first, part.unit


def _kind(sections: Sequence[Section]) -> str:
    kinds = {part.kind for part in sections}
    if kinds == {Kind.LAPSE.value}:
        return "lapse"
    return "order" if kinds <= {Kind.ISSUE.value} else "update"


def _head(version: Version, book: RuleBook) -> str:
    change = version.change
    if correction(version):
        return f"更正{danger(change.key.hazard, change.key.family, change.level, book)}"
    if instead(version):
        return f"{hazard_name(change.key.hazard, book)}已有指令"
    return provenance(change) + _danger_head(change, book)


def _danger_head(change: Change, book: RuleBook) -> str:
    level, before = change.level, change.before
    if level is None:
        return f"解除{danger(change.key.hazard, change.key.family, before, book)}"
    if change.kind is Kind.REOPEN:
        return f"{danger(change.key.hazard, change.key.family, level, book)}继续"
    if extension(change):
        return f"{danger(change.key.hazard, change.key.family, level, book)}延长"
    if before is None or before == level:
        return danger(change.key.hazard, change.key.family, level, book)
    name = hazard_name(change.key.hazard, book)
    return f"{name}{'升为' if level > before else '降为'}{book.level_words(change.key.family, level)}"


def danger(hazard: str, family: str, level: Level | None, book: RuleBook) -> str:
    """暴雨红色, 水旱灾害Ⅱ级响应."""
    return hazard_name(hazard, book) + (book.level_words(family, level) if level else "")


def hazard_name(key: str, book: RuleBook) -> str:
    """暴雨; for what the book does not know, the issuer's own word, or that it gave only a code."""
    known = book.hazard_table.get(key)
    word = key.lstrip("?")
    return known.name if known else f"未识别灾种({word})" if word.isascii() else word


def _says_all(part: Section) -> bool:
    """Whether the first line leaves nothing to say: one act, or one all-clear."""
    if part.kind == Kind.LAPSE.value:
        return True
    return len(part.acts) == 1 and not (part.going_on or part.ended or part.scope or part.relayed)


def _without_acts(kind: Kind, ended: Sequence[str], going_on: Sequence[Act], room: int) -> str:
    if kind is Kind.LAPSE or ended:
        rest = "" if kind is Kind.LAPSE else ",其余照旧" if going_on else ""
        return f"{_brief(ended, room)}{OVER}{rest}"
    return "不是新指令,范围有变,措施照旧" if going_on else "措施请来电核实"


def _brief(ended: Sequence[str], room: int) -> str:
    """“撤离涪江225米线下住户”等7项, in so many characters beside the quotation marks."""
    if not ended:
        return "有关指令"
    more = f"等{len(ended)}项" if len(ended) > 1 else ""
    clause = re.split("[,:;]", ended[0])[0]
    quoted = clause if more or len(ended[0]) > room else ended[0]
    most = max(room - len(more), LEAST)
    return f"“{quoted if len(quoted) <= most else quoted[: most - 1] + '…'}”{more}"


def _acts(version: Version, book: RuleBook) -> tuple[tuple[Act, ...], tuple[Act, ...]]:
    """What to do now, and what simply goes on; who reads the whole of it (issue, reopen) has only the former."""
    found = [act for mark in version.measures if (act := _act(mark, version, book))]
    all_ = version.change.kind in (Kind.ISSUE, Kind.REOPEN)
    acts = sorted((a for a in found if a.new or all_), key=lambda a: (not a.new, a.due, not a.compulsory))
    rest = (a for a in found if not a.new and not all_ and not any(a.plain in act.plain for act in acts))
    return tuple(acts), tuple(sorted(rest, key=lambda a: a.due))


def _act(mark: MeasureMark, version: Version, book: RuleBook) -> Act | None:
    measure = measure_of(mark.standing, version.change, book)
    said = _said(mark, measure)
    if not said or mark.mark is Mark.LAPSED or mark.deadline is None:
        return None
    advice = mark.standing.form is Form.ADVICE
    clock = mark.deadline.astimezone(BEIJING).strftime("%H:%M")
    return Act(
        measure=mark.standing.measure,
        words=f"{clock}前{said}" if mark.deadline > version.made_at else f"立即{said}",
        plain=said,
        clock=clock,
        due=mark.deadline,
        advice=advice,
        new=mark.mark is Mark.ADDED,
        counts=bool(measure and Evidence.COUNT in measure.evidence and not advice),
        compulsory=bool(measure and measure.compulsory),
    )


def _said(mark: MeasureMark, measure: Measure | None) -> str:
    """The words that the version keeps; the book's where an older engine kept none."""
    return mark.words or (words_of(measure, mark.standing.form) if measure else "")


def _ended(version: Version, book: RuleBook) -> tuple[str, ...]:
    """What need not be done any more. What a graver measure replaces is not ended: it is part of that measure."""
    unit = book.units.get(version.change.key.unit)
    measures = {measure.id: measure for measure in book.measures_of(unit)} if unit else {}
    replaced = _replaced((m.standing.measure for m in version.measures if m.mark is not Mark.LAPSED), measures)
    over = [
        (measure, mark)
        for mark in version.measures
        if mark.mark is Mark.LAPSED and mark.standing.measure not in replaced and not judged(mark, version)
        if (measure := measure_of(mark.standing, version.change, book) or by_hand(mark, version))
    ]
    over.sort(key=lambda pair: (-pair[0].when.level, pair[1].standing.form is Form.ADVICE, not pair[0].compulsory))
    return tuple(_said(mark, measure) for measure, mark in over)


def _replaced(ids: Iterable[str], measures: Mapping[str, Measure]) -> set[str]:
    """What these measures replace, and what that has replaced in its turn."""
    direct = {old for id_ in ids if id_ in measures for old in measures[id_].replaces}
    return direct | _replaced(direct, measures) if direct else direct


def _scope(reach: Sequence[Reach], book: RuleBook) -> str:
    towns = sum(len(part.towns) for part in reach)
    if towns <= 1 or (len(reach) == 1 and towns == len(book.district.townships)):
        return ""
    return ",".join(
        f"{_names(part.towns, book) if len(part.towns) <= NAMED else _count(part.towns)}{part.level.zh}"
        for part in reach
    )


def _count(towns: Sequence[str]) -> str:
    return f"{len(towns)}个镇街"


def _names(towns: Sequence[str], book: RuleBook) -> str:
    return "、".join(town.name if (town := book.district.township(code)) else code for code in towns)
