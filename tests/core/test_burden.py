"""How often somebody is reminded: growing pauses, not by night below orange, not while a newer order is just out."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.district import ANJU, BOOK, RED, TEXTS, Hall, at, claim, warning
from tests.core.test_ladder import SILENT
from warnengine.acknowledge.burden import Later
from warnengine.acknowledge.ladder import Finish, Move, Nothing, Remind, climb
from warnengine.model.book import Act, After, Night, Pace
from warnengine.model.bundle import Listener, Rung
from warnengine.model.level import Level
from warnengine.model.order import Version
from warnengine.model.pace import Recent
from warnengine.order.clocks import spaced
from warnengine.order.expand import Expander, _alike

MINUTE = timedelta(minutes=1)
NOW = SILENT.now
PACE = Pace.model_validate({"texts": 2, "within": "10m"})


def texts(*minutes: float, bundle: int = 160, level: Level = Level.RED, order: bool = True) -> tuple[Recent, ...]:
    """What was sent so many minutes ago."""
    return tuple(Recent(NOW - minute * MINUTE, bundle, level, order) for minute in minutes)


def rung(act: Act | After = Act.AGAIN, **fields: Any) -> Rung:
    return replace(SILENT, act=act, owing=((1, "li_si"),) if act is After.FINISH else (), **fields)


YELLOW = {"level": Level.YELLOW}


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (rung(more=True), Remind()),
        (rung(more=True, lately=texts(1, 2)), Remind()),
        (rung(more=True, lately=texts(1, 2, 3)), Nothing("told often just now")),
        (rung(more=True, lately=texts(1, 2, 6)), Remind()),
        (rung(more=False, lately=texts(1, 2, 3)), Remind()),
        (rung(Act.DUTY_ROOM, more=True, lately=texts(1, 2, 3)), None),
        (rung(Act.DEPUTY, more=True, lately=texts(1, 2, 3)), None),
        (rung(**YELLOW, lately=texts(1, 2, level=Level.RED)), Remind()),
        (
            rung(**YELLOW, lately=texts(1, 2, level=Level.YELLOW)),
            Later(NOW + 8 * MINUTE, "many texts lately"),
        ),
        (rung(**YELLOW, lately=texts(1, 11, level=Level.YELLOW)), Remind()),
        (rung(After.FINISH), Finish(("li_si",))),
        (rung(After.FINISH, lately=texts(1)), Finish(("li_si",))),
        (
            rung(After.FINISH, lately=texts(1, bundle=176), due=NOW),
            Later(NOW + 4 * MINUTE, "a newer order is just out"),
        ),
        (rung(After.FINISH, lately=texts(5, bundle=176), due=NOW), Finish(("li_si",))),
        (rung(After.FINISH, lately=texts(1, bundle=176, order=False), due=NOW), Finish(("li_si",))),
        (rung(After.FINISH, lately=texts(1, bundle=176), due=NOW - 15 * MINUTE), Finish(("li_si",))),
        (rung(After.FINISH, lately=texts(1, bundle=144), due=NOW), Finish(("li_si",))),
    ],
    ids=[
        "nothing lately",
        "two texts in five minutes",
        "three, and a further step comes",
        "three in more than five minutes",
        "three, and it is the last step",
        "a call is never left out",
        "nor a deputy",
        "below orange: a red is not counted",
        "as much as the rule book allows",
        "not as much",
        "asked for the end",
        "its own order is no newer one",
        "a newer order is a minute old",
        "five minutes",
        "what the ladder writes is no order",
        "not for ever",
        "an older order",
    ],
)
def test_a_reminder_that_is_one_too_many(one: Rung, expected: Move | None) -> None:
    move = climb(one, BOOK.ladder, PACE)
    assert move == expected if expected else not isinstance(move, Nothing | Later)


@pytest.mark.parametrize(
    ("moments", "kept"),
    [
        ([], []),
        ([10], [10]),
        ([10, 25], [10, 25]),
        ([10, 20], [10, 25]),
        ([10, 25, 40, 55, 100, 115], [10, 25, 55, 115]),
        ([10, 12, 14], [10, 25]),
        ([10, 200, 400], [10, 200, 400]),
    ],
    ids=["none", "one", "far enough", "too soon", "of six four", "two that wait are one", "far apart"],
)
def test_the_end_is_asked_for_with_growing_pauses(moments: list[int], kept: list[int]) -> None:
    assert [after / MINUTE for after in spaced((m * MINUTE for m in moments), 15 * MINUTE)] == kept


@given(st.lists(st.integers(0, 600), max_size=12), st.integers(1, 60))
def test_every_deadline_is_asked_about_and_nobody_without_pause(minutes: list[int], pause: int) -> None:
    moments = [minute * MINUTE for minute in minutes]
    kept = spaced(moments, pause * MINUTE)
    assert len(kept) <= len(set(moments))
    assert not moments or kept[0] == min(moments)
    gaps = [later - sooner for sooner, later in pairwise(kept)]
    assert all(gap >= pause * MINUTE for gap in gaps)
    assert all(any(m <= k <= m + 4 * pause * MINUTE for k in kept) for m in moments), "asked, and soon enough"


@pytest.mark.parametrize(
    ("moment", "over"),
    [
        (at("21:59", 26), at("21:59", 26)),
        (at("22:00", 26), at("06:00")),
        (at("00:30"), at("06:00")),
        (at("05:59:59"), at("06:00")),
        (at("06:00"), at("06:00")),
    ],
)
def test_the_end_of_a_night(moment: datetime, over: datetime) -> None:
    assert Night.model_validate({"begins": "22:00", "ends": "06:00"}).over(moment) == over


def timers(level: Level, made: datetime, *, held: timedelta = timedelta()) -> list[tuple[str, datetime]]:
    """What the ladder does about somebody who was told of rain at that moment, and when."""
    version: Version = Hall().take(warning("w", made, claim(ANJU, level)), now=made)[ANJU]
    who = Listener(
        "500151", "a1", (1,), (f"{ANJU}/duty",), level, "issue", at("23:00"), (), (("sms", "1"),), held=held
    )
    found = Expander(BOOK, TEXTS, b"k")._timers(_alike(who), {1: version})
    return [(act.value, made + after) for _, act, after in found]


@pytest.mark.parametrize(
    ("level", "made", "again"),
    [
        (Level.BLUE, at("20:00", 26), [at("21:00", 26)]),
        (Level.BLUE, at("21:30", 26), [at("06:00")]),
        (Level.YELLOW, at("22:42", 26), [at("06:00")]),
        (Level.YELLOW, at("09:00"), [at("09:15")]),
        (Level.ORANGE, at("02:22"), [at("02:24"), at("02:28")]),
        (Level.RED, at("02:22"), [at("02:24"), at("02:27")]),
    ],
    ids=["blue by day", "blue that would come at night", "yellow at night", "yellow by day", "orange", "red"],
)
def test_nobody_is_woken_by_a_reminder_below_orange(level: Level, made: datetime, again: list[datetime]) -> None:
    assert [moment for act, moment in timers(level, made) if act == "again"] == again


def test_at_yellow_the_duty_room_still_calls_at_night() -> None:
    assert ("duty_room", at("23:12", 26)) in timers(Level.YELLOW, at("22:42", 26))


def test_the_ladder_of_a_text_that_waits_begins_when_it_goes() -> None:
    made = at("09:00")
    assert timers(Level.YELLOW, made, held=4 * MINUTE)[0] == ("again", at("09:19"))


def test_at_red_everybody_is_still_chased_to_the_end() -> None:
    acts = [act for act, _ in timers(Level.RED, RED.sent)]
    assert [act for act in acts if act not in {"finish", "unfinished"}] == [
        "again", "duty_room", "again", "deputy", "superior", "visit",
    ]  # fmt: skip
    assert {"finish", "unfinished"} <= set(acts)
