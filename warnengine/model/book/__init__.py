"""The rule book: 一行业一措施、一乡镇一方案, as data.

The types mirror the files of `rules/` key by key, so that a typo is refused with its place; `rulebook` loads and
lints them. A book is immutable and named by its hash.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from pydantic import BaseModel, ConfigDict

from warnengine.model.book.approval import ApprovalRule, Authorisation, Authority, Limits
from warnengine.model.book.entry import Colour, Entry, Levels, Phrase
from warnengine.model.book.ladder import Act, After, Enough, Finish, Night, Pace, Rung, Start, Step, Whom
from warnengine.model.book.measure import RELAY, SIGNAL, Evidence, Measure, MeasureFile, Silent, When
from warnengine.model.book.plan import Alarm, Called, Charge, Plan, Point, PointKind, Role
from warnengine.model.book.unit import BOUND, DIGITS, Post, Unit, UnitKind
from warnengine.model.hazard import Hazard, HazardTable
from warnengine.model.level import Level
from warnengine.model.place import District

__all__ = [
    "BOUND",
    "DIGITS",
    "RELAY",
    "SIGNAL",
    "Act",
    "After",
    "Alarm",
    "ApprovalRule",
    "Authorisation",
    "Authority",
    "Called",
    "Charge",
    "Colour",
    "Enough",
    "Entry",
    "Evidence",
    "Finish",
    "Levels",
    "Limits",
    "Measure",
    "MeasureFile",
    "Night",
    "Pace",
    "Phrase",
    "Plan",
    "Point",
    "PointKind",
    "Post",
    "Role",
    "RuleBook",
    "Rung",
    "Silent",
    "Start",
    "Step",
    "Unit",
    "UnitKind",
    "When",
    "Whom",
]


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
    in_use: dict[str, dict[str, tuple[Level, ...]]] = {}
    """Product family → hazard → levels at which every unit must have a measure, or a Silent; none named: all."""
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

    def responsible(
        self, unit: str, level: Level, towns: Iterable[str], hazard: str | None = None
    ) -> tuple[str, ...]:
        """Posts of a unit that the plans of those townships call beside the ladder; hazard: None for any."""
        roles = self.ladder[level].responsible
        plans = (self.plans[town] for town in towns if town in self.plans)
        return tuple(dict.fromkeys(post for plan in plans for post in plan.calls(unit, level, roles, hazard)))
