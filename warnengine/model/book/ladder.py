"""The 叫应 ladder: whom it calls, what it does about silence, and when it is content."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from warnengine.model.book.entry import Clock, Duration, Entry
from warnengine.model.book.plan import Role
from warnengine.model.book.unit import UnitKind
from warnengine.model.clock import BEIJING
from warnengine.model.proof import Proof


class Act(StrEnum):
    """What the ladder does when somebody has not answered."""

    AGAIN = "again"
    """The same person once more, on every channel, marked 再次提醒."""
    DEPUTY = "deputy"
    """B角: the deputy named in the directory."""
    SUPERIOR = "superior"
    """The superior named in the directory."""
    VOICE = "voice"
    """A machine calls, speaks the text and takes a key; what comes to nothing, the duty room calls by hand."""
    DUTY_ROOM = "duty_room"
    """A task for the duty room: call by hand."""
    VISIT = "visit"
    """A task for the duty room: send somebody in person (派人上门)."""


class After(StrEnum):
    """What the engine's own clocks do about somebody who has answered."""

    FINISH = "finish"
    """Asked for the end (办结)."""
    UNFINISHED = "unfinished"
    """The superior learns 已收到未办结."""
    SHARED = "shared"
    """Two have answered for one: both learn who is responsible."""


class Step(Entry):
    """One rung of the 叫应 ladder."""

    after: Duration
    """From the moment that the order was made."""
    do: Act
    times: int = Field(default=1, ge=1, le=10)
    """How often it is done while nobody answers."""
    every: Duration | None = None
    """From one time to the next; required where it is done more than once."""

    def moments(self) -> tuple[timedelta, ...]:
        """After how long it is done."""
        return tuple(self.after + n * (self.every or timedelta()) for n in range(self.times))


def _answer(value: object) -> object:
    """Read all, deputy or {at_least: N}."""
    words = {"all": {}, "deputy": {"deputy": True}}
    if isinstance(value, str) and value in words:
        return words[value]
    if isinstance(value, dict) and set(value) <= {"at_least", "deputy"} and "at_least" in value:
        return value
    raise ValueError("写 all、deputy 或 {at_least: 2}")


class Enough(Entry):
    """Who must answer. A deputy is whoever the directory names for the post."""

    at_least: int | None = Field(default=None, ge=1)
    """So many of those who are called in a unit; None: every one of them."""
    deputy: bool = False
    """Whether a deputy's answer, asked for by the ladder, counts as that of the post."""

    def of(self, called: int) -> int:
        """How many answers a unit owes of whom so many are called."""
        return called if self.at_least is None else min(self.at_least, called)


class Night(Entry):
    """The hours in which people sleep: an order that is made then is chased by `night_steps`."""

    begins: Clock
    ends: Clock

    def holds(self, moment: datetime) -> bool:
        """Whether a moment lies within it, in Beijing time."""
        clock = moment.astimezone(BEIJING).time()
        if self.begins <= self.ends:
            return self.begins <= clock < self.ends
        return clock >= self.begins or clock < self.ends

    def over(self, moment: datetime) -> datetime:
        """The end of the night in which a moment lies; by day the moment itself."""
        local = moment.astimezone(BEIJING)
        end = local.replace(hour=self.ends.hour, minute=self.ends.minute, second=0, microsecond=0)
        return (end if end > local else end + timedelta(days=1)) if self.holds(moment) else moment


class Pace(Entry):
    """How many texts below orange one person gets. What would be more waits; orange and red never do."""

    texts: int = Field(ge=1)
    within: Duration = Field(le=timedelta(hours=1))


class Finish(Entry):
    """办结: who has answered is asked again until somebody of the unit reports it done."""

    before: Duration | None = None
    """A reminder so long before a deadline; None: none."""
    after: Duration
    """A reminder so long after a deadline."""
    superior: Duration | None = None
    """The superior learns 已收到未办结 so long after a deadline; None: nobody does."""


class Whom(Entry):
    """A post that is told when the clock has run on."""

    unit: str
    post: str
    after: Duration
    """From the moment that the unit's order became so grave."""


class Start(Entry):
    """红色未启动响应: how long a unit may leave an order without a leader who reports 已开展."""

    within: Duration
    """Then it is an alarm on the duty room's list."""
    leaders: dict[UnitKind, tuple[str, ...]]
    """Whose report starts the response, by kind of unit; kinds that are not named have no such clock."""
    tell: Whom | None = None
    """Who is told of all such units in one message; None: the duty room alone."""


class Rung(Entry):
    """The ladder of one level."""

    first_send: Duration
    """The time within which the first send must leave; an objective, shown on the board."""
    answer_within: Duration
    called: dict[UnitKind, tuple[str, ...]]
    """Which posts of each kind of unit are called."""
    responsible: tuple[Role, ...] = ()
    """Who of those that answer for an endangered point of a plan is called too."""
    channels: tuple[str, ...]
    """Orange and red: all of them at once, in parallel. Below: one after the other in this order, unless the
    address list prefers another for a person."""
    next_channel: Duration = timedelta(minutes=15)
    """Below orange: how long a person may leave one channel unanswered before the next one is used too. A channel
    that has failed, or stays without its receipt, is not waited for."""
    steps: tuple[Step, ...]
    night_steps: tuple[Step, ...] = ()
    """In place of `steps` for an order that is made at night; empty: the same as by day."""
    answer: Annotated[Enough, BeforeValidator(_answer)]
    """all: everybody who is called; deputy: the same, and a deputy counts; {at_least: N}: so many of a unit, with
    `deputy: true` their deputies count. Once there are enough nobody else is chased."""
    proof: Proof = Proof.ACKNOWLEDGED
    """What counts as 叫应 at this level. Below 3 a receipt is enough and the ladder stops by itself; above it, the
    board says so until it is reached."""
    finish: Finish | None = None
    """Whether and when who has answered is asked for the end; None: never."""
    start: Start | None = None
    """Whether and when a unit that has not begun is an alarm of its own; None: never."""
    silence: Duration | None = None
    """After how long a township without any receipt or answer is an alarm of its own; None: never."""
    confirm: Literal["bureau"] | None = None

    def climbs(self, *, night: bool) -> tuple[tuple[Act, timedelta], ...]:
        """Everything that the ladder does, in the order of time, each repetition by itself."""
        steps = self.night_steps if night and self.night_steps else self.steps
        found = [(step.do, moment) for step in steps for moment in step.moments()]
        return tuple(sorted(found, key=lambda pair: pair[1]))
