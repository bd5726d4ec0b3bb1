"""What follows from the answer of a gateway. Pure: the clock comes in, nothing goes out."""

from __future__ import annotations

from datetime import datetime, timedelta

from warnengine.dispatch.channel import Accepted, ChannelError, Reason, Unanswered
from warnengine.model.delivery import Again, Candidate, Claim, Doubt, Event, Outcome, Part, Purpose, What
from warnengine.model.level import Level

SLOWEST = {True: timedelta(seconds=30), False: timedelta(minutes=5)}
"""Longest pause between attempts: red and orange, others."""
PATIENCE = timedelta(seconds=60)
"""How long a receipt is waited for before a text of lesser urgency is sent again (semantics of unknown)."""
MOST_DOUBTS = 3
"""Resends after which a person decides: a gateway that never answers may be delivering every copy."""


def judge(candidate: Candidate, purpose: Purpose) -> What | None:
    """Why a delivery must not be sent now, or None to send it."""
    if candidate.stale:
        return What.WITHDRAWN
    if candidate.not_after <= candidate.now:
        return What.EXPIRED
    if candidate.retired:
        return What.FAILED
    settled = candidate.taken and purpose in (Purpose.RETRY, Purpose.RESEND)
    if settled or (candidate.answered and purpose is not Purpose.FIRST):
        return What.WITHDRAWN
    return None


def accepted(candidate: Candidate, claim: Claim, answer: Accepted) -> Outcome:
    """The gateway has taken it."""
    ids = answer.provider_ids if answer.receipts else ()
    parts = tuple(
        Part(id_, candidate.delivery, claim.number, place, len(ids), candidate.address)
        for place, id_ in enumerate(ids, 1)
    )
    detail = answer.note or ("receipts" if answer.receipts else "no receipts")
    return Outcome(Event(candidate.delivery, claim.number, What.ACCEPTED, detail), parts=parts)


def refused(candidate: Candidate, claim: Claim, error: ChannelError) -> Outcome:
    """The gateway certainly has not taken it."""
    detail = f"{error.reason}: {error.detail}"
    if not error.retry:
        event = Event(candidate.delivery, claim.number, What.FAILED, detail)
        retire = detail if error.reason is Reason.BAD_ADDRESS else None
        return Outcome(event, page=detail, retire=retire, reason=error.reason)
    pause = max(timedelta(seconds=error.after or 0), backoff(claim.number, candidate.level))
    event = Event(candidate.delivery, claim.number, What.REFUSED, detail)
    if candidate.now + pause >= candidate.not_after:
        return Outcome(event, page=f"{detail};有效期内不再有机会", reason=error.reason)
    again = Again(candidate.delivery, claim.number + 1, Purpose.RETRY, claim.lane, pause)
    return Outcome(event, again, reason=error.reason)


def unknown(doubt: Doubt, lane: int, detail: str) -> Outcome:
    """Nobody knows whether the gateway has taken it: red and orange go again at once, others after a while."""
    if doubt.number > MOST_DOUBTS:
        event = Event(doubt.delivery, doubt.number, What.HELD, detail)
        return Outcome(event, page=f"网关多次无应答,可能已收到多条: {detail}", reason=Reason.UNANSWERED)
    event = Event(doubt.delivery, doubt.number, What.UNKNOWN, detail)
    pause = timedelta() if doubt.level >= Level.ORANGE else PATIENCE
    if doubt.now + pause >= doubt.not_after:
        return Outcome(event, page=f"网关无应答,有效期内不再有机会: {detail}", reason=Reason.UNANSWERED)
    again = Again(doubt.delivery, doubt.number + 1, Purpose.RESEND, lane, pause)
    return Outcome(event, again, reason=Reason.UNANSWERED)


def unanswered(candidate: Candidate, claim: Claim, error: Unanswered) -> Outcome:
    """Bytes left and no answer came."""
    doubt = Doubt(candidate.delivery, claim.number, candidate.level, candidate.not_after, candidate.now)
    return unknown(doubt, claim.lane, error.detail)


def backoff(number: int, level: Level) -> timedelta:
    """1, 2, 4, 8 … seconds after attempt 1, 2, 3 …, up to the longest pause of the level."""
    slowest = SLOWEST[level >= Level.ORANGE]
    return min(timedelta(seconds=2 ** min(number - 1, 16)), slowest)


def remaining(not_after: datetime, now: datetime) -> float:
    """Seconds until the text must not be delivered any more."""
    return (not_after - now).total_seconds()
