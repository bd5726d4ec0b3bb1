"""Hostile and broken JSON is refused with a reason; nothing else ever comes out."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from warnengine.ingest.formats import MAX_BYTES, Reading, read
from warnengine.ingest.formats.report import describe
from warnengine.model.errors import RefusedWarning
from warnengine.model.hazard import Hazard, HazardTable
from warnengine.model.place import District, Township

ROW = {
    "alertid": "50022441600000_20260727031512",
    "issuetime": "2026/07/27 03:15",
    "title": "铜梁区气象台发布暴雨橙色预警信号",
    "pic": "p0002002.png",
}
GOOD = json.dumps([ROW], ensure_ascii=False)


def outcome(raw: bytes, reading: Reading) -> str:
    """read, or the reason why not; anything else fails the test."""
    try:
        for warning in read(raw, reading):
            describe(warning)
    except RefusedWarning as refusal:
        return refusal.reason if str(refusal) else ""
    return "read"


ATTACKS: dict[str, tuple[bytes, str]] = {
    "deep lists": (b"[" * 100_000, "too_deep"),
    "deep lists, closed": (b"[" * 500 + b"]" * 500, "too_deep"),
    "deep objects": (b'{"data":' * 40 + b"[]" + b"}" * 40, "too_deep"),
    "a million items": (b"[" + b"0," * 1_000_000 + b"0]", "too_many_items"),
    "a million objects": (b"[" + b"{}," * 400_000 + b"{}]", "too_many_items"),
    "ten thousand rows": (json.dumps([ROW] * 10_000).encode(), "too_many_alerts"),
    "a gzip": (b"\x1f\x8b\x08\0\0", "compressed"),
    "too long": (b'["' + b"x" * MAX_BYTES + b'"]', "too_large"),
    "not a number": (b'[{"id": NaN}]', "malformed"),
    "infinity": (b'[{"id": -Infinity}]', "malformed"),
    "a key twice": (b'[{"id": "1", "id": "2"}]', "duplicate_key"),
    "half a character": (b'[{"id": "\\ud83c"}]', "malformed"),
    "half a character as key": (b'[{"\\udc00": "1"}]', "malformed"),
    "NUL in a text": (b'[{"id": "\\u0000"}]', "malformed"),
    "NUL": (b'[{"id": "\x00"}]', "unreadable"),
    "cut short": (GOOD.encode()[:-20], "malformed"),
    "cut short inside a character": (GOOD.encode()[:-24], "malformed"),
    "something behind it": (GOOD.encode() + b"alert(1)", "malformed"),
    "JSONP of two variables": (b"var a=[];var b=[];", "malformed"),
    "no JSON inside": (b"var alarminfo=[;", "malformed"),
    "UTF-16 without a mark": (GOOD.encode("utf-16-le"), "unreadable"),
    "UTF-8 in pieces": (b'[{"title": "\xe6\x9a\xff"}]', "unreadable"),
    "a digit string of a megabyte": (b'{"code": ' + b"9" * 1_000_000 + b"}", "source_error"),
    "a number beyond all": (b'{"lat": 1e99999}', "unknown_format"),
}


@pytest.mark.parametrize(("raw", "reason"), ATTACKS.values(), ids=ATTACKS.keys())
def test_attacks(reading: Reading, raw: bytes, reason: str) -> None:
    with pytest.raises(RefusedWarning) as refusal:
        read(raw, reading)
    assert refusal.value.reason == reason
    assert len(str(refusal.value)) < 400


SPELLINGS = {
    "UTF-8": GOOD.encode(),
    "with a mark": GOOD.encode("utf-8-sig"),
    "UTF-16 with a mark": GOOD.encode("utf-16"),
    "GB 18030": GOOD.encode("gb18030"),
    "escaped": json.dumps([ROW]).encode(),
    "with blanks around it": b"\r\n \t" + GOOD.encode() + b"\n\n",
}


@pytest.mark.parametrize("raw", SPELLINGS.values(), ids=SPELLINGS.keys())
def test_spellings_of_one_list(reading: Reading, raw: bytes) -> None:
    assert read(raw, reading) == read(GOOD.encode(), reading)


ODD: list[Any] = [
    None,
    True,
    5,
    1.5,
    [],
    {},
    [[]],
    {"a": None},
    "",
    "x" * 30_000,
    "\u202e",
    "2026-13-45 99:99",
    "p00",
    "🌧",
]


@pytest.mark.parametrize("field", ROW)
@pytest.mark.parametrize("value", ODD, ids=[repr(value)[:20] for value in ODD])
def test_odd_values(reading: Reading, field: str, value: Any) -> None:
    raw = json.dumps([ROW | {field: value}]).encode()
    assert outcome(raw, reading) in {"read", "missing_field", "bad_value", "unknown_format"}


KEYS = st.sampled_from(
    [
        "identifier",
        "sender",
        "senderCode",
        "sent",
        "sendTime",
        "status",
        "msgType",
        "info",
        "effective",
        "eventType",
        "headline",
        "severity",
        "description",
        "references",
        "warnings",
        "warning",
        "alerts",
        "alert",
        "data",
        "list",
        "id",
        "title",
        "type",
        "pubTime",
        "issuedTime",
        "messageType",
        "supersedes",
        "color",
        "code",
        "alertid",
        "issuetime",
        "pic",
        "ISSUETIME",
        "SIGNALTYPE",
        "ISSUECONTENT",
        "TYPECODE",
        "LEVELCODE",
        "alertId",
        "pubtimestamp",
        "adcode",
        "issued",
        "expires",
        "name",
        "500151",
        "source",
        "updated",
        "area",
        "areaDesc",
        "geocode",
        "valueName",
        "value",
        "language",
        "{x}y",
        "a:b",
        "station",
        "kind",
    ]
)
WORDS = st.one_of(
    st.sampled_from(
        ["铜梁区气象台发布暴雨橙色预警信号", "解除", "红色", "50022441600000_20260727031512", "2026-07-27 03:15", "1785093300",
         "101042800-20260727031512-0203.html", "p0002002", "11B03_RED", "1003", "Alert", "Cancel", "Actual", "red", "500151",
         "铜梁区气象台2026年7月27日3时15分解除暴雨橙色预警信号", "Test", "update"]),
    st.text(max_size=20),
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False),
)  # fmt: skip
TREES = st.recursive(
    WORDS,
    lambda inside: st.lists(inside, max_size=8) | st.dictionaries(KEYS, inside, max_size=10),
    max_leaves=40,
)
READING = Reading(
    {"500151": District("500151", "铜梁区", ("铜梁",), ("500224",), (Township("500151105", "安居镇"),))},
    HazardTable([Hazard("rainstorm", "暴雨", codes=("11B03",))]),
)


@settings(max_examples=400, deadline=None)
@given(TREES)
def test_any_tree_of_the_words_that_providers_use(document: Any) -> None:
    assert outcome(json.dumps(document).encode(), READING)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes(raw: bytes) -> None:
    assert outcome(raw, READING)
    assert outcome(b"{" + raw, READING)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_list_with_bytes_knocked_out(data: st.DataObject) -> None:
    raw = bytearray(GOOD.encode())
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    assert outcome(bytes(raw), READING)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            list(
                "铜梁区气象台重庆市发布解除升级为暴雨橙色预警信号2026年7月27日3时15分至，。：“”（）【】\n \t演练其余镇街"
            )
        ),
        max_size=120,
    )
)
def test_any_text_of_the_characters_that_issuers_use(signs: list[str]) -> None:
    assert outcome("".join(signs).encode(), READING)
