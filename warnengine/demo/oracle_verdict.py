"""What the oracle hands back: counts, findings, a table of units and one phone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

Kind = Literal[
    "lost",
    "phantom",
    "unexplained",
    "duplicate",
    "replay",
    "after_all_clear",
    "after_final_all_clear",
    "red_from_cancel",
    "wrong_level",
    "wrong_town",
    "wrong_measure",
    "not_affected",
    "asked_again",
    "before_approval",
    "too_long",
]

MEANINGS: Mapping[Kind, str] = {
    "lost": "should have been told, was neither told nor listed as unreachable",
    "phantom": "claimed by the engine, unknown to the gateways and phones",
    "unexplained": "on a phone, but no delivery of the engine says so",
    "duplicate": "more copies than one and the recorded possible duplicates",
    "replay": "sent once more because an old message came again",
    "after_all_clear": "an order on a phone that had already been told the all-clear",
    "after_final_all_clear": "sent after the last all-clear of the night",
    "red_from_cancel": "a red order made of a cancel",
    "wrong_level": "the text names another level than the one in force",
    "wrong_town": "the text names a place that it is not about",
    "wrong_measure": "the text orders what the rules do not have at this level",
    "not_affected": "told to somebody whom the warning does not concern",
    "asked_again": "asked again after having reported acting or done",
    "before_approval": "a compulsory order before its approval",
    "too_long": "one measure, and its first line does not fit one short message",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not right."""

    kind: Kind
    sentence: str
    """For people."""
    person: str = ""
    township: str = ""
    """Name of the township, sector or committee."""
    text: str = ""
    moment: datetime | None = None
    """Engine time."""


@dataclass(frozen=True, slots=True)
class EngineClaims:
    """The engine's own statements: JSON objects of its API, to be audited. Absent keys are tolerated."""

    orders: tuple[Mapping[str, Any], ...] = ()
    deliveries: tuple[Mapping[str, Any], ...] = ()
    approvals: tuple[Mapping[str, Any], ...] = ()
    tasks: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """One unit over the whole night, counted per person and change of the situation."""

    unit: str
    kind: str
    gravest: int
    """Gravest level of the night, 1 to 4; 0 if none."""
    ordered: int
    """Who should have been told, once for each change."""
    sent: int
    delivered: int
    acknowledged: int
    """Of those sent: answered at all before the next change."""
    acting: int
    done: int
    escalated: int
    """Messages that went to a deputy, a superior or the duty room because somebody was silent."""
    unreachable: tuple[str, ...] = ()
    """“name: reason”, as the engine recorded it."""


@dataclass(frozen=True, slots=True)
class Bubble:
    """One line of a phone's message list."""

    moment: datetime
    theirs: bool
    """True for what came in, False for what the owner sent."""
    text: str


@dataclass(frozen=True, slots=True)
class Phone:
    """A phone as its owner saw it."""

    owner: str
    post: str
    unit: str
    bubbles: tuple[Bubble, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """The night, judged."""

    warnings: int
    orders: int
    deliveries: int
    accepted: int
    """Whole messages that the gateways took."""
    delivered: int
    """Of those, with a receipt that says so."""
    acknowledged: int
    """Persons and changes that were answered."""
    escalated: int
    unreachable: int
    """Persons listed with a reason instead of a message."""
    duplicates: int
    """Second copies that the engine had recorded as possible."""
    first_submit_p99_s: float
    """Engine seconds from the arrival of a change to the first message of a person, 99th percentile."""
    median_messages: float
    maximum_messages: int
    findings: tuple[Finding, ...]
    rows: tuple[Row, ...]
    phone: Phone | None = None

    @property
    def clean(self) -> bool:
        """Everything sent is explained, everything due was sent."""
        return not self.findings

    def report(self, wall_s: float, broker: str) -> dict[str, int | float | str]:
        """The JSON object of `--json`; `unexplained` counts the findings of all kinds."""
        return {
            "warnings": self.warnings,
            "orders": self.orders,
            "deliveries": self.deliveries,
            "accepted": self.accepted,
            "delivered": self.delivered,
            "acknowledged": self.acknowledged,
            "escalated": self.escalated,
            "unreachable": self.unreachable,
            "duplicates": self.duplicates,
            "unexplained": len(self.findings),
            "first_submit_p99_s": round(self.first_submit_p99_s, 3),
            "wall_s": round(wall_s, 1),
            "broker": broker,
        }
