"""What units owe: measures (一行业一措施)."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import Field

from warnengine.model.book.entry import Colour, Day, Duration, Entry, Levels, Phrase
from warnengine.model.book.unit import UnitKind

SIGNAL = "signal"
"""The product family of 气象灾害预警信号."""


class When(Entry):
    """What makes a measure stand."""

    hazard: str
    level: Colour
    family: str = SIGNAL


class Evidence(StrEnum):
    """What proves that a measure is done."""

    COUNT = "count"
    """A number of people; asked for in the SMS reply."""
    PHOTO = "photo"
    REPORT = "report"


class Measure(Entry):
    """One act that one unit owes when a hazard reaches a level: verb first, one deadline."""

    id: str = Field(pattern=r"^[a-z0-9_]+(\.[a-z0-9_]+)+$")
    """owner.hazard.level.number for a 预警信号: housing.rainstorm.red.1; any other product family stands before
    the hazard: water.response.water_drought.red.1. A township's own begin with p and its code."""
    when: When
    order: Phrase
    """The act in plain words, without the deadline: 停止露天和高处作业,撤离临时工棚人员."""
    deadline: Duration
    """From the moment that the order is made; written out as a clock time."""
    evidence: tuple[Evidence, ...] = ()
    compulsory: bool = False
    """停课停工停运关闭转移: stands only once the authority of approvals.yaml has said yes."""
    advice: Phrase | None = None
    """What stands in its place until then; required where compulsory."""
    replaces: tuple[str, ...] = ()
    """Measures of lower levels that it makes needless. A measure of a lower level that nothing replaces
    continues at the higher one."""
    posts: tuple[str, ...] = ()
    """Posts that receive it beside those that the ladder calls at this level."""
    ceiling: int | None = Field(default=None, ge=1)
    """People that an order with it may have; absent: as `limits` in approvals.yaml says."""
    confirm: Literal["bureau"] | None = None
    """An engineering default or an inference: listed by `rules check` until the bureau has confirmed it."""


RELAY = Measure.model_validate(
    {
        "id": "duty_room.relay",
        "when": {"hazard": "any", "level": "blue", "family": "any"},
        "order": "研判并决定如何处置:规则库没有这一灾种的措施",
        "deadline": "15m",
    }
)
"""What the duty room owes when a warning comes for which the book has no measure at all."""


class Silent(Entry):
    """A decision that nothing is owed: without it, no measure is a gap."""

    hazards: tuple[str, ...] = Field(min_length=1)
    levels: Levels = ()
    family: str = SIGNAL
    because: Phrase
    decided_by: Phrase
    """Who answers for it: 区应急局,待区林业局确认."""
    until: Day | None = None
    """The last day on which it counts, in Beijing time; then it is a gap. None: until somebody changes it."""


class MeasureFile(Entry):
    """一行业一措施: the measures of one sector, or of every unit of one kind."""

    sector: str | None = None
    kind: UnitKind | None = None
    """Instead of `sector`: township, committee, village or grid, for what all of them do alike."""
    measures: tuple[Measure, ...]
    none: tuple[Silent, ...] = ()
