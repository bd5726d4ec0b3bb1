"""What follows from the answer of a gateway, and what must not be sent at all."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.district import at
from warnengine.dispatch.channel import Accepted, ChannelError, Reason, Unanswered
from warnengine.dispatch.retry import (
    MOST_DOUBTS,
    accepted,
    backoff,
    judge,
    refused,
    remaining,
    unanswered,
    unknown,
)
from warnengine.model.delivery import Again, Candidate, Claim, Doubt, Part, Purpose, What
from warnengine.model.level import Level

NOW = at("06:00")
CANDIDATE = Candidate(
    retired=False,
    delivery=163,
    bundle=160,
    address="+8619900000001",
    level=Level.RED,
    kind="issue",
    now=NOW,
    not_after=at("08:00"),
    stale=False,
    answered=False,
    taken=False,
    short="",
    subject="",
    body="",
    html="",
    name="李四",
    posts=(),
)
CLAIM = Claim(chunk=9, epoch=2, number=1, purpose=Purpose.FIRST, lane=0)
STALE, LATE = {"stale": True}, {"not_after": NOW}
ANSWERED, TAKEN = {"answered": True}, {"taken": True}


@pytest.mark.parametrize(
    ("fields", "first", "retry", "resend", "reminder"),
    [
        ({}, None, None, None, None),
        (STALE, What.WITHDRAWN, What.WITHDRAWN, What.WITHDRAWN, What.WITHDRAWN),
        (LATE, What.EXPIRED, What.EXPIRED, What.EXPIRED, What.EXPIRED),
        (STALE | LATE, What.WITHDRAWN, What.WITHDRAWN, What.WITHDRAWN, What.WITHDRAWN),
        (ANSWERED, None, What.WITHDRAWN, What.WITHDRAWN, What.WITHDRAWN),
        (TAKEN, None, What.WITHDRAWN, What.WITHDRAWN, None),
    ],
    ids=["nothing is in the way", "superseded", "too late", "superseded and too late", "answered", "taken before"],
)
def test_what_must_not_be_sent(
    fields: dict[str, object],
    first: What | None,
    retry: What | None,
    resend: What | None,
    reminder: What | None,
) -> None:
    candidate = replace(CANDIDATE, **fields)  # type: ignore[arg-type]
    verdicts = tuple(judge(candidate, purpose) for purpose in Purpose)
    assert verdicts == (first, retry, resend, reminder)


def test_an_accepted_message_is_known_by_every_part() -> None:
    outcome = accepted(CANDIDATE, CLAIM, Accepted(("a", "b"), receipts=True))
    assert (outcome.event.what, outcome.event.detail) == (What.ACCEPTED, "receipts")
    assert outcome.parts == (
        Part("a", 163, 1, 1, 2, "+8619900000001"),
        Part("b", 163, 1, 2, 2, "+8619900000001"),
    )
    assert (outcome.again, outcome.page, outcome.retire) == (None, None, None)


def test_where_no_receipt_is_promised_none_is_waited_for() -> None:
    outcome = accepted(CANDIDATE, CLAIM, Accepted(("a",), receipts=False))
    assert (outcome.event.detail, outcome.parts) == ("no receipts", ())


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
    outcome = refused(CANDIDATE, CLAIM, ChannelError(reason, "空号", retry=False))
    assert (outcome.event.what, outcome.again) == (What.FAILED, None)
    assert outcome.page == f"{reason}: 空号"
    assert (outcome.retire is not None) == retires


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
    outcome = refused(replace(CANDIDATE, level=level), replace(CLAIM, number=number), error)
    assert outcome.event.what is What.REFUSED
    assert outcome.again == Again(163, number + 1, Purpose.RETRY, 0, timedelta(seconds=pause))
    assert outcome.page is None


def test_no_retry_after_its_time_but_a_page() -> None:
    late = replace(CANDIDATE, not_after=NOW + timedelta(seconds=1))
    outcome = refused(late, CLAIM, ChannelError(Reason.UNREACHABLE, "down", retry=True))
    assert (outcome.event.what, outcome.again) == (What.REFUSED, None)
    assert outcome.page == "unreachable: down;有效期内不再有机会"


@pytest.mark.parametrize(
    ("level", "pause"), [(Level.RED, 0), (Level.ORANGE, 0), (Level.YELLOW, 60), (Level.BLUE, 60)]
)
def test_unknown_goes_again_marked_as_a_possible_copy(level: Level, pause: int) -> None:
    outcome = unanswered(replace(CANDIDATE, level=level), CLAIM, Unanswered("no answer"))
    assert (outcome.event.what, outcome.event.detail) == (What.UNKNOWN, "no answer")
    assert outcome.again == Again(163, 2, Purpose.RESEND, 0, timedelta(seconds=pause))
    assert outcome.page is None


def test_unknown_too_often_is_held_for_a_person() -> None:
    doubt = Doubt(163, MOST_DOUBTS + 1, Level.RED, at("08:00"), NOW)
    outcome = unknown(doubt, 0, "silence")
    assert (outcome.event.what, outcome.again) == (What.HELD, None)
    assert outcome.page is not None


def test_unknown_at_the_end_of_its_time_pages_somebody() -> None:
    outcome = unknown(Doubt(163, 1, Level.BLUE, NOW + timedelta(seconds=60), NOW), 3, "silence")
    assert (outcome.event.what, outcome.again) == (What.UNKNOWN, None)
    assert outcome.page == "网关无应答,有效期内不再有机会: silence"


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


@given(errors, st.integers(1, 40), st.sampled_from(Level), st.integers(1, 7200))
def test_no_refusal_ends_silently(error: ChannelError, number: int, level: Level, left: int) -> None:
    """Either it goes again in its time, or somebody is told."""
    candidate = replace(CANDIDATE, level=level, not_after=NOW + timedelta(seconds=left))
    outcome = refused(candidate, replace(CLAIM, number=number), error)
    assert (outcome.again is None) != (outcome.page is None)
    assert outcome.again is None or NOW + outcome.again.after < candidate.not_after


def test_time_that_is_left() -> None:
    assert remaining(at("06:01:30"), NOW) == 90
    assert remaining(at("05:59"), NOW) == -60
