"""What a new rule book may do with what stands: nothing, until the situation is another or a person asks. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from warnengine.model.book import Measure, RuleBook
from warnengine.model.byhand import FAMILY, Deferred
from warnengine.model.order import Change, Desired, Form, Kind, OrderKey, Stands
from warnengine.model.publication import Undecided
from warnengine.order.escalate import rule_of

Waits = Mapping[OrderKey, Deferred]


def left_alone(wanted: Mapping[OrderKey, Desired], standing: Mapping[OrderKey, Stands], book: str) -> Waits:
    """What a book would order or move on the day it is published, though nothing has happened: it waits."""
    return {
        key: Deferred(book, order.level, order.reach)
        for key, order in wanted.items()
        if not key.family.startswith(FAMILY)
        and (key not in standing or (standing[key].level, standing[key].reach) != (order.level, order.reach))
    }


def moved_on(
    wanted: Mapping[OrderKey, Desired], deferred: Waits, asked: Collection[OrderKey], book: str
) -> frozenset[OrderKey]:
    """What of the deferred waits no longer: its danger is over, or at another level or place, or it is asked for.

    Only the book that deferred them may say so: a process that still has the older one knows nothing of them."""
    return frozenset(
        key
        for key, one in deferred.items()
        if one.book == book and (key in asked or not _same(wanted.get(key), one))
    )


def as_it_was(
    wanted: Mapping[OrderKey, Desired], standing: Mapping[OrderKey, Stands], deferred: Waits
) -> dict[OrderKey, Desired]:
    """What should stand, where only the new book would move an order to another level or other places."""
    return {
        key: replace(order, level=standing[key].level, reach=standing[key].reach)
        if key in deferred and key in standing
        else order
        for key, order in wanted.items()
    }


def unasked(changes: Iterable[Change], deferred: Waits) -> tuple[Change, ...]:
    """The changes without new orders for which only the new book is a reason."""
    return tuple(one for one in changes if one.kind is not Kind.ISSUE or one.key not in deferred)


def anew(
    standing: Mapping[OrderKey, Stands], asked: Mapping[OrderKey, frozenset[str]], book: str
) -> dict[OrderKey, Stands]:
    """What stands, where somebody brings an order to a book: as if it were of that book already, less the measures
    that it words anew, which are told as new ones."""
    return {
        key: replace(
            stands, book=book, measures=frozenset(s for s in stands.measures if s.measure not in asked[key])
        )
        if key in asked
        else stands
        for key, stands in standing.items()
    }


def ordered_already(
    standing: Mapping[OrderKey, Stands], asked: Collection[OrderKey]
) -> frozenset[tuple[OrderKey, str]]:
    """What an order that somebody brings to a book orders already: who has approved it has not taken it back."""
    orders = (standing[key] for key in asked if key in standing)
    return frozenset((one.key, s.measure) for one in orders for s in one.measures if s.form is Form.ORDER)


def reworded(stands: Stands, before: RuleBook | None, after: RuleBook) -> frozenset[str]:
    """The measures of an order that a newer book says otherwise: other words, or another time.

    What an authority has said yes to is carried out in the words that it saw, and stays. before: the book that the
    order is from; None where it cannot be read any more, then only the words are compared.
    """
    old = _measures(before, stands.key.unit)
    new = _measures(after, stands.key.unit)
    told = set()
    for standing, mark in stands.said.items():
        measure = new.get(standing.measure)
        if measure is None or (measure.compulsory and standing.form is Form.ORDER):
            continue
        words = measure.advice or measure.order if standing.form is Form.ADVICE else measure.order
        was = old.get(standing.measure)
        if mark.words != words or (was and was.deadline != measure.deadline):
            told.add(standing.measure)
    return frozenset(told)


def obstacles(
    standing: Mapping[OrderKey, Stands], pending: Sequence[Undecided], before: RuleBook, after: RuleBook
) -> Iterator[str]:
    """Why a book must not be published now, for the clerk: what stands or waits would lose its footing."""
    if after.district.code != before.district.code:
        yield (
            f"规则属于{after.district.name}({after.district.code}),本库是{before.district.name}"
            f"({before.district.code}):请核对 district.yaml 的 code"
        )
    yield from _lost(standing, before, after)
    for request in pending:
        yield from _unheard(request, before, after)


def _lost(standing: Mapping[OrderKey, Stands], before: RuleBook, after: RuleBook) -> Iterator[str]:
    """Units, posts and hazards that orders still need."""
    orders = [(key, stands) for key, stands in standing.items() if not key.family.startswith(FAMILY)]
    hazards = {hazard.key for hazard in after.hazards}
    known = {hazard.key: hazard.name for hazard in before.hazards}
    for unit in sorted({key.unit for key in standing} - after.units.keys()):
        name = before.units[unit].short if unit in before.units else unit
        yield f"规则里没有了{name}({unit}),它有现行指令:等指令解除,或把单位留在 units/ 里"
    for hazard in sorted({key.hazard for key, _ in orders if key.hazard in known} - hazards):
        yield f"规则里没有了灾种{known[hazard]}({hazard}),它有现行指令:等指令解除,或把灾种留在 hazards.yaml 里"
    posts = {post for _, stands in orders for post in _posts(stands, before)} - after.posts.keys()
    for post in sorted(posts):
        yield f"规则里没有了岗位{post},现行指令还要叫应它:等指令解除,或把岗位留在 units/posts.yaml 里"


def _posts(stands: Stands, book: RuleBook) -> Iterator[str]:
    """Posts that a standing order has called."""
    unit = book.units.get(stands.key.unit)
    if unit:
        yield from book.ladder[stands.level].called.get(unit.kind, ())
        measures = _measures(book, unit.code)
        yield from (p for s in stands.measures if s.measure in measures for p in measures[s.measure].posts)


def _unheard(request: Undecided, before: RuleBook, after: RuleBook) -> Iterator[str]:
    """What would become of a request that waits."""
    asked, still = rule_of(request.level, before), rule_of(request.level, after)
    known = {(one.unit, one.post) for one in still.authorities} if still else set()
    if asked:
        one = asked.authorities[min(request.rung, len(asked.authorities) - 1)]
        if (one.unit, one.post) not in known:
            yield (
                f"第{request.approval}号请示正等{one.unit}/{one.post}批复,规则里没有了这一审批人:"
                "等批复后再发布,或把审批人留在 approvals.yaml 里"
            )
    measure = _measures(after, request.unit).get(request.measure)
    if measure is None or measure.order != request.words:
        yield (
            f"第{request.approval}号请示正等批复的“{request.words}”({request.measure}),规则里没有了或改了字:"
            "等批复后再发布,或把这条措施留着"
        )


def _measures(book: RuleBook | None, unit: str) -> dict[str, Measure]:
    known = book.units.get(unit) if book else None
    return {measure.id: measure for measure in book.measures_of(known)} if book and known else {}


def _same(order: Desired | None, deferred: Deferred) -> bool:
    return order is not None and (order.level, order.reach) == (deferred.level, deferred.reach)
