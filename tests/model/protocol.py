"""The protocol of a send as states and steps: two engines, one person, an order (its update) and its all-clear.

What is decided is asked of the engine's own machine; what the store does is stated here, in the words of
`queries/dispatch.sql` and `queries/orders.sql`. Time has no figures: a lease is running or over, a text in force or
expired, and whatever waits may happen at any moment. Arriving at the gateway is one step with the last look; what
lies between them, microseconds of code, is the residue that no guard closes.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache

from tests.model import rules
from tests.model.states import (
    ANSWERED,
    BIT,
    BUSY,
    FINISHED,
    FREE,
    HELD,
    IDLE,
    INTENDED,
    MISSING,
    NEVER,
    NOTHING,
    OVER,
    STORED,
    TAKEN,
    Decided,
    Design,
    Engine,
    Slot,
    State,
    Step,
    with_engine,
    with_slot,
)
from warnengine.dispatch import machine
from warnengine.dispatch.channel import Accepted, ChannelError, Reason, Unanswered
from warnengine.dispatch.machine import Abandoned, LastLook, Turn
from warnengine.model.bundle import Written
from warnengine.model.delivery import Attempt, Candidate, Purpose, What
from warnengine.model.level import Level

NOW = datetime(2026, 7, 27, tzinfo=UTC)
HOUR = timedelta(hours=1)
PURPOSES = list(Purpose)
POSITIVE = {What.ACCEPTED, What.DELIVERED, What.UNKNOWN}
ANSWERS = [
    Accepted(("id",), receipts=True),
    ChannelError(Reason.THROTTLED, "busy", retry=True),
    ChannelError(Reason.REJECTED, "never", retry=False),
    Unanswered("no answer"),
]


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
    return with_slot(state, 0, 1, NOTHING._replace(purpose=0))


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
                yield "lease over", message, number, with_slot(state, message, number, slot._replace(lease=OVER))
            if design.gateways > 1 and state.faults and slot.events & BIT[What.ACCEPTED]:
                yield from _silent(design, state, message, number, slot)


def _give(design: Design, state: State, message: int) -> State:
    """The person's bundle of an update or an all-clear: an all-clear only where an order may have reached them."""
    state = state._replace(expanded=message + 1)
    earlier = range(message)
    if message == design.versions and not any(rules.reached(state, one) for one in earlier):
        return state
    waits = sum(1 << one for one in earlier if rules.unsettled(state, one))
    if design.hold_queued:
        waits = (1 << message) - 1
    follows = (*state.follows[:message], waits, *state.follows[message + 1 :])
    return with_slot(state._replace(follows=follows), message, 1, NOTHING._replace(purpose=0))


def _silent(design: Design, state: State, message: int, number: int, slot: Slot) -> Iterator[Step]:
    """No receipt in time: what a gateway took goes by the other one, once."""
    if slot.events & (BIT[What.SILENT] | BIT[What.DELIVERED]):
        return
    after = with_slot(state, message, number, slot._replace(events=slot.events | BIT[What.SILENT]))
    after = after._replace(faults=state.faults - 1)
    slots = state.slots[message]
    tried = {one.gateway for one in slots if one.intended}
    waiting = any(one.purpose >= 0 and one.lease != FINISHED for one in slots)
    if (
        tried <= {slot.gateway}
        and not waiting
        and not rules.over(design, state, message)
        and not rules.stale(state, message)
    ):
        number_next = 1 + max(place for place, one in enumerate(slots, 1) if one.purpose >= 0)
        new = NOTHING._replace(purpose=PURPOSES.index(Purpose.RESEND), avoid=slot.gateway)
        after = with_slot(after, message, number_next, new)
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
    epoch, over = slot.epoch + 1, rules.over(design, state, message)
    claimed = with_slot(state, message, number, slot._replace(epoch=epoch, lease=HELD))
    if slot.intended and not slot.events and design.doubts:
        outcome = decided(Abandoned, number, slot.purpose, over)
        assert outcome
        settled = rules.append(design, claimed, message, number, outcome, gateway)
        yield "settle", message, number, rules.finish(settled, message, number)
    elif slot.intended or slot.events:
        yield "find nothing", message, number, rules.finish(claimed, message, number)
    elif design.hold and rules.held(design, state, message):
        if state.faults:  # the chunk comes back when it is released; a stall in between is what matters
            stalled = with_slot(claimed, message, number, slot._replace(epoch=epoch, lease=OVER))
            waits = Engine(message, number, epoch, gateway, STORED)
            yield (
                "hold and stall",
                message,
                number,
                with_engine(stalled, place, waits)._replace(faults=state.faults - 1),
            )
    else:
        flags = design.withdraw and rules.stale(state, message), rules.taken(design, state, message)
        outcome = decided(Turn, number, slot.purpose, over, flags)
        if outcome:
            dropped = rules.append(design, claimed, message, number, outcome, gateway)
            yield "drop", message, number, rules.finish(dropped, message, number)
        else:
            written = slot._replace(epoch=epoch, lease=HELD, gateway=gateway, intended=epoch * design.intent)
            busy = Engine(message, number, epoch, gateway, INTENDED)
            yield "claim", message, number, with_engine(with_slot(state, message, number, written), place, busy)


