"""Who would answer, proven unit by unit and level by level. Pure.

Somebody in each called post, a way to them, who stands in, and a number from which an answer has come."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass

from warnengine.directory.gaps import called
from warnengine.model.book import RuleBook, Unit
from warnengine.model.directory import Directory, Holding, Person
from warnengine.model.level import Level

BY_HAND = "call"
"""Whoever has a telephone can always be called by the duty room."""
MACHINES = {"loudspeaker"}
"""What is listed like a person and is none: it has no deputy."""


@dataclass(frozen=True, slots=True)
class Staffed:
    """A unit at one level, and what its people lack; each name is a post, with the person where there is one."""

    unit: Unit
    level: Level
    posts: int
    """How many posts of it are called at this level."""
    empty: tuple[str, ...]
    """Posts that nobody holds."""
    mute: tuple[str, ...]
    """People with no channel that the ladder uses at this level."""
    alone: tuple[str, ...]
    """People for whom nobody stands in."""
    unproven: tuple[str, ...]
    """People whose number nothing has proven for long."""

    @property
    def lacking(self) -> tuple[tuple[str, ...], ...]:
        """What is missing, without what is not."""
        return tuple(names for names in (self.empty, self.mute, self.alone, self.unproven) if names)


def staffed(directory: Directory, book: RuleBook, unproven: Set[str] = frozenset()) -> Iterator[Staffed]:
    """Every unit at every level at which somebody of it is called.

    unproven: keys of people whose number nothing has proven for long.
    """
    held: defaultdict[tuple[str, str], list[Holding]] = defaultdict(list)
    for holding in directory.holdings:
        held[holding.unit, holding.post].append(holding)
    for unit in book.units.values():
        for level in Level:
            if posts := called(unit, level, book):
                holdings = {post: held[unit.code, post] for post in posts}
                yield _staffed(unit, level, holdings, directory, book, unproven)


def _staffed(
    unit: Unit,
    level: Level,
    posts: Mapping[str, Sequence[Holding]],
    directory: Directory,
    book: RuleBook,
    unproven: Set[str],
) -> Staffed:
    empty: list[str] = []
    mute: list[str] = []
    alone: list[str] = []
    old: list[str] = []
    channels = {*book.ladder[level].channels, BY_HAND}
    for post, holdings in posts.items():
        title = book.posts[post].name_in(unit.kind)
        empty += [] if holdings else [title]
        for holding in holdings:
            person = directory.people[holding.person]
            name, ways = f"{title} {person.name}", {channel for channel, _ in person.ways}
            mute += [] if ways & channels else [name]
            alone += [] if holding.deputy or ways == MACHINES else [name]
            old += [name] if _doubtful(person, unproven) else []
    return Staffed(unit, level, len(posts), tuple(empty), tuple(mute), tuple(alone), tuple(old))


def _doubtful(person: Person, unproven: Set[str]) -> bool:
    return person.mobile is not None and person.key in unproven
