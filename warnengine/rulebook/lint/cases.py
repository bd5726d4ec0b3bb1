"""A case must speak of things that exist."""

from __future__ import annotations

from collections.abc import Iterator

from warnengine.model.book import UnitKind
from warnengine.model.finding import Finding, did_you_mean
from warnengine.rulebook.draft import Draft
from warnengine.rulebook.files import Case, Concluded, Given
from warnengine.rulebook.parse import Located


def check(draft: Draft) -> Iterator[Finding]:
    """Names of units, townships, hazards and measures in cases."""
    units = {name for unit in draft.units for name in (unit.value.code, unit.value.name, unit.value.short)}
    for case in draft.cases:
        yield from _given(case, draft)
        yield from _expected(case, units, draft)


def _given(case: Located[Case], draft: Draft) -> Iterator[Finding]:
    towns = {name for unit in draft.of_kind(UnitKind.TOWNSHIP) for name in (unit.code, unit.name)}
    hazards = {hazard.value.key for hazard in draft.hazards}
    said: list[tuple[tuple[str, int], Given | Concluded]] = [
        *((("given", index), one) for index, one in enumerate(case.value.given)),
        *((("concluded", index), one) for index, one in enumerate(case.value.concluded)),
    ]
    for where, given in said:
        if given.hazard not in hazards | draft.broken:
            yield case.error(f"没有灾种“{given.hazard}”", did_you_mean(given.hazard, hazards), *where)
        for town in given.towns:
            if town not in {draft.district.value.name, *towns, *draft.broken}:
                yield case.error(f"没有镇街“{town}”", did_you_mean(town, towns), *where)


def _expected(case: Located[Case], units: set[str], draft: Draft) -> Iterator[Finding]:
    for part in ("orders", "advice", "absent"):
        for unit, measures in getattr(case.value, part).items():
            if unit not in units | draft.broken:
                yield case.error(f"没有单位“{unit}”", did_you_mean(unit, units), part, unit)
            for index, measure in enumerate(measures):
                if measure not in draft.measure_by_id.keys() | draft.broken:
                    fix = did_you_mean(measure, draft.measure_by_id)
                    yield case.error(f"没有措施“{measure}”", fix, part, unit, index)
    for index, unit in enumerate(case.value.silent):
        if unit not in units | draft.broken:
            yield case.error(f"没有单位“{unit}”", did_you_mean(unit, units), "silent", index)
