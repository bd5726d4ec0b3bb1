"""The rule book: 一行业一措施、一乡镇一方案, as data.

The types mirror the files of `rules/` key by key, so that a typo is refused with its place; `rulebook` loads and
lints them. A book is immutable and named by its hash.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta, timezone
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

from warnengine.model.hazard import Hazard, HazardTable
from warnengine.model.level import Level
from warnengine.model.place import District
from warnengine.model.proof import Proof

BEIJING = timezone(timedelta(hours=8))
"""All of China keeps one time, without summer time."""


def _duration(value: object) -> object:
    """Read 30m, 2h, 90s; leave anything else to pydantic's own complaint."""
    found = re.fullmatch(r"(\d+)([smh])", value) if isinstance(value, str) else None
    if not found:
        raise ValueError("write a number and s, m or h, such as 30m")
    return timedelta(seconds=int(found[1]) * {"s": 1, "m": 60, "h": 3600}[found[2]])


def _level(value: object) -> object:
    """Read blue, yellow, orange or red."""
    if isinstance(value, str) and value in {level.key for level in Level}:
        return Level.from_key(value)
    raise ValueError("write blue, yellow, orange or red")


def _day(value: object) -> object:
    """Read 2026-09-30, with or without quotes."""
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError as error:
            raise ValueError("write a day such as 2026-09-30") from error
    return value


def _duration_text(value: timedelta) -> str:
    minutes, seconds = divmod(int(value.total_seconds()), 60)
    return f"{seconds + 60 * minutes}s" if seconds else f"{minutes}m"


def _clock(value: object) -> object:
    """Read 22:00."""
    found = re.fullmatch(r"([01]\d|2[0-3]):([0-5]\d)", value) if isinstance(value, str) else None
    if not found:
        raise ValueError("write a clock time such as 22:00")
    return time(int(found[1]), int(found[2]))


def _answer(value: object) -> object:
    """Read all, deputy or {at_least: N}."""
    words = {"all": {}, "deputy": {"deputy": True}}
    if isinstance(value, str) and value in words:
        return words[value]
    if isinstance(value, dict) and set(value) <= {"at_least", "deputy"} and "at_least" in value:
        return value
    raise ValueError("write all, deputy or {at_least: 2}")


Duration = Annotated[timedelta, BeforeValidator(_duration), PlainSerializer(_duration_text)]
Day = Annotated[date, BeforeValidator(_day)]
Colour = Annotated[Level, BeforeValidator(_level), PlainSerializer(lambda level: level.key)]
Clock = Annotated[time, BeforeValidator(_clock), PlainSerializer(lambda clock: f"{clock:%H:%M}")]
Phrase = Annotated[str, Field(min_length=1, max_length=120)]


class Entry(BaseModel):
    """Anything a rule file holds: unknown keys are refused, nothing changes after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class UnitKind(StrEnum):
    """What a unit is to the district."""

    DISTRICT = "district"
    """The district's leadership (区领导)."""
    DUTY_ROOM = "duty_room"
    """区应急局值班室, which watches, chases and calls."""
    SECTOR = "sector"
    """A bureau or company that acts in the whole district (一行业一措施)."""
    TOWNSHIP = "township"
    """A 镇 or 街道 (一乡镇一方案)."""
    COMMITTEE = "committee"
    """A 管委会: receives orders like a township, is not an administrative division."""


class Unit(Entry):
    """Who receives orders."""

    code: str = Field(pattern=r"^[a-z][a-z_]*$|^\d{9}$")
    """A township's 9-digit code, else an English word: housing."""
    name: Phrase
    """区住房城乡建委"""
    short: Phrase
    """The name in an SMS: 住建委."""
    kind: UnitKind
    aliases: tuple[Phrase, ...] = ()
    """For a township: other names found in real texts, such as 安居 and 旧县镇."""
    parent: str | None = None
    """The unit above; units form a tree."""
    towns: tuple[str, ...] = ()
    """For a 管委会: the townships whose weather it shares; empty: the whole district."""
    rivers: tuple[str, ...] = ()
    hills: tuple[str, ...] = ()
    neighbours: tuple[str, ...] = ()
    tile: tuple[int, int] | None = None
    """Column and row of its tile on the board."""
    sample: bool = False
    confirm: Literal["bureau"] | None = None


class Post(Entry):
    """A post that somebody holds in a unit: 值班员, 分管领导, 书记."""

    key: str = Field(pattern=r"^[a-z][a-z_]*$")
    name: Phrase
    kinds: tuple[UnitKind, ...]
    """The kinds of unit that have it."""
    names: dict[UnitKind, Phrase] = {}
    """What it is called in a kind of unit where that differs: 主任 of a 管委会 for 镇长(主任)."""

    def name_in(self, kind: UnitKind) -> str:
        """The post's name in that kind of unit."""
        return self.names.get(kind, self.name)


class When(Entry):
    """What makes a measure stand."""

    hazard: str
    level: Colour
    family: str = "signal"


class Evidence(StrEnum):
    """What proves that a measure is done."""

    COUNT = "count"
    """A number of people; asked for in the SMS reply."""
    PHOTO = "photo"
    REPORT = "report"


class Measure(Entry):
    """One act that one unit owes when a hazard reaches a level: verb first, one deadline."""

    id: str = Field(pattern=r"^[a-z0-9_]+(\.[a-z0-9_]+)+$")
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


class Point(Entry):
    """A place in a township where people are in danger."""

    code: str
    name: Phrase
    kind: Phrase
    """地灾隐患点, 山洪危险区, 低洼易涝点, 临河住户, 学校, 养老院, 景区 …"""
    village: str = ""
    households: int | None = None
    people: int | None = None
    route: str = ""
    shelter: str = ""
    sample: bool = False
    confirm: Literal["bureau"] | None = None


