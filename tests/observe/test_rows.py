"""Rows of observations: JSON lines and CSV, each judged for itself."""

from __future__ import annotations

import contextlib
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warnengine.ingest.formats.observation import read
from warnengine.model.clock import BEIJING
from warnengine.model.errors import RefusedWarning
from warnengine.model.observation import Datum, Kind, Reading, Refusal

FIVE = datetime(2026, 7, 27, 5, 0, tzinfo=BEIJING)
RAIN = Reading("S1", Kind.RAIN, FIVE, 3.5)


def rows(text: str, encoding: str = "utf-8") -> list[Reading | Refusal]:
    return [row for _, _, row in read(text.encode(encoding))]


@pytest.mark.parametrize(
    "text",
    [
        '{"station": "S1", "kind": "rain", "time": "2026-07-27T05:00:00+08:00", "value": 3.5}',
        '[{"station": "S1", "kind": "rain", "time": "2026-07-26T21:00:00Z", "value": 3.5}]',
        '{"站号": "S1", "要素": "雨量", "时间": "2026-07-27 05:00", "数值": "3.5"}\n\n',
        "station,kind,time,value\nS1,rain,2026-07-27 05:00:00,3.5\n",
        "站号,要素,时间,数值,基准面\r\nS1,降雨量,2026-07-27 05:00,3.5,\r\n\r\n",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_the_same_reading_in_every_form(text: str, encoding: str) -> None:
    assert rows(text, encoding) == [RAIN]


def test_a_forecast_with_its_datum_and_peak() -> None:
    (found,) = rows(
        "站号,要素,时间,数值,基准面,峰现时间\nR1,预报水位,2026-07-27 05:00,219.1,黄海高程,2026-07-27 17:00"
    )
    assert isinstance(found, Reading)
    assert (found.kind, found.datum, found.peak_at) == (Kind.FORECAST_STAGE, Datum.HUANGHAI, FIVE.replace(hour=17))


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("S1,雨量,2026-07-27 05:00,", "没有数值"),
        ("S1,雨量,2026-07-27 05:00,缺测", "没有数值"),
        ("S1,雨量,2026-07-27 05:00,-9999", "没有数值"),
        ("S1,雨量,2026-07-27 05:00,nan", "没有数值"),
        ("S1,雨量,2026-07-27 05:00,inf", "没有数值"),
        ("S1,雨量,2026-07-27 25:00,3.5", "时间不对"),
        ("S1,雪深,2026-07-27 05:00,3.5", "要素不对"),
        (",雨量,2026-07-27 05:00,3.5", "站号不对"),
        ("S1,雨量,2026-07-27 05:00,3.5,6", "栏数多于表头"),
    ],
)
def test_a_bad_row_costs_only_itself(row: str, says: str) -> None:
    found = list(
        read(f"站号,要素,时间,数值\nS1,雨量,2026-07-27 05:00,3.5\n{row}\nS1,雨量,2026-07-27 05:00,3.5\n".encode())
    )
    assert [line for line, _, _ in found] == [2, 3, 4]
    assert [isinstance(one, Reading) for _, _, one in found] == [True, False, True]
    refused = found[1][2]
    assert isinstance(refused, Refusal)
    assert (refused.line, refused.raw) == (3, row)
    assert says in refused.reason


@pytest.mark.parametrize("value", ["true", "null", '"缺测"', "[]", "-9999.0", "NaN"])
def test_what_is_no_number_in_json_is_no_rain(value: str) -> None:
    (found,) = rows(f'{{"station": "S1", "kind": "rain", "time": "2026-07-27T05:00:00+08:00", "value": {value}}}')
    assert isinstance(found, Refusal)
    assert "没有数值" in found.reason


def test_a_line_that_is_no_object() -> None:
    good = '{"station": "S1", "kind": "rain", "time": "2026-07-27T05:00:00+08:00", "value": 3.5}'
    found = rows(f'{good}\n{{"station": \n[1]\n{good[:-1]}, "vlaue": 1}}')
    assert [isinstance(one, Reading) for one in found] == [True, False, False, False]
    assert [one.reason[:7] for one in found if isinstance(one, Refusal)] == [
        "这一行不是 J",
        "这一行不是一个",
        "不认识的栏目“",
    ]


@pytest.mark.parametrize("raw", [b"", b"a,b\n1,2\n", b"[1", b"\xff\xff\xff", b"\n"])
def test_what_cannot_be_read_at_all_is_refused_as_a_whole(raw: bytes) -> None:
    with pytest.raises(RefusedWarning):
        list(read(raw))


@given(
    st.binary(max_size=200)
    | st.text(max_size=200).map(lambda text: ("站号,要素,时间,数值\n" + text).encode("utf-8", "replace"))
)
def test_any_bytes_are_rows_or_a_refusal(raw: bytes) -> None:
    with contextlib.suppress(RefusedWarning):
        assert all(isinstance(row, Reading | Refusal) for _, _, row in read(raw))
