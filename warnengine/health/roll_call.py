"""点名: who of those on duty answers. It proves numbers, and that posts are held; it orders nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from warnengine.model.book import RuleBook
from warnengine.model.bundle import Written
from warnengine.model.clock import BEIJING
from warnengine.settings import RollCall

LATE = timedelta(minutes=15)
"""A roll-call that could not be made in time is not made up for later in the night."""
SHOWN = 20
"""Names in one task; the table has them all."""


class Presence(StrEnum):
    """What became of one person's roll-call, in the words of the table."""

    THERE = "实到"
    SILENT = "未应答"
    INVALID = "号码无效"
    BUSY = "正在应答指令"


@dataclass(frozen=True, slots=True)
class Called:
    """One line of the table."""

    name: str
    posts: tuple[str, ...]
    """安居镇值班员"""
    presence: Presence


def due(now: datetime, settings: RollCall) -> bool:
    """Whether the roll-call of this day is to be made now."""
    local = now.astimezone(BEIJING)
    begins = local.replace(hour=settings.at.hour, minute=settings.at.minute, second=0, microsecond=0)
    return local.month in settings.months and begins <= local < begins + LATE


def day(now: datetime) -> datetime:
    """When this day began in Beijing: one roll-call by the clock since then."""
    return now.astimezone(BEIJING).replace(hour=0, minute=0, second=0, microsecond=0)


def written(book: RuleBook, closes_at: datetime) -> Written:
    """The text, slots open; it stands alone within one SMS."""
    clock = closes_at.astimezone(BEIJING).strftime("%H:%M")
    short = (
        f"【{book.signature}】{{resend}}点名:{{name}},请{clock}前回1确认在岗,不是本人请回“不是本人”。"
        f"核实{book.duty_phone}"
    )
    return Written(short, short, short, "", None)


def presence(*, answered: bool, invalid: bool) -> Presence:
    """Whoever answers is there, whatever a gateway says of the number."""
    return Presence.THERE if answered else Presence.INVALID if invalid else Presence.SILENT


def summary(called: Sequence[Called]) -> str:
    """应到31人,实到28人,未应答2人,号码无效1人"""
    counts = Counter(one.presence for one in called)
    rest = ",".join(f"{one}{counts[one]}人" for one in Presence if one is not Presence.BUSY or counts[one])
    return f"应到{len(called)}人,{rest}"


def task_of(called: Sequence[Called]) -> str:
    """What the duty room is told when it is over; empty where everybody is there."""
    missing = [one for one in called if one.presence in {Presence.SILENT, Presence.INVALID}]
    if not missing:
        return ""
    names = "、".join(f"{one.name}({'、'.join(one.posts)},{one.presence})" for one in missing[:SHOWN])
    more = "等" if len(missing) > SHOWN else ""
    return f"点名:{summary(called)}。请电话核实:{names}{more}"
