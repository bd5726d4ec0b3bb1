"""Tongliang without a database: the real book, the night as read, and the reconciler's desk in memory."""

from __future__ import annotations

from collections.abc import Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, TypeVar

from warnengine.demo import scenario
from warnengine.ingest import formats
from warnengine.ingest.formats import Reading
from warnengine.match.desired import desired
from warnengine.model.book import Measure, RuleBook
from warnengine.model.bundle import Pending, Request
from warnengine.model.byhand import ByHand
from warnengine.model.level import Level
from warnengine.model.order import Desired, Form, Kind, Mark, OrderKey, Standing, Stands, Version
from warnengine.model.place import Area
from warnengine.model.situation import Cell, CellKey, InForce, Unmatched
from warnengine.model.warning import Claim, MsgType, Status, Warning
from warnengine.order.reconcile import Reconciler, Situation
from warnengine.order.texts import Texts
from warnengine.rulebook import load
from warnengine.situation import fold

ROOT = Path(__file__).parents[2]
BOOK = load(ROOT / "rules")
TEXTS = Texts(ROOT / "templates")
READING = Reading({BOOK.district.code: BOOK.district}, BOOK.hazard_table)
SITUATION = Situation(fold.statements, fold.apply, fold.forces, fold.doubts, fold.forget, fold.words, fold.turns)
BEIJING = timezone(timedelta(hours=8))
TOWNS = tuple(town.code for town in BOOK.district.townships)
ANJU, SHAOYUN, GAOLOU = "500151105", "500151114", "500151116"
T = TypeVar("T")


def at(clock: str, day: int = 27) -> datetime:
    """A moment of July 2026: 05:55 or 05:55:10."""
    return datetime.fromisoformat(f"2026-07-{day:02} {clock}").replace(tzinfo=BEIJING)


def read(raw: bytes) -> Warning:
    """One message, read as the engine reads it."""
    (found,) = formats.read(raw, READING)
    return found


NIGHT = tuple(read(message.xml()) for message in scenario.MESSAGES)
BLUE, YELLOW, ORANGE, RED, RED_CONTINUES, EASES, CANCEL = NIGHT


def rain(unit: str) -> OrderKey:
    """A unit's order on rain."""
    return OrderKey(unit, "rainstorm", "signal")


def claim(code: str | None, level: Level | None, hazard: str | None = "rainstorm", **fields: Any) -> Claim:
    """One statement about one area; its name is the code where none is given."""
    area = Area(fields.pop("name", code or ""), code)
    values = {"event": "暴雨", "family": "signal", "begins": None, "ends": None} | fields
    return Claim(area=area, hazard=hazard, level=level, **values)


def warning(identifier: str, sent: datetime, *claims: Claim, **fields: Any) -> Warning:
    """A message of the district's own observatory, as a reader hands it over."""
    values: dict[str, Any] = {
        "sender": "铜梁区气象局",
        "issuer": "50015141600000",
        "status": Status.ACTUAL,
        "msg_type": MsgType.UPDATE,
        "references": (),
        "format": "national",
        "headline": "",
        "description": "",
        "effective": None,
        "onset": None,
        "expires": None,
    } | fields
    return Warning(identifier=identifier, sent=sent, claims=claims, **values)


def force(
    area: str,
    level: Level,
    *,
    because: str = "m1",
    hazard: str = "rainstorm",
    family: str = "signal",
    ends: datetime | None = None,
) -> InForce:
    """One township at a level."""
    key = CellKey(area, hazard, family)
    return InForce(key, level, because=frozenset({because}), ends=ends, renewed=frozenset({because}))


def measure(id_: str) -> Measure:
    """A measure of the real book."""
    return next(m for unit in BOOK.units.values() for m in BOOK.measures_of(unit) if m.id == id_)


def all_replaced(id_: str, unit: str) -> set[str]:
    """What a measure replaces, and what that has replaced in its turn."""
    measures = {measure.id: measure for measure in BOOK.measures_of(BOOK.units[unit])}
    found = {old for old in measures[id_].replaces if old in measures}
    return found | {older for old in found for older in all_replaced(old, unit)}


def ordered(wanted: Desired | Stands) -> set[str]:
    """What stands as a firm order."""
    return {standing.measure for standing in wanted.measures if standing.form is Form.ORDER}


def advised(wanted: Desired | Stands) -> set[str]:
    """What stands as advice, until an authority has decided."""
    return {standing.measure for standing in wanted.measures if standing.form is Form.ADVICE}


def waiting(versions: Iterable[Version]) -> frozenset[tuple[OrderKey, str]]:
    """What these versions leave to an authority."""
    return frozenset(
        (version.change.key, mark.standing.measure)
        for version in versions
        for mark in version.measures
        if mark.standing.form is Form.ADVICE and mark.mark is not Mark.LAPSED
    )


