"""Every text that any unit of the real book can get, through the real templates."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import pytest

from tests.core.district import (
    ANJU,
    BOOK,
    GAOLOU,
    NIGHT,
    TEXTS,
    TOWNS,
    Hall,
    all_replaced,
    at,
    force,
    measure,
    rain,
    taken,
    waiting,
)
from warnengine.match.desired import desired
from warnengine.model.book import SIGNAL, RuleBook
from warnengine.model.bundle import Written
from warnengine.model.level import Level
from warnengine.model.order import Change, Desired, Form, Kind, Mark, MeasureMark, OrderKey, Standing, Version
from warnengine.order.compose import FIRST_LINE, Section, compose, section
from warnengine.order.diff import diff
from warnengine.order.draft import draft
from warnengine.order.texts import fill

GOLDEN = "【铜梁应急】暴雨红色 安居镇:06:25前撤离涪江225米线下住户,先老弱。收到回1,撤完回3加人数。"
SLOTS = {"{name}", "{posts}", "{link}", "{resend}"}
FILLED = {
    "name": "欧阳建国",
    "posts": "安居镇书记、安居镇镇长(主任)",
    "link": "https://yj.tongliang.example.cn/a/" + 11 * "x",
    "resend": "",
}
NOW = at("05:55:10")
MIXED = {town: Level.ORANGE if town == GAOLOU else Level.RED for town in TOWNS}
SCATTERED = {town: Level(1 + place % 4) for place, town in enumerate(TOWNS[:9])}
SITUATIONS: dict[str, dict[str, Level]] = {
    "nothing": {},
    **{level.key: dict.fromkeys(TOWNS, level) for level in Level},
    "mixed": MIXED,
    "scattered": SCATTERED,
    "anju red": {ANJU: Level.RED},
}


@dataclass(frozen=True)
class Case:
    """One text that somebody in a unit may get."""

    label: str
    version: Version
    part: Section
    written: Written

    @property
    def unit(self) -> str:
        return self.version.change.key.unit

    @property
    def short(self) -> str:
        return fill(self.written.short, FILLED)

    @property
    def first(self) -> str:
        return self.short.splitlines()[0]

    def words(self, *marks: Mark) -> set[str]:
        """The words of its measures that have one of these marks."""
        return {
            (m.advice if mark.standing.form is Form.ADVICE else None) or m.order
            for mark in self.version.measures
            if mark.mark in marks
            for m in [measure(mark.standing.measure)]
        }


def wanted(levels: Mapping[str, Level], message: str, *, approved: bool) -> dict[OrderKey, Desired]:
    """What should stand when a message says so."""
    situation = [force(town, level, because=message, ends=at("08:00")) for town, level in levels.items()]
    orders = desired(situation, BOOK, frozenset())
    granted = {(key, m.id) for key in orders for m in BOOK.measures_of(BOOK.units[key.unit]) if m.compulsory}
    return desired(situation, BOOK, frozenset(granted)) if approved else orders


def transitions() -> Iterator[tuple[str, Version]]:
    """From every situation to every other, with and without approvals: what every unit hears of it."""
    for (old, levels), before in itertools.product(SITUATIONS.items(), (False, True)):
        standing = {
            change.key: taken(draft(change, None, BOOK, at("02:22:30")))
            for change in diff({}, wanted(levels, "m1", approved=before), BOOK.hash)
        }
        for (new, later), after in itertools.product(SITUATIONS.items(), (False, True)):
            for change in diff(standing, wanted(later, "m2", approved=after), BOOK.hash):
                label = f"{old}{' approved' * before} to {new}{' approved' * after}: {change.key.unit}"
                yield label, draft(change, standing.get(change.key), BOOK, NOW)


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    """Each version once."""
    found: dict[object, tuple[str, Version]] = {}
    for label, version in transitions():
        change = version.change
        found.setdefault(
            (change.key, change.kind, change.before, change.reach, version.measures), (label, version)
        )
    return [
        Case(label, version, section(version, BOOK), compose([version], BOOK, TEXTS))
        for label, version in found.values()
    ]


def test_the_golden_text() -> None:
    hall = Hall()
    red = hall.take(*NIGHT[:4], now=at("05:55:00"))[ANJU]
    approved = hall.approve(waiting([red]), now=NOW)[ANJU]
    lines = fill(compose([approved], BOOK, TEXTS).short, FILLED).splitlines()
    assert lines[0] == GOLDEN
    assert lines[-1].startswith("核实023-45600000")


def test_one_thing_is_one_short_message() -> None:
    """Only the evacuation of 安居镇 is approved, and nothing else is left to say."""
    hall = Hall(book=only_evacuation())
    hall.take(NIGHT[3], now=at("05:55:00"))
    version = hall.approve([(rain(ANJU), "p500151105.rainstorm.red.1")], now=NOW)[ANJU]
    written = compose([version], hall.book, TEXTS)
    assert fill(written.short, FILLED) == GOLDEN + "核实023-45600000"
    assert "{link}" not in written.short


def only_evacuation() -> RuleBook:
    plan = BOOK.plans[ANJU]
    plan = plan.model_copy(update={"measures": (measure("p500151105.rainstorm.red.1"),)})
    return BOOK.model_copy(update={"plans": {ANJU: plan}, "kinds": {}, "sectors": {}})


def test_there_is_a_text_for_every_unit_and_every_kind(cases: list[Case]) -> None:
    heard = {(case.unit, case.version.change.kind) for case in cases}
    units = {unit for unit, _ in heard}
    assert units == {
        code
        for code, unit in BOOK.units.items()
        if any((m.when.hazard, m.when.family) == ("rainstorm", SIGNAL) for m in BOOK.measures_of(unit))
    }
    assert {kind for _, kind in heard} == set(Kind)
    assert len(cases) > 2000


def test_no_template_breaks(cases: list[Case]) -> None:
    assert {case.label: case.written.notes for case in cases if case.written.notes} == {}


def test_the_first_line_stands_alone(cases: list[Case]) -> None:
    """Who, what, by when, how to answer: within one SMS, also when it is marked as a reminder."""
    long = {case.label: case.first for case in cases if len(case.first) > FIRST_LINE}
    assert {label: line for label, line in long.items() if not line.endswith("核实023-45600000")} == {}
    reminded = [f"再次提醒:{case.first.removesuffix('核实023-45600000')}" for case in cases]
    assert [line for line in reminded if len(line) > FIRST_LINE] == []


def test_an_all_clear_quotes_no_more_than_fits() -> None:
    """Also where the order that ends was long: nobody pays two parts, and reads in two, that it is over."""
    longest_name_last = sorted(BOOK.units.values(), key=lambda unit: len(unit.short))
    bearers = {measure: unit for unit in longest_name_last for measure in BOOK.measures_of(unit)}
    for measure_, unit in bearers.items():
        when, stands = measure_.when, Standing(measure_.id, Form.ORDER)
        key = OrderKey(unit.code, when.hazard, when.family)
        change = Change(Kind.LAPSE, key, 1, 2, when.level, None, (), (), (stands,), (), frozenset(), None)
        short = compose([draft(change, None, BOOK, NOW)], BOOK, TEXTS).short.replace("{resend}", "")
        assert len(short) <= FIRST_LINE, short


def test_a_text_that_asks_one_thing_is_one_sms_without_a_link(cases: list[Case]) -> None:
    alone = [case for case in cases if "\n" not in case.short]
    assert {case.part.kind for case in alone} >= {"issue", "update", "lapse"}
    assert [case.short for case in alone if len(case.short) > FIRST_LINE or "://" in case.short] == []
    assert [case.short for case in cases if case not in alone and FILLED["link"] not in case.short] == []


def test_it_fits_what_gateways_take(cases: list[Case]) -> None:
    assert max(len(case.short) for case in cases) <= 500


def test_only_the_closed_slots_are_open(cases: list[Case]) -> None:
    for case in cases:
        for text in (case.written.short, case.written.subject, case.written.body, case.written.html):
            body = re.sub(r"<[^>]*style=[^>]*>", "", text)
            assert set(re.findall(r"\{[^{}]*\}", body)) <= SLOTS, case.label
            assert "{" not in re.sub("|".join(map(re.escape, SLOTS)), "", body), case.label


def test_it_says_who_what_danger_and_whom_to_call(cases: list[Case]) -> None:
    for case in cases:
        change = case.version.change
        level = change.level or change.before
        assert level is not None
        head = f"【铜梁应急】{'解除' if change.level is None else ''}暴雨"
        assert case.first.startswith(head), case.label
        assert f"{level.zh}" in case.first.partition(":")[0], case.label
        assert f"{BOOK.units[case.unit].short}:" in case.first, case.label
        assert "收到回1" in case.first, case.label
        for text in (case.short, case.written.body, case.written.html):
            assert BOOK.duty_phone in text, case.label
        assert "{link}" in case.written.body, case.label


def test_it_says_whether_things_get_worse_or_better(cases: list[Case]) -> None:
    for case in cases:
        change = case.version.change
        if change.kind is Kind.UPDATE and change.before and change.level:
            rises, falls = change.level > change.before, change.level < change.before
            assert ("升为" in case.first, "降为" in case.first) == (rises, falls), case.label


def test_every_new_act_is_there_with_its_clock_time_and_the_soonest_leads(cases: list[Case]) -> None:
    for case in cases:
        again = case.version.change.kind is Kind.REOPEN
        due = sorted(
            mark.deadline for mark in case.version.measures if mark.deadline and (mark.mark is Mark.ADDED or again)
        )
        assert [act.due for act in case.part.acts] == due, case.label
        for act in case.part.acts:
            for text in (case.short, case.written.body, case.written.html):
                assert f"{act.due:%H:%M}前{act.plain}" in text, case.label
        if due:
            assert f":{due[0]:%H:%M}前" in case.first, case.label


def test_it_never_orders_what_does_not_stand(cases: list[Case]) -> None:
    for case in cases:
        unit = BOOK.units[case.unit]
        every = {words for m in BOOK.measures_of(unit) for words in (m.order, m.advice) if words}
        firm = case.words(Mark.ADDED, Mark.CONTINUING)
        for text in (case.short, case.written.body, case.written.html):
            rest = without(without(text, [*case.part.ended]), firm)
            rest = re.sub("“[^”]*”", "", rest)
            assert [words for words in every - firm if words in rest] == [], case.label


def without(text: str, words: Iterable[str]) -> str:
    for one in sorted(words, key=len, reverse=True):
        text = text.replace(one, " ")
    return text


def test_what_goes_on_is_said_unless_a_new_act_says_it(cases: list[Case]) -> None:
    for case in cases:
        if case.version.change.kind is Kind.UPDATE:
            for words in case.words(Mark.CONTINUING):
                assert words in case.short, case.label


def test_what_ends_is_named(cases: list[Case]) -> None:
    for case in cases:
        standing = {m.standing.measure for m in case.version.measures if m.mark is not Mark.LAPSED}
        replaced = {old for id_ in standing for old in all_replaced(id_, case.unit)}
        over = {m.standing.measure for m in case.version.measures if m.mark is Mark.LAPSED} - replaced
        assert len(case.part.ended) == len(over), case.label
        assert {*case.part.ended} <= case.words(Mark.LAPSED), case.label
        if over:
            assert "返回前先查险" in case.short, case.label


def test_an_all_clear_names_the_gravest_thing_that_it_ends(cases: list[Case]) -> None:
    for case in cases:
        ended = case.part.ended
        if case.version.change.level is None:
            named = re.search("“([^…”]+)…?”(等[0-9]+项)?到此结束", case.first)
            assert named, case.label
            assert ended[0].startswith(named[1]), case.label
            assert named[2] == (f"等{len(ended)}项" if len(ended) > 1 else None), case.label
        elif ended:
            assert f"取消“{'”,取消“'.join(ended)}”。" in case.short, case.label


def test_an_upgrade_or_an_approval_ends_nothing_aloud(cases: list[Case]) -> None:
    """What a graver order replaces is part of it: 取消 beside an evacuation would be read wrongly."""
    for case in cases:
        change = case.version.change
        unapproved = any(
            m.mark is Mark.LAPSED and m.standing.form is Form.ORDER and waits(m) for m in case.version.measures
        )
        if (
            change.kind is Kind.UPDATE
            and change.before
            and change.level
            and change.level >= change.before
            and not unapproved
        ):
            assert case.part.ended == (), case.label


def waits(mark: MeasureMark) -> bool:
    return measure(mark.standing.measure).compulsory


def test_a_number_is_asked_for_exactly_where_an_order_counts_people(cases: list[Case]) -> None:
    for case in cases:
        counts = any(act.counts for act in case.part.acts)
        assert ("加人数" in case.first) == counts, case.label
        assert ("回3" in case.first) == bool(case.part.acts), case.label


def test_advice_is_marked_in_the_long_text(cases: list[Case]) -> None:
    for case in cases:
        marked = case.written.body.count("(强制措施正在报批)")
        assert marked == sum(act.advice for act in case.part.acts), case.label