class Plan(Entry):
    """一乡镇一方案: what is particular to one township."""

    township: str = Field(pattern=r"^\d{9}$")
    name: Phrase
    risks: tuple[Phrase, ...] = ()
    points: tuple[Point, ...] = ()
    measures: tuple[Measure, ...] = ()
    confirm: Literal["bureau"] | None = None


class Silent(Entry):
    """A decision that nothing is owed at a level: without it, no measure is a gap."""

    hazard: str
    level: Colour
    because: Phrase
    decided_by: Phrase
    """Who answers for it: 区应急局, and the date."""


class MeasureFile(Entry):
    """一行业一措施: the measures of one sector, or of every unit of one kind."""

    sector: str | None = None
    kind: UnitKind | None = None
    """Instead of `sector`: township or committee, for what all of them do alike."""
    measures: tuple[Measure, ...]
    none: tuple[Silent, ...] = ()


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

    def climbs(self, *, night: bool) -> tuple[tuple[Act, timedelta], ...]:
        """Everything that the ladder does, in the order of time, each repetition by itself."""
        steps = self.night_steps if night and self.night_steps else self.steps
        found = [(step.do, moment) for step in steps for moment in step.moments()]
        return tuple(sorted(found, key=lambda pair: pair[1]))


class Authority(Entry):
    """Who may say yes, and for how long we wait for them."""

    unit: str
    post: str
    within: Duration


class ApprovalRule(Entry):
    """Who decides on compulsory measures of one level; one clock for all measures of one change."""

    level: Colour
    authorities: tuple[Authority, ...] = Field(min_length=1)
    """In order: no decision in time goes to the next."""
    ceiling: int
    """People one approval may reach; above it the request must be split."""


class Authorisation(Entry):
    """A standing authorisation (年度审定): these compulsory measures need not be asked for while it is valid."""

    document: Phrase
    """铜府发〔2026〕12号"""
    by: Phrase
    """Who authorised it: 铜梁区人民政府."""
    measures: tuple[str, ...] = Field(min_length=1)
    """Ids of compulsory measures."""
    levels: tuple[Colour, ...] = ()
    """Only measures that are due at these levels; empty: at any."""
    units: tuple[str, ...] = ()
    """Only for these units; empty: for all that owe the measure."""
    valid_from: Day
    valid_to: Day
    """The last day on which it counts, in Beijing time."""

    def allows(self, unit: str, measure: Measure, day: date) -> bool:
        """Whether it lets that unit be ordered that measure on that day."""
        return (
            measure.id in self.measures
            and self.valid_from <= day <= self.valid_to
            and (not self.levels or measure.when.level in self.levels)
            and (not self.units or unit in self.units)
        )


class Limits(Entry):
    """What goes out without a second look; beyond it a second person looks first."""

    people_per_order: int = Field(default=200, ge=1)
    """Of one order, unless its measures say otherwise with `ceiling`."""
    times_usual: int = Field(default=3, ge=2)
    """How many times as many people as orders of that unit and level usually have."""
    orders_per_minute: int = Field(default=400, ge=1)
    """Of the whole district; all-clears are not counted."""
    countersign_within: Duration = timedelta(minutes=30)
    """Within which an approval by telephone is countersigned; then it is a task of the duty room."""


class RuleBook(BaseModel):
    """A whole published book."""

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True)

    hash: str
    """SHA-256 over the files, in hexadecimal; every order carries it."""
    district: District
    signature: Phrase
    """铜梁应急, without brackets."""
    duty_phone: Phrase
    """The number to call and check, as printed in texts."""
    hazards: tuple[Hazard, ...]
    issuers: dict[str, str]
    """Issuers whose warnings may order something here: 14-digit code or CAP sender → name."""
    units: dict[str, Unit]
    posts: dict[str, Post]
    sectors: dict[str, tuple[Measure, ...]]
    """By unit code of the sector."""
    kinds: dict[UnitKind, tuple[Measure, ...]]
    plans: dict[str, Plan]
    """By township code."""
    ladder: dict[Level, Rung]
    night: Night | None = None
    """None: nights are chased like days."""
    pace: Pace | None = None
    """None: nothing waits because there was much before it."""
    approvals: dict[Level, ApprovalRule]
    families: dict[str, str] = {}
    """Product family → its Chinese name: signal → 预警信号."""
    in_use: tuple[str, ...] = ()
    """Hazards for which every sector and township must have a measure, or a Silent, at each level."""
    criteria: dict[str, dict[Level, str]] = {}
    """Hazard key → level → what the signal means, for people; a level that is missing is never issued."""
    silent: dict[str, tuple[Silent, ...]] = {}
    """By sector code or kind."""
    standing: tuple[Authorisation, ...] = ()
    limits: Limits = Limits()
    by_hand: dict[str, tuple[Measure, ...]] = {}
    """By unit: what people order beside the rules (超预案); no part of the files."""

    @property
    def hazard_table(self) -> HazardTable:
        """The hazards, ready to be looked up."""
        return HazardTable(self.hazards)

    def at_night(self, moment: datetime) -> bool:
        """Whether people sleep then."""
        return self.night is not None and self.night.holds(moment)

    def measures_of(self, unit: Unit) -> tuple[Measure, ...]:
        """Every measure that the unit may ever owe."""
        plan = self.plans.get(unit.code)
        own = plan.measures if plan else self.sectors.get(unit.code, ())
        return self.kinds.get(unit.kind, ()) + own + self.by_hand.get(unit.code, ())
