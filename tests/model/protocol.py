"""The protocol of a send as states and steps: two engines, one person, an order (its update) and its all-clear.

What is decided is asked of the engine's own machine; what the store does is stated here, in the words of
`queries/dispatch.sql` and `queries/orders.sql`. Time has no figures: a lease is running or over, a text in force or
expired, and whatever waits may happen at any moment. Arriving at the gateway is one step with the last look; what
lies between them, microseconds of code, is the residue that no guard closes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import NamedTuple

from warnengine.dispatch import machine
from warnengine.dispatch.channel import Accepted, ChannelError, Reason, Unanswered
from warnengine.dispatch.machine import Abandoned, LastLook, Turn
from warnengine.model.bundle import Written
from warnengine.model.delivery import Attempt, Candidate, Purpose, What
from warnengine.model.level import Level

NOW = datetime(2026, 7, 27, tzinfo=UTC)
HOUR = timedelta(hours=1)
PURPOSES = list(Purpose)
WHATS = list(What)
BIT = {what: 1 << place for place, what in enumerate(WHATS)}
IN_VAIN = sum(BIT[w] for w in (What.WITHDRAWN, What.EXPIRED, What.REFUSED, What.FAILED, What.UNDELIVERED))
POSITIVE = {What.ACCEPTED, What.DELIVERED, What.UNKNOWN}
EXPLAINED = BIT[What.UNKNOWN] | BIT[What.HELD] | BIT[What.SILENT]
"""What a further copy may follow."""
FREE, HELD, OVER, FINISHED = range(4)
INTENDED, ANSWERED, STORED = range(3)
TAKEN, BUSY, NEVER, MISSING = range(4)
"""What comes back from the gateway: yes, not now, never, nothing."""
ANSWERS = [
    Accepted(("id",), receipts=True),
    ChannelError(Reason.THROTTLED, "busy", retry=True),
    ChannelError(Reason.REJECTED, "never", retry=False),
    Unanswered("no answer"),
]


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


@cache
def decided(
    what: type, number: int, purpose: int, expired: bool, flags: tuple[bool, ...] = (), answer: int = 0
) -> Decided | None:
    """What the machine decides."""
    end = NOW - HOUR if expired else NOW + HOUR
    attempt = Attempt(16, number, PURPOSES[purpose], "sms", "+86", Level.RED, end)
    happening: machine.Happening
    if what is Turn:
        stale, taken = flags
        text = Written("", "", "", "", None)
        happening = Turn(Candidate(attempt, 16, stale, False, taken, False, text, "", ()))
    elif what is LastLook:
        happening = LastLook(1.0 if flags[0] else 0.0)
    elif what is Abandoned:
        happening = Abandoned()
    else:
        happening = ANSWERS[answer]
    outcome = machine.decide(attempt, happening, NOW)
    if outcome is None:
        return None
    assert outcome.again is None or outcome.again.number == number + 1
    again = PURPOSES.index(outcome.again.purpose) if outcome.again else -1
    return outcome.event.what, again, outcome.page is not None


def start(design: Design) -> State:
    """The order has been issued and given to the person."""
    messages = design.versions + 1
    empty = (NOTHING,) * (design.faults + 1)
    state = State(
        engines=(IDLE, IDLE),
        slots=(empty,) * messages,
        copies=((0,) * design.gateways,) * messages,
        follows=(0,) * messages,
        issued=1,
        expanded=1,
        expired=False,
        pages=0,
        last=(0,) * messages,
        faults=design.faults,
    )
    return _slot(state, 0, 1, NOTHING._replace(purpose=0))


def steps(design: Design, state: State) -> Iterator[Step]:
    """Everything that may happen next."""
    yield from _around(design, state)
    for place, engine in enumerate(state.engines):
        if engine.message < 0:
            if place == 0 or state.engines[0] != IDLE:  # two idle engines are alike
                yield from _claims(design, state, place)
        else:
            yield from _works(design, state, place, engine)
            yield from _suffers(state, place, engine)


# what the duty room and time do


def _around(design: Design, state: State) -> Iterator[Step]:
    last = design.versions
    if state.issued == state.expanded <= last:
        yield "issue", state.issued, 0, state._replace(issued=state.issued + 1)
    if state.issued > state.expanded:
        yield "give", state.expanded, 0, _give(design, state, state.expanded)
    if not state.expired:
        yield "expire", 0, 0, state._replace(expired=True)
    for message, slots in enumerate(state.slots):
        for number, slot in enumerate(slots, 1):
            if slot.lease == HELD and not any(
                (e.message, e.number, e.epoch) == (message, number, slot.epoch) for e in state.engines
            ):
                yield "lease over", message, number, _slot(state, message, number, slot._replace(lease=OVER))
            if design.gateways > 1 and state.faults and slot.events & BIT[What.ACCEPTED]:
                yield from _silent(design, state, message, number, slot)


def _give(design: Design, state: State, message: int) -> State:
    """The person's bundle of an update or an all-clear: an all-clear only where an order may have reached them."""
    state = state._replace(expanded=message + 1)
    earlier = range(message)
    if message == design.versions and not any(_reached(state, one) for one in earlier):
        return state
    waits = sum(1 << one for one in earlier if _unsettled(state, one))
    if design.hold_queued:
        waits = (1 << message) - 1
    follows = (*state.follows[:message], waits, *state.follows[message + 1 :])
    return _slot(state._replace(follows=follows), message, 1, NOTHING._replace(purpose=0))


