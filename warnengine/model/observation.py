"""What gauges measure and hydrologists expect, each reading with its station, its time and its datum."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from warnengine.model.level import Level

OBSERVED = "observed"
"""The product family of orders that a threshold gives: no 预警信号, and no substitute for one."""


class Kind(StrEnum):
    """What a station tells."""

    RAIN = "rain"
    """Millimetres that fell in the minutes before the reading's time."""
    STAGE = "stage"
    """Metres above the zero of a datum."""
    FORECAST_STAGE = "forecast_stage"
    """The highest stage that is expected, as it was forecast at the reading's time."""
    TEMPERATURE = "temperature"
    """Degrees Celsius."""
    WIND = "wind"
    """Metres per second, the mean of ten minutes (6级 is 10.8, 8级 is 17.2)."""

    @property
    def zh(self) -> str:
        """雨量, 水位 …"""
        return {
            "rain": "雨量",
            "stage": "水位",
            "forecast_stage": "预报水位",
            "temperature": "气温",
            "wind": "风速",
        }[self]

    @property
    def unit(self) -> str:
        """毫米, 米 …"""
        return {"rain": "毫米", "stage": "米", "forecast_stage": "米", "temperature": "℃", "wind": "米/秒"}[self]


STAGES = frozenset({Kind.STAGE, Kind.FORECAST_STAGE})
"""Kinds that mean nothing without a datum."""


class Datum(StrEnum):
    """The zero from which a stage counts. Chongqing's reports print one station in several of them, one and a half
    metres apart: stages of two of them are never compared."""

    WUSONG = "吴淞"
    HUANGHAI = "黄海"
    NATIONAL_85 = "国家85"


@dataclass(frozen=True, slots=True)
class Reading:
    """One value of one station at one time."""

    station: str
    kind: Kind
    at: datetime
    value: float
    minutes: int = 0
    """Of rain: how long it fell; 0: as long as the station's interval. Of anything else 0."""
    datum: Datum | None = None
    peak_at: datetime | None = None
    """Of a forecast: when the highest stage is expected."""
    revision: int = 0
    """The highest counts: how a source takes a value back. Of one revision the higher value counts."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """One row that is kept and not used."""

    line: int
    """Counted from 1, the header included."""
    raw: str
    reason: str
    """Chinese: what is wrong and what to do."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a station shows at a moment in one window, beside what it is held against."""

    station: str
    at: datetime
    window: timedelta
    """Nothing for what is measured at a moment."""
    value: float
    share: float
    """Of the window that was observed: what is missing is not zero."""
    level: Level | None
    """The gravest level whose threshold is reached."""
    threshold: float
    """Of that level; of the lowest one where none is reached."""
    short: float
    """How far the value is below that threshold; nothing where it is reached."""
    holds: bool
    """Not far enough below the lowest threshold to count as fallen, or too little was seen to say so."""
    percent: int = 0
    """By how much the soil moves the threshold."""
    spike: bool = False
    """An isolated peak is part of it."""


@dataclass(frozen=True, slots=True)
class Episode:
    """From the first crossing until it counts as fallen."""

    began: datetime
    level: Level
    """The gravest that was reached."""
    seen: Seen | None = None
    """What showed it; None of what stood before anybody looked."""
    fallen: datetime | None = None
    """Since when it has been below for long enough; None: it is not over."""


@dataclass(frozen=True, slots=True)
class Told:
    """What the engine has made of one trigger in one township so far."""

    level: Level | None = None
    """What stands; None: nothing."""
    began: datetime | None = None
    fallen: datetime | None = None
    lifted: datetime | None = None
    """When a person ended it last; what was shown before is history."""
    identifier: str = ""
    """Of the message that said so last; empty in the shadow."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """One trigger in one township, judged anew."""

    trigger: str
    town: str
    now: Seen | None
    """The most pressing of its stations; None: nothing was heard."""
    stations: tuple[str, ...]
    """Those that were heard."""
    told: Told
    rises: Episode | None = None
    """What must be told now: it has begun, or is graver than what stands."""
    begins: bool = False
    """Of what rises: nothing stood before, or what stood had fallen."""


@dataclass(frozen=True, slots=True)
class Day:
    """The rain of one hydrological day, from 08:00 to 08:00 in Beijing."""

    millimetres: float
    share: float


@dataclass(frozen=True, slots=True)
class Report:
    """What became of the rows that somebody sent."""

    kept: int
    known: int
    refused: tuple[Refusal, ...]
    differing: tuple[str, ...]
    """Values beside which another one of the same moment stands: the higher counts."""
