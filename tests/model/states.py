"""What the model is made of: a design with its guards, the states that it can be in, what must never be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from warnengine.model.delivery import What

WHATS = list(What)
BIT = {what: 1 << place for place, what in enumerate(WHATS)}
IN_VAIN = sum(BIT[w] for w in (What.WITHDRAWN, What.EXPIRED, What.REFUSED, What.FAILED, What.UNDELIVERED))
EXPLAINED = BIT[What.UNKNOWN] | BIT[What.HELD] | BIT[What.SILENT]
"""What a further copy may follow."""
FREE, HELD, OVER, FINISHED = range(4)
INTENDED, ANSWERED, STORED = range(3)
TAKEN, BUSY, NEVER, MISSING = range(4)
"""What comes back from the gateway: yes, not now, never, nothing."""


@dataclass(frozen=True)
class Design:
    """What is built, and which guards it has."""

    versions: int = 1
    """Of the order, before its all-clear."""
    faults: int = 2
    gateways: int = 1
    dedupes: bool = False
    """The gateway drops what it has seen."""
    intent: bool = True
    """The attempt is written before the first byte leaves."""
    hold: bool = True
    """A later message waits until what it follows is settled."""
    hold_queued: bool = False
    """… and until nothing of it is queued: not the engine's way, which withdraws what is queued."""
    bounded: bool = True
    """Nothing leaves when the lease may be over."""
    expiry: bool = True
    """The last look sees the end."""
    fenced: bool = True
    """Refusals count only under the claim that made the attempt."""
    fenced_release: bool = True
    """Only whose claim it is gives a chunk back."""
    fold: bool = True
    """A state is the highest evidence, not the last."""
    reread: bool = False
    """A second look at the version before the send: not the engine's way, for the hold makes it idle."""
    withdraw: bool = True
    """A superseded version is not sent."""
    doubts: bool = True
    """What a dead engine left without an outcome is settled by who takes over."""


class Slot(NamedTuple):
    """One number of one message: its chunk, its attempt, its events."""

    purpose: int = -1
    """-1: there is no chunk."""
    avoid: int = 0
    lease: int = FREE
    epoch: int = 0
    intended: int = 0
    """The epoch of the claim that wrote the attempt; 0: there is none."""
    gateway: int = 0
    events: int = 0


class Engine(NamedTuple):
    """What one engine is at; no message: idle."""

    message: int = -1
    number: int = 0
    epoch: int = 0
    gateway: int = 0
    phase: int = 0
    answer: int = 0


IDLE = Engine()
NOTHING = Slot()


class State(NamedTuple):
    engines: tuple[Engine, ...]
    slots: tuple[tuple[Slot, ...], ...]
    """By message, by number."""
    copies: tuple[tuple[int, ...], ...]
    """What has reached the person, by message and gateway."""
    follows: tuple[int, ...]
    """Which messages each one waits for, as bits."""
    issued: int
    """How many messages have superseded the one before."""
    expanded: int
    """How many of them have been given to the person, or have not for nothing had reached them."""
    expired: bool
    """The orders are over; the all-clear is not."""
    pages: int
    last: tuple[int, ...]
    """The last event of each message, where the design goes by that."""
    faults: int
    overtaken: int = 0
    late: bool = False


Decided = tuple[What, int, bool]
"""The event, the purpose of a further attempt (-1: none), whether a page follows."""
Step = tuple[str, int, int, State]
"""What happens, to which message, to which attempt, and the state after it."""


def with_slot(state: State, message: int, number: int, slot: Slot) -> State:
    slots = state.slots[message]
    changed = (*slots[: number - 1], slot, *slots[number:])
    return state._replace(slots=(*state.slots[:message], changed, *state.slots[message + 1 :]))


def with_engine(state: State, place: int, engine: Engine) -> State:
    pair = list(state.engines)
    pair[place] = engine
    return state._replace(engines=tuple(pair))


def canonical(state: State) -> State:
    """Engines are alike: which is which does not matter."""
    one, other = state.engines
    return state if one <= other else state._replace(engines=(other, one))


def wrongs(design: Design, state: State) -> set[str]:
    """Every property that does not hold here, the last step's included."""
    found = set()
    last = design.versions
    if state.overtaken >> last & 1:
        found.add("order after its all-clear")
    if state.overtaken & (1 << last) - 1:
        found.add("old version after the new one")
    if state.late:
        found.add("sent after expiry")
    for message, slots in enumerate(state.slots):
        if sum(state.copies[message]) > 1 + sum(bool(slot.events & EXPLAINED) for slot in slots):
            found.add("hidden duplicate")
        accepted = any(slot.events & BIT[What.ACCEPTED] for slot in slots)
        if not design.fold and accepted and state.last[message] in (BIT[What.REFUSED], BIT[What.FAILED]):
            found.add("accepted row reopened")
    given = state.slots[last][0].purpose >= 0
    if state.expanded > last and not given and any(any(copies) for copies in state.copies[:last]):
        found.add("person has the order and no all-clear")
    return found


def loose_ends(design: Design, state: State) -> set[str]:
    """What is wrong where nothing more can happen."""
    found = set()
    for message in range(state.expanded):
        slots = state.slots[message]
        if any(slot.intended and not slot.events for slot in slots):
            found.add("attempt that nobody settles")
        withdrawn = any(slot.events & BIT[What.WITHDRAWN] for slot in slots)
        told = any(state.copies[message]) or withdrawn or state.pages >> message & 1
        if slots[0].purpose >= 0 and not told:
            found.add("nobody got it and nobody was told")
    return found