def _works(design: Design, state: State, place: int, engine: Engine) -> Iterator[Step]:
    message, number = engine.message, engine.number
    match engine.phase:
        case phase if phase == INTENDED:
            yield from _sends(design, state, place, engine)
        case phase if phase == ANSWERED:
            yield "record", message, number, _record(design, state, place, engine)
        case _:
            slot = state.slots[message][number - 1]
            freed = with_engine(state, place, IDLE)
            if slot.epoch == engine.epoch or not design.fenced_release:
                waits = not slot.intended and not slot.events
                freed = with_slot(freed, message, number, slot._replace(lease=FREE if waits else FINISHED))
            yield "give back", message, number, freed


def _sends(design: Design, state: State, place: int, engine: Engine) -> Iterator[Step]:
    """The last look and, where it lets go, the send and what the gateway makes of it."""
    message, number = engine.message, engine.number
    slot = state.slots[message][number - 1]
    over = design.expiry and rules.over(design, state, message)
    ours = slot.lease == HELD and slot.epoch == engine.epoch
    outcome = decided(LastLook, number, slot.purpose, over, (ours or not design.bounded,))
    if outcome is None and design.reread and rules.stale(state, message) and ours:
        outcome = What.WITHDRAWN, -1, False
    if outcome:
        yield "refrain", message, number, _concluded(design, state, place, engine, outcome)
        return
    answered = engine._replace(phase=ANSWERED)
    took, waits = rules.arrives(design, state, message, engine.gateway), with_engine(state, place, answered)
    yield "send", message, number, with_engine(took, place, answered._replace(answer=TAKEN))
    if state.faults:
        left = state.faults - 1
        for words, after, answer in (
            ("send, answer lost", took, MISSING),
            ("send, message lost", waits, MISSING),
            ("send, refused", waits, BUSY),
            ("send, refused for good", waits, NEVER),
        ):
            hit = with_engine(after, place, answered._replace(answer=answer))
            yield words, message, number, hit._replace(faults=left)


def _suffers(state: State, place: int, engine: Engine) -> Iterator[Step]:
    if not state.faults:
        return
    message, number = engine.message, engine.number
    slot = state.slots[message][number - 1]
    left = state.faults - 1
    yield "crash", message, number, with_engine(state, place, IDLE)._replace(faults=left)
    if slot.lease == HELD and slot.epoch == engine.epoch:
        yield (
            "stall",
            message,
            number,
            with_slot(state, message, number, slot._replace(lease=OVER))._replace(faults=left),
        )


def _record(design: Design, state: State, place: int, engine: Engine) -> State:
    slot = state.slots[engine.message][engine.number - 1]
    over = rules.over(design, state, engine.message)
    outcome = decided(Accepted, engine.number, slot.purpose, over, (), engine.answer)
    assert outcome
    return _concluded(design, state, place, engine, outcome)


def _concluded(design: Design, state: State, place: int, engine: Engine, outcome: Decided) -> State:
    """An outcome is stored: what lowers a state, only under the claim that made the attempt."""
    after = with_engine(state, place, engine._replace(phase=STORED, answer=0))
    message, number = engine.message, engine.number
    slot = state.slots[message][number - 1]
    if outcome[0] not in POSITIVE and design.fenced and slot.epoch != engine.epoch:
        return after
    if not slot.intended:  # without the write-ahead the attempt is written with its outcome
        after = with_slot(after, message, number, slot._replace(intended=engine.epoch))
    return rules.append(design, after, message, number, outcome, engine.gateway)
