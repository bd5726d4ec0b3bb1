"""A small file of thresholds, and readings in a line."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from warnengine.model.book import Station, Trigger, Triggers
from warnengine.model.clock import BEIJING
from warnengine.model.observation import Kind, Outlook, Reading, Told
from warnengine.observe.decide import WINDOW, outlook
from warnengine.observe.judge import Record

ANJU = "500151105"
NOON = datetime(2026, 7, 27, 12, 0, tzinfo=BEIJING)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
GAUGE = {"id": "S1", "name": "甲站", "tells": ["rain"], "towns": [ANJU]}
RIVER = {"id": "R1", "name": "河站", "tells": ["stage", "forecast_stage"], "every": "60m", "datum": "吴淞"}
RAIN = {
    "id": "rain", "name": "山洪雨量", "hazard": "flash_flood", "watch": "rain", "towns": [ANJU],
    "orange": {"30m": 30, "1h": 45, "3h": 70}, "red": {"30m": 40, "1h": 55, "3h": 85}, "falls_by": 5, "rearm": "30m", "near": 10,
}  # fmt: skip
STAGE = {
    "id": "stage", "name": "河站水位", "hazard": "transit_flood", "watch": "stage", "towns": [ANJU], "stations": ["R1"],
    "datum": "吴淞", "orange": 217.5, "red": 220, "falls_by": 0.3, "rearm": "2h", "near": 1,
}  # fmt: skip


def file(*triggers: dict[str, Any], stations: Iterable[dict[str, Any]] = (GAUGE, RIVER), **more: Any) -> Triggers:
    return Triggers.model_validate({"stations": list(stations), "triggers": list(triggers), **more})


def trigger(**changed: Any) -> Trigger:
    base = STAGE if changed.get("watch", "rain") != "rain" else RAIN
    return Trigger.model_validate(base | changed)


def station(**changed: Any) -> Station:
    return Station.model_validate(GAUGE | changed)


def rain(*values: float, until: datetime = NOON, minutes: int = 5, of: str = "S1") -> list[Reading]:
    """Rain of one interval after the other, the last one ending then."""
    first = until - timedelta(minutes=minutes * (len(values) - 1))
    return [Reading(of, Kind.RAIN, first + n * minutes * MINUTE, value, minutes) for n, value in enumerate(values)]


def record(readings: Iterable[Reading], now: datetime = NOON, at: Station | None = None, **more: Any) -> Record:
    return Record(at or station(), tuple(readings), now - WINDOW, now, **more)


def seen(
    one: Trigger, *stations: Iterable[Reading], told: Told | None = None, now: datetime = NOON, **more: Any
) -> Outlook:
    """What a trigger makes of what each station has said."""
    records = [record(readings, now, station(id=f"S{n}"), **more) for n, readings in enumerate(stations, 1)]
    return outlook(one, ANJU, records, told or Told(), now)
