"""diff(): what to do so that what stands becomes what should stand."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from warnengine.model.level import Level
from warnengine.model.order import Change, Desired, Form, Kind, OrderKey, Standing, Stands
from warnengine.order.concluded import prolonged


def diff(
    standing: Mapping[OrderKey, Stands], desired: Mapping[OrderKey, Desired], book: str
) -> tuple[Change, ...]:
    """One change for every order that must be issued, updated, re-opened or lapsed; none where all is well.

    book is the hash of the rule book that `desired` was computed with: publishing a book changes no standing
    order until its level changes. An order on which the new book has no word stands until its danger is over:
    that it lapsed would read as an all-clear.
    """
    towns = _endangered(desired) if any(stands.book != book for stands in standing.values()) else {}
    kept = {
        key
        for key, stands in standing.items()
        if stands.book != book and any(not towns[key[1:]].isdisjoint(part.towns) for part in stands.reach)
    }
    keys = sorted({*standing, *desired} - (kept - desired.keys()))
    changes = (_change(standing.get(key), desired.get(key), book) for key in keys)
    return tuple(change for change in changes if change)


def _endangered(desired: Mapping[OrderKey, Desired]) -> dict[tuple[str, ...], set[str]]:
    """Where each danger is still in force, as what should stand tells."""
    towns: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for key, wanted in desired.items():
        towns[key[1:]].update(town for part in wanted.reach for town in part.towns)
    return towns


def _change(stands: Stands | None, wanted: Desired | None, book: str) -> Change | None:
    if stands is None:
        return _issue(wanted) if wanted else None
    if wanted is None:
        return _lapse(stands)
    measures = wanted.measures if wanted.level != stands.level or book == stands.book else _kept(stands, wanted)
    if (measures, wanted.level, wanted.reach) != (stands.measures, stands.level, stands.reach):
        return _next(Kind.UPDATE, stands, wanted, measures)
    if prolonged(stands, wanted):
        return _next(Kind.UPDATE, stands, wanted, measures)
    if wanted.level is Level.RED and wanted.renewed - stands.seen:
        return _next(Kind.REOPEN, stands, wanted, measures)
    return None


def _kept(stands: Stands, wanted: Desired) -> frozenset[Standing]:
    """The measures of the older book: advice becomes an order when it is approved, never the reverse."""
    forms = {standing.measure: standing.form for standing in wanted.measures}
    return frozenset(
        s if s.form is Form.ORDER else Standing(s.measure, forms.get(s.measure, s.form)) for s in stands.measures
    )


def _issue(wanted: Desired) -> Change:
    return Change(
        kind=Kind.ISSUE,
        key=wanted.key,
        order=None,
        version=1,
        before=None,
        level=wanted.level,
        added=tuple(sorted(wanted.measures)),
        continuing=(),
        lapsed=(),
        reach=wanted.reach,
        because=wanted.because,
        ends=wanted.ends,
    )


def _next(kind: Kind, stands: Stands, wanted: Desired, measures: frozenset[Standing]) -> Change:
    return Change(
        kind=kind,
        key=stands.key,
        order=stands.order,
        version=stands.version + 1,
        before=stands.level,
        level=wanted.level,
        added=tuple(sorted(measures - stands.measures)),
        continuing=tuple(sorted(measures & stands.measures)),
        lapsed=tuple(sorted(stands.measures - measures)),
        reach=wanted.reach,
        because=wanted.because,
        ends=wanted.ends,
    )


def _lapse(stands: Stands) -> Change:
    return Change(
        kind=Kind.LAPSE,
        key=stands.key,
        order=stands.order,
        version=stands.version + 1,
        before=stands.level,
        level=None,
        added=(),
        continuing=(),
        lapsed=tuple(sorted(stands.measures)),
        reach=stands.reach,
        because=frozenset(),
        ends=None,
    )
