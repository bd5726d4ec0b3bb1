"""A warning as it came in: who says what about which place."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from warnengine.model.level import Level
from warnengine.model.place import Area


class MsgType(StrEnum):
    """CAP 1.2 §3.2.1 msgType; the national platform uses the first three."""

    ALERT = "Alert"
    UPDATE = "Update"
    CANCEL = "Cancel"
    ACK = "Ack"
    ERROR = "Error"


class Status(StrEnum):
    """CAP 1.2 §3.2.1 status. Only ACTUAL is ever dispatched live."""

    ACTUAL = "Actual"
    EXERCISE = "Exercise"
    SYSTEM = "System"
    TEST = "Test"
    DRAFT = "Draft"


class Gravity(StrEnum):
    """What a problem found in a message means for it."""

    REJECT = "reject"
    WARN = "warn"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Problem:
    """Something odd in a message that was nevertheless understood."""

    rule: str
    """A stable word: `no_area`, `code_contradicts_title`, `expires_missing`."""
    severity: Gravity
    message: str


class Precision(StrEnum):
    """How sure we are that the issuer meant this very area."""

    NAMED = "named"
    """By code or by name."""
    DISTRICT = "district"
    """The text says 部分镇街 and names none, or is only a title: taken as the whole district, and flagged."""
    STILL = "still"
    """其余镇街…仍生效: by exclusion, and it only restates what stands: no new warning for these."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One statement of a warning about one area; infos and sentences may differ by area."""

    area: Area
    hazard: str | None
    """The rule book's key; None when the book does not know the hazard."""
    event: str
    """The issuer's own word or code for it, always kept."""
    family: str
    """Product family: signal, joint_risk, flood_command, hydrology, response, imminent (domain: look alike,
    are not the same)."""
    level: Level | None
    """None: no longer in force (解除)."""
    begins: datetime | None
    ends: datetime | None
    precision: Precision = Precision.NAMED
    lifts: Level | None = None
    """Of an all-clear: the gravest level that its own words name (解除暴雨橙色预警); None where they name none."""
    lowers: tuple[str, ...] = ()
    """Of a conclusion (会商): identifiers of messages that count at this level until its end, None: not at all. It
    then states nothing of its own."""


@dataclass(frozen=True, slots=True)
class Warning:
    """One message of one issuer. Times are aware; texts are unaltered."""

    identifier: str
    sender: str
    issuer: str
    """Who speaks, the same by every feed: the 14-digit code of the identifier (alias codes replaced) where it
    has one, else the sender."""
    sent: datetime
    status: Status
    msg_type: MsgType
    references: tuple[str, ...]
    """Identifiers only, whatever else the format puts beside them."""
    format: str
    """national, cap, …"""
    headline: str
    description: str
    effective: datetime | None
    onset: datetime | None
    expires: datetime | None
    claims: tuple[Claim, ...]
    problems: tuple[Problem, ...] = ()
    ungraded: tuple[Claim, ...] = ()
    """What it is about at no level that we know (severity Unknown), or in an Ack or Error: shown, never acted on.
    Kept apart because None among the claims stands something down."""

    @property
    def key(self) -> tuple[str, str]:
        """(issuer, identifier): the same warning by three ways is one."""
        return self.issuer, self.identifier

    @property
    def title_only(self) -> bool:
        """Whether no more than a title was read: a list row without a body, that names no township."""
        return not self.description.strip() and all(len(claim.area.code or "") <= 6 for claim in self.claims)

    def grades(self) -> tuple[object, ...]:
        """The gravest level of each danger, wherever: what a title must have in common with the whole text."""
        tops: dict[tuple[str, str], int] = {}
        for claim in self.claims:
            danger = claim.hazard or claim.event, claim.family
            tops[danger] = max(tops.get(danger, 0), claim.level or 0)
        return self.status, tuple(sorted(tops.items()))

    def levels(self) -> tuple[object, ...]:
        """Who says which level where: what two feeds of one warning must agree on."""
        said = {(c.area.code or c.area.name, c.hazard or c.event, c.family, c.level) for c in self.claims}
        return self.status, self.msg_type, tuple(sorted(said, key=repr))

    def meaning(self) -> tuple[object, ...]:
        """What must not change under one key from one source: levels and periods; spelling may."""
        periods = {(c.area.code or c.area.name, c.begins, c.ends) for c in self.claims}
        return *self.levels(), tuple(sorted(periods, key=repr))
