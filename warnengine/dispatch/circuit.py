"""Whether a gateway may be trusted with messages: it opens on failures and closes in small steps. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

from warnengine.dispatch.channel import Accepted, ChannelError, Reason, Unanswered

CANARY = 0.0
STEPS = (CANARY, 0.1, 0.25, 0.5, 1.0)
"""The share of its work that a gateway gets back step by step; the first step is a single message."""
PATIENCE = 5
"""Failures in a row after which a gateway rests."""
ENOUGH = 3
"""Successes after which it gets more."""
RESTS = (5.0, 10.0, 20.0, 30.0)
"""Seconds that it rests the first, second, … time; no longer, for a red must not wait for more."""
ITS_FAULT = frozenset({Reason.UNREACHABLE, Reason.GATEWAY_ERROR, Reason.CREDENTIALS})
"""Refusals that say something of the gateway, not of the message."""


@dataclass(frozen=True, slots=True)
class Circuit:
    """What this process has seen of a gateway."""

    step: int = len(STEPS) - 1
    row: int = 0
    """Successes in a row; failures as a negative number."""
    rests: int = 0
    """How often it has had to rest since it was last trusted wholly."""
    until: float = 0.0
    """It rests until then, by the monotonic clock."""
    up: bool = True
    known: bool = False
    """It has had a session before: one that is new is trusted wholly, one that has come back step by step."""
    why: str = ""
    """Of the last failure, for people."""

    def share(self, now: float) -> float | None:
        """The share of its work that it gets, 0 for a single message; None where it gets none at all."""
        return STEPS[self.step] if self.up and now >= self.until else None


def answered(circuit: Circuit, answer: Accepted | ChannelError | Unanswered, now: float) -> Circuit:
    """What an answer of the gateway makes of it. A gateway that asks for less, or refuses a number, works."""
    if isinstance(answer, ChannelError) and answer.reason is Reason.THROTTLED:
        return circuit
    if isinstance(answer, Accepted) or (isinstance(answer, ChannelError) and answer.reason not in ITS_FAULT):
        return _succeeded(circuit)
    row = min(circuit.row, 0) - 1
    trusted = circuit.step == len(STEPS) - 1
    failed = replace(circuit, row=row, why=answer.detail)
    return opened(failed, answer.detail, now) if not trusted or -row >= PATIENCE else failed


def opened(circuit: Circuit, why: str, now: float) -> Circuit:
    """Let it rest."""
    rest = RESTS[min(circuit.rests, len(RESTS) - 1)]
    return replace(circuit, step=0, row=0, rests=circuit.rests + 1, until=now + rest, why=why)


def seen(circuit: Circuit, up: bool, why: str) -> Circuit:
    """Whether it has a session now. One that comes back is tried at once, with a single message."""
    if not circuit.known:
        return replace(circuit, up=up, known=up, why=circuit.why if up else why)
    if up == circuit.up:
        return circuit
    return replace(circuit, up=up, step=0, row=0, until=0.0, why=circuit.why if up else why)


def _succeeded(circuit: Circuit) -> Circuit:
    row = max(circuit.row, 0) + 1
    if circuit.step == len(STEPS) - 1:
        return replace(circuit, row=row)
    if circuit.step and row < ENOUGH:
        return replace(circuit, row=row)
    step = circuit.step + 1
    return replace(circuit, step=step, row=0, rests=0 if step == len(STEPS) - 1 else circuit.rests)
