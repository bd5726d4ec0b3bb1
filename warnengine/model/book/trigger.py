"""Observed and forecast thresholds: what orders without waiting for a signal, and the stations that show it."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, PlainSerializer

from warnengine.model.book.entry import Day, Duration, Entry, Phrase
from warnengine.model.level import Level
from warnengine.model.observation import STAGES, Datum, Kind


class Watch(StrEnum):
    """What a trigger looks at."""

    RAIN = "rain"
    STAGE = "stage"
    RISE = "rise"
    """By how many metres a stage has risen within a window: some rivers have 0.8 m between 警戒 and 保证."""
    FORECAST_STAGE = "forecast_stage"
    TEMPERATURE = "temperature"
    WIND = "wind"

    @property
    def kind(self) -> Kind:
        """What a station must tell for it."""
        return Kind.STAGE if self is Watch.RISE else Kind(self.value)

    @property
    def windowed(self) -> bool:
        """Whether its thresholds are by window: {1h: 45, 3h: 70}."""
        return self in {Watch.RAIN, Watch.RISE}

    @property
    def staged(self) -> bool:
        """Whether it means nothing without a datum."""
        return self.kind in STAGES


def _limits(value: object) -> object:
    """Read a number, or numbers by window: 217.5, {30m: 30, 1h: 45}."""
    return value if isinstance(value, dict) else {"0s": value}


def _limits_text(value: dict[timedelta, float]) -> object:
    return value.get(timedelta(), {f"{window.total_seconds() / 60:g}m": limit for window, limit in value.items()})


def _towns(value: object) -> object:
    """Read all, or a list of townships."""
    if value == "all":
        return ()
    if isinstance(value, list | tuple) and value:
        return value
    raise ValueError("写 all,或者列出镇街代码,例如 ['500151105']")


Thresholds = Annotated[
    dict[Duration, float], Field(min_length=1), BeforeValidator(_limits), PlainSerializer(_limits_text)
]
"""By window; without one the window is nothing."""
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*(\.[a-z0-9_]+)*$")]


class Offset(Entry):
    """How a station's stages are said in another datum. Only what a document says: never an average of others."""

    datum: Datum
    add: float = Field(ge=-100, le=100)
    """Metres to add to a stage in the station's own datum."""
    source: Phrase
    """The document that says so."""
    valid_from: Day | None = None
    """Stages of before are not converted."""


class Station(Entry):
    """A gauge, with the townships for which it speaks."""

    id: str = Field(pattern=r"^[A-Za-z0-9_-]{2,40}$")
    name: Phrase
    tells: tuple[Kind, ...] = Field(min_length=1)
    towns: tuple[str, ...] = ()
    """9-digit codes. A trigger that names no stations looks at those of each township."""
    every: Duration = Field(default=timedelta(minutes=5), ge=timedelta(minutes=1), le=timedelta(days=1))
    """How often it reports; of rain, how long each reading counts unless it says otherwise."""
    river: str = ""
    lon: float | None = Field(default=None, ge=73, le=136)
    lat: float | None = Field(default=None, ge=3, le=54)
    datum: Datum | None = None
    """Of its stages; required where it tells any."""
    valid_from: Day | None = None
    """Since when its zero is where it is."""
    offsets: tuple[Offset, ...] = ()
    sample: bool = False
    """Invented, to be replaced by the bureau's own table."""
    confirm: Literal["bureau"] | None = None


class Soil(Entry):
    """Antecedent rain (前期影响雨量 Pa): rain of the days before, fading, against what the soil can hold (Wm)."""

    holds: float = Field(gt=0, le=1000)
    """Wm in millimetres."""
    fades: float = Field(default=0.85, gt=0, lt=1)
    """What is left of it after a day."""
    wet: float = Field(default=0.8, gt=0, le=1)
    """From this share of Wm upwards the soil is wet."""
    dry: float = Field(default=0.5, ge=0, lt=1)
    wet_percent: int = Field(default=-15, ge=-90, le=0)
    dry_percent: int = Field(default=15, ge=0, le=90)
    confirm: Literal["bureau"] | None = None


class Trigger(Entry):
    """A threshold that orders: 橙 is 准备转移, 红 is 立即转移."""

    id: Name
    name: Phrase
    """山洪雨量, as the duty room reads it."""
    hazard: str
    watch: Watch
    towns: Annotated[tuple[str, ...], BeforeValidator(_towns)]
    """Where it orders; empty: in every township."""
    stations: tuple[str, ...] = ()
    """What it looks at; empty: the stations of each township, for that township."""
    agree: int = Field(default=1, ge=1)
    """So many stations must show it: 2 for two of three. A radar estimate is a station like any other."""
    datum: Datum | None = None
    """Of its thresholds; required for stages."""
    blue: Thresholds | None = None
    yellow: Thresholds | None = None
    orange: Thresholds | None = None
    red: Thresholds | None = None
    falls_by: float = Field(default=0, ge=0)
    """So far below the lowest threshold it must be to count as fallen: else one on the line rings all night."""
    rearm: Duration = Field(default=timedelta(minutes=30), le=timedelta(hours=4))
    """And for so long."""
    near: float = Field(default=0, ge=0)
    """So close below the lowest threshold it is listed."""
    soil: bool = False
    """Whether wet soil lowers the thresholds and dry soil raises them."""
    shadow: bool = False
    """Computed, recorded and shown; it orders nothing."""
    source: Phrase | None = None
    """Where the figures are from."""
    confirm: Literal["bureau"] | None = None

    @cached_property
    def limits(self) -> dict[Level, dict[timedelta, float]]:
        """Its thresholds, the lowest level first."""
        given = {level: getattr(self, level.key) for level in Level}
        return {level: limits for level, limits in given.items() if limits}


class Triggers(Entry):
    """triggers.yaml."""

    silent_after: Duration = Field(default=timedelta(hours=1), ge=timedelta(minutes=5))
    """A station that has reported and is silent for so long is a task for the duty room."""
    spike: float = Field(default=200, gt=0)
    """Millimetres an hour above which a reading that stands alone is flagged; it counts all the same."""
    soil: Soil | None = None
    stations: tuple[Station, ...]
    triggers: tuple[Trigger, ...]

    def station(self, id_: str) -> Station | None:
        """The station of that id."""
        return next((one for one in self.stations if one.id == id_), None)

    def trigger(self, id_: str) -> Trigger | None:
        """The trigger of that id."""
        return next((one for one in self.triggers if one.id == id_), None)

    def watched(self, trigger: Trigger, town: str) -> tuple[Station, ...]:
        """The stations that a trigger looks at for a township."""
        kind = trigger.watch.kind
        if trigger.stations:
            return tuple(one for one in self.stations if one.id in trigger.stations and kind in one.tells)
        return tuple(one for one in self.stations if town in one.towns and kind in one.tells)
