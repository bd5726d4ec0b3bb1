"""Hostile and broken bytes are refused with a reason; nothing else ever comes out."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from warnengine.ingest.formats import Reading, read
from warnengine.ingest.formats.report import describe
from warnengine.model.errors import RefusedWarning
from warnengine.model.hazard import HazardTable
from warnengine.model.place import District, Township
from warnengine.model.warning import Warning

Build = Callable[..., bytes]

BILLION = b'<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]><alert>&c;</alert>'
ATTACKS = [
    (b"", "empty"),
    (b"{}", "unknown_format"),
    (b"   \n", "empty"),
    (b"<alert>", "malformed"),
    (b"<alert>&nbsp;</alert>", "malformed"),
    (b"<alert>\xff\xfe</alert>", "malformed"),
    (b'<?xml version="1.0" encoding="klingon"?><alert/>', "malformed"),
    (b'<?xml version="1.0" encoding="gbk"?><alert>\xff\xff</alert>', "malformed"),
    (b"<alert/><alert/>", "malformed"),
    (b"<!DOCTYPE alert><alert/>", "doctype"),
    (BILLION, "doctype"),
    (b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]><alert>&x;</alert>', "doctype"),
    (b'<!DOCTYPE a [<!ENTITY % x SYSTEM "http://127.0.0.1/x.dtd"> %x;]><alert/>', "doctype"),
    (b"<a>" * 33 + b"</a>" * 33, "too_deep"),
    (b"<a>" * 200_000, "too_deep"),
    (b"<alert>" + b"<a/>" * 60_000 + b"</alert>", "too_many_elements"),
    (b"<a " + b" ".join(b"a%d=''" % n for n in range(65)) + b"/>", "too_many_attributes"),
    (b"<a " + b" ".join(b"xmlns:a%d='u%d'" % (n, n) for n in range(20_000)) + b"/>", "too_many_attributes"),
    (b"<alert>" + b"x" * 2_000_000 + b"</alert>", "too_large"),
    (b"<svg/>", "unknown_format"),
    (b"<alert/>", "missing_field"),
]


@pytest.mark.parametrize(("raw", "reason"), ATTACKS, ids=[f"{row[1]}-{n}" for n, row in enumerate(ATTACKS)])
def test_attacks(reading: Reading, raw: bytes, reason: str) -> None:
    with pytest.raises(RefusedWarning) as refusal:
        read(raw, reading)
    assert refusal.value.reason == reason


def test_a_long_legal_message_passes(reading: Reading, cap: Build, info: Callable[..., str]) -> None:
    parameter = "<parameter><valueName>a</valueName><value>b</value></parameter>"
    raw = cap(info(code="500151", extra=parameter * 15_000))
    assert len(read(raw, reading)) == 1


@pytest.mark.parametrize(
    "prepare",
    [
        lambda raw: b"\xef\xbb\xbf" + raw,
        lambda raw: b"\r\n\t" + raw,
        lambda raw: raw.decode().encode("utf-16"),
        lambda raw: b'<?xml version="1.0"?><?xml-stylesheet href="x.xsl"?><!-- c -->' + raw,
    ],
    ids=["bom", "leading white space", "utf-16", "processing instruction"],
)
def test_what_real_feeds_send_is_accepted(
    reading: Reading, cap: Build, info: Callable[..., str], prepare: Callable[[bytes], bytes]
) -> None:
    assert len(read(prepare(cap(info(code="500151"))), reading)) == 1


def test_latin_1_is_accepted(reading: Reading, cap: Build, info: Callable[..., str]) -> None:
    raw = cap(info(language="fr", area="Île", event="gelée", headline="")).decode()
    encoded = b'<?xml version="1.0" encoding="ISO-8859-1"?>' + raw.encode("latin-1")
    assert read(encoded, reading)[0].claims[0].area.name == "Île"


def test_a_comment_does_not_cut_a_value(reading: Reading, cap: Build, info: Callable[..., str]) -> None:
    raw = cap(info(code="50<!-- -->0151"))
    assert read(raw, reading)[0].claims[0].area.code == "500151"


PIECES = """
铜梁区 安居镇 少云 高楼 暴雨 红色 橙 黄色 预警信号 预警 发布 解除 升级 降级 为 将 其余 镇街 除 外 等
28个 部分 大部分 预计 未来 3小时 过去 27日 5时 至 次日 12月 31日 9999年 夜间 、 , ， 。 ： 请 响应 Ⅲ级
风险 [I级/特别重大] ２０时 - ~ 仍生效
"""
WORDS = st.lists(st.sampled_from(PIECES.split()), max_size=60).map("".join)
TEXT = st.text(st.characters(blacklist_categories=["Cs", "Cc"]), max_size=40) | WORDS
TIMES = st.sampled_from(
    ["", "2026-07-27 05:54:00+08:00", "2026-07-27T05:54:00", "2100-12-31 23:59", "0001-01-01 00:00"]
)


def _reading() -> Reading:
    towns = (Township("500151105", "安居镇"), Township("500151114", "少云镇"), Township("500151116", "高楼镇"))
    district = District("500151", "铜梁区", ("铜梁",), ("500224",), towns)
    return Reading({"500151": district}, HazardTable(()))


def _told(raw: bytes) -> None:
    """Bytes give warnings that can be told, or a refusal; any other error fails the test."""
    try:
        warnings = read(raw, _reading())
    except RefusedWarning:
        return
    for warning in warnings:
        assert isinstance(warning, Warning)
        assert describe(warning)
        assert all(claim.level is None or claim.ends or claim.family == "response" for claim in warning.claims)


@given(st.binary(max_size=300))
def test_any_bytes(raw: bytes) -> None:
    _told(raw)


@given(st.text(max_size=100))
def test_any_text_in_an_alert(text: str) -> None:
    _told(f"<alert><identifier>{text}</identifier></alert>".encode(errors="ignore"))


@settings(max_examples=200)
@given(
    TEXT,
    TEXT,
    TIMES,
    TIMES,
    st.sampled_from(["Alert", "Update", "Cancel", "Ack"]),
    st.sampled_from(["Red", "Blue", "x"]),
)
def test_any_national_message(
    national: Build, headline: str, text: str, sent: str, expires: str, msg_type: str, severity: str
) -> None:
    fields = {"sendTime": sent, "expires": expires, "msgType": msg_type, "severity": severity}
    _told(national(text, headline=headline, **fields))


@settings(max_examples=200)
@given(TEXT, TEXT, st.sampled_from(["zh", "en", "zh-TW"]), st.sampled_from(["500151", "500224105000", ""]))
def test_any_cap_message(
    cap: Build, info: Callable[..., str], headline: str, text: str, language: str, code: str
) -> None:
    one = info(language=language, code=code, headline=headline, description=text)
    _told(cap(one, info(code="500151105", headline=text)))


LONG = [
    "解除",
    "升为红色",
    "除",
    "发布红色预警",
    "安居、",
    "27日5时至",
    "请",
    "(信息来源",
    "一二三四五六七八",
    "red ",
    "A,B,",
    "预计",
]


@pytest.mark.parametrize("piece", LONG)
def test_long_texts_take_no_longer_than_short_ones_allow(reading: Reading, national: Build, piece: str) -> None:
    """Every field filled with one repeated piece; a quadratic reader would not come back."""
    long = piece * (60_000 // len(piece.encode()))
    raw = national(long, headline=long, references=long, areaDesc=long, geocode=long, eventType=long)
    assert read(raw, reading)
