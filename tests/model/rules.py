"""What the store does, in the words of `queries/dispatch.sql` and `queries/orders.sql`."""

from __future__ import annotations

from tests.model.states import BIT, FINISHED, IN_VAIN, NOTHING, Decided, Design, State, with_slot
from warnengine.model.delivery import What


def append(design: Design, state: State, message: int, number: int, outcome: Decided, gateway: int) -> State:
    """An event with its effects."""
    what, again, page = outcome
    slots = state.slots[message]
    slot = slots[number - 1]
    state = with_slot(state, message, number, slot._replace(events=slot.events | BIT[what]))
    if again >= 0 and slots[number].purpose < 0:
        avoid = gateway if design.gateways > 1 else 0
        state = with_slot(state, message, number + 1, NOTHING._replace(purpose=again, avoid=avoid))
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


def arrives(design: Design, state: State, message: int, gateway: int) -> State:
    """The gateway has it, and hands it to the person."""
    copies = [list(each) for each in state.copies]
    if design.dedupes and copies[message][gateway - 1]:
        return state
    copies[message][gateway - 1] += 1
    overtaken = state.overtaken
    for later in range(message + 1, design.versions + 1):
        if any(copies[later]):
            overtaken |= 1 << later
    late = state.late or over(design, state, message)
    return state._replace(copies=tuple(map(tuple, copies)), overtaken=overtaken, late=late)


def over(design: Design, state: State, message: int) -> bool:
    return state.expired and message < design.versions


def stale(state: State, message: int) -> bool:
    return state.issued > message + 1


def unsettled(state: State, message: int) -> bool:
    return any(slot.intended and not slot.events for slot in state.slots[message])


def held(design: Design, state: State, message: int) -> bool:
    before = [one for one in range(message) if state.follows[message] >> one & 1]
    if design.hold_queued and any(
        slot.purpose >= 0 and slot.lease != FINISHED for one in before for slot in state.slots[one]
    ):
        return True
    return any(unsettled(state, one) for one in before)


def reached(state: State, message: int) -> bool:
    return any(slot.intended and not slot.events & IN_VAIN for slot in state.slots[message])


def taken(design: Design, state: State, message: int) -> bool:
    if not design.fold:
        return state.last[message] == BIT[What.ACCEPTED]
    lost = BIT[What.SILENT] | BIT[What.UNDELIVERED]
    return any(slot.events & BIT[What.ACCEPTED] and not slot.events & lost for slot in state.slots[message])


def finish(state: State, message: int, number: int) -> State:
    """Nothing of a claimed chunk is left to send: it is given back at once."""
    slot = state.slots[message][number - 1]
    return with_slot(state, message, number, slot._replace(lease=FINISHED))