def _silent(design: Design, state: State, message: int, number: int, slot: Slot) -> Iterator[Step]:
    """No receipt in time: what a gateway took goes by the other one, once."""
    if slot.events & (BIT[What.SILENT] | BIT[What.DELIVERED]):
        return
    after = _slot(state, message, number, slot._replace(events=slot.events | BIT[What.SILENT]))
    after = after._replace(faults=state.faults - 1)
    slots = state.slots[message]
    tried = {one.gateway for one in slots if one.intended}
    waiting = any(one.purpose >= 0 and one.lease != FINISHED for one in slots)
    if (
        tried <= {slot.gateway}
        and not waiting
        and not _over(design, state, message)
        and not _stale(state, message)
    ):
        number_next = 1 + max(place for place, one in enumerate(slots, 1) if one.purpose >= 0)
        new = NOTHING._replace(purpose=PURPOSES.index(Purpose.RESEND), avoid=slot.gateway)
        after = _slot(after, message, number_next, new)
    yield "silent", message, number, after


# what an engine does


def _claims(design: Design, state: State, place: int) -> Iterator[Step]:
    for message, slots in enumerate(state.slots):
        for number, slot in enumerate(slots, 1):
            if slot.purpose < 0 or slot.lease in (HELD, FINISHED):
                continue
            for gateway in range(1, design.gateways + 1):
                if slot.avoid != gateway:
                    yield from _claim(design, state, place, message, number, gateway)


def _claim(design: Design, state: State, place: int, message: int, number: int, gateway: int) -> Iterator[Step]:
    """One transaction: settle what a dead engine left, judge what waits, write its intent."""
    slot = state.slots[message][number - 1]
    epoch, over = slot.epoch + 1, _over(design, state, message)
    claimed = _slot(state, message, number, slot._replace(epoch=epoch, lease=HELD))
    if slot.intended and not slot.events and design.doubts:
        outcome = decided(Abandoned, number, slot.purpose, over)
        assert outcome
        settled = _append(design, claimed, message, number, outcome, gateway)
        yield "settle", message, number, _finish(settled, message, number)
    elif slot.intended or slot.events:
        yield "find nothing", message, number, _finish(claimed, message, number)
    elif design.hold and _held(design, state, message):
        if state.faults:  # the chunk comes back when it is released; a stall in between is what matters
            stalled = _slot(claimed, message, number, slot._replace(epoch=epoch, lease=OVER))
            waits = Engine(message, number, epoch, gateway, STORED)
            yield (
                "hold and stall",
                message,
                number,
                _engine(stalled, place, waits)._replace(faults=state.faults - 1),
            )
    else:
        flags = design.withdraw and _stale(state, message), _taken(design, state, message)
        outcome = decided(Turn, number, slot.purpose, over, flags)
        if outcome:
            dropped = _append(design, claimed, message, number, outcome, gateway)
            yield "drop", message, number, _finish(dropped, message, number)
        else:
            written = slot._replace(epoch=epoch, lease=HELD, gateway=gateway, intended=epoch * design.intent)
            busy = Engine(message, number, epoch, gateway, INTENDED)
            yield "claim", message, number, _engine(_slot(state, message, number, written), place, busy)


