"""The 叫应 ladder: what to do about somebody who has not answered. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from warnengine.model.book import Act
from warnengine.model.bundle import Rung


@dataclass(frozen=True, slots=True)
class Remind:
    """The same person once more, on every channel."""


@dataclass(frozen=True, slots=True)
class Escalate:
    """These people are asked to act in place of the silent one."""

    people: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Call:
    """The duty room telephones, or a machine does; why it must."""

    because: str
    channel: str = "call"


@dataclass(frozen=True, slots=True)
class Visit:
    """The duty room sends somebody to the door."""

    words: str


@dataclass(frozen=True, slots=True)
class Nothing:
    """And why."""

    because: str


Move = Remind | Escalate | Call | Visit | Nothing


def climb(rung: Rung) -> Move:
    """The next move. A step that finds nobody is not waited for: the duty room gets it."""
    return _not_needed(rung) or _move(rung)


def _not_needed(rung: Rung) -> Nothing | None:
    reasons = {
        "superseded": rung.stale,
        "expired": rung.not_after <= rung.now,
        "off duty": rung.off_duty,
        "answered": rung.answered,
    }
    return next((Nothing(because) for because, holds in reasons.items() if holds), None)


def _move(rung: Rung) -> Move:
    match rung.act:
        case Act.AGAIN:
            return Remind()
        case Act.DEPUTY:
            return Escalate(rung.deputies) if rung.deputies else Call("no deputy")
        case Act.SUPERIOR:
            return Escalate(rung.superiors) if rung.superiors else Call("no superior")
        case Act.VOICE:
            return Call(rung.act.value, channel="voice")
        case Act.DUTY_ROOM:
            return Call(rung.act.value)
        case Act.VISIT:
            return Visit(f"{rung.name}多次未应答:请派人上门")
