"""Who holds a post at every moment: the list, the rota, the absences, and nothing in between."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warnengine.model.clock import BEIJING
from warnengine.model.directory import Absence, Directory, Holding, Person, Shift
from warnengine.model.rota import WEEKDAYS, DayKind
from warnengine.model.timetable import Opening, Stint, horizon, openings, timetable

POST = ("500151105", "duty")
PEOPLE = {key: Person(key, key.upper(), None, None) for key in ("a", "b", "c", "d", "e")}
NOW = datetime(2026, 9, 30, 12, tzinfo=BEIJING)
"""A Wednesday, before the holidays."""
CALENDAR = {
    **{date(2026, 10, day): DayKind.HOLIDAY for day in range(1, 8)},
    date(2026, 10, 10): DayKind.WORKING,
}
"""The holidays of October, and the Saturday that is worked for them."""
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def at(day: int, hour: int = 12, minute: int = 0, month: int = 10) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=BEIJING)


def line(person: str, deputy: str | None = None, superior: str | None = None) -> Holding:
    return Holding(*POST, person, deputy, superior)


def shift(person: str, days: str, begins: int = 8, lasts: int = 24) -> Shift:
    return Shift(*POST, days, time(begins), lasts * HOUR, person)


def listed(*holdings: Holding, away: tuple[Absence, ...] = (), rota: tuple[Shift, ...] = ()) -> Directory:
    return Directory(PEOPLE, holdings, away, rota, CALENDAR)


def held(directory: Directory, moment: datetime) -> list[Holding]:
    return [one.holding for one in timetable(directory, NOW) if runs(one, moment)]


def runs(one: Stint, moment: datetime) -> bool:
    return (one.starts is None or one.starts <= moment) and (one.ends is None or moment < one.ends)


def who(directory: Directory, moment: datetime) -> list[str]:
    return sorted(one.person for one in held(directory, moment))


def test_a_list_alone_holds_for_ever() -> None:
    assert timetable(listed(line("a", "b"), line("c")), NOW) == [
        Stint(line("a", "b"), None, None),
        Stint(line("c"), None, None),
    ]


ROTA = (
    shift("a", "每天", 18, 14),
    shift("b", "工作日", 8, 10),
    shift("c", "休息日", 8, 10),
    shift("d", "节假日", 8, 10),
    shift("e", "2026-10-03", 8, 10),
)


@pytest.mark.parametrize(
    ("label", "moment", "holder"),
    [
        ("a working day", at(30, 9, month=9), "b"),
        ("its night", at(30, 23, month=9), "a"),
        ("after midnight it is still that night's", at(1, 7, 59), "a"),
        ("a holiday goes before a day of rest", at(2, 9), "d"),
        ("a date goes before a holiday", at(3, 9), "e"),
        ("the night of a date that names the day alone", at(3, 19), "a"),
        ("the holiday's last morning", at(7, 8), "d"),
        ("work begins again", at(8, 8), "b"),
        ("a Saturday that is worked is no day of rest", at(10, 9), "b"),
        ("a Sunday", at(11, 9), "c"),
    ],
    ids=lambda value: value if isinstance(value, str) and " " in value else "",
)
def test_the_rota_by_kinds_of_days(label: str, moment: datetime, holder: str) -> None:
    assert who(listed(line("c"), rota=ROTA), moment) == [holder]


WEEK = tuple(shift("abcdeab"[n], name) for n, name in enumerate(WEEKDAYS))


@pytest.mark.parametrize(
    ("label", "rota", "moment", "holder"),
    [
        ("a Wednesday goes before working days", (shift("a", "工作日"), shift("b", "周三")), at(14), "b"),
        ("but not on a listed Saturday", (shift("a", "工作日"), shift("b", "周六")), at(10), "a"),
        ("nor on a listed Monday", (shift("a", "休息日"), shift("b", "周一")), at(5), "a"),
        ("where only weekdays are told, the weekday", WEEK, at(10), "a"),
        ("two at once both hold it", (shift("a", "工作日"),), at(14), "a"),
    ],
    ids=lambda value: value if isinstance(value, str) and " " in value else "",
)
def test_the_more_special_row_counts(label: str, rota: tuple[Shift, ...], moment: datetime, holder: str) -> None:
    assert who(listed(line("c"), rota=rota), moment) == [holder]


def test_several_on_one_shift() -> None:
    assert sorted(who(listed(rota=(shift("a", "每天"), shift("b", "每天"))), at(14))) == ["a", "b"]


def test_where_no_shift_covers_the_plain_holders_do_and_it_is_told() -> None:
    directory = listed(line("c"), rota=(shift("a", "工作日", 8, 10),))
    assert who(directory, at(30, 20, month=9)) == ["c"]
    night = Opening(*POST, at(30, 18, month=9), at(8, 8))
    assert openings(directory, NOW, at(9))[0] == night
    assert openings(directory, NOW, at(9))[1:] == [Opening(*POST, at(8, 18), at(9, 8))]


def test_who_is_on_shift_has_the_deputy_of_their_line_or_of_the_post() -> None:
    directory = listed(line("c", "d", "e"), line("a", "b", "e"), rota=(shift("a", "工作日"), shift("b", "休息日")))
    assert held(directory, at(14)) == [line("a", "b", "e")]
    assert held(directory, at(17)) == [line("b", "d", "e")]


def test_the_rota_is_known_to_the_end_of_the_year_that_the_calendar_tells_and_for_a_month_at_least() -> None:
    directory = listed(line("c"), rota=(shift("a", "每天"),))
    assert horizon(directory, NOW) == date(2027, 1, 1)
    assert horizon(directory, datetime(2026, 11, 30, tzinfo=BEIJING)) == date(2027, 1, 1)
    assert horizon(directory, datetime(2026, 12, 1, tzinfo=BEIJING)) == date(2028, 1, 1)
    assert who(directory, datetime(2027, 1, 1, 7, tzinfo=BEIJING)) == ["a"], "the last night goes to its end"
    assert who(directory, datetime(2027, 1, 1, 9, tzinfo=BEIJING)) == ["c"]
    assert horizon(listed(rota=(shift("a", "2027-02-03"),)), NOW) == date(2027, 2, 4)


AWAY = Absence("a", at(2), at(5))


@pytest.mark.parametrize(
    ("label", "holdings", "away", "seats"),
    [
        ("the stand-in", (line("a", "b", "e"),), (Absence("a", at(2), at(5), "c"),), [line("c", "b", "e")]),
        ("else the deputy", (line("a", "b", "e"),), (AWAY,), [line("b", None, "e")]),
        ("else nobody else: they themselves", (line("a", None, "e"),), (AWAY,), [line("a", None, "e")]),
        (
            "a deputy who is away too",
            (line("a", "b", "e"),),
            (AWAY, Absence("b", at(1), at(9))),
            [line("a", "b", "e")],
        ),
        (
            "whoever stands in for the deputy",
            (line("a", "b"),),
            (AWAY, Absence("b", at(1), at(9), "d")),
            [line("d")],
        ),
        (
            "a stand-in of the stand-in",
            (line("a"),),
            (Absence("a", at(2), at(5), "c"), Absence("c", at(1), at(9), "d")),
            [line("d")],
        ),
        (
            "two who stand in for each other",
            (line("a", "d"),),
            (Absence("a", at(2), at(5), "c"), Absence("c", at(1), at(9), "a")),
            [line("d")],
        ),
        ("a deputy who has the post themselves", (line("a", "b", "e"), line("b", "a")), (AWAY,), [line("b", "a")]),
        (
            "the ladder asks whoever is there",
            (line("b", "a", "c"),),
            (Absence("a", at(2), at(5), "d"), Absence("c", at(2), at(5), "e")),
            [line("b", "d", "e")],
        ),
        ("nobody climbs to themselves", (line("a", "b", "b"),), (AWAY,), [line("b")]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_absences(
    label: str, holdings: tuple[Holding, ...], away: tuple[Absence, ...], seats: list[Holding]
) -> None:
    directory = listed(*holdings, away=away)
    assert held(directory, at(3)) == seats
    assert who(directory, at(1, 0)) == sorted(one.person for one in holdings), "before"
    assert who(directory, at(12)) == sorted(one.person for one in holdings), "after"


def test_an_absence_without_anybody_is_told_and_one_with_a_deputy_is_not() -> None:
    assert openings(listed(line("a"), away=(AWAY,)), NOW, at(30)) == [Opening(*POST, at(2), at(5), "a")]
    assert openings(listed(line("a", "b"), away=(AWAY,)), NOW, at(30)) == []


def test_who_is_away_on_their_shift() -> None:
    away = (Absence("a", at(2), at(5), "d"),)
    assert who(listed(line("c"), away=away, rota=(shift("a", "每天"),)), at(3)) == ["d"]


# the same, moment by moment, by a program that knows no better

GRID = timedelta(minutes=30)
FIRST = date(2026, 10, 2)
KINDS = ["每天", "工作日", "休息日", "节假日", *WEEKDAYS, "2026-10-08", "2026-10-10"]
hours = st.integers(0, 47).map(lambda half: time(half // 2, 30 * (half % 2)))
rows = st.builds(
    lambda person, days, begins, halves: Shift(*POST, days, begins, halves * GRID, person),
    st.sampled_from("abc"),
    st.sampled_from(KINDS),
    hours,
    st.integers(1, 48),
)


def naive(directory: Directory, moment: datetime) -> set[str]:
    """Who is on shift: written from the words of the manual."""
    best: dict[str, int] = {}
    for one in directory.shifts:
        for back in (0, 1):
            day = moment.date() - back * DAY
            special = CALENDAR.get(day)
            work = special is DayKind.WORKING or (special is None and day.weekday() < 5)
            said = {
                "每天": True,
                "工作日": work,
                "休息日": not work,
                "节假日": special is DayKind.HOLIDAY,
                WEEKDAYS[day.weekday()]: True,
                day.isoformat(): True,
            }
            order = (
                ["每天", "weekday", "class", "节假日", "date"]
                if special
                else ["每天", "class", "weekday", "节假日", "date"]
            )
            kind = "date" if one.days[0] == "2" else "weekday" if one.days in WEEKDAYS else one.days
            kind = "class" if kind in {"工作日", "休息日"} else kind
            begins = datetime.combine(day, one.begins, BEIJING)
            if said.get(one.days) and begins <= moment < begins + one.lasts:
                best[one.person] = max(best.get(one.person, -1), order.index(kind))
    return {person for person, place in best.items() if place == max(best.values())} or {"e"}


@given(st.lists(rows, max_size=7))
def test_at_every_moment_the_post_has_exactly_its_holders(rota: list[Shift]) -> None:
    directory = listed(line("e"), rota=tuple(rota))
    stints = timetable(directory, NOW)
    moment = datetime.combine(FIRST, time(0), BEIJING)
    while moment.date() < FIRST + 11 * DAY:
        found = [one.holding.person for one in stints if runs(one, moment)]
        assert sorted(found) == sorted(naive(directory, moment)), moment
        moment += GRID


@given(
    st.lists(rows, max_size=4),
    st.lists(
        st.builds(
            lambda person, day, days, other: Absence(person, at(day), at(day + days), other),
            st.sampled_from("abcde"),
            st.integers(1, 9),
            st.integers(1, 3),
            st.none() | st.sampled_from("abcde"),
        ),
        max_size=4,
    ),
)
def test_a_listed_post_is_never_empty_and_nobody_sits_there_twice(rota: list[Shift], away: list[Absence]) -> None:
    stints = timetable(listed(line("a", "b", "c"), line("d", "e"), away=tuple(away), rota=tuple(rota)), NOW)
    for moment in (at(day, hour) for day in range(1, 14) for hour in (0, 8, 12, 20)):
        sitting = [one.holding for one in stints if runs(one, moment)]
        assert sitting
        assert len({one.person for one in sitting}) == len(sitting)
        assert all(one.person not in (one.deputy, one.superior) for one in sitting)
