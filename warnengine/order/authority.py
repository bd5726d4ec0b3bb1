"""Standing authorisations (年度审定): what is ordered at once because it was decided beforehand. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta

from warnengine.model.book import Authorisation, Measure, RuleBook
from warnengine.model.clock import BEIJING
from warnengine.model.order import Form, OrderKey, Stands

NOTICE = timedelta(days=30)
"""How long before its end the duty room is told."""
Granted = frozenset[tuple[OrderKey, str]]


def authorised(book: RuleBook, standing: Mapping[OrderKey, Stands], now: datetime) -> Granted:
    """What may be ordered without asking: what an authorisation allows today, and what it allowed when it was
    ordered. That a document runs out at midnight takes nothing back."""
    return frozenset((*_allowed(book, _day(now)), *_kept(standing)))


def authority(measure: Measure, form: Form, unit: str, book: RuleBook, now: datetime) -> str:
    """What a compulsory measure is ordered on, for the record; empty where somebody was asked."""
    if not measure.compulsory or form is not Form.ORDER:
        return ""
    found = _found(measure, unit, book, _day(now))
    return f"依据{found.document}授权" if found else ""


def ending(book: RuleBook, now: datetime) -> Iterator[str]:
    """What the duty room reads of authorisations that end soon, or have ended."""
    day = _day(now)
    for one in book.standing:
        if one.valid_to < day:
            yield f"授权{one.document}已于{one.valid_to}到期,所列措施现在逐次报批:请区局续办或从规则中删去"
        elif one.valid_to - day <= NOTICE:
            yield f"授权{one.document}将于{one.valid_to}到期,之后所列措施要逐次报批:请区局及时续办"


def _allowed(book: RuleBook, day: date) -> Iterator[tuple[OrderKey, str]]:
    if not book.standing:
        return
    for unit in book.units.values():
        for measure in book.measures_of(unit):
            if measure.compulsory and _found(measure, unit.code, book, day):
                yield OrderKey(unit.code, measure.when.hazard, measure.when.family), measure.id


def _kept(standing: Mapping[OrderKey, Stands]) -> Iterator[tuple[OrderKey, str]]:
    for key, stands in standing.items():
        yield from ((key, measure.measure) for measure, mark in stands.said.items() if mark.authority)


def _found(measure: Measure, unit: str, book: RuleBook, day: date) -> Authorisation | None:
    return next((one for one in book.standing if one.allows(unit, measure, day)), None)


def _day(now: datetime) -> date:
    return now.astimezone(BEIJING).date()
