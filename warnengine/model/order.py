"""Standing orders: what should stand, what stands, and the difference."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from warnengine.model.level import Level


class OrderKey(NamedTuple):
    """One standing order of a district: it has versions, and one life from issue to lapse."""

    unit: str
    hazard: str
    family: str


class Form(StrEnum):
    """In which form a measure stands."""

    ORDER = "order"
    ADVICE = "advice"
    """A compulsory measure that nobody has approved yet: its advice goes at once, the order waits."""


@dataclass(frozen=True, slots=True, order=True)
class Standing:
    """One measure as it stands for one unit."""

    measure: str
    """Measure id."""
    form: Form


@dataclass(frozen=True, slots=True)
class Reach:
    """Where a unit must act: the townships at each level, gravest first."""

    level: Level
    towns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Desired:
    """What should stand for one unit."""

    key: OrderKey
    level: Level
    measures: frozenset[Standing]
    reach: tuple[Reach, ...]
    because: frozenset[str]
    """Identifiers of the messages that state the level."""
    ends: datetime | None
    """The latest end that those messages give."""
    renewed: frozenset[str] = frozenset()
    """Those of `because` that warn anew, not merely restate."""


class Kind(StrEnum):
    """What a version of a standing order tells its people."""

    ISSUE = "issue"
    UPDATE = "update"
    REOPEN = "reopen"
    LAPSE = "lapse"


class Mark(StrEnum):
    """What a version does with a measure."""

    ADDED = "added"
    CONTINUING = "continuing"
    LAPSED = "lapsed"


@dataclass(frozen=True, slots=True)
class MeasureMark:
    """One line of a version: a measure, what becomes of it, and by when it must be done."""

    standing: Standing
    mark: Mark
    deadline: datetime | None
    """None for what lapsed."""
    words: str = ""
    """As they were approved and are told, whatever a later rule book writes; empty in versions of before."""
    authority: str = ""
    """What lets a compulsory measure be ordered without asking: 依据铜府发〔2026〕12号授权."""


@dataclass(frozen=True, slots=True)
class Stands:
    """What stands for one unit: the newest version of an order that has not lapsed."""

    order: int
    version: int
    key: OrderKey
    level: Level
    measures: frozenset[Standing]
    reach: tuple[Reach, ...]
    seen: frozenset[str]
    """Identifiers of every message that ever opened or re-opened this order."""
    book: str
    """Hash of the rule book of the newest version."""
    said: Mapping[Standing, MeasureMark] = field(default_factory=dict)
    """What was said of each measure; a continuing one keeps its clock time and its words."""
    ends: datetime | None = None
    """When it is over and a person is asked (到期待确认)."""


@dataclass(frozen=True, slots=True)
class Change:
    """One step that closes the difference for one unit."""

    kind: Kind
    key: OrderKey
    order: int | None
    """None: a new standing order."""
    version: int
    before: Level | None
    level: Level | None
    """None: lapsed."""
    added: tuple[Standing, ...]
    continuing: tuple[Standing, ...]
    lapsed: tuple[Standing, ...]
    reach: tuple[Reach, ...]
    because: frozenset[str]
    ends: datetime | None


@dataclass(frozen=True, slots=True)
class Version:
    """A numbered version of a standing order, ready to be written down."""

    change: Change
    measures: tuple[MeasureMark, ...]
    posts: tuple[str, ...]
    channels: tuple[str, ...]
    book: str
    made_at: datetime
    not_after: datetime

    @property
    def lane_level(self) -> Level:
        """The level it is sent with: an all-clear ranks with what it ends."""
        return self.change.level or self.change.before or Level.BLUE
