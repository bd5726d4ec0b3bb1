"""What is past its term goes, month by month from the oldest; what is open, or may be asked for, stays."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warnengine.model.retention import HOLDS, Month, going, held, past, told

MAY, JUNE, JULY, DECEMBER = date(2021, 5, 1), date(2021, 6, 1), date(2021, 7, 1), date(2021, 12, 1)

TERMS = {
    "on the last day of the fifth year": ([MAY], date(2026, 5, 31), []),
    "on the day itself it is kept, for clocks may be fast": ([MAY], date(2026, 6, 1), []),
    "a day later it goes": ([MAY], date(2026, 6, 2), [MAY]),
    "the oldest first": ([JUNE, MAY, JULY], date(2026, 7, 2), [MAY, JUNE]),
    "over the turn of a year": ([DECEMBER], date(2027, 1, 2), [DECEMBER]),
    "not a day before": ([DECEMBER], date(2027, 1, 1), []),
    "nothing is stored": ([], date(2040, 1, 1), []),
}


@pytest.mark.parametrize(("months", "today", "goes"), TERMS.values(), ids=TERMS)
def test_a_month_is_past_its_term(months: list[date], today: date, goes: list[date]) -> None:
    assert past(months, today, 5) == goes


@given(st.dates(date(2000, 1, 1), date(2060, 1, 1)), st.integers(5, 30), st.integers(0, 600))
def test_no_day_goes_before_its_years_are_over(today: date, years: int, back: int) -> None:
    year, month = divmod(today.year * 12 + today.month - 1 - back, 12)
    if year < 1:
        return
    first = date(year, month + 1, 1)
    if past([first], today, years):
        last_day_and_years = (date(first.year + first.month // 12, first.month % 12 + 1, 1).replace(year=first.year + first.month // 12 + years))  # fmt: skip
        assert last_day_and_years < today


def one(month: date, *why: str) -> Month:
    return Month(month, {"bundle": 1200, "delivery": 3600, "reply": 0}, 5 << 20, why)


ORDERS = {
    "all may go": ([one(MAY), one(JUNE)], [MAY, JUNE]),
    "the first is held: what came later stays with it": ([one(MAY, "open"), one(JUNE)], []),
    "the second is held": ([one(MAY), one(JUNE, "open"), one(JULY)], [MAY]),
    "none": ([], []),
}


@pytest.mark.parametrize(("months", "goes"), ORDERS.values(), ids=ORDERS)
def test_months_go_in_their_order(months: list[Month], goes: list[date]) -> None:
    assert [month.month for month in going(months)] == goes


@pytest.mark.parametrize("what", HOLDS)
def test_whatever_is_open_holds_its_month(what: str) -> None:
    assert held({what: 2}) == [HOLDS[what].format(n=2)]
    assert held({what: 0}) == []


def test_the_plan_says_what_goes_what_stays_and_why() -> None:
    assert told([one(MAY), one(JUNE, "2 orders still stand"), one(JULY)], 5) == [
        "2021-05: goes, with about 1,200 bundle, about 3,600 delivery (5 MB)",
        "2021-06: stays, though its 5 years are over: 2 orders still stand",
        "2021-07: stays, though its 5 years are over: an earlier month is kept, and the chain is cut only from its beginning",
        "raw warnings, orders with their texts, approvals and the address list stay",
    ]
    assert told([], 5) == ["nothing is older than 5 years; nothing goes"]
