"""What is in force where: one cell per township, hazard and product family."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from warnengine.model.level import Level
from warnengine.model.warning import Precision


class CellKey(NamedTuple):
    """(township or district code, hazard, product family)."""

    area: str
    hazard: str
    family: str


@dataclass(frozen=True, slots=True)
class Statement:
    """What one message says about one cell."""

    issuer: str
    identifier: str
    sent: datetime
    level: Level | None
    """None: no longer in force."""
    begins: datetime | None
    ends: datetime | None
    precision: Precision = Precision.NAMED
    over: bool = False
    """Its end had passed when it first came in: it is history and orders nothing."""
    references: frozenset[str] = frozenset()
    """Identifiers that it names; what they mean is known only where they have come in."""
    lifts: Level | None = None
    """Of an all-clear: the level that its own words name."""
    lowers: frozenset[str] = frozenset()
    """Identifiers of what counts at this level at most, until its end; empty: it speaks for itself."""
    title: bool = False
    """Read from a title alone, which names the district and no township: a list without bodies."""
    silent: bool = False
    """The whole text of this message names other townships of the district, and not this one."""
    top: Level | None = None
    """The gravest level that the message states of this danger anywhere in the district."""
    heard: datetime | None = None
    """When it first came in; None: before anybody noted it."""
    also: frozenset[str] = frozenset()
    """Identifiers under which other providers brought the same; worked out, never kept."""

    @property
    def names(self) -> frozenset[str]:
        """Every identifier by which it may be referred to."""
        return self.also | {self.identifier}


@dataclass(frozen=True, slots=True)
class Cell:
    """All that was ever said about one cell; the newest word of each issuer counts."""

    key: CellKey
    statements: Mapping[str, Statement] = field(default_factory=dict)
    """By identifier; what only a title says of a message stands beside it."""


@dataclass(frozen=True, slots=True)
class Word:
    """What counts of one issuer at a moment."""

    statement: Statement
    level: Level | None
    """As it counts; None: nothing."""
    by: frozenset[str] = frozenset()
    """Identifiers of the conclusions that make it count lower than it says."""


@dataclass(frozen=True, slots=True)
class InForce:
    """The level that stands in a cell now, and who says so."""

    key: CellKey
    level: Level
    because: frozenset[str]
    """Identifiers of the messages that state this level, and of the conclusions by which they do."""
    ends: datetime | None
    """The latest end among them; after it the cell is 到期待确认, still in force until a person decides."""
    renewed: frozenset[str] = frozenset()
    """Those of `because` that warn anew, not merely restate (其余镇街…仍生效)."""


class Unheeded(StrEnum):
    """What a person must judge: mostly why what a message says is not acted on, though nobody took it back."""

    OVER = "over"
    """It came after its own end."""
    AHEAD = "ahead"
    """A word of the same issuer stands that bears a later time than the one at which this message came."""
    OTHER = "other"
    """An all-clear for something else than what is in force."""
    DISPUTED = "disputed"
    """Two providers give one message of one minute different levels: the graver counts."""
    BEYOND = "beyond"
    """It is acted on, though a conclusion lowers what the same issuer said before: that one does not name it."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """A statement that a person must judge."""

    why: Unheeded
    statement: Statement
    standing: Statement | None
    """What counts instead."""


@dataclass(frozen=True, slots=True)
class Unmatched:
    """A warning of which no unit has an order, beside the duty room."""

    issuer: str
    identifier: str
    headline: str
    hazard: str
    family: str
    level: Level
    why: str
    """Chinese, for the duty room."""
    sent: datetime
