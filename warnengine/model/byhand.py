"""What people decide beside the rules: orders of their own (超预案), and orders taken back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from warnengine.model.level import Level
from warnengine.model.order import OrderKey, Reach, Version

HAZARD = "临时指令"
"""Stands where a rule's order has its hazard: it is no 预警信号, and takes the name of none."""
FAMILY = "manual_"


@dataclass(frozen=True, slots=True)
class Manual:
    """An order that no rule made."""

    id: int
    root: int
    """Of the first of it: a correction takes its place."""
    units: tuple[str, ...]
    words: str
    deadline: datetime
    level: Level
    not_after: datetime

    @property
    def family(self) -> str:
        """The product family under which it stands."""
        return f"{FAMILY}{self.root}"

    @property
    def measure(self) -> str:
        """The id of what it orders."""
        return f"manual.{self.id}"


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """An order that somebody has taken back."""

    order: int
    key: OrderKey
    words: str
    """What its people read instead of an ordinary all-clear; empty: it is simply over."""
    seen: frozenset[str]
    """The messages behind it: only a new one orders anew."""


@dataclass(frozen=True, slots=True)
class Deferred:
    """What a new rule book alone would order: it waits until the situation is another, or somebody asks for it."""

    book: str
    """Hash of that book."""
    level: Level
    reach: tuple[Reach, ...]


@dataclass(frozen=True, slots=True)
class ByHand:
    """What a district's people have decided."""

    manual: tuple[Manual, ...] = ()
    withdrawn: Mapping[OrderKey, Withdrawn] = field(default_factory=dict)
    """The newest of each order."""
    deferred: Mapping[OrderKey, Deferred] = field(default_factory=dict)
    """What whoever published the book in force has left as it was."""


@dataclass(frozen=True, slots=True)
class Load:
    """One order version of a change, and how many people it goes to."""

    order: int
    version: Version
    people: int
    usual: float | None
    """How many people orders of that unit and level have had; None: too few to tell."""
