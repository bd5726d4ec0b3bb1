"""What goes out as a workbook comes back as it was."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from warnengine.directory import NOBODY, changes, export, read, taken_in
from warnengine.model.book import RuleBook
from warnengine.model.clock import BEIJING
from warnengine.model.directory import Absence, Directory, Shift
from warnengine.model.rota import DAYS, DayKind

DEMO = Path(__file__).parents[2] / "warnengine" / "demo" / "directory.csv"
NOW = datetime(2026, 9, 20, tzinfo=BEIJING)
HALF = timedelta(minutes=30)
dates = st.dates(date(2026, 1, 1), date(2027, 12, 31))
shifts = st.builds(
    lambda days, begins, halves: Shift(
        "500151105", "duty", days, time(begins // 2, 30 * (begins % 2)), halves * HALF, "tl003"
    ),
    st.sampled_from(DAYS) | dates.map(date.isoformat),
    st.integers(0, 47),
    st.integers(1, 48),
)
moments = st.integers(0, 400 * 48).map(lambda halves: datetime(2026, 1, 1, tzinfo=BEIJING) + halves * HALF)
absences = st.builds(
    lambda starts, halves, other, reason: Absence("tl001", starts, starts + halves * HALF, other, reason),
    moments,
    st.integers(1, 200),
    st.none() | st.just("tl002"),
    st.sampled_from(["", "年休假"]),
)


def calendar_of(days: set[date]) -> dict[date, DayKind]:
    return {day: DayKind.WORKING if day.weekday() > 4 else DayKind.HOLIDAY for day in sorted(days)}


@pytest.fixture(scope="module")
def town(book: RuleBook) -> Directory:
    """The people of one township, and those above it."""
    people = read(DEMO.read_bytes(), book)
    kept = tuple(held for held in people.holdings if held.unit in {"district", "500151105"})
    named = {held.person for held in kept}
    inside = (replace(held, superior=held.superior if held.superior in named else None) for held in kept)
    return Directory({key: one for key, one in people.people.items() if key in named}, tuple(inside))


@settings(max_examples=20)
@given(st.sets(shifts, max_size=6), st.none() | absences, st.sets(dates, max_size=20))
def test_a_round_trip_loses_nothing(
    book: RuleBook,
    town: Directory,
    tmp_path_factory: pytest.TempPathFactory,
    rota: set[Shift],
    away: Absence | None,
    days: set[date],
) -> None:
    whole = replace(
        town,
        absences=(away,) if away else (),
        shifts=tuple(sorted(rota, key=repr)),
        calendar=calendar_of(days),
    )
    out = tmp_path_factory.mktemp("out") / "x.xlsx"
    export(whole, book, {}, out)
    found = taken_in([("x.xlsx", out.read_bytes())], book, NOW)
    assert not found.problems
    assert found.directory == whole
    assert changes(whole, found.directory, book) == []


def test_the_numbers_show_when_they_were_proven(book: RuleBook, tmp_path: Path) -> None:
    raw = "单位,岗位,人员编号,姓名,手机,座机\n安居镇,值班员,a1,李明,19900000001、19900000002,023-45600000\n"
    listed = read(raw.encode(), book)
    proofs = {("a1", "sms", "+8619900000002"): datetime(2026, 8, 31, 17, tzinfo=UTC)}
    export(listed, book, proofs, tmp_path / "x.xlsx")
    sheet = load_workbook(tmp_path / "x.xlsx")["人员岗位"]
    cells = {head.value: cell.value for head, cell in zip(sheet[1], sheet[2], strict=True)}
    assert (cells["单位"], cells["岗位"]) == ("安居镇", "值班员")
    assert cells["手机"] == "19900000001、19900000002"
    assert cells["座机"] == "02345600000"
    assert cells["最近验证"] == "19900000002 2026-09-01"


def test_an_empty_list_is_a_form_to_fill_in(book: RuleBook, tmp_path: Path) -> None:
    export(NOBODY, book, {}, tmp_path / "x.xlsx")
    made = load_workbook(tmp_path / "x.xlsx")
    assert made.sheetnames == ["说明", "人员岗位", "请假", "值班表", "节假日调休"]
    assert [cell.value for cell in made["请假"][1]] == ["人员", "开始", "结束", "代班人", "事由"]
