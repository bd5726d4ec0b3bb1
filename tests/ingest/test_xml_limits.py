"""What must never get past the guard, in every dress; and what mutation makes of good messages."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.district import READING
from tests.ingest.test_conformance import MESSAGE
from warnengine.ingest.formats import read
from warnengine.ingest.formats.report import describe
from warnengine.model.errors import RefusedWarning

DOCTYPE = "<!DOCTYPE alert [<!ENTITY a 'ha'>]><alert>&a;</alert>"


def declared(encoding: str, text: str = DOCTYPE) -> str:
    return f'<?xml version="1.0" encoding="{encoding}"?>{text}'


DRESSES = [
    (DOCTYPE.encode(), "doctype"),
    (b"\xef\xbb\xbf" + DOCTYPE.encode(), "doctype"),
    (b"\xef\xbb\xbf\r\n" + declared("UTF-8").encode(), "doctype"),
    (declared("UTF-16").encode("utf-16"), "doctype"),
    (b"\xff\xfe" + DOCTYPE.encode("utf-16-le"), "doctype"),
    (b"\xfe\xff" + DOCTYPE.encode("utf-16-be"), "doctype"),
    (DOCTYPE.encode("utf-16-le"), "doctype"),
    (DOCTYPE.encode("utf-16-be"), "doctype"),
    (declared("gb2312").encode("gb18030"), "doctype"),
    (declared("Big5").encode("big5"), "doctype"),
    (declared("ISO-8859-1").encode("latin-1"), "doctype"),
    (declared("windows-1251").encode("cp1251"), "doctype"),
    (DOCTYPE.encode("utf-32"), "malformed"),
    (DOCTYPE.encode("utf-32-le"), "malformed"),
    (DOCTYPE.encode("utf-32-be"), "malformed"),
    (declared("UTF-32").encode(), "malformed"),
    (declared("UTF-7").encode("utf-7"), "malformed"),
    (declared("utf-7", "+ADwAIQ-DOCTYPE alert+AD4-<alert/>").encode(), "malformed"),
    (declared("cp037").encode(), "malformed"),
    (declared("raw_unicode_escape", "\\u003c!DOCTYPE a><alert/>").encode(), "malformed"),
    (declared("UTF-16").encode(), "malformed"),
    (declared("UTF-8").encode("utf-16"), "malformed"),
    (b"\xef\xbb\xbf" + declared("gb2312").encode(), "malformed"),
    (declared("gb2312", "<alert>\xff</alert>").encode("latin-1"), "malformed"),
    (declared("UTF-8", "<alert>铜梁</alert>").encode("gb18030"), "malformed"),
    (declared("US-ASCII", "<alert>é</alert>").encode(), "malformed"),
    (declared("../../etc/passwd", "<alert/>").encode(), "malformed"),
    (b"<alert>\0</alert>", "malformed"),
    (b"<alert>&#0;</alert>", "malformed"),
    (b"<alert>&lol;</alert>", "malformed"),
    (b"\0\0\0\0", "unreadable"),
    (b"\x1f\x8b\x08\0" + b"x" * 100, "compressed"),
    (b"PK\x03\x04" + b"x" * 100, "compressed"),
    (b"<alert a='" + b"x" * 9_000 + b"'/>", "attribute_too_long"),
    (b"<alert " + b"a" * 9_000 + b"='x'/>", "attribute_too_long"),
    (b"<alert>" + b"<info/>" * 501 + b"</alert>", "too_many_infos"),
    (b"<alerts>" + b"<alert><sent/></alert>" * 10_001 + b"</alerts>", "too_many_alerts"),
    (b"<a><![CDATA[<!DOCTYPE a>]]></a>", "unknown_format"),
    (b"<a>&lt;!DOCTYPE a&gt;</a>", "unknown_format"),
]


@pytest.mark.parametrize(("raw", "reason"), DRESSES, ids=[f"{n}-{row[1]}" for n, row in enumerate(DRESSES)])
def test_refused_in_every_dress(raw: bytes, reason: str) -> None:
    with pytest.raises(RefusedWarning) as refusal:
        read(raw, READING)
    assert refusal.value.reason == reason


ENCODED = [
    MESSAGE.encode("utf-16"),
    MESSAGE.encode("utf-16-be"),
    declared("utf-16", MESSAGE).encode("utf-16"),
    declared("GBK", MESSAGE).encode("gbk"),
    declared("gb18030", MESSAGE).encode("gb18030"),
    declared("utf8", MESSAGE).encode(),
    b"\xef\xbb\xbf\r\n" + declared("UTF-8", MESSAGE).encode(),
]


@pytest.mark.parametrize("raw", ENCODED)
def test_one_message_in_many_encodings(raw: bytes) -> None:
    assert read(raw, READING) == read(MESSAGE.encode(), READING)


def test_a_refusal_says_where_and_what_to_do() -> None:
    with pytest.raises(RefusedWarning, match=r"line 2, column \d+.*ask the issuer"):
        read(MESSAGE.replace("</sender>", "</sander>").encode(), READING)


def _read_or_refused(raw: bytes) -> None:
    try:
        warnings = read(raw, READING)
    except RefusedWarning:
        return
    for warning in warnings:
        assert describe(warning)
        assert len(set(warning.problems)) == len(warning.problems)


@settings(max_examples=300)
@given(st.data())
def test_any_bytes_of_a_message_may_be_lost_doubled_or_changed(data: st.DataObject) -> None:
    raw = bytearray(MESSAGE.encode())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(raw) - 1))
        piece = data.draw(
            st.binary(max_size=6) | st.sampled_from([b"<", b"&", b"]]>", b"<!DOCTYPE a>", b"\0", b"\xff"])
        )
        raw[at : at + data.draw(st.integers(0, 40))] = piece
    _read_or_refused(bytes(raw))


TAGS = "identifier sender sent status msgType scope info area areaDesc polygon circle geocode value valueName references"


@settings(max_examples=300)
@given(st.data())
def test_elements_may_stand_anywhere(data: st.DataObject) -> None:
    names = [
        *TAGS.split(),
        "event",
        "severity",
        "parameter",
        "expires",
        "onset",
        "headline",
        "altitude",
        "entry",
        "feed",
    ]
    text = MESSAGE
    for _ in range(data.draw(st.integers(1, 5))):
        old, new = (data.draw(st.sampled_from(names)) for _ in range(2))
        value = data.draw(
            st.sampled_from(["", "0", "-1,2", "30,106 0", "nan", "inf", "1e999", "2026-13-01", "é" * 300])
        )
        text = text.replace(f"<{old}>", f"<{new}>{value}</{new}><{old}>", 1)
    _read_or_refused(text.encode())