def _works(design: Design, state: State, place: int, engine: Engine) -> Iterator[Step]:
    message, number = engine.message, engine.number
    match engine.phase:
        case phase if phase == INTENDED:
            yield from _sends(design, state, place, engine)
        case phase if phase == ANSWERED:
            yield "record", message, number, _record(design, state, place, engine)
        case _:
            slot = state.slots[message][number - 1]
            freed = _engine(state, place, IDLE)
            if slot.epoch == engine.epoch or not design.fenced_release:
                waits = not slot.intended and not slot.events
                freed = _slot(freed, message, number, slot._replace(lease=FREE if waits else FINISHED))
            yield "give back", message, number, freed


def _sends(design: Design, state: State, place: int, engine: Engine) -> Iterator[Step]:
    """The last look and, where it lets go, the send and what the gateway makes of it."""
    message, number = engine.message, engine.number
    slot = state.slots[message][number - 1]
    over = design.expiry and _over(design, state, message)
    ours = slot.lease == HELD and slot.epoch == engine.epoch
    outcome = decided(LastLook, number, slot.purpose, over, (ours or not design.bounded,))
    if outcome is None and design.reread and _stale(state, message) and ours:
        outcome = What.WITHDRAWN, -1, False
    if outcome:
        yield "refrain", message, number, _concluded(design, state, place, engine, outcome)
        return
    answered = engine._replace(phase=ANSWERED)
    took, waits = _arrives(design, state, message, engine.gateway), _engine(state, place, answered)
    yield "send", message, number, _engine(took, place, answered._replace(answer=TAKEN))
    if state.faults:
        left = state.faults - 1
        for words, after, answer in (
            ("send, answer lost", took, MISSING),
            ("send, message lost", waits, MISSING),
            ("send, refused", waits, BUSY),
            ("send, refused for good", waits, NEVER),
        ):
            hit = _engine(after, place, answered._replace(answer=answer))
            yield words, message, number, hit._replace(faults=left)


def _suffers(state: State, place: int, engine: Engine) -> Iterator[Step]:
    if not state.faults:
        return
    message, number = engine.message, engine.number
    slot = state.slots[message][number - 1]
    left = state.faults - 1
    yield "crash", message, number, _engine(state, place, IDLE)._replace(faults=left)
    if slot.lease == HELD and slot.epoch == engine.epoch:
        yield (
            "stall",
            message,
            number,
            _slot(state, message, number, slot._replace(lease=OVER))._replace(faults=left),
        )


def _record(design: Design, state: State, place: int, engine: Engine) -> State:
    slot = state.slots[engine.message][engine.number - 1]
    over = _over(design, state, engine.message)
    outcome = decided(Accepted, engine.number, slot.purpose, over, (), engine.answer)
    assert outcome
    return _concluded(design, state, place, engine, outcome)


def _concluded(design: Design, state: State, place: int, engine: Engine, outcome: Decided) -> State:
    """An outcome is stored: what lowers a state, only under the claim that made the attempt."""
    after = _engine(state, place, engine._replace(phase=STORED, answer=0))
    message, number = engine.message, engine.number
    slot = state.slots[message][number - 1]
    if outcome[0] not in POSITIVE and design.fenced and slot.epoch != engine.epoch:
        return after
    if not slot.intended:  # without the write-ahead the attempt is written with its outcome
        after = _slot(after, message, number, slot._replace(intended=engine.epoch))
    return _append(design, after, message, number, outcome, engine.gateway)


