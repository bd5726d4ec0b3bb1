"""Two rule books in orders and people: measures as matching compares them, people as drafting calls them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeAlias, TypeVar

from warnengine.match.compare import FIELDS, Changed, Difference, Step, compare, everywhere, steps
from warnengine.match.desired import desired
from warnengine.model.book import Entry, Measure, Plan, RuleBook, Station, Trigger
from warnengine.model.directory import Directory
from warnengine.order.diff import diff
from warnengine.order.draft import draft

ANY_DAY = datetime(2026, 7, 1, 4, tzinfo=UTC)
"""Clock times do not matter here: deadlines are compared as durations."""
E = TypeVar("E", bound=Entry)
Pairs: TypeAlias = tuple[tuple[E | None, E | None], ...]
"""Entries as they were and as they will be; None: there is none."""
Called = Mapping[Step, frozenset[str]]
"""Whom an order calls: people, or without an address list posts as unit/post."""


@dataclass(frozen=True, slots=True)
class OrderDiff:
    """What becomes of one order, and of the people who get it."""

    difference: Difference
    before: frozenset[str]
    after: frozenset[str]

    def plain(self) -> dict[str, Any]:
        """As the file of results has it."""
        step, found = self.difference.step, self.difference
        return {
            "unit": step.unit,
            "family": step.family,
            "hazard": step.hazard,
            "level": step.level.key,
            "new": [measure_plain(measure) for measure in found.new],
            "gone": [measure_plain(measure) for measure in found.gone],
            "changed": [changed_plain(changed) for changed in found.changed],
            "people": {
                "before": len(self.before),
                "after": len(self.after),
                "gained": sorted(self.after - self.before),
                "lost": sorted(self.before - self.after),
            },
        }


@dataclass(frozen=True, slots=True)
class BookDiff:
    """Everything that differs between two books."""

    one: RuleBook
    other: RuleBook
    orders: tuple[OrderDiff, ...]
    people: Directory | None
    """None: posts are counted instead."""

    @property
    def affected(self) -> frozenset[str]:
        """Everybody who gets one of these orders, under either book."""
        return frozenset(who for order in self.orders for who in order.before | order.after)

    @property
    def thresholds(self) -> Pairs[Trigger]:
        """Thresholds as they were and as they will be, of those that differ."""
        return _differing(_triggers(self.one), _triggers(self.other))

    @property
    def stations(self) -> Pairs[Station]:
        """Stations likewise."""
        return _differing(_stations(self.one), _stations(self.other))

    @property
    def plans(self) -> Pairs[Plan]:
        """Plans of which more differs than their measures."""
        return _differing(_facts(self.one), _facts(self.other))

    @property
    def same(self) -> bool:
        """Whether nothing that this tells of differs."""
        return not (self.orders or self.thresholds or self.stations or self.plans)

    def plain(self) -> dict[str, Any]:
        """As the file of results has it."""
        return {
            "before": self.one.hash,
            "after": self.other.hash,
            "counts": "people" if self.people else "posts",
            "affected": len(self.affected),
            "orders": [order.plain() for order in self.orders],
            "thresholds": _plain(self.thresholds),
            "stations": _plain(self.stations),
            "plans": _plain(self.plans),
        }


def _triggers(book: RuleBook) -> Mapping[str, Trigger]:
    return {one.id: one for one in book.triggers.triggers} if book.triggers else {}


def _stations(book: RuleBook) -> Mapping[str, Station]:
    return {one.id: one for one in book.triggers.stations} if book.triggers else {}


def _facts(book: RuleBook) -> Mapping[str, Plan]:
    return {code: plan.model_copy(update={"measures": ()}) for code, plan in book.plans.items()}


def _differing(before: Mapping[str, E], after: Mapping[str, E]) -> Pairs[E]:
    keys = dict.fromkeys((*before, *after))
    return tuple((before.get(key), after.get(key)) for key in keys if before.get(key) != after.get(key))


def _plain(found: Sequence[tuple[Entry | None, Entry | None]]) -> list[dict[str, Any]]:
    said = [[one.model_dump(mode="json") if one else None for one in pair] for pair in found]
    return [{"before": before, "after": after} for before, after in said]


def measure_plain(measure: Measure) -> dict[str, Any]:
    """A measure with what somebody who gets it must know."""
    kept = {"id", *FIELDS}
    return {name: value for name, value in measure.model_dump(mode="json").items() if name in kept}


def changed_plain(changed: Changed) -> dict[str, Any]:
    """What was and what will be, field by field."""
    before, after = measure_plain(changed.before), measure_plain(changed.after)
    return {"id": changed.before.id, **{name: [before[name], after[name]] for name in changed.fields}}


def book_diff(one: RuleBook, other: RuleBook, people: Directory | None) -> BookDiff:
    """Orders that differ in their measures or in the people whom they call."""
    differences = {difference.step: difference for difference in compare(one, other)}
    before, after = _called(one, other, one, people), _called(one, other, other, people)
    found = []
    for step in sorted(before.keys() | after.keys() | differences.keys()):
        was, will = before.get(step, frozenset()), after.get(step, frozenset())
        if step in differences or was != will:
            found.append(OrderDiff(differences.get(step, Difference(step)), was, will))
    return BookDiff(one, other, tuple(found), people)


def _called(one: RuleBook, other: RuleBook, book: RuleBook, people: Directory | None) -> Called:
    """Whom each order of a book calls, as it would be drafted."""
    found: dict[Step, frozenset[str]] = {}
    for danger, level in steps(one, other):
        wanted = desired(everywhere(book, danger, level), book, frozenset())
        for change in diff({}, wanted, book.hash):
            version = draft(change, None, book, ANY_DAY)
            key = change.key
            found[Step(key.family, key.hazard, level, key.unit)] = _holders(key.unit, version.posts, people)
    return found


def _holders(unit: str, posts: tuple[str, ...], people: Directory | None) -> frozenset[str]:
    if people is None:
        return frozenset(f"{unit}/{post}" for post in posts)
    return frozenset(held.person for post in posts for held in people.holders(unit, post))
