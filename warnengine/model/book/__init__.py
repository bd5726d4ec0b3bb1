"""The rule book: 一行业一措施、一乡镇一方案, as data.

The types mirror the files of `rules/` key by key, so that a typo is refused with its place; `rulebook` loads and
lints them. A book is immutable and named by its hash.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cached_property
from typing import Any, Self

from pydantic import BaseModel, ConfigDict

from warnengine.model.book.approval import ApprovalRule, Authorisation, Authority, Limits
from warnengine.model.book.entry import Colour, Entry, Levels, Phrase
from warnengine.model.book.family import Family
from warnengine.model.book.issuer import Issuer
from warnengine.model.book.ladder import Act, After, Enough, Finish, Night, Pace, Rung, Start, Step, Whom
from warnengine.model.book.measure import RELAY, SIGNAL, Evidence, Measure, MeasureFile, Silent, When
from warnengine.model.book.plan import Alarm, Called, Charge, Plan, Point, PointKind, Role
from warnengine.model.book.trigger import Station, Trigger, Triggers, Watch
from warnengine.model.book.unit import BOUND, DIGITS, Former, Post, Unit, UnitKind
from warnengine.model.hazard import Hazard, HazardTable, Source
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
    "Family",
    "Finish",
    "Former",
    "Issuer",
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
    "Station",
    "Step",
    "Trigger",
    "Triggers",
    "Unit",
    "UnitKind",
    "Watch",
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
    sources: tuple[Source, ...] = ()
    """How issuers of CAP without our colours grade; the first that fits a sender counts."""
    issuers: dict[str, str]
    """Issuers whose warnings may order something here: 14-digit code or CAP sender → name."""
    remits: dict[str, Issuer] = {}
    """Those of them who may warn of some things only; whoever is not named here may warn of anything."""
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
    families: dict[str, Family] = {}
    in_use: dict[str, dict[str, tuple[Level, ...]]] = {}
    """Product family → hazard → levels at which every unit must have a measure, or a Silent; none named: all."""
    criteria: dict[str, dict[Level, str]] = {}
    """Hazard key → level → what the signal means, for people; a level that is missing is never issued."""
    silent: dict[str, tuple[Silent, ...]] = {}
    """By sector code or kind."""
    standing: tuple[Authorisation, ...] = ()
    limits: Limits = Limits()
    triggers: Triggers | None = None
    """None: no threshold orders anything."""
    by_hand: dict[str, tuple[Measure, ...]] = {}
    """By unit: what people order beside the rules (超预案); no part of the files."""

    @cached_property
    def derived(self) -> dict[str, object]:
        """What others have worked out from the files of this book and keep with it."""
        return {}

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """A copy with some parts changed; it keeps nothing that was worked out from those."""
        copied = super().model_copy(update=update, deep=deep)
        if set(update or ()) - {"by_hand"}:
            for worked_out in ("derived", "hazard_table"):
                copied.__dict__.pop(worked_out, None)
        return copied

    @cached_property
    def hazard_table(self) -> HazardTable:
        """The hazards, ready to be looked up."""
        return HazardTable(self.hazards, self.sources)

    def family_name(self, family: str) -> str:
        """应急响应; the key itself where the book does not know it."""
        known = self.families.get(family)
        return known.name if known else family

    def level_words(self, family: str, level: Level) -> str:
        """What texts say for a level of a product family: 红色, Ⅰ级响应."""
        known = self.families.get(family)
        return known.says(level) if known else level.zh

    def at_night(self, moment: datetime) -> bool:
        """Whether people sleep then."""
        return self.night is not None and self.night.holds(moment)

    def measures_of(self, unit: Unit) -> tuple[Measure, ...]:
        """Every measure that the unit may ever owe."""
        return self.kinds.get(unit.kind, ()) + self.own_measures(unit) + self.by_hand.get(unit.code, ())

    def own_measures(self, unit: Unit) -> tuple[Measure, ...]:
        """Those that its own file gives it: the plan of a township, 一行业一措施 of a sector."""
        plan = self.plans.get(unit.code)
        return plan.measures if plan else self.sectors.get(unit.code, ())

    def responsible(
        self, unit: str, level: Level, towns: Iterable[str], hazard: str | None = None
    ) -> tuple[str, ...]:
        """Posts of a unit that the plans of those townships call beside the ladder; hazard: None for any."""
        roles = self.ladder[level].responsible
        plans = (self.plans[town] for town in towns if town in self.plans)
        return tuple(dict.fromkeys(post for plan in plans for post in plan.calls(unit, level, roles, hazard)))