def taken(version: Version, before: Stands | None = None) -> Stands:
    """What stands once a version is written down."""
    kept = [mark for mark in version.measures if mark.mark is not Mark.LAPSED]
    change = version.change
    return Stands(
        order=change.order or 1,
        version=change.version,
        key=change.key,
        level=version.lane_level,
        measures=frozenset(mark.standing for mark in kept),
        reach=change.reach,
        seen=change.because | (before.seen if before else frozenset()),
        book=version.book,
        said={mark.standing: mark for mark in kept},
        ends=change.ends,
    )


@dataclass
class Hall:
    """A district without a database: fulfils the reconciler's `Desk` and remembers all that was written."""

    book: RuleBook = BOOK
    clock: datetime = field(default_factory=lambda: at("19:13", 26))
    district: str = "500151"
    people: ByHand = field(default_factory=ByHand)
    known: dict[CellKey, Cell] = field(default_factory=dict)
    orders: dict[OrderKey, Stands] = field(default_factory=dict)
    approved: frozenset[tuple[OrderKey, str]] = frozenset()
    questions: list[str] = field(default_factory=list)
    inbox: list[Pending] = field(default_factory=list)
    changes: list[tuple[Version, ...]] = field(default_factory=list)
    asked: list[Request] = field(default_factory=list)
    turns: set[datetime] = field(default_factory=set)
    unheeded: list[Unmatched] = field(default_factory=list)
    quietly: list[tuple[Version, ...]] = field(default_factory=list)

    def take(self, *warnings: Warning, now: datetime | None = None) -> dict[str, Version]:
        """Let messages in together; return the versions that they make, by unit."""
        self.clock = now or self.clock
        self.inbox += [Pending(number, one, self.clock) for number, one in enumerate(warnings)]
        return self.reconcile()

    def approve(self, granted: Iterable[tuple[OrderKey, str]], now: datetime | None = None) -> dict[str, Version]:
        """Let an authority say yes; return the versions that it makes, by unit."""
        self.clock = now or self.clock
        self.approved |= frozenset(granted)
        return self.reconcile()

    def reconcile(self) -> dict[str, Version]:
        """One round of the engine's own reconciler."""
        change = run(Reconciler(self.book, SITUATION, desired).reconcile(self))
        versions = () if change is None else self.changes[change]
        return {version.change.key.unit: version for version in versions}

    def picture(self) -> dict[OrderKey, tuple[object, ...]]:
        """What stands, as far as people are concerned."""
        return {key: (stands.level, stands.measures, stands.reach) for key, stands in self.orders.items()}

    async def now(self) -> datetime:
        return self.clock

    async def pending(self) -> Sequence[Pending]:
        pending, self.inbox = self.inbox, []
        return pending

    async def cells(self) -> dict[CellKey, Cell]:
        return dict(self.known)

    async def ask(self, questions: Iterable[str]) -> None:
        self.questions += [question for question in questions if question not in self.questions]

    async def granted(self) -> frozenset[tuple[OrderKey, str, str]]:
        words = {m.id: m.order for unit in self.book.units.values() for m in self.book.measures_of(unit)}
        return frozenset((key, measure, words[measure]) for key, measure in self.approved)

    async def standing(self) -> dict[OrderKey, Stands]:
        return dict(self.orders)

    async def by_hand(self) -> ByHand:
        return self.people

    async def undefer(self, keys: Iterable[OrderKey]) -> None:
        gone = set(keys)
        left = {key: one for key, one in self.people.deferred.items() if key not in gone}
        self.people = replace(self.people, deferred=left)

    async def keep(self, cells: Iterable[Cell], arrivals: Iterable[int]) -> None:
        self.known |= {cell.key: cell for cell in cells}

    async def wake(self, now: datetime, moments: Iterable[datetime]) -> None:
        self.turns = {turn for turn in self.turns if turn > now} | set(moments)

    async def last(self, until: Mapping[OrderKey, datetime]) -> None:
        self.orders |= {key: replace(self.orders[key], ends=moment) for key, moment in until.items()}

    async def unmatched(self, warnings: Iterable[Unmatched]) -> None:
        self.unheeded += warnings

    async def write(
        self, versions: Sequence[Version], requests: Sequence[Request], warned_at: object, *, quiet: bool = False
    ) -> int:
        for version in versions:
            key, before = version.change.key, self.orders.pop(version.change.key, None)
            if version.change.kind is not Kind.LAPSE:
                self.orders[key] = taken(version, before)
        (self.quietly if quiet else self.changes).append(tuple(versions))
        self.asked += requests
        # an approval lives as long as its measure stands
        self.approved = frozenset((key, m) for key, m in self.approved if self._still(key, m))
        return len(self.changes) - 1

    def _still(self, key: OrderKey, measure: str) -> bool:
        stands = self.orders.get(key)
        return stands is not None and bool({Standing(measure, form) for form in Form} & stands.measures)


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine that waits for nothing."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        result: T = done.value
        return result
    raise AssertionError("it waits for something")
