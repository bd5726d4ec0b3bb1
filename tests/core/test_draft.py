"""From a change to a version: clock times, posts, channels, expiry."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.district import ANJU, BOOK, NIGHT, Hall, at, rain, taken, waiting
from warnengine.model.level import Level
from warnengine.model.order import Change, Form, Kind, Mark, MeasureMark, Reach, Standing, Stands, Version
from warnengine.order.draft import clock_time, draft

EVACUATE = "p500151105.rainstorm.red.1"
NOW = at("05:55:10")


@pytest.mark.parametrize(
    ("now", "within", "expected"),
    [
        ("05:55:10", 30, "06:25"),
        ("05:57:29", 30, "06:25"),
        ("05:57:30", 30, "06:30"),
        ("05:55:10", 15, "06:10"),
        ("05:55:10", 10, "06:05"),
        ("05:55:29", 10, "06:05"),
        ("05:55:31", 10, "06:06"),
        ("05:55:10", 5, "06:00"),
        ("23:50:00", 60, "00:50"),
        ("23:58:00", 30, "00:30"),
        ("06:00:00", 120, "08:00"),
    ],
)
def test_a_deadline_can_be_said_aloud(now: str, within: int, expected: str) -> None:
    assert clock_time(at(now), timedelta(minutes=within)).strftime("%H:%M:%S") == expected + ":00"


@given(st.timedeltas(timedelta(), timedelta(days=2)), st.integers(1, 240))
def test_rounding_takes_at_most_half_a_step(later: timedelta, minutes: int) -> None:
    now, asked = NOW + later, timedelta(minutes=minutes)
    step = timedelta(minutes=5 if minutes >= 15 else 1)
    due = clock_time(now, asked)
    assert abs(due - now - asked) <= step / 2
    assert due.second == due.microsecond == 0
    assert due.minute % (step.seconds // 60) == 0


def deadlines(version: Version) -> dict[str, datetime | None]:
    return {mark.standing.measure: mark.deadline for mark in version.measures}


def test_what_goes_on_keeps_its_clock_time() -> None:
    hall = Hall()
    first = hall.take(*NIGHT[:4], now=NOW)[ANJU]
    asked = waiting([first])
    second = hall.approve(asked, now=at("06:10"))[ANJU]
    before, after = deadlines(first), deadlines(second)
    assert after[EVACUATE] == at("06:40")
    kept = [mark.standing.measure for mark in second.measures if mark.mark is Mark.CONTINUING]
    assert kept
    assert {id_: after[id_] for id_ in kept} == {id_: before[id_] for id_ in kept}


def test_asked_again_everything_has_a_clock_time_that_can_still_be_kept() -> None:
    hall = Hall()
    hall.approve(waiting(hall.take(*NIGHT[:4], now=NOW).values()))
    again = hall.take(NIGHT[4], now=at("07:42:30"))[ANJU]
    assert again.change.kind is Kind.REOPEN
    assert deadlines(again)[EVACUATE] == at("08:15")
    assert all(due and due > at("07:42:30") for due in deadlines(again).values())


def test_advice_that_became_an_order_has_not_lapsed() -> None:
    hall = Hall()
    version = hall.approve(waiting(hall.take(*NIGHT[:4], now=NOW).values()))[ANJU]
    marks = {mark.standing: mark.mark for mark in version.measures}
    assert marks[Standing(EVACUATE, Form.ORDER)] is Mark.ADDED
    assert Standing(EVACUATE, Form.ADVICE) not in marks


def test_an_order_whose_approval_has_gone_lapses_into_its_advice() -> None:
    hall = Hall()
    hall.approve(waiting(hall.take(*NIGHT[:4], now=NOW).values()))
    hall.approved = frozenset()
    marks = {mark.standing: mark.mark for mark in hall.reconcile()[ANJU].measures}
    assert marks[Standing(EVACUATE, Form.ADVICE)] is Mark.ADDED
    assert marks[Standing(EVACUATE, Form.ORDER)] is Mark.LAPSED


CHANGE = Change(
    kind=Kind.ISSUE,
    key=rain(ANJU),
    order=None,
    version=1,
    before=None,
    level=Level.RED,
    added=(Standing("township.rainstorm.red.2", Form.ORDER),),
    continuing=(),
    lapsed=(),
    reach=(Reach(Level.RED, (ANJU,)),),
    because=frozenset({"m1"}),
    ends=None,
)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"ends": at("08:00")}, at("08:00")),
        ({}, NOW + timedelta(hours=3)),
        ({"level": Level.BLUE}, NOW + timedelta(hours=12)),
        ({"ends": at("05:00")}, NOW + timedelta(hours=3)),
        ({"key": rain(ANJU)._replace(hazard="?陨石")}, NOW + timedelta(hours=24)),
        ({"level": None, "before": Level.RED, "kind": Kind.LAPSE}, NOW + timedelta(hours=24)),
    ],
    ids=[
        "until the warning ends",
        "no end: the window of a red rain",
        "no end: the window of a blue rain",
        "over, and nobody has decided so: what is ordered now must still go out",
        "a hazard without a window",
        "an all-clear",
    ],
)
def test_how_long_it_may_be_sent(fields: dict[str, object], expected: datetime) -> None:
    assert draft(replace(CHANGE, **fields), None, BOOK, NOW).not_after == expected  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("level", "posts", "channels"),
    [
        (Level.BLUE, ("duty",), ("sms", "push")),
        (Level.RED, ("duty", "vice", "mayor", "secretary"), ("sms", "push", "email")),
    ],
    ids=lambda value: value.key if isinstance(value, Level) else "",
)
def test_the_ladder_names_posts_and_channels(
    level: Level, posts: tuple[str, ...], channels: tuple[str, ...]
) -> None:
    version = draft(replace(CHANGE, level=level), None, BOOK, NOW)
    assert (version.posts, version.channels) == (posts, channels)


def test_an_all_clear_goes_by_the_ways_of_what_it_ends() -> None:
    over = replace(CHANGE, kind=Kind.LAPSE, level=None, before=Level.RED, added=(), lapsed=CHANGE.added)
    version = draft(over, None, BOOK, NOW)
    assert version.channels == BOOK.ladder[Level.RED].channels
    assert version.lane_level is Level.RED
    assert [mark.deadline for mark in version.measures] == [None]


def test_a_version_is_of_the_book_that_its_measures_are_from() -> None:
    first = taken(draft(CHANGE, None, BOOK, NOW))
    other = BOOK.model_copy(update={"hash": "other"})
    update = replace(CHANGE, kind=Kind.UPDATE, before=Level.RED, added=(), continuing=CHANGE.added)
    assert draft(update, first, other, NOW).book == BOOK.hash
    assert (
        draft(replace(update, before=Level.ORANGE), replace(first, level=Level.ORANGE), other, NOW).book == "other"
    )


def test_a_measure_that_only_an_older_book_knows_keeps_its_clock_time() -> None:
    old = Standing("township.rainstorm.red.9", Form.ORDER)
    before: Stands = replace(
        taken(draft(CHANGE, None, BOOK, NOW)),
        measures=frozenset({old}),
        said={old: MeasureMark(old, Mark.ADDED, at("06:00"), "老措施")},
    )
    update = replace(CHANGE, kind=Kind.REOPEN, before=Level.RED, added=(), continuing=(old,))
    (mark,) = draft(update, before, BOOK, NOW).measures
    assert (mark.deadline, mark.words) == (at("06:00"), "老措施")
