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
class ByHand:
    """A task for the duty room."""

    kind: str
    words: str


@dataclass(frozen=True, slots=True)
class Nothing:
    """And why."""

    because: str


Move = Remind | Escalate | ByHand | Nothing


def climb(rung: Rung) -> Move:
    """The next move. A step that finds nobody is not waited for: the duty room gets it."""
    return _not_needed(rung) or _move(rung)


def _not_needed(rung: Rung) -> Nothing | None:
    reasons = {"answered": rung.answered, "superseded": rung.stale, "expired": rung.not_after <= rung.now}
    return next((Nothing(because) for because, holds in reasons.items() if holds), None)


def _move(rung: Rung) -> Move:
    match rung.act:
        case Act.AGAIN:
            return Remind()
        case Act.DEPUTY:
            return _escalate(rung.deputies, f"{rung.name}未应答,且没有B角:请打电话")
        case Act.SUPERIOR:
            return _escalate(rung.superiors, f"{rung.name}未应答,且没有上级联系人:请打电话")
        case Act.DUTY_ROOM:
            return ByHand("call", f"{rung.name}未应答:请打电话")
        case Act.VISIT:
            return ByHand("visit", f"{rung.name}多次未应答:请派人上门")


def _escalate(people: tuple[str, ...], otherwise: str) -> Move:
    return Escalate(people) if people else ByHand("call", otherwise)
