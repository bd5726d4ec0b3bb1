"""What passes between the deciding stages and the store: readings, requests, people, texts, bundles."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from warnengine.model.book import Act, After, ApprovalRule
from warnengine.model.level import Level
from warnengine.model.pace import Recent
from warnengine.model.proof import Proof
from warnengine.model.warning import Warning

FIRST_MOMENT = datetime(2020, 1, 1, tzinfo=UTC)
"""From which the ids of bundles count milliseconds, in all but their last 22 bits."""


def made_at(bundle: int) -> datetime:
    """When a bundle was made, by its id."""
    return FIRST_MOMENT + timedelta(milliseconds=bundle >> 22)


@dataclass(frozen=True, slots=True)
class Pending:
    """A reading of a warning that a district has not taken in."""

    arrival: int
    warning: Warning
    received_at: datetime
    found: bool = False
    """It was in force already when this installation first started: it stands, and nobody is told."""
    again: bool = False
    """A reading of the same warning was taken in before."""


@dataclass(frozen=True, slots=True)
class Item:
    """One compulsory measure that waits for an authority."""

    version: int
    """Index into the versions that are written with it."""
    measure: str
    words: str


@dataclass(frozen=True, slots=True)
class Request:
    """What one authority is asked to decide: all compulsory measures of one level in one change."""

    level: Level
    rule: ApprovalRule
    items: tuple[Item, ...]
    sha256: bytes


@dataclass(frozen=True, slots=True)
class Written:
    """The words of one bundle with its closed slots still open: {name} {posts} {link} {resend}."""

    short: str
    subject: str
    body: str
    html: str
    notes: str | None
    """What went wrong with a template, for the board; None when nothing did."""
    items: tuple[str, ...] = ()
    """Ids of its measures as a reader counts them; empty where several orders count from one."""


@dataclass(frozen=True, slots=True)
class Turns:
    """The first addresses of somebody go at once, each further one waits for those before it."""

    at_once: int
    every: timedelta
    """How long one more waits for an answer."""


@dataclass(frozen=True, slots=True)
class Listener:
    """One person who must know something, with the way there."""

    district: str
    person: str
    versions: tuple[int, ...]
    """Ids of order versions."""
    posts: tuple[str, ...]
    """unit/post; empty for somebody who only hears of a change to what reached them before."""
    level: Level
    kind: str
    not_after: datetime
    follows: tuple[int, ...]
    """Bundles that must be settled before a byte of the new one leaves."""
    addresses: tuple[tuple[str, str], ...]
    """(channel, address)"""
    known: tuple[int, ...] = ()
    """Those of `versions` of which they heard before: they read the difference, of the others the whole."""
    turns: Turns | None = None
    """None: every address at once."""
    held: timedelta = timedelta()
    """How long the text waits because there was much before it."""


Timer = tuple[int, Act | After, timedelta]
"""(step, act, from now)"""


@dataclass(frozen=True, slots=True)
class NewBundle:
    """A bundle ready to be written down."""

    id: int
    listener: Listener
    text: int
    code: bytes
    """SHA-256 of the link's code."""
    timers: tuple[Timer, ...] = ()
    behalf: int | None = None
    """Escalation: the bundle whose silence it answers."""
    about: tuple[int, ...] = ()
    """Further bundles of which it speaks: one message, however many have run out at once."""
    stands_in: bool = False
    """Escalation: an answer to it is an answer of the silent one."""
    approval: int | None = None
    """The request that its reader is asked to decide."""


@dataclass(frozen=True, slots=True)
class Pleading:
    """A request whose authority is to be asked, or has let its time pass."""

    approval: int
    change: int
    level: Level
    rung: int
    """Index of the authority that was asked last; -1: none yet."""
    versions: tuple[int, ...]
    items: tuple[tuple[int, str], ...]
    """The measures that wait: version, and the words that are to be approved."""
    after: bool = False
    """It was sent already (先发后补)."""
    call: Call | None = None
    """What is to be countersigned."""


@dataclass(frozen=True, slots=True)
class Call:
    """A decision that came by telephone."""

    approval: int
    person: str
    """Key of who decided."""
    decision: str
    """yes or no."""
    at: datetime
    words: str
    recorded_by: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """One order that somebody has not answered, beside what the others of the unit have."""

    level: Level
    proof: Proof
    """How far it is proven that this person knows."""
    called: int
    answered: int


@dataclass(frozen=True, slots=True)
class Rung:
    """A timer that has run out, with what it is about."""

    bundle: int
    step: int
    act: Act | After
    waiting: tuple[Waiting, ...]
    """What neither the person has answered, nor a deputy whose answer counts."""
    owing: tuple[tuple[int, str], ...]
    """(version, person): orders that were answered and are not reported done, and who is responsible."""
    stale: bool
    """Superseded: a newer message asks instead."""
    off_duty: bool
    """The person holds none of the posts any more: whoever does has been asked."""
    not_after: datetime
    now: datetime
    person: str
    name: str
    deputies: tuple[str, ...]
    superiors: tuple[str, ...]
    due: datetime | None = None
    """When it was to be done at first; None where nothing depends on that."""
    level: Level = Level.RED
    more: bool = False
    """Further steps of the ladder follow this one."""
    lately: tuple[Recent, ...] = ()
    """What the person was sent in the last hour."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One message that speaks of several bundles at once, and everybody who gets it."""

    purpose: str
    """escalation, reminder, finish, unfinished, shared"""
    bundles: tuple[int, ...]
    """Of which it speaks; the gravest first."""
    change: int
    level: Level
    silent: tuple[tuple[str, tuple[str, ...]], ...]
    """Name and posts of those whose bundles they are."""
    done: frozenset[tuple[int, str]] = frozenset()
    """(version, measure) that were reported done."""
    responsible: str = ""
    """shared: the name of whoever answered first."""
    others: tuple[str, ...] = ()
    """shared: the names of whoever answered later."""
    moment: datetime | None = None
    """finish, unfinished: the time now."""


@dataclass(frozen=True, slots=True)
class Response:
    """A standing order with the clock of its response."""

    district: str
    unit: str
    hazard: str
    family: str
    version: int
    level: Level
    since_at: datetime
    """When the order became so grave."""
    since: timedelta
    started: frozenset[str]
    """Posts of the unit that have reported 已开展 since."""
    alarmed: bool
    """The duty room has it on its list."""
    told: bool
    """Whom the rule names knows."""

    @property
    def danger(self) -> str:
        """The key of its alarm."""
        return f"{self.unit} {self.hazard} {self.family}"


@dataclass(frozen=True, slots=True)
class Ended:
    """A danger whose orders have all passed their end, and of which no task tells yet."""

    district: str
    hazard: str
    family: str
    level: Level
    over: datetime
    because: tuple[str, ...] = ()
    """The messages behind those orders."""


@dataclass(frozen=True, slots=True)
class Unheard:
    """An order that none of those who are called is known to have got."""

    district: str
    unit: str
    hazard: str
    family: str
    level: Level
    since: timedelta
    """How long it has been standing so."""
    people: int
