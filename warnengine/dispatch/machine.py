"""The delivery machine: what follows from whatever happens to an attempt. Pure: the clock comes in.

    queued ─turn─► sending ─taken──► accepted ─receipt─► delivered | undelivered
      │              │                  └──no receipt in time──► silent        (a late receipt still counts)
      ├─► withdrawn  ├─refused for now─► refused ─► queued again, later
      ├─► expired    ├─refused for good─► failed ─► a page
      └─► failed     └─no answer, or its owner died─► unknown ─► sent again and marked | held for a person

The state of a delivery is the highest evidence of all its attempts (`What`): a late answer or receipt always
counts, from any worker; what lowers a state counts only under the claim that made the attempt (`Journal`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from warnengine.dispatch.channel import Accepted, ChannelError, Reason, Unanswered
from warnengine.model.delivery import Again, Attempt, Candidate, Event, Outcome, Part, Purpose, What
from warnengine.model.level import Level
from warnengine.model.reason import WORDS

SLOWEST = {True: timedelta(seconds=30), False: timedelta(minutes=5)}
"""Longest pause between attempts: red and orange, others."""
PATIENCE = timedelta(seconds=60)
"""How long a receipt is waited for before a text of lesser urgency is sent again."""
MOST_DOUBTS = 3
"""Resends after which a person decides: a gateway that never answers may be delivering every copy."""
HELD = frozenset({"voice"})
"""Channels on which nothing in doubt goes again by itself: two calls at once are worse than one by hand."""
NOT_SENT = {What.EXPIRED: WORDS[Reason.EXPIRED], What.FAILED: WORDS[Reason.RETIRED]}
"""What the duty room reads of texts that were not sent."""


@dataclass(frozen=True, slots=True)
class Turn:
    """Its chunk is claimed: the intent is about to be written."""

    candidate: Candidate


@dataclass(frozen=True, slots=True)
class LastLook:
    """Its turn on the wire: nothing has left yet."""

    claim_left: float
    """Seconds for which the claim is certainly still ours."""


@dataclass(frozen=True, slots=True)
class Abandoned:
    """Its owner died after the intent and before an outcome."""


Happening = Turn | LastLook | Accepted | ChannelError | Unanswered | Abandoned


def decide(attempt: Attempt, happening: Happening, now: datetime) -> Outcome | None:
    """What follows: the event to append with its effects, or None to go on towards the wire.

    now: engine time, by the clock of the database.
    """
    match happening:
        case Turn(candidate):
            return _judge(candidate, now)
        case LastLook(claim_left):
            return _last_look(attempt, claim_left, now)
        case Accepted():
            return _accepted(attempt, happening)
        case ChannelError():
            return _refused(attempt, happening, now)
        case Unanswered(detail=detail):
            return _unknown(attempt, detail, now)
        case Abandoned():
            return _unknown(attempt, "engine stopped in mid-send", now)


def _judge(candidate: Candidate, now: datetime) -> Outcome | None:
    attempt = candidate.attempt
    settled = candidate.taken and attempt.purpose in (Purpose.RETRY, Purpose.RESEND)
    if candidate.stale:
        return _dropped(attempt, What.WITHDRAWN)
    if attempt.not_after <= now:
        return _dropped(attempt, What.EXPIRED)
    if candidate.retired:
        return _dropped(attempt, What.FAILED)
    if settled or (candidate.answered and attempt.purpose is not Purpose.FIRST):
        return _dropped(attempt, What.WITHDRAWN)
    return None


def _last_look(attempt: Attempt, claim_left: float, now: datetime) -> Outcome | None:
    if claim_left <= 0:  # the claim may be somebody else's by now
        return _refused(attempt, ChannelError(Reason.UNREACHABLE, "not sent within the lease", retry=True), now)
    if attempt.not_after <= now:
        return _dropped(attempt, What.EXPIRED)
    return None


def _dropped(attempt: Attempt, what: What) -> Outcome:
    page = NOT_SENT.get(what)
    return Outcome(Event(attempt.delivery, attempt.number, what, page or ""), page=page)


def _accepted(attempt: Attempt, answer: Accepted) -> Outcome:
    ids = answer.provider_ids if answer.receipts else ()
    parts = tuple(
        Part(id_, attempt.delivery, attempt.number, place, len(ids), attempt.address)
        for place, id_ in enumerate(ids, 1)
    )
    detail = answer.note or ("receipts" if answer.receipts else "no receipts")
    return Outcome(Event(attempt.delivery, attempt.number, What.ACCEPTED, detail), parts=parts)


def _refused(attempt: Attempt, error: ChannelError, now: datetime) -> Outcome:
    detail = f"{error.reason}: {error.detail}"
    if not error.retry:
        event = Event(attempt.delivery, attempt.number, What.FAILED, detail)
        retire = detail if error.reason is Reason.BAD_ADDRESS else None
        return Outcome(event, page=detail, retire=retire, reason=error.reason)
    pause = max(timedelta(seconds=error.after or 0), backoff(attempt.number, attempt.level))
    event = Event(attempt.delivery, attempt.number, What.REFUSED, detail)
    if now + pause >= attempt.not_after:
        return Outcome(event, page=f"{detail};有效期内不再有机会", reason=error.reason)
    return Outcome(event, _again(attempt, Purpose.RETRY, pause), reason=error.reason)


def _unknown(attempt: Attempt, detail: str, now: datetime) -> Outcome:
    """Nobody knows whether the gateway has taken it: red, orange and all-clears go again at once, others later."""
    if attempt.number > MOST_DOUBTS or attempt.channel in HELD:
        event = Event(attempt.delivery, attempt.number, What.HELD, detail)
        return Outcome(event, page=f"网关无应答,可能已经收到: {detail}", reason=Reason.UNANSWERED)
    event = Event(attempt.delivery, attempt.number, What.UNKNOWN, detail)
    pause = timedelta() if attempt.level >= Level.ORANGE or attempt.lapses else PATIENCE
    if now + pause >= attempt.not_after:
        return Outcome(event, page=f"网关无应答,有效期内不再有机会: {detail}", reason=Reason.UNANSWERED)
    return Outcome(event, _again(attempt, Purpose.RESEND, pause), reason=Reason.UNANSWERED)


def _again(attempt: Attempt, purpose: Purpose, pause: timedelta) -> Again:
    return Again(attempt.delivery, attempt.number + 1, purpose, attempt.lane, pause)


def backoff(number: int, level: Level) -> timedelta:
    """1, 2, 4, 8 … seconds after attempt 1, 2, 3 …, up to the longest pause of the level."""
    return min(timedelta(seconds=2 ** min(number - 1, 16)), SLOWEST[level >= Level.ORANGE])
