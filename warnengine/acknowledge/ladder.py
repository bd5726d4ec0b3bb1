"""The 叫应 ladder: what to do about somebody who has not answered, or not finished. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from warnengine.acknowledge.burden import Later, later, too_many
from warnengine.model.book import Act, After, Pace
from warnengine.model.book import Rung as Rule
from warnengine.model.bundle import Rung, Waiting
from warnengine.model.level import Level
from warnengine.model.proof import Proof

Rules = Mapping[Level, Rule]


@dataclass(frozen=True, slots=True)
class Remind:
    """The same person once more, on every channel."""


@dataclass(frozen=True, slots=True)
class Escalate:
    """These people are asked to act in place of the silent one."""

    people: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Finish:
    """Whoever is responsible is asked for the end (办结)."""

    people: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """These people learn 已收到未办结."""

    people: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Share:
    """Two have answered for one: both learn who is responsible."""


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


Message = Remind | Escalate | Finish | Report
"""Moves that write to people, several at once in one message."""
Move = Message | Share | Call | Visit | Later | Nothing


def climb(rung: Rung, rules: Rules, pace: Pace | None = None) -> Move:
    """The next move. A step that finds nobody is not waited for: the duty room gets it."""
    if too_many(rung):
        return _not_needed(rung, rules) or Nothing("told often just now")
    return _not_needed(rung, rules) or later(rung, pace) or _move(rung)


def _not_needed(rung: Rung, rules: Rules) -> Nothing | None:
    reasons = {
        "superseded": rung.stale,
        "expired": rung.not_after <= rung.now,
        "off duty": rung.off_duty and (isinstance(rung.act, Act) or not rung.owing),
        **_settled(rung, rules),
    }
    return next((Nothing(because) for because, holds in reasons.items() if holds), None)


def _settled(rung: Rung, rules: Rules) -> dict[str, bool]:
    """Why the person is not asked for what this step asks for."""
    if rung.act is After.SHARED:
        return {}
    if isinstance(rung.act, After):
        return {"not owing": not rung.owing}
    return {
        "answered": not rung.waiting,
        "enough proof": all(_proven(one, rules) for one in rung.waiting),
        "enough answers": all(_proven(one, rules) or _enough(one, rules) for one in rung.waiting),
    }


def _proven(waiting: Waiting, rules: Rules) -> bool:
    """Where the rule asks for less than an answer, that is enough; more than one is asked for afterwards."""
    return waiting.proof >= min(rules[waiting.level].proof, Proof.ACKNOWLEDGED)


def _enough(waiting: Waiting, rules: Rules) -> bool:
    return waiting.answered >= rules[waiting.level].answer.of(waiting.called)


def _move(rung: Rung) -> Move:  # noqa: PLR0911 - one line for each act
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
        case After.FINISH:
            return Finish(tuple(sorted({person for _, person in rung.owing})))
        case After.UNFINISHED:
            return (
                Report(rung.superiors) if rung.superiors else Visit(f"{rung.name}已收到未办结,没有上级可报:请催办")
            )
        case After.SHARED:
            return Share()


@dataclass(frozen=True, slots=True)
class Letter:
    """One message to one person, about everything that has run out for them at once."""

    to: str
    purpose: str
    rungs: tuple[Rung, ...]


PURPOSES: Mapping[type[Message], str] = {
    Remind: "reminder",
    Escalate: "escalation",
    Finish: "finish",
    Report: "unfinished",
}


def letters(moves: Iterable[tuple[Rung, Move]]) -> tuple[Letter, ...]:
    """Gather what goes to people: one message to each for each sort of step, the gravest first."""
    found: dict[tuple[str, str], dict[int, Rung]] = {}
    for rung, move in moves:
        if isinstance(move, Message):
            for person in _readers(rung, move):
                found.setdefault((PURPOSES[type(move)], person), {}).setdefault(rung.bundle, rung)
    return tuple(Letter(person, purpose, tuple(own.values())) for (purpose, person), own in found.items())


def _readers(rung: Rung, move: Message) -> tuple[str, ...]:
    return (rung.person,) if isinstance(move, Remind) else move.people
