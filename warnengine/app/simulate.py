"""A timeline of messages played through the engine: what each one led to, and how much it was for one person."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from warnengine.app.rehearsal import Played, Rehearsal, messages, rehearsal
from warnengine.model.book import RuleBook
from warnengine.model.directory import Directory
from warnengine.model.errors import Unplayable
from warnengine.model.order import Change, Kind, Mark, Version
from warnengine.rulebook import load
from warnengine.settings import Settings
from warnengine.store.rehearsal import Left

AFTERWARDS = timedelta(hours=6)
"""After the last message: what waited for its turn leaves."""


@dataclass(frozen=True, slots=True)
class Burden:
    """Messages that left, for one person."""

    people: int
    messages: int
    median: float
    p95: int
    most: int
    twice: tuple[tuple[str, int], ...]
    """(person, change): whoever got more than one message for one change. Must be empty."""

    def plain(self) -> dict[str, Any]:
        """As the file of results has it."""
        return {
            "people": self.people,
            "messages": self.messages,
            "per_person": {"median": self.median, "p95": self.p95, "max": self.most},
            "twice": [{"person": person, "change": change} for person, change in self.twice],
        }


@dataclass(frozen=True, slots=True)
class Run:
    """A timeline against one rule book."""

    book: RuleBook
    played: tuple[Played, ...]
    left: tuple[Left, ...]

    @property
    def burden(self) -> Burden:
        """Of all messages together."""
        return burden(self.left)

    def plain(self) -> dict[str, Any]:
        """As the file of results has it."""
        return {
            "rule_version": self.book.hash,
            "timeline": [self._plain(one) for one in self.played],
            **self.burden.plain(),
        }

    def sends(self, played: Played) -> dict[str, int]:
        """What left because of one message, by channel."""
        changes = {who.change for who in played.told}
        found: Counter[str] = Counter()
        for one in self.left:
            if one.change in changes:
                found[one.channel] += one.attempts
        return dict(sorted(found.items()))

    def _plain(self, played: Played) -> dict[str, Any]:
        message, taken = played.message, played.taken
        return {
            "file": message.file,
            "identifier": message.warning.identifier,
            "headline": message.warning.headline,
            "at": message.at.isoformat(),
            "verdict": taken.verdict.value,
            "reason": taken.reason,
            "orders": dict(Counter(direction(version.change) for version in played.versions.values())),
            "people": len({who.person for who in played.told}),
            "messages": len(played.told),
            "sends": self.sends(played),
        }


def direction(change: Change) -> str:
    """new, upgraded, lowered, changed, reopened or lapsed."""
    if change.kind is Kind.UPDATE and change.level and change.before and change.level != change.before:
        return "upgraded" if change.level > change.before else "lowered"
    names = {Kind.ISSUE: "new", Kind.UPDATE: "changed", Kind.REOPEN: "reopened", Kind.LAPSE: "lapsed"}
    return names[change.kind]


def burden(left: Iterable[Left]) -> Burden:
    """Messages per person, over everybody who got any; a message by three channels is one."""
    bundles: dict[str, set[int]] = defaultdict(set)
    by_change: dict[tuple[str, int], set[int]] = defaultdict(set)
    for one in left:
        bundles[one.person].add(one.bundle)
        by_change[one.person, one.change].add(one.bundle)
    counts = sorted(len(found) for found in bundles.values())
    twice = tuple(sorted(key for key, found in by_change.items() if len(found) > 1))
    if not counts:
        return Burden(0, 0, 0, 0, 0, twice)
    middle = len(counts) // 2
    median = counts[middle] if len(counts) % 2 else (counts[middle - 1] + counts[middle]) / 2
    return Burden(len(counts), sum(counts), median, counts[math.ceil(0.95 * len(counts)) - 1], counts[-1], twice)


async def simulate(
    settings: Settings, rules: Path, files: Sequence[tuple[str, bytes]], people: Directory | None
) -> Run:
    """Play every message of these files in the order of sending."""
    begins = min((message.at for message in messages(files, load(rules))), default=None)
    async with rehearsal(settings, rules, people, begins) as stage:
        return await simulated(stage, files)


async def simulated(stage: Rehearsal, files: Sequence[tuple[str, bytes]]) -> Run:
    """The same on a stage that is set."""
    book = stage.engine.book
    listed = sorted(messages(files, book), key=lambda message: message.at)
    if not listed:
        raise Unplayable("these files hold no warning: there is nothing to play")
    for message in listed:
        await stage.play(message)
    await stage.send(listed[-1].at + AFTERWARDS)
    return Run(book, tuple(stage.passed), tuple(await stage.left()))


Content = tuple[frozenset[tuple[object, ...]], ...]
"""Message by message, what somebody is told."""


@dataclass(frozen=True, slots=True)
class Shift:
    """One person, or one unit, under two rule books."""

    who: str
    name: str
    units: tuple[str, ...]
    before: int
    after: int

    def plain(self) -> dict[str, Any]:
        """As the file of results has it."""
        return {
            "who": self.who,
            "name": self.name,
            "units": list(self.units),
            "messages": self.before,
            "against": self.after,
        }


@dataclass(frozen=True, slots=True)
class Comparison:
    """Who would get more, less or something else under another book; units by their orders."""

    more: tuple[Shift, ...]
    fewer: tuple[Shift, ...]
    other: tuple[Shift, ...]
    """As many messages, and other orders or words in them."""
    units: tuple[Shift, ...]
    """Whose orders differ, by the number of their versions."""

    def plain(self) -> dict[str, Any]:
        """As the file of results has it."""
        return {
            name: [shift.plain() for shift in getattr(self, name)] for name in ("more", "fewer", "other", "units")
        }


def compare(one: Run, other: Run) -> Comparison:
    """The same timeline under two books."""
    before, after = _by_person(one), _by_person(other)
    counted = [_counted(run) for run in (one, other)]
    shifts: dict[str, list[Shift]] = {"more": [], "fewer": [], "other": []}
    for person in sorted(before.keys() | after.keys()):
        name, units = _who(person, one, other)
        shift = Shift(person, name, units, counted[0].get(person, 0), counted[1].get(person, 0))
        if shift.before != shift.after:
            shifts["more" if shift.after > shift.before else "fewer"].append(shift)
        elif before.get(person) != after.get(person):
            shifts["other"].append(shift)
    more, fewer, others = (tuple(listed) for listed in shifts.values())
    return Comparison(more, fewer, others, tuple(_units(one, other)))


def _counted(run: Run) -> dict[str, int]:
    bundles: dict[str, set[int]] = defaultdict(set)
    for one in run.left:
        bundles[one.person].add(one.bundle)
    return {person: len(found) for person, found in bundles.items()}


def _by_person(run: Run) -> dict[str, Content]:
    found: dict[str, list[frozenset[tuple[object, ...]]]] = defaultdict(lambda: [frozenset()] * len(run.played))
    for place, played in enumerate(run.played):
        for who in played.told:
            told = (_said(played.versions[v]) for v in who.versions if v in played.versions)
            found[who.person][place] = frozenset(told) | found[who.person][place]
    return {person: tuple(content) for person, content in found.items()}


def _who(person: str, *runs: Run) -> tuple[str, tuple[str, ...]]:
    told = [who for run in runs for played in run.played for who in played.told if who.person == person]
    units = dict.fromkeys(post.partition("/")[0] for who in told for post in who.posts)
    return told[0].name, tuple(units)


def _units(one: Run, other: Run) -> Iterable[Shift]:
    before, after = _orders(one), _orders(other)
    names = {**other.book.units, **one.book.units}
    for unit in sorted(before.keys() | after.keys()):
        if before.get(unit) != after.get(unit):
            counts = (sum(map(len, of.get(unit, ()))) for of in (before, after))
            yield Shift(unit, names[unit].short if unit in names else unit, (unit,), *counts)


def _orders(run: Run) -> Mapping[str, Content]:
    found: dict[str, list[frozenset[tuple[object, ...]]]] = defaultdict(lambda: [frozenset()] * len(run.played))
    for place, played in enumerate(run.played):
        for version in played.versions.values():
            unit = version.change.key.unit
            found[unit][place] = found[unit][place] | {_said(version)}
    return {unit: tuple(content) for unit, content in found.items()}


def _said(version: Version) -> tuple[object, ...]:
    """What a version tells, whatever its number."""
    change = version.change
    marks = frozenset(
        (mark.standing.measure, mark.standing.form, mark.mark is Mark.LAPSED, mark.words, mark.deadline)
        for mark in version.measures
    )
    return *change.key, direction(change), change.level, marks
