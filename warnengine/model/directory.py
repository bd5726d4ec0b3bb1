"""Who holds which post, who stands in, who is above: the address list as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from warnengine.model.rota import DayKind


@dataclass(frozen=True, slots=True)
class Person:
    """One human being, however many posts they hold."""

    key: str
    """Unique in the list, kept through changes of post and number: zhang_wei_2."""
    name: str
    mobile: str | None
    """E.164, +8619900000001; None is a gap that `gaps` reports."""
    email: str | None
    phone: str | None = None
    """E.164: a telephone that takes no SMS; whoever has nothing else is called by hand."""
    wecom: str | None = None
    """Their userid in the bureau's WeCom (企业微信)."""
    app: str | None = None
    """Their device in the district's own app."""
    loudspeaker: str | None = None
    """A 大喇叭 is in the list like a person, in a post of its township."""
    extra: str | None = None
    """What stands for {address} in the settings of the gateway of the kind extra."""
    prefers: tuple[str, ...] = ()
    """Channels in the order in which they are tried below orange; empty: as the ladder says."""
    others: tuple[tuple[str, str], ...] = ()
    """(channel, address) of further numbers and mailboxes, in the order in which they are tried."""

    @property
    def ways(self) -> tuple[tuple[str, str], ...]:
        """Channel and address of every way to them."""
        all_ways = (
            ("sms", self.mobile),
            ("email", self.email),
            ("call", self.phone),
            ("wecom", self.wecom),
            ("app", self.app),
            ("loudspeaker", self.loudspeaker),
            ("extra", self.extra),
        )
        return (*((channel, address) for channel, address in all_ways if address), *self.others)


@dataclass(frozen=True, slots=True)
class Holding:
    """One person in one post of one unit."""

    unit: str
    """Unit code of the rule book."""
    post: str
    """Post key of the rule book."""
    person: str
    """Person key."""
    deputy: str | None
    """Person key of the B角 for this post."""
    superior: str | None
    """Person key of who is asked next when neither answers."""


@dataclass(frozen=True, slots=True)
class Absence:
    """Somebody is away, and who is there for them."""

    person: str
    starts: datetime
    ends: datetime
    """No longer: the first moment at which they are back."""
    stand_in: str | None = None
    """Person key; None: the deputy of each post."""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Shift:
    """Somebody holds a post on certain days for some hours: one row of a rota."""

    unit: str
    post: str
    days: str
    """A date (2026-10-01), or a name of days of `model/rota.py`: 工作日, 周一."""
    begins: time
    """By the clock of Beijing, on each of those days."""
    lasts: timedelta
    """Up to a day: a shift may end on the day after."""
    person: str


@dataclass(frozen=True, slots=True)
class Directory:
    """A whole address list. Every key that a holding, an absence or a shift names is in `people`."""

    people: Mapping[str, Person]
    """By person key."""
    holdings: tuple[Holding, ...]
    """In the order of the file: who holds each post when nobody is away and no rota says otherwise."""
    absences: tuple[Absence, ...] = ()
    shifts: tuple[Shift, ...] = ()
    calendar: Mapping[date, DayKind] = field(default_factory=dict)
    """Days off, and days of work, that the week does not tell: 节假日 and 调休."""

    def holders(self, unit: str, post: str) -> tuple[Holding, ...]:
        """Who holds that post of that unit."""
        return tuple(held for held in self.holdings if (held.unit, held.post) == (unit, post))
