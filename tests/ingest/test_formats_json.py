"""Lists of warnings in JSON and JSONP: what each row says, whatever is wrapped around it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from warnengine.ingest.formats import Reading, read
from warnengine.model.errors import RefusedWarning
from warnengine.model.level import Level
from warnengine.model.warning import MsgType, Precision, Status, Warning

BEIJING = timezone(timedelta(hours=8))
IDENTIFIER = "50022441600000_20260727031512"
NEIGHBOUR = "50022741600000_20260727041003"
TITLE = "重庆市铜梁区气象台发布暴雨橙色预警信号"
TEXT = "铜梁区气象台2026年7月27日3时15分发布暴雨橙色预警信号：预计27日3时至8时，安居镇、少云镇将有暴雨。"
MINUTE = datetime(2026, 7, 27, 3, 15, tzinfo=BEIJING)

NATIONAL = {
    "identifier": IDENTIFIER,
    "description": TEXT,
    "effective": "2026-07-27 03:15:00.0",
    "eventType": "11B03",
    "eventTypeCN": "暴雨事件",
    "expires": None,
    "headline": "铜梁区气象台发布暴雨橙色预警[II级/严重]",
    "msgType": "Alert",
    "note": "",
    "referencesInfo": "",
    "sender": "铜梁区气象台",
    "severity": "orange",
}
VIEW = {
    "id": IDENTIFIER,
    "title": TITLE,
    "signaltype": "暴雨",
    "signallevel": "橙色",
    "effective": "2026/07/27 03:15",
    "eventType": "11B03",
    "severity": "ORANGE",
    "type": "p0002002",
}
MAP = {
    "id": IDENTIFIER,
    "title": "重庆市铜梁区发布暴雨橙色预警",
    "headline": TITLE,
    "effective": "2026/07/27 03:15",
    "description": TEXT,
    "longitude": 106.05,
    "latitude": 29.84,
    "type": "p0002002",
}
PUSHED = {
    "id": "500151-20260727031512-11B0303",
    "headline": "铜梁区气象台发布暴雨橙色预警信号",
    "effective": "2026-07-27 03:15:12",
    "description": TEXT,
    "type": "11B03_orange",
    "title": "铜梁区气象台发布暴雨橙色预警信号",
}
NMC = {
    "alertid": IDENTIFIER,
    "issuetime": "2026/07/27 03:15",
    "title": TITLE,
    "url": f"/publish/alarm/{IDENTIFIER}.html",
    "pic": "https://image.example.cn/alarm/p0002002.png",
}
PAGE = {
    "head": "重庆市铜梁区发布暴雨橙色预警信号",
    "ALERTID": "202607270315120203暴雨橙色",
    "PROVINCE": "重庆市",
    "CITY": "重庆市",
    "STATIONNAME": "铜梁区",
    "SIGNALTYPE": "暴雨",
    "SIGNALLEVEL": "橙色",
    "TYPECODE": "02",
    "LEVELCODE": "03",
    "ISSUETIME": "2026-07-27 03:15:12",
    "ISSUECONTENT": TEXT,
    "RELIEVETIME": "2026-07-27 15:15:12",
    "msgType": "Alert",
    "identifier": IDENTIFIER,
    "references": IDENTIFIER,
}
ROW = ["重庆市铜梁区", "101042800-20260727031512-0203.html", "106.05", "29.84", IDENTIFIER, IDENTIFIER, TITLE, {}]
NOW = {
    "id": "10104280020260727031500123456789",
    "sender": "铜梁区气象台",
    "pubTime": "2026-07-27T03:15+08:00",
    "title": "铜梁区气象台发布暴雨橙色预警[Ⅱ级/严重]",
    "startTime": "2026-07-27T03:15+08:00",
    "endTime": "2026-07-28T03:15+08:00",
    "status": "active",
    "severity": "Severe",
    "severityColor": "Orange",
    "type": "1003",
    "typeName": "暴雨",
    "text": TEXT,
    "related": "",
}
CURRENT = {
    "id": "202607270315000123456789",
    "senderName": "铜梁区气象台",
    "issuedTime": "2026-07-27T03:15+08:00",
    "messageType": {"code": "alert", "supersedes": None},
    "eventType": {"name": "暴雨", "code": "1003"},
    "urgency": None,
    "severity": "severe",
    "color": {"code": "orange", "red": 250, "green": 130, "blue": 0, "alpha": 1},
    "onsetTime": "2026-07-27T03:15+08:00",
    "expireTime": "2026-07-28T03:15+08:00",
    "headline": "铜梁区气象台发布暴雨橙色预警信号",
    "description": TEXT,
}
CAIYUN = {
    "alertId": IDENTIFIER,
    "pubtimestamp": 1785093300,
    "title": TITLE,
    "description": TEXT,
    "code": "0203",
    "adcode": "500151",
}
CAP = {
    "identifier": IDENTIFIER,
    "sender": "Tongliang_Meteorological_Observatory",
    "sent": "2026-07-27T03:15:12+08:00",
    "status": "Actual",
    "msgType": "Alert",
    "scope": "Public",
    "info": [
        {
            "language": "zh-CN",
            "event": "暴雨",
            "severity": "Severe",
            "headline": "铜梁区气象台发布暴雨橙色预警",
            "description": TEXT,
            "area": [
                {"areaDesc": "铜梁区", "geocode": [{"valueName": "CPEAS Geographic Code", "value": "500151"}]}
            ],
        }
    ],
}


def wrapped(*rows: Any) -> dict[str, Any]:
    return {"msg": "success", "code": 0, "data": {"page": {"pageNo": 1, "list": list(rows)}}}


def encoded(document: Any) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode()


def jsonp(document: Any) -> bytes:
    return b"var alarminfo=" + encoded(document) + b";"


DOCUMENTS: dict[str, tuple[bytes, str]] = {
    "national, in a portal's list": (encoded({"code": 0, "data": {"rows": [NATIONAL]}}), "national_json"),
    "national, bare": (encoded(NATIONAL), "national_json"),
    "weather/view": (encoded({"msg": "success", "data": {"location": {"id": "57510"}, "alarm": [VIEW]}}), "cma"),
    "map/alarm": (encoded({"msg": "success", "code": 0, "data": [MAP]}), "cma"),
    "pushed on": (encoded({"Data": PUSHED, "md5": "0" * 32}), "cma"),
    "findAlarm": (encoded(wrapped(NMC)), "nmc"),
    "page of one": (jsonp(PAGE), "weather_com_cn"),
    "list of pages": (jsonp({"count": "1", "data": [ROW]}), "weather_com_cn"),
    "list of pages, short rows": (jsonp({"count": "1", "data": [ROW[:4]]}), "weather_com_cn"),
    "a call instead of a variable": (b"callback(" + encoded({"data": [ROW]}) + b");\n", "weather_com_cn"),
    "warning/now": (encoded({"code": "200", "warning": [NOW], "refer": {"sources": ["12379"]}}), "qweather"),
    "weatheralert/current": (encoded({"metadata": {"zeroResult": False}, "alerts": [CURRENT]}), "qweather"),
    "beside a forecast": (encoded({"status": "ok", "result": {"alert": {"content": [CAIYUN]}}}), "caiyun"),
    "CAP as JSON": (encoded({"warnings": [{"uuid": "x", "alert": CAP}]}), "cap"),
    "JSON lines": (encoded(NMC) + b"\n" + encoded(NMC | {"alertid": NEIGHBOUR}) + b"\n", "nmc"),
}


@pytest.mark.parametrize(("raw", "form"), DOCUMENTS.values(), ids=DOCUMENTS.keys())
def test_every_way_gives_the_same_warning(reading: Reading, raw: bytes, form: str) -> None:
    warning = read(raw, reading)[0]
    assert warning.format == form
    assert warning.issuer in {"50015141600000", "铜梁区气象台", "铜梁区"}
    assert warning.sent.replace(second=0) == MINUTE
    assert (warning.status, warning.msg_type, warning.references) == (Status.ACTUAL, MsgType.ALERT, ())
    assert {(claim.hazard, claim.family, claim.level) for claim in warning.claims} == {
        ("rainstorm", "signal", Level.ORANGE)
    }
    assert {claim.area.code for claim in warning.claims} in ({"500151"}, {"500151105", "500151114"})


@pytest.mark.parametrize("name", [name for name, (raw, _) in DOCUMENTS.items() if IDENTIFIER.encode() in raw])
def test_sources_that_carry_the_number_of_the_national_platform_meet_in_it(reading: Reading, name: str) -> None:
    warning = read(DOCUMENTS[name][0], reading)[0]
    assert warning.key == ("50015141600000", IDENTIFIER)


WITHOUT_TEXT = {
    "weather/view", "findAlarm", "list of pages", "list of pages, short rows", "a call instead of a variable", "JSON lines",
}  # fmt: skip


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_row_without_text_is_for_the_whole_place_and_says_so(reading: Reading, name: str) -> None:
    warning = read(DOCUMENTS[name][0], reading)[0]
    only_title = any(problem.rule == "title_only" for problem in warning.problems)
    assert only_title == (name in WITHOUT_TEXT)
    assert all((claim.precision is Precision.DISTRICT) == only_title for claim in warning.claims)
    assert {claim.area.code for claim in warning.claims} == (
        {"500151"} if only_title else {"500151105", "500151114"}
    )


def of_title(title: str, reading: Reading, **fields: str) -> Warning:
    (warning,) = read(encoded(wrapped(NMC | {"title": title} | fields)), reading)
    return warning


RED, ORANGE, YELLOW, BLUE = Level.RED, Level.ORANGE, Level.YELLOW, Level.BLUE
TITLES: list[tuple[str, str, MsgType, str | None, set[Level | None]]] = [
    ("铜梁区气象台发布暴雨橙色预警信号", "铜梁区气象台", MsgType.ALERT, "rainstorm", {ORANGE}),
    ("铜梁区气象台发布暴雨橙色预警[II级/严重]", "铜梁区气象台", MsgType.ALERT, "rainstorm", {ORANGE}),
    ("重庆市铜梁区气象台继续发布高温红色预警信号", "重庆市铜梁区气象台", MsgType.UPDATE, "heat", {RED}),
    ("铜梁区气象台升级发布暴雨红色预警信号", "铜梁区气象台", MsgType.UPDATE, "rainstorm", {RED}),
    ("铜梁区气象台变更大风黄色预警信号", "铜梁区气象台", MsgType.UPDATE, "gale", {YELLOW}),
    ("铜梁区气象台更新雷电黄色预警[III级/较重]", "铜梁区气象台", MsgType.UPDATE, "lightning", {YELLOW}),
    ("铜梁区气象台将暴雨橙色预警信号升级为暴雨红色预警信号", "铜梁区气象台", MsgType.UPDATE, "rainstorm", {RED}),
    ("铜梁区气象台将暴雨红色预警信号降级为暴雨黄色预警信号", "铜梁区气象台", MsgType.UPDATE, "rainstorm", {YELLOW}),
    ("铜梁区气象台解除暴雨橙色预警信号", "铜梁区气象台", MsgType.CANCEL, "rainstorm", {None}),
    ("铜梁区气象台解除暴雨橙色预警", "铜梁区气象台", MsgType.CANCEL, "rainstorm", {None}),
    ("铜梁区气象台撤销雷雨大风黄色预警信号", "铜梁区气象台", MsgType.CANCEL, "thunderstorm_gale", {None}),
    ("铜梁区气象台取消大风蓝色预警信号", "铜梁区气象台", MsgType.CANCEL, "gale", {None}),
    ("铜梁区发布森林火险橙色预警", "铜梁区", MsgType.ALERT, "forest_fire", {ORANGE}),
    ("铜梁区规划自然资源局、铜梁区气象局联合发布地质灾害气象风险黄色预警",
     "铜梁区规划自然资源局、铜梁区气象局", MsgType.ALERT, "geological", {YELLOW}),
    ("铜梁区突发事件预警信息发布中心发布雷电黄色预警信号", "铜梁区突发事件预警信息发布中心", MsgType.ALERT, "lightning", {YELLOW}),
    ("铜梁区气象台发布某某灾害蓝色预警信号", "铜梁区气象台", MsgType.ALERT, None, {BLUE}),
]  # fmt: skip


@pytest.mark.parametrize(("title", "sender", "verb", "hazard", "levels"), TITLES, ids=[row[0] for row in TITLES])
def test_a_title_says_who_what_and_how_grave(
    reading: Reading, title: str, sender: str, verb: MsgType, hazard: str | None, levels: set[Level | None]
) -> None:
    warning = of_title(title, reading, pic="")
    assert (warning.sender, warning.msg_type) == (sender, verb)
    assert {(claim.hazard, claim.level) for claim in warning.claims} == {(hazard, level) for level in levels}


ELSEWHERE = [
    ("31011541600000_20260727114511", "上海市浦东新区气象台", "上海市浦东新区", "310115"),
    ("53312241600000_20260727101133", "云南省德宏傣族景颇族自治州梁河县气象台", "云南省德宏傣族景颇族自治州梁河县", "533122"),
    ("65000041600000_20260727101133", "新疆维吾尔自治区气象台", "新疆维吾尔自治区", "650000"),
    ("50000041600000_20260727101133", "重庆市气象台", "重庆市", "500000"),
    ("31000041600000_20260727101133", "上海中心气象台", "上海", "310000"),
    ("10000041600000_20260727101133", "中央气象台", "全国", "100000"),
    ("62042141600000_20260727101133", "靖远县应急管理局", "靖远县", "620421"),
]  # fmt: skip


@pytest.mark.parametrize(("identifier", "sender", "place", "code"), ELSEWHERE, ids=[row[1] for row in ELSEWHERE])
def test_the_issuers_place_is_the_area(
    reading: Reading, identifier: str, sender: str, place: str, code: str
) -> None:
    warning = of_title(f"{sender}发布暴雨蓝色预警信号", reading, alertid=identifier)
    assert [(claim.area.name, claim.area.code) for claim in warning.claims] == [(place, code)]


def test_a_city_that_names_the_district_means_it(reading: Reading) -> None:
    text = "重庆市气象台2026年7月27日3时15分发布暴雨橙色预警信号：预计27日4时至8时，铜梁、潼南将有暴雨。"
    title = "重庆市气象台发布暴雨橙色预警"
    (warning,) = read(
        encoded({"warning": [NOW | {"sender": "重庆市气象台", "title": title, "text": text}]}), reading
    )
    assert {claim.area.code for claim in warning.claims} == {"500000", "500151"}


def test_areas_that_the_list_names_itself(reading: Reading) -> None:
    row = NATIONAL | {"areaDesc": "铜梁区,安居镇", "geocode": "500224000000,500224105000", "description": ""}
    (warning,) = read(encoded([row]), reading)
    assert "500151" in {claim.area.code for claim in warning.claims}
    for codes in ("500151105000", ["500151105000"]):
        row = NATIONAL | {"areaDesc": "安居镇", "geocode": codes, "description": ""}
        (warning,) = read(encoded([row]), reading)
        assert {claim.area.code for claim in warning.claims} == {"500151105"}
        assert "title_only" not in {problem.rule for problem in warning.problems}


CODES = [
    ("p0002002.png", "p0002", ORANGE, set()),
    ("p0002003", "title higher than picture", ORANGE, {"level_contradicted"}),
    ("https://example.cn/p0002001.png", "picture higher than title", RED, {"level_contradicted"}),
    ("p0007002.png", "picture of another hazard", ORANGE, {"code_contradicts_title"}),
    ("p0000002.png", "colour only", ORANGE, set()),
    ("p9999002.png", "a kind not known", ORANGE, set()),
    ("nothing.png", "no code", ORANGE, set()),
]  # fmt: skip


@pytest.mark.parametrize(("pic", "_what", "level", "rules"), CODES, ids=[row[1] for row in CODES])
def test_a_code_that_differs_from_the_title_is_told(
    reading: Reading, pic: str, _what: str, level: Level, rules: set[str]
) -> None:
    warning = of_title(TITLE, reading, pic=pic)
    assert {claim.level for claim in warning.claims} == {level}
    assert {claim.hazard for claim in warning.claims} == {"rainstorm"}
    assert {p.rule for p in warning.problems} - {"title_only", "expires_missing"} == rules


COMPACT = [("11B2002", "thunderstorm_gale", YELLOW), ("11B03_RED", "rainstorm", RED), ("11B06-blue", "gale", BLUE),
           ("11B09", "heat", None), ("0201", "rainstorm", BLUE), ("p0003001", "heat", RED)]  # fmt: skip


@pytest.mark.parametrize(("code", "hazard", "level"), COMPACT, ids=[row[0] for row in COMPACT])
def test_where_the_title_says_neither_hazard_nor_level_the_code_does(
    reading: Reading, code: str, hazard: str, level: Level | None
) -> None:
    row = PUSHED | {"headline": "铜梁区气象台发布预警", "title": "", "description": "", "type": code}
    (warning,) = read(encoded(row), reading)
    assert [(claim.hazard, claim.level) for claim in warning.claims or warning.ungraded] == [(hazard, level)]


UPDATES: dict[str, tuple[Any, MsgType, tuple[str, ...], set[Level | None]]] = {
    "national update": (
        NATIONAL | {"msgType": "Update", "referencesInfo": NEIGHBOUR}, MsgType.UPDATE, (NEIGHBOUR,), {ORANGE}),
    "national cancel, as one system spells it": (
        NATIONAL | {"msgType": "Cancle", "headline": "铜梁区气象台解除暴雨橙色预警", "description": ""},
        MsgType.CANCEL, (), {None}),
    "national all-clear that calls itself Alert": (
        NATIONAL | {"headline": "铜梁区气象台解除暴雨橙色预警", "description": "铜梁区气象台解除暴雨橙色预警信号"},
        MsgType.ALERT, (), {None}),
    "page that refers to another": (
        PAGE | {"references": NEIGHBOUR, "msgType": "Update"}, MsgType.UPDATE, (NEIGHBOUR,), {ORANGE}),
    "v7 update": (NOW | {"status": "update", "related": "123"}, MsgType.UPDATE, ("123",), {ORANGE}),
    "v7 cancel": (NOW | {"status": "cancel", "text": ""}, MsgType.CANCEL, (), {None}),
    "v7 word not known": (NOW | {"status": "something new"}, MsgType.ALERT, (), {ORANGE}),
    "v1 update": (
        CURRENT | {"messageType": {"code": "update", "supersedes": ["1", "2"]}}, MsgType.UPDATE, ("1", "2"), {ORANGE}),
    "v1 cancel": (
        CURRENT | {"messageType": {"code": "cancel", "supersedes": ["1"]}, "description": ""},
        MsgType.CANCEL, ("1",), {None}),
    "title says 发布, text says 升级": (
        MAP | {"description": "铜梁区气象台27日3时15分升级暴雨黄色预警信号为暴雨橙色预警信号"}, MsgType.UPDATE, (), {ORANGE}),
}  # fmt: skip


@pytest.mark.parametrize(("row", "verb", "references", "levels"), UPDATES.values(), ids=UPDATES.keys())
def test_updates_and_all_clears(
    reading: Reading, row: Any, verb: MsgType, references: tuple[str, ...], levels: set[Level | None]
) -> None:
    (warning,) = read(encoded([row]), reading)
    assert (warning.msg_type, warning.references) == (verb, references)
    assert {claim.level for claim in warning.claims} == levels


ENGLISH = NOW | {
    "sender": "Shapingba Meteorological Observatory",
    "title": "Shapingba Meteorological Observatory issues a blue gale warning [Level IV/General]",
    "typeName": "Gale",
    "type": "1006",
    "severityColor": "Blue",
    "text": "Gusts of force 7 are expected before tomorrow evening.",
}


def test_english_fields(reading: Reading) -> None:
    (warning,) = read(encoded({"warning": [ENGLISH]}), reading)
    (claim,) = warning.claims
    assert (warning.sender, claim.hazard, claim.event, claim.level) == (
        "Shapingba Meteorological Observatory", "gale", "Gale", BLUE
    )  # fmt: skip
    assert claim.area.name == "Shapingba"
    assert (claim.begins, claim.ends) == (MINUTE, MINUTE + timedelta(days=1))


@pytest.mark.parametrize("colour", ["White", "Black", "", "Purple"])
def test_a_colour_that_is_none_of_ours_is_not_made_one(reading: Reading, colour: str) -> None:
    row = ENGLISH | {"severityColor": colour, "severity": "Unknown"}
    (warning,) = read(encoded({"warning": [row]}), reading)
    assert not warning.claims
    assert "level_unknown" in {problem.rule for problem in warning.problems}


IN_FORCE = {
    "updated": "2026-07-27T20:10:26Z",
    "source": "某中继站",
    "count": 4,
    "warnings": {
        "500151": [
            {"type": "暴雨", "color": "橙色", "level": "Ⅱ", "issued": "2026-07-26T19:15:12Z", "expires": None, "name": "铜梁区"},
            {"type": "雷电", "color": "黄色", "level": "Ⅲ", "expires": "2026-07-28T00:00:00Z", "name": "铜梁区"},
        ],
        "141000": [
            {"type": "地质灾害气象风险", "color": "", "level": "", "issued": "2026-07-26T19:15:12Z", "name": "临汾市"},
            {"type": "高温", "color": "红色", "level": "Ⅰ", "name": "临汾市"},
        ],
    },
}  # fmt: skip


def test_a_list_by_code_has_no_numbers_and_gets_lasting_ones(reading: Reading) -> None:
    rain, lightning, geology, heat = read(encoded(IN_FORCE), reading)
    assert [claim.area.code for claim in rain.claims] == ["500151"]
    assert (rain.sent, rain.claims[0].level) == (MINUTE.replace(second=12), ORANGE)
    assert lightning.sent == datetime(2026, 7, 27, 20, 10, 26, tzinfo=UTC)
    assert not geology.claims
    assert geology.ungraded
    assert heat.sent == lightning.sent
    assert heat.claims[0].ends
    later = read(encoded(IN_FORCE | {"updated": "2026-07-27T21:10:26Z"}), reading)
    assert [w.key for w in later[:3]] == [rain.key, lightning.key, geology.key]
    assert [w.meaning() for w in later[:3]] == [rain.meaning(), lightning.meaning(), geology.meaning()]
    assert later[3].key != heat.key  # it goes on; when it ends nobody says


def test_rows_that_cannot_be_read_do_not_hold_back_the_others(reading: Reading) -> None:
    rows = [NMC | {"issuetime": "yesterday"}, NMC, NMC | {"alertid": ""}, NMC | {"title": None}]
    (warning,) = read(encoded(wrapped(*rows)), reading)
    told = [problem.message for problem in warning.problems if problem.rule == "beside_refused"]
    assert warning.identifier == IDENTIFIER
    assert len(told) == 3


def test_a_thousand_broken_rows_are_told_in_few_words(reading: Reading) -> None:
    rows = [NMC, *({"alertid": str(n), "issuetime": "", "title": "铜梁区"} for n in range(1000))]
    (warning,) = read(encoded(wrapped(*rows)), reading)
    assert len([problem for problem in warning.problems if problem.rule == "beside_refused"]) <= 6


def test_a_broken_row_alone_is_refused_with_its_reason(reading: Reading) -> None:
    with pytest.raises(RefusedWarning, match="发布时间") as refusal:
        read(encoded(wrapped(NMC | {"issuetime": "yesterday"})), reading)
    assert refusal.value.reason == "bad_value"


@pytest.mark.parametrize(
    "title",
    [
        "【演练】铜梁区气象台发布暴雨红色预警信号",
        "铜梁区气象台发布暴雨红色预警信号(演练)",
        "演练：铜梁区气象台发布暴雨红色预警信号",
    ],
)
def test_what_calls_itself_an_exercise_is_one(reading: Reading, title: str) -> None:
    assert of_title(title, reading).status is Status.EXERCISE


@pytest.mark.parametrize(
    "document",
    [[], {"warning": []}, {"code": "200", "warning": []}, {"code": "204"}, {"alerts": [], "metadata": {"zeroResult": True}},
     wrapped(), {"msg": "success", "data": []}, {"msg": "查询成功", "data": {"alarm": []}}, {"warnings": {}, "count": 0}],
)  # fmt: skip
def test_an_empty_list_has_no_warnings(reading: Reading, document: Any) -> None:
    assert read(encoded(document), reading) == ()


OTHERS = [
    ({"code": "401"}, "source_error"),
    ({"code": "429", "warning": []}, "source_error"),
    ({"code": 500, "msg": "success", "data": None}, "source_error"),
    ({"msg": "系统繁忙", "data": []}, "source_error"),
    ({"error": {"status": 403, "title": "No credential"}}, "source_error"),
    ({}, "unknown_format"),
    ({"invoice": 3}, "unknown_format"),
    ([1, 2, 3], "unknown_format"),
    ({"data": {"forecast": [1]}}, "unknown_format"),
    ([{"station": "61", "kind": "rain", "time": "2026-07-27 05:40", "value": 3}], "observation"),
    ({"站号": "61", "要素": "雨量", "时间": "2026-07-27 05:40", "数值": 3}, "observation"),
]


@pytest.mark.parametrize(("document", "reason"), OTHERS, ids=[f"{row[1]}-{n}" for n, row in enumerate(OTHERS)])
def test_an_error_of_the_provider_is_no_empty_list(reading: Reading, document: Any, reason: str) -> None:
    with pytest.raises(RefusedWarning) as refusal:
        read(encoded(document), reading)
    assert refusal.value.reason == reason
