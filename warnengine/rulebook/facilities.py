"""Facilities whose people cannot leave by themselves, and which no measure reaches.

At 密云 in 2025 the care home in the middle of the town was on no list of those to be moved. A measure reaches a
facility when it is of the sector that answers for it, or when it is of its township and speaks of its kind.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from warnengine.model.book import Measure, Plan, Point, PointKind, Role, RuleBook

WORDS = {
    PointKind.CARE_HOME: ("养老", "敬老", "福利院", "失能老人"),
    PointKind.SCHOOL: ("学校", "学生", "校舍", "幼儿园"),
    PointKind.HOSPITAL: ("医院", "卫生院", "病人"),
    PointKind.SITE: ("工地",),
    PointKind.SCENIC: ("景区", "景点", "古城", "游客"),
    PointKind.GUEST_HOUSE: ("民宿", "游客"),
}
"""Kinds of facility, and the words by which an order speaks of one."""


@dataclass(frozen=True, slots=True)
class Unreached:
    """A facility, and what endangers it without any measure that reaches it."""

    point: Point
    hazards: tuple[str, ...]


def unreached(book: RuleBook) -> tuple[Unreached, ...]:
    """All such facilities of a book."""
    measures = {code: book.measures_of(unit) for code, unit in book.units.items()}
    return tuple(found for plan in book.plans.values() for found in of_plan(plan, measures))


def of_plan(plan: Plan, measures: Mapping[str, Iterable[Measure]]) -> Iterator[Unreached]:
    """The same for one plan; measures: those of each unit, by its code."""
    for point in plan.points:
        if point.kind in WORDS:
            reached = _reached(point, plan.township, measures)
            if lacking := tuple(hazard for hazard in point.hazards if hazard not in reached):
                yield Unreached(point, lacking)


def _reached(point: Point, township: str, measures: Mapping[str, Iterable[Measure]]) -> set[str]:
    """The hazards for which some measure reaches a facility."""
    sectors = [one.unit for one in point.responsible if one.role is Role.SECTOR]
    of_sectors = (measure for sector in sectors for measure in measures.get(sector, ()))
    words = (*WORDS[point.kind], point.name)
    of_town = (m for m in measures.get(township, ()) if any(word in m.order for word in words))
    return {measure.when.hazard for measure in (*of_sectors, *of_town)}
