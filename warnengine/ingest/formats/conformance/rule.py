"""What a rule of the conformance list is, and what it looks at."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Generic, TypeVar

from warnengine.ingest.formats import geometry
from warnengine.ingest.formats.fields import Head
from warnengine.ingest.formats.geometry import Ring
from warnengine.ingest.formats.pairs import Pairs, valued
from warnengine.ingest.formats.tree import Node
from warnengine.model.warning import Gravity, Problem


@dataclass(frozen=True, slots=True)
class Place:
    """One area."""

    node: Node
    name: str
    """As a sentence quotes it."""
    codes: Pairs
    polygons: Sequence[str]
    """Those that are not empty."""
    circles: Sequence[str]

    @property
    def coded(self) -> bool:
        """Whether any code is given."""
        return any(value for _, value in self.codes)


def _place(area: Node) -> Place:
    codes = tuple(valued(area, "geocode"))
    return Place(area, repr(shown(area.text("areaDesc"))), codes, area.texts("polygon"), area.texts("circle"))


@dataclass(frozen=True)
class Message:
    """One alert with its head, as the rules look at it."""

    alert: Node
    head: Head
    national: bool = False

    @cached_property
    def infos(self) -> Sequence[Node]:
        """Its info blocks."""
        return self.alert.all("info")

    @cached_property
    def places(self) -> Sequence[Place]:
        """The areas of all info blocks."""
        return tuple(_place(area) for info in self.infos for area in info.all("area"))

    @cached_property
    def rings(self) -> Sequence[tuple[str, Ring]]:
        """Every polygon that is not empty, with the name of its area."""
        return tuple((place.name, geometry.ring(text)) for place in self.places for text in place.polygons)


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Rule(Generic[T]):
    """One rule of the list, for a message or for the feed that carries it."""

    number: str
    """B10"""
    word: str
    """Stable: `references_form`."""
    gravity: Gravity
    check: Callable[[T], Iterator[str]]
    """Yields one sentence for each breach: which field, what it says, what is done."""
    national: bool = False
    """Whether the national platform's messages are held to it, too."""

    @property
    def says(self) -> str:
        """What it asks, in one line."""
        return (self.check.__doc__ or "").partition("\n")[0].partition(": ")[2]

    def problem(self, looked_at: T) -> Problem | None:
        """One problem with the first breach and the count of the others; None where it is kept."""
        found = iter(self.check(looked_at))
        first = next(found, None)
        if first is None:
            return None
        more = sum(1 for _ in found)
        counted = f" ({more} more of the kind in this message.)" if more else ""
        return Problem(self.word, self.gravity, first + counted)


def shown(value: str) -> str:
    """A value as a sentence quotes it."""
    return f"{value[:40]}…" if len(value) > 40 else value
