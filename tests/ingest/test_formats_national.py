"""The national platform's message (12379), with the quirks of its exporters."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone

import pytest

from warnengine.ingest.formats import Reading, read
from warnengine.model.errors import RefusedWarning
from warnengine.model.level import Level
from warnengine.model.warning import MsgType, Status, Warning

BEIJING = timezone(timedelta(hours=8))
Build = Callable[..., bytes]


def only(raw: bytes, reading: Reading) -> Warning:
    (warning,) = read(raw, reading)
    return warning


def rules(warning: Warning) -> set[str]:
    return {problem.rule for problem in warning.problems}


def levels(warning: Warning) -> set[Level | None]:
    return {claim.level for claim in warning.claims}


def test_a_plain_message(reading: Reading, national: Build) -> None:
    warning = only(
        national("铜梁区气象台发布暴雨红色预警信号", references="50022441600000_20260727020005"), reading
    )
    assert warning.format == "national"
    assert warning.identifier == "50022441600000_20260727055430"
    assert warning.sender == "铜梁区气象局"
    assert warning.issuer == "50015141600000"
    assert warning.sent == datetime(2026, 7, 27, 5, 54, tzinfo=BEIJING)
    assert (warning.status, warning.msg_type) == (Status.ACTUAL, MsgType.ALERT)
    assert warning.references == ("50022441600000_20260727020005",)
    (claim,) = warning.claims
    assert (claim.area.name, claim.area.code) == ("铜梁区", "500151")
    assert (claim.hazard, claim.event, claim.family, claim.level) == ("rainstorm", "11B03", "signal", Level.RED)


def test_the_old_county_code_is_the_district(reading: Reading, national: Build) -> None:
    warning = only(national(areaDesc="铜梁县,安居镇", geocode="500224000000,500224105000"), reading)
    assert {claim.area.code for claim in warning.claims} == {"500151"}


def test_codes_of_townships_are_used_where_the_text_names_none(reading: Reading, national: Build) -> None:
    warning = only(
        national("我区将有暴雨", areaDesc="安居镇,少云镇", geocode="500151105000,500151114000"), reading
    )
    assert {claim.area.code for claim in warning.claims} == {"500151105", "500151114"}


def test_codes_and_text_that_name_different_townships_are_united_and_flagged(
    reading: Reading, national: Build
) -> None:
    raw = national("预计少云镇将有暴雨", areaDesc="安居镇", geocode="500151105000")
    warning = only(raw, reading)
    assert {claim.area.code for claim in warning.claims} == {"500151105", "500151114"}
    assert "geocode_differs" in rules(warning)


def test_many_area_elements_are_read_like_a_list(reading: Reading, national: Build) -> None:
    area = "<area><areaDesc>少云镇</areaDesc><geocode>500151114000</geocode></area></info>"
    raw = national(areaDesc="安居镇", geocode="500151105000").replace(b"</info>", area.encode())
    assert {claim.area.name for claim in only(raw, reading).claims} == {"安居镇", "少云镇"}


def test_a_name_without_a_code_finds_its_code(reading: Reading, national: Build) -> None:
    warning = only(national(areaDesc="铜梁区", geocode=""), reading)
    assert [claim.area.code for claim in warning.claims] == ["500151"]


def test_a_place_elsewhere_keeps_its_code_and_name(reading: Reading, national: Build) -> None:
    raw = national(
        "河南省气象台2020年02月05日10时45分继续发布大风蓝色预警：预计未来24小时，全省大部分地区阵风6到7级。",
        identifier="41000041600000_20200205105119",
        sender="河南省气象局",
        senderCode="41000041600000",
        sendTime="2020-02-05 10:45:00+08:00",
        msgType="Update",
        eventType="11B06",
        severity="Blue",
        headline="河南省气象局发布大风蓝色预警[IV级/一般]",
        areaDesc="河南省,河南省",
        geocode="410000000000,410000000000",
    )
    (claim,) = only(raw, reading).claims
    assert (claim.area.code, claim.area.name, claim.level) == ("410000", "河南省", Level.BLUE)
    assert claim.ends == datetime(2020, 2, 6, 10, 45, tzinfo=BEIJING)


CONTRADICTIONS = [
    ("Red", "发布暴雨橙色预警", "发布暴雨橙色预警信号", Level.RED),
    ("Orange", "发布暴雨红色预警", "发布暴雨橙色预警信号", Level.RED),
    ("Blue", "发布暴雨蓝色预警", "发布暴雨橙色预警信号", Level.ORANGE),
    ("Orange", "发布暴雨红色预警", "我区将有暴雨", Level.RED),
]


@pytest.mark.parametrize(("severity", "headline", "text", "level"), CONTRADICTIONS)
def test_a_contradiction_is_flagged_and_the_higher_level_used(
    reading: Reading, national: Build, severity: str, headline: str, text: str, level: Level
) -> None:
    raw = national("铜梁区气象台" + text, severity=severity, headline="铜梁区气象局" + headline)
    warning = only(raw, reading)
    assert levels(warning) == {level}
    assert "level_contradicted" in rules(warning)


LIFTED = [
    ("Cancel", "解除暴雨红色预警", "解除暴雨红色预警信号"),
    ("Cancle", "解除暴雨红色预警", "解除暴雨红色预警信号"),
    ("Cancel", "解除暴雨红色预警", "发布暴雨红色预警信号"),
    ("Cancel", "发布暴雨红色预警", "2时升级暴雨橙色预警信号为暴雨红色预警信号"),
    ("Update", "解除暴雨红色预警[I级/特别重大]", "解除暴雨红色预警信号"),
    ("Alert", "解除暴雨红色预警", "发布暴雨红色预警信号"),
    ("Alert", "发布暴雨红色预警", "解除暴雨红色预警信号"),
]


@pytest.mark.parametrize(("msg_type", "headline", "text"), LIFTED)
def test_lifting_never_makes_a_level(
    reading: Reading, national: Build, msg_type: str, headline: str, text: str
) -> None:
    raw = national("铜梁区气象台" + text, msgType=msg_type, headline="铜梁区气象局" + headline)
    warning = only(raw, reading)
    assert levels(warning) == {None}
    assert {claim.area.code for claim in warning.claims} == {"500151"}


def test_the_title_wins_over_a_mistaken_code(reading: Reading, national: Build) -> None:
    warning = only(national(eventType="11B06"), reading)
    assert {claim.hazard for claim in warning.claims} == {"rainstorm"}
    assert "code_contradicts_title" in rules(warning)


def test_an_unknown_hazard_is_kept_by_its_word(reading: Reading, national: Build) -> None:
    warning = only(national(eventType="11X99", headline="铜梁区发布某某红色预警"), reading)
    assert {(claim.hazard, claim.event) for claim in warning.claims} == {(None, "11X99")}


ENDS = [
    ({"expires": "2026-07-27 12:00:00+08:00"}, "预计27日5时至8时", 12, None),
    ({}, "预计27日5时至8时", 8, "expires_from_text"),
    ({"sendTime": "2026-07-27 05:00:00+08:00"}, "我区将有暴雨", 8, "expires_missing"),
    ({"expires": "2026-06-27 12:00:00+08:00"}, "预计27日5时至8时", 8, "expires_before_sent"),
]


@pytest.mark.parametrize(("fields", "text", "hour", "rule"), ENDS)
def test_the_end_is_the_field_else_the_text_else_the_window(
    reading: Reading, national: Build, fields: dict[str, str], text: str, hour: int, rule: str | None
) -> None:
    warning = only(national(text, **fields), reading)
    assert {claim.ends for claim in warning.claims} == {datetime(2026, 7, 27, hour, tzinfo=BEIJING)}
    assert rule is None or rule in rules(warning)


FAMILIES = [
    ("铜梁区气象台发布暴雨红色预警", "铜梁区气象台发布暴雨红色预警信号", "signal"),
    ("铜梁区气象台发布森林草原火险橙色预警", "区森林防灭火指挥部、区气象局联合发布森林火险橙色预警信号", "signal"),
    ("发布地质灾害气象风险橙色预警", "区规划自然资源局、区气象局联合发布", "joint_risk"),
    ("重庆市防汛抗旱指挥部发布山洪灾害黄色(Ⅲ级)预警", "", "flood_command"),
    ("重庆市水文监测总站发布洪水橙色预警", "预计我区涪江安居站", "hydrology"),
    ("铜梁区启动防汛Ⅲ级应急响应", "", "response"),
    ("铜梁区气象台发布2小时气象警报", "", "imminent"),
    ("重要气象信息专报(暴雨Ⅳ级预警)", "", "bulletin"),
]


@pytest.mark.parametrize(("headline", "text", "family"), FAMILIES, ids=[row[0] for row in FAMILIES])
def test_products_that_look_alike(
    reading: Reading, national: Build, headline: str, text: str, family: str
) -> None:
    warning = only(national(text, headline=headline), reading)
    assert {claim.family for claim in warning.claims} == {family}


@pytest.mark.parametrize(
    ("headline", "level"),
    [
        ("铜梁区启动防汛Ⅲ级应急响应", Level.YELLOW),
        ("铜梁区将防汛Ⅳ级应急响应提升为Ⅱ级", Level.ORANGE),
        ("铜梁区终止防汛Ⅳ级应急响应", None),
    ],
)
def test_a_response_has_grades_of_its_own(
    reading: Reading, national: Build, headline: str, level: Level | None
) -> None:
    assert levels(only(national(headline=headline, severity="Red"), reading)) == {level}


@pytest.mark.parametrize(("words", "level"), [("风险很高", 4), ("风险高", 3), ("风险较高", 2), ("有一定风险", 1)])
def test_risk_products_without_a_colour_have_words(
    reading: Reading, national: Build, words: str, level: int
) -> None:
    raw = national(f"预计地质灾害气象{words}", headline="发布地质灾害气象风险预警", severity="Unknown")
    assert levels(only(raw, reading)) == {Level(level)}


def test_an_unknown_level_is_shown_and_never_a_claim(reading: Reading, national: Build) -> None:
    warning = only(national("我区将有暴雨", severity="Unknown", headline="铜梁区暴雨消息"), reading)
    assert warning.claims == ()
    assert [claim.hazard for claim in warning.ungraded] == ["rainstorm"]
    assert "level_unknown" in rules(warning)


def test_no_area_is_parsed_and_rejected(reading: Reading, national: Build) -> None:
    warning = only(national(areaDesc="", geocode=""), reading)
    assert warning.claims == ()
    assert ("no_area", "reject") in {(p.rule, p.severity.value) for p in warning.problems}


REFUSED = [
    ({"identifier": ""}, "missing_field"),
    ({"sender": "", "senderCode": ""}, "missing_field"),
    ({"sendTime": ""}, "missing_field"),
    ({"sendTime": "yesterday"}, "bad_value"),
    ({"sendTime": "2026-13-45 05:54:00+08:00"}, "bad_value"),
    ({"status": "Perhaps"}, "bad_value"),
    ({"msgType": "Shout"}, "bad_value"),
]


@pytest.mark.parametrize(("fields", "reason"), REFUSED)
def test_refused_with_a_reason(reading: Reading, national: Build, fields: dict[str, str], reason: str) -> None:
    raw = national(**({"senderCode": "x"} | fields))
    with pytest.raises(RefusedWarning) as refusal:
        read(raw, reading)
    assert refusal.value.reason == reason
    assert str(refusal.value)


@pytest.mark.parametrize(
    "written", ["2026-07-27 05:54:00.0", "2026/07/27 05:54", "2026-07-27T05:54:00", "2026-7-27 5:54:00"]
)
def test_a_time_without_an_offset_is_beijing_time_and_flagged(
    reading: Reading, national: Build, written: str
) -> None:
    warning = only(national(sendTime=written), reading)
    assert warning.sent == datetime(2026, 7, 27, 5, 54, tzinfo=BEIJING)
    assert "time_without_offset" in rules(warning)


@pytest.mark.parametrize("encoding", ["gbk", "gb2312", "gb18030"])
def test_chinese_encodings(reading: Reading, national: Build, encoding: str) -> None:
    raw = national("铜梁区气象台发布暴雨红色预警信号").decode().replace("UTF-8", encoding).encode(encoding)
    assert only(raw, reading).sender == "铜梁区气象局"


def test_any_namespace_and_any_name_of_the_root(reading: Reading, national: Build) -> None:
    raw = (
        national()
        .replace(b"<alert>", b'<Actual xmlns="http://www.example.cn/amp">')
        .replace(b"</alert>", b"</Actual>")
    )
    assert only(raw, reading).format == "national"


def test_the_text_of_a_channel_stands_in_for_an_empty_description(reading: Reading, national: Build) -> None:
    method = "<code><method><methodName>SMS</methodName><message>预计少云镇有暴雨</message></method></code><info>"
    raw = national().replace(b"<info>", method.encode())
    assert {claim.area.name for claim in only(raw, reading).claims} == {"少云镇"}
