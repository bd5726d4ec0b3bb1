"""What every entry of a rule file is, and how durations, days, clock times and levels are written in it."""

from __future__ import annotations

import re
from datetime import date, time, timedelta
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

from warnengine.model.level import Level


def _duration(value: object) -> object:
    """Read 30m, 2h, 90s; leave anything else to pydantic's own complaint."""
    found = re.fullmatch(r"(\d+)([smh])", value) if isinstance(value, str) else None
    if not found:
        raise ValueError("写数字加 s(秒)、m(分)或 h(小时),例如 30m")
    return timedelta(seconds=int(found[1]) * {"s": 1, "m": 60, "h": 3600}[found[2]])


def _level(value: object) -> object:
    """Read blue, yellow, orange or red."""
    if isinstance(value, str) and value in {level.key for level in Level}:
        return Level.from_key(value)
    raise ValueError("写 blue、yellow、orange 或 red")


def _levels(value: object) -> object:
    """Read all, or a list of levels."""
    if value == "all":
        return ()
    if isinstance(value, list | tuple) and value:
        return value
    raise ValueError("写 all,或者列出各级,例如 [orange, red]")


def _day(value: object) -> object:
    """Read 2026-09-30, with or without quotes."""
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError as error:
            raise ValueError("写日期,例如 2026-09-30") from error
    return value


def _duration_text(value: timedelta) -> str:
    minutes, seconds = divmod(int(value.total_seconds()), 60)
    return f"{seconds + 60 * minutes}s" if seconds else f"{minutes}m"


def _clock(value: object) -> object:
    """Read 22:00."""
    found = re.fullmatch(r"([01]\d|2[0-3]):([0-5]\d)", value) if isinstance(value, str) else None
    if not found:
        raise ValueError("写钟点,例如 22:00")
    return time(int(found[1]), int(found[2]))


Duration = Annotated[timedelta, BeforeValidator(_duration), PlainSerializer(_duration_text)]
Day = Annotated[date, BeforeValidator(_day)]
Colour = Annotated[Level, BeforeValidator(_level), PlainSerializer(lambda level: level.key)]
Levels = Annotated[tuple[Colour, ...], BeforeValidator(_levels)]
"""Empty: every level at which the hazard is issued."""
Clock = Annotated[time, BeforeValidator(_clock), PlainSerializer(lambda clock: f"{clock:%H:%M}")]
Phrase = Annotated[str, Field(min_length=1, max_length=120)]


class Entry(BaseModel):
    """Anything a rule file holds: unknown keys are refused, nothing changes after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True)
