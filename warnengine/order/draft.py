"""From a change to a version that can be written down: deadlines as clock times, posts, channels, expiry."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from warnengine.model.book import RELAY, Measure, RuleBook, UnitKind
from warnengine.model.level import Level
from warnengine.model.order import Change, Form, Kind, Mark, MeasureMark, Standing, Stands, Version
from warnengine.order.authority import authority

ALL_CLEAR_LIFE = timedelta(hours=24)
"""How long an all-clear may still be sent after it was made."""


def draft(change: Change, stands: Stands | None, book: RuleBook, now: datetime) -> Version:
    """The version that carries a change. stands: what it changes; its continuing measures keep their clock times
    and words, and while the level stays, the rule book that they are from."""
    level = change.level or change.before or Level.BLUE
    rung = book.ladder[level]
    marks = tuple(_marks(change, stands.said if stands else {}, book, now))
    return Version(
        change=change,
        measures=marks,
        posts=_posts(change, level, book),
        channels=rung.channels,
        book=stands.book if stands and change.level == stands.level else book.hash,
        made_at=now,
        not_after=_not_after(change, level, book, now),
    )


def whole(version: Version) -> Version:
    """A version as somebody reads it who has heard of no earlier one: all that stands, nothing of what was."""
    if version.change.kind in (Kind.ISSUE, Kind.LAPSE):
        return version
    change = replace(version.change, kind=Kind.ISSUE, before=None)
    stands = tuple(mark for mark in version.measures if mark.mark is not Mark.LAPSED)
    return replace(version, change=change, measures=stands)


def clock_time(now: datetime, within: timedelta) -> datetime:
    """A deadline that can be said aloud: to the nearest five minutes, short ones to the minute."""
    step = timedelta(minutes=5 if within >= timedelta(minutes=15) else 1)
    due = now + within
    past = timedelta(minutes=due.minute, seconds=due.second, microseconds=due.microsecond) % step
    return due - past + (step if past >= step / 2 else timedelta())


def measure_of(standing: Standing, change: Change, book: RuleBook) -> Measure | None:
    """The measure in this book; None where an older book gave it."""
    if standing.measure == RELAY.id:
        return RELAY
    unit = book.units.get(change.key.unit)
    return next((m for m in book.measures_of(unit) if m.id == standing.measure), None) if unit else None


def words_of(measure: Measure, form: Form) -> str:
    """What is told of a measure in one form."""
    return measure.advice or measure.order if form is Form.ADVICE else measure.order


def _marks(
    change: Change, said: Mapping[Standing, MeasureMark], book: RuleBook, now: datetime
) -> Iterator[MeasureMark]:
    for standing in change.added:
        measure = measure_of(standing, change, book)
        if measure:
            due = clock_time(now, measure.deadline)
            said_by = authority(measure, standing.form, change.key.unit, book, now)
            yield MeasureMark(standing, Mark.ADDED, due, words_of(measure, standing.form), said_by)
    for standing in change.continuing:
        yield _continuing(standing, change, said.get(standing), book, now)
    ordered = {standing.measure for standing in change.added if standing.form is Form.ORDER}
    for standing in change.lapsed:
        if standing.measure not in ordered:  # advice that has become an order has not lapsed
            yield MeasureMark(standing, Mark.LAPSED, None, said[standing].words if standing in said else "")


def _continuing(
    standing: Standing, change: Change, said: MeasureMark | None, book: RuleBook, now: datetime
) -> MeasureMark:
    measure = measure_of(standing, change, book)
    again = change.kind is Kind.REOPEN and measure  # asked once more: a clock time that can still be kept
    given = said or MeasureMark(standing, Mark.CONTINUING, None)
    due = clock_time(now, measure.deadline) if again and measure else given.deadline
    return MeasureMark(standing, Mark.CONTINUING, due, given.words, given.authority)


def _posts(change: Change, level: Level, book: RuleBook) -> tuple[str, ...]:
    unit = book.units.get(change.key.unit)
    if unit is None:
        return ()
    kind = UnitKind(unit.kind)
    measures = (measure_of(standing, change, book) for standing in (*change.added, *change.continuing))
    named = (post for measure in measures if measure for post in measure.posts)
    towns = (town for part in change.reach for town in part.towns)
    responsible = book.responsible(unit.code, level, towns, change.key.hazard)
    return tuple(dict.fromkeys((*book.ladder[level].called.get(kind, ()), *named, *responsible)))


def _not_after(change: Change, level: Level, book: RuleBook, now: datetime) -> datetime:
    """The end of the warning; where none is said, or it is over and nobody has decided so, the hazard's window."""
    if change.level is None:
        return now + ALL_CLEAR_LIFE
    if change.ends and change.ends > now:
        return change.ends
    hazard = book.hazard_table.get(change.key.hazard)
    return now + timedelta(hours=hazard.window(level) if hazard else 24)