# what the store does


def _append(design: Design, state: State, message: int, number: int, outcome: Decided, gateway: int) -> State:
    """An event with its effects."""
    what, again, page = outcome
    slots = state.slots[message]
    slot = slots[number - 1]
    state = _slot(state, message, number, slot._replace(events=slot.events | BIT[what]))
    if again >= 0 and slots[number].purpose < 0:
        avoid = gateway if design.gateways > 1 else 0
        state = _slot(state, message, number + 1, NOTHING._replace(purpose=again, avoid=avoid))
    if page and not _open(state, message):
        state = state._replace(pages=state.pages | 1 << message)
    if not design.fold:
        last = (*state.last[:message], BIT[what], *state.last[message + 1 :])
        state = state._replace(last=last)
    return state


def _open(state: State, message: int) -> bool:
    """Whether the person may still get it, or has: nobody need be told."""
    for slot in state.slots[message]:
        waits = slot.purpose >= 0 and slot.lease != FINISHED and not slot.events
        if waits or slot.events & (BIT[What.ACCEPTED] | BIT[What.DELIVERED]):
            return True
    return False


def _arrives(design: Design, state: State, message: int, gateway: int) -> State:
    """The gateway has it, and hands it to the person."""
    copies = [list(each) for each in state.copies]
    if design.dedupes and copies[message][gateway - 1]:
        return state
    copies[message][gateway - 1] += 1
    overtaken = state.overtaken
    for later in range(message + 1, design.versions + 1):
        if any(copies[later]):
            overtaken |= 1 << later
    late = state.late or _over(design, state, message)
    return state._replace(copies=tuple(map(tuple, copies)), overtaken=overtaken, late=late)


def _over(design: Design, state: State, message: int) -> bool:
    return state.expired and message < design.versions


def _stale(state: State, message: int) -> bool:
    return state.issued > message + 1


def _unsettled(state: State, message: int) -> bool:
    return any(slot.intended and not slot.events for slot in state.slots[message])


def _held(design: Design, state: State, message: int) -> bool:
    before = [one for one in range(message) if state.follows[message] >> one & 1]
    if design.hold_queued and any(
        slot.purpose >= 0 and slot.lease != FINISHED for one in before for slot in state.slots[one]
    ):
        return True
    return any(_unsettled(state, one) for one in before)


def _reached(state: State, message: int) -> bool:
    return any(slot.intended and not slot.events & IN_VAIN for slot in state.slots[message])


def _taken(design: Design, state: State, message: int) -> bool:
    if not design.fold:
        return state.last[message] == BIT[What.ACCEPTED]
    lost = BIT[What.SILENT] | BIT[What.UNDELIVERED]
    return any(slot.events & BIT[What.ACCEPTED] and not slot.events & lost for slot in state.slots[message])


def _finish(state: State, message: int, number: int) -> State:
    """Nothing of a claimed chunk is left to send: it is given back at once."""
    slot = state.slots[message][number - 1]
    return _slot(state, message, number, slot._replace(lease=FINISHED))


def _slot(state: State, message: int, number: int, slot: Slot) -> State:
    slots = state.slots[message]
    changed = (*slots[: number - 1], slot, *slots[number:])
    return state._replace(slots=(*state.slots[:message], changed, *state.slots[message + 1 :]))


def _engine(state: State, place: int, engine: Engine) -> State:
    pair = list(state.engines)
    pair[place] = engine
    return state._replace(engines=tuple(pair))


def canonical(state: State) -> State:
    """Engines are alike: which is which does not matter."""
    one, other = state.engines
    return state if one <= other else state._replace(engines=(other, one))


# what must never be


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
