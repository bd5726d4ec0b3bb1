"""The delivery machine: what follows from whatever happens to an attempt, and what must not be sent at all."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.district import at
from warnengine.dispatch.channel import Accepted, ChannelError, Reason, Unanswered
from warnengine.dispatch.machine import MOST_DOUBTS, Abandoned, Happening, LastLook, Turn, backoff, decide
from warnengine.model.bundle import Written
from warnengine.model.delivery import Again, Attempt, Candidate, Outcome, Part, Purpose, What
from warnengine.model.level import Level

NOW = at("06:00")
ATTEMPT = Attempt(
    delivery=163,
    number=1,
    purpose=Purpose.FIRST,
    channel="sms",
    address="+8619900000001",
    level=Level.RED,
    not_after=at("08:00"),
)
CANDIDATE = Candidate(
    attempt=ATTEMPT,
    bundle=160,
    stale=False,
    answered=False,
    taken=False,
    retired=False,
    text=Written("", "", "", "", None),
    name="李四",
    posts=(),
)


def outcome(happening: Happening, **fields: object) -> Outcome:
    found = decide(ATTEMPT._replace(**fields), happening, NOW)  # type: ignore[arg-type]
    assert found
    return found


STALE, LATE = {"stale": True}, {"not_after": NOW}
ANSWERED, TAKEN, RETIRED = {"answered": True}, {"taken": True}, {"retired": True}


@pytest.mark.parametrize(
    ("facts", "first", "retry", "resend", "reminder", "next_"),
    [
        ({}, None, None, None, None, None),
        (STALE, What.WITHDRAWN, What.WITHDRAWN, What.WITHDRAWN, What.WITHDRAWN, What.WITHDRAWN),
        (LATE, What.EXPIRED, What.EXPIRED, What.EXPIRED, What.EXPIRED, What.EXPIRED),
        (STALE | LATE, What.WITHDRAWN, What.WITHDRAWN, What.WITHDRAWN, What.WITHDRAWN, What.WITHDRAWN),
        (ANSWERED, None, What.WITHDRAWN, What.WITHDRAWN, What.WITHDRAWN, What.WITHDRAWN),
        (TAKEN, None, What.WITHDRAWN, What.WITHDRAWN, None, None),
        (RETIRED, What.FAILED, What.FAILED, What.FAILED, What.FAILED, What.FAILED),
    ],
    ids=["nothing is in the way", "superseded", "too late", "both", "answered", "taken before", "not theirs"],
)
def test_what_must_not_be_sent(
    facts: dict[str, object],
    first: What | None,
    retry: What | None,
    resend: What | None,
    reminder: What | None,
    next_: What | None,
) -> None:
    not_after = {name: value for name, value in facts.items() if name == "not_after"}
    others = {name: value for name, value in facts.items() if name != "not_after"}
    verdicts = []
    for purpose in Purpose:
        attempt = ATTEMPT._replace(purpose=purpose, **not_after)  # type: ignore[arg-type]
        found = decide(attempt, Turn(CANDIDATE._replace(attempt=attempt, **others)), NOW)  # type: ignore[arg-type]
        verdicts.append(found and found.event.what)
    assert tuple(verdicts) == (first, retry, resend, reminder, next_)


@pytest.mark.parametrize(
    ("left", "not_after", "what"),
    [(10.0, "08:00", None), (10.0, "06:00", What.EXPIRED), (0.0, "08:00", What.REFUSED)],
    ids=["nothing is in the way", "its time has ended in the queue", "the claim may be somebody else's"],
)
def test_the_last_look_before_the_write(left: float, not_after: str, what: What | None) -> None:
    found = decide(ATTEMPT._replace(not_after=at(not_after)), LastLook(left), NOW)
    assert (found and found.event.what) == what


def test_an_accepted_message_is_known_by_every_part() -> None:
    taken = outcome(Accepted(("a", "b"), receipts=True))
    assert (taken.event.what, taken.event.detail) == (What.ACCEPTED, "receipts")
    assert taken.parts == (
        Part("a", 163, 1, 1, 2, "+8619900000001"),
        Part("b", 163, 1, 2, 2, "+8619900000001"),
    )
    assert (taken.again, taken.page, taken.retire) == (None, None, None)


def test_where_no_receipt_is_promised_none_is_waited_for() -> None:
    taken = outcome(Accepted(("a",), receipts=False))
    assert (taken.event.detail, taken.parts) == ("no receipts", ())


@pytest.mark.parametrize(
    ("reason", "retires"),
    [
        (Reason.BAD_ADDRESS, True),
        (Reason.REJECTED, False),
        (Reason.CREDENTIALS, False),
        (Reason.EXPIRED, False),
    ],
)
def test_refused_for_good_pages_somebody(reason: Reason, retires: bool) -> None:
    failed = outcome(ChannelError(reason, "空号", retry=False))
    assert (failed.event.what, failed.again) == (What.FAILED, None)
    assert failed.page == f"{reason}: 空号"
    assert (failed.retire is not None) == retires


@pytest.mark.parametrize(
    ("level", "number", "after", "pause"),
    [
        (Level.RED, 1, None, 1),
        (Level.RED, 4, None, 8),
        (Level.RED, 9, None, 30),
        (Level.YELLOW, 9, None, 256),
        (Level.YELLOW, 12, None, 300),
        (Level.RED, 1, 20, 20),
        (Level.RED, 4, 2, 8),
    ],
    ids=["first", "doubles", "red waits 30 s at most", "yellow longer", "5 min at most", "as asked", "not less"],
)
def test_refused_for_now_goes_again_later(level: Level, number: int, after: float | None, pause: int) -> None:
    error = ChannelError(Reason.THROTTLED, "slow down", retry=True, after=after)
    refused = outcome(error, level=level, number=number)
    assert refused.event.what is What.REFUSED
    assert refused.again == Again(163, number + 1, Purpose.RETRY, 4 - level, timedelta(seconds=pause))
    assert refused.page is None


def test_no_retry_after_its_time_but_a_page() -> None:
    error = ChannelError(Reason.UNREACHABLE, "down", retry=True)
    refused = outcome(error, not_after=NOW + timedelta(seconds=1))
    assert (refused.event.what, refused.again) == (What.REFUSED, None)
    assert refused.page == "unreachable: down;有效期内不再有机会"


@pytest.mark.parametrize("happening", [Unanswered("silence"), Abandoned()], ids=["no answer", "its owner died"])
@pytest.mark.parametrize(
    ("level", "pause"), [(Level.RED, 0), (Level.ORANGE, 0), (Level.YELLOW, 60), (Level.BLUE, 60)]
)
def test_unknown_goes_again_marked_as_a_possible_copy(happening: Happening, level: Level, pause: int) -> None:
    unknown = outcome(happening, level=level)
    assert unknown.event.what is What.UNKNOWN
    assert unknown.again == Again(163, 2, Purpose.RESEND, 4 - level, timedelta(seconds=pause))
    assert unknown.page is None


def test_unknown_too_often_is_held_for_a_person() -> None:
    held = outcome(Unanswered("silence"), number=MOST_DOUBTS + 1)
    assert (held.event.what, held.again) == (What.HELD, None)
    assert held.page is not None


def test_unknown_at_the_end_of_its_time_pages_somebody() -> None:
    unknown = outcome(Unanswered("silence"), level=Level.BLUE, not_after=NOW + timedelta(seconds=60))
    assert (unknown.event.what, unknown.again) == (What.UNKNOWN, None)
    assert unknown.page == "网关无应答,有效期内不再有机会: silence"


@given(st.integers(1, 10_000), st.sampled_from(Level))
def test_the_pause_grows_and_is_bounded(number: int, level: Level) -> None:
    pause = backoff(number, level)
    assert timedelta(seconds=1) <= pause <= timedelta(minutes=5)
    assert backoff(number + 1, level) >= pause
    assert backoff(number, Level.RED) <= backoff(number, Level.BLUE)


errors = st.builds(
    ChannelError,
    st.sampled_from(Reason),
    st.text(max_size=9),
    retry=st.booleans(),
    after=st.none() | st.floats(0, 9999),
)
ends = st.one_of(errors, st.builds(Unanswered, st.text(max_size=9)), st.just(Abandoned()))


@given(ends, st.integers(1, 40), st.sampled_from(Level), st.integers(1, 7200))
def test_no_end_is_silent(end: Happening, number: int, level: Level, left: int) -> None:
    """Either it goes again in its time, or somebody is told."""
    not_after = NOW + timedelta(seconds=left)
    found = outcome(end, number=number, level=level, not_after=not_after)
    assert (found.again is None) != (found.page is None)
    assert found.again is None or NOW + found.again.after < not_after
