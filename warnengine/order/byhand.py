"""Orders beside the rules, as if a rule had made them; orders that were taken back, as if no rule did. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from warnengine.model.book import Measure, RuleBook
from warnengine.model.byhand import FAMILY, HAZARD, ByHand, Manual
from warnengine.model.clock import BEIJING
from warnengine.model.consultation import Verb, those
from warnengine.model.order import Desired, Form, Kind, Mark, MeasureMark, OrderKey, Standing, Stands, Version
from warnengine.model.situation import CellKey, InForce

CORRECTION = Standing("manual.correction", Form.ORDER)
"""The mark whose words a correction reads."""
QUOTED = 16
"""Characters of what a correction takes back: its first line stands alone."""


def beside(book: RuleBook, people: ByHand, now: datetime) -> RuleBook:
    """The book with what people order as measures of their units."""
    if not people.manual:
        return book
    measures: dict[str, tuple[Measure, ...]] = {}
    for one in people.manual:
        for unit in one.units:
            measures[unit] = (*measures.get(unit, ()), _measure(one, now))
    return book.model_copy(update={"by_hand": measures})


def ordered(people: ByHand, book: RuleBook) -> Iterator[InForce]:
    """Each order by hand as a danger of its own, in force everywhere: only its units have a measure for it."""
    for one in people.manual:
        for town in book.district.townships:
            key = CellKey(town.code, HAZARD, one.family)
            yield InForce(key, one.level, frozenset({f"manual/{one.id}"}), one.not_after)


def less(wanted: Mapping[OrderKey, Desired], people: ByHand) -> dict[OrderKey, Desired]:
    """What should stand without what was taken back. A message that came later orders anew, but for a conclusion
    that makes it less."""
    return {
        key: order
        for key, order in wanted.items()
        if key not in people.withdrawn
        or not order.because - those(order.because, Verb.LOWER) <= people.withdrawn[key].seen
    }


def as_decided(standing: Mapping[OrderKey, Stands], people: ByHand, book: RuleBook) -> dict[OrderKey, Stands]:
    """What stands, where people have decided under the book of today: a newer book does not keep it standing."""
    return {
        key: replace(stands, book=book.hash)
        if key in people.withdrawn or key.family.startswith(FAMILY)
        else stands
        for key, stands in standing.items()
    }


def told(version: Version, people: ByHand) -> Version:
    """A version as people by hand want it told: at their clock time to the minute, and as a correction."""
    change = version.change
    exact = {one.measure: one.deadline for one in people.manual}
    marks = tuple(
        replace(mark, deadline=exact[mark.standing.measure])
        if mark.standing.measure in exact and mark.mark is not Mark.LAPSED
        else mark
        for mark in version.measures
    )
    taken = people.withdrawn.get(change.key)
    if change.kind is Kind.LAPSE and taken and taken.order == change.order and taken.words:
        marks = (*marks, MeasureMark(CORRECTION, Mark.LAPSED, None, taken.words))
    elif change.kind is Kind.UPDATE and change.key.family.startswith(FAMILY):
        marks = (*marks, MeasureMark(CORRECTION, Mark.LAPSED, None, "以本条为准"))
    return replace(version, measures=marks)


def correction(version: Version) -> str:
    """What a version says as a correction; empty where it is none."""
    return next((mark.words for mark in version.measures if mark.standing == CORRECTION), "")


def retraction(version: Version) -> str:
    """What takes a version back: composed with it, so that nobody has to find words under pressure."""
    said = next((mark.words for mark in version.measures if mark.words and mark.mark is not Mark.LAPSED), "")
    quoted = said if len(said) <= QUOTED else said[: QUOTED - 1] + "…"
    return f"{version.made_at.astimezone(BEIJING):%H:%M}发出的“{quoted}”系误发,请勿执行,已执行的停下"


def by_hand(mark: MeasureMark, version: Version) -> Measure | None:
    """What somebody ordered by hand, as a measure; None for anything else."""
    change = version.change
    if not change.key.family.startswith(FAMILY) or mark.standing == CORRECTION:
        return None
    when = {"hazard": HAZARD, "level": version.lane_level.key, "family": change.key.family}
    return Measure.model_validate(
        {"id": mark.standing.measure, "when": when, "order": mark.words, "deadline": "0s"}
    )


def _measure(one: Manual, now: datetime) -> Measure:
    within = max(int((one.deadline - now).total_seconds()), 0)
    when = {"hazard": HAZARD, "level": one.level.key, "family": one.family}
    return Measure.model_validate({"id": one.measure, "when": when, "order": one.words, "deadline": f"{within}s"})
