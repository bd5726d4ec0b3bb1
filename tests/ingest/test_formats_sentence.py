"""Real wordings, one sentence each: which level for which townships until when."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone

import pytest

from warnengine.ingest.formats import Reading, period, read
from warnengine.ingest.formats.places import towns_in
from warnengine.model.place import District
from warnengine.model.warning import Precision, Warning

BEIJING = timezone(timedelta(hours=8))
ALL = "district"
Build = Callable[..., bytes]


def only(raw: bytes, reading: Reading) -> Warning:
    (warning,) = read(raw, reading)
    return warning


def said(warning: Warning) -> dict[str, str | None]:
    """Area name → level."""
    return {claim.area.name: claim.level.key if claim.level else None for claim in warning.claims}


def rules(warning: Warning) -> set[str]:
    return {problem.rule for problem in warning.problems}


def every(district: District, *but: str) -> list[str]:
    return [town.name for town in district.townships if town.name not in but]


def test_a_list_of_all_28_is_28_townships(reading: Reading, national: Build, tongliang: District) -> None:
    names = "、".join(every(tongliang))
    text = (
        f"铜梁区气象台2024年4月18日20时10分发布“暴雨蓝色预警信号”,预计18日20时至19日08时,我区{names}"
        "等大部分镇街降雨量将达50毫米以上,请注意防范。"
    )
    raw = national(
        text,
        severity="Blue",
        sendTime="2024-04-18 20:31:00+08:00",
        headline="铜梁区气象台发布暴雨蓝色预警[IV级/一般]",
    )
    warning = only(raw, reading)
    assert said(warning) == dict.fromkeys(every(tongliang), "blue")
    assert warning.claims[0].begins == datetime(2024, 4, 18, 20, tzinfo=BEIJING)
    assert {claim.ends for claim in warning.claims} == {datetime(2024, 4, 19, 8, tzinfo=BEIJING)}


def test_25_named_of_28_are_25_and_the_period_may_begin_before_the_issue(
    reading: Reading, national: Build, tongliang: District
) -> None:
    named = every(tongliang, "双山镇", "高楼镇", "维新镇")
    text = (
        f"铜梁区气象台7月27日5时54分发布“暴雨红色预警信号”:预计27日5时至8时,铜梁区{'、'.join(named)}"
        "等部分镇街累计雨量将达100毫米以上,最大小时雨强可达40-60毫米"
    )
    warning = only(national(text), reading)
    assert said(warning) == dict.fromkeys(named, "red")
    assert warning.claims[0].begins == datetime(2026, 7, 27, 5, tzinfo=BEIJING)
    assert warning.claims[0].ends == datetime(2026, 7, 27, 8, tzinfo=BEIJING)


PLACES = [
    ("我区部分镇街将出现100毫米以上的暴雨", [ALL], Precision.DISTRICT),
    ("预计我区大部分镇街降雨量将达50毫米", [ALL], Precision.DISTRICT),
    ("预计安居镇、少云镇等28个镇街降雨量将达50毫米", "every", Precision.NAMED),
    ("预计安居镇、少云镇等20个镇街降雨量将达50毫米", [ALL], Precision.DISTRICT),
    ("预计安居镇、少云镇等部分镇街降雨量将达50毫米", ["安居镇", "少云镇"], Precision.NAMED),
    ("预计我区28个镇街降雨量将达50毫米", [ALL], Precision.NAMED),
    ("预计全区降雨量将达50毫米", [ALL], Precision.NAMED),
    ("预计城区三街道降雨量将达50毫米", ["巴川街道", "东城街道", "南城街道"], Precision.NAMED),
    ("预计旧县镇、蒲吕镇降雨量将达50毫米", ["蒲吕街道", "旧县街道"], Precision.NAMED),
    (
        "过去1小时,华兴雨量已达70毫米,预计安居、少云、高楼等镇街仍有强降雨",
        ["安居镇", "少云镇", "高楼镇"],
        Precision.NAMED,
    ),
    ("过去1小时华兴镇雨量已达70毫米,预计上述区域及太平镇仍有强降雨", ["华兴镇", "太平镇"], Precision.NAMED),
    ("过去3小时安居镇、少云镇雨量已达60毫米,预计未来3小时降雨仍将持续", ["安居镇", "少云镇"], Precision.NAMED),
    ("过去3小时安居镇雨量已达60毫米,预计未来3小时我区仍有强降雨", [ALL], Precision.NAMED),
    (
        "目前强降雨云团已影响安居镇、少云镇,预计未来6小时将有60毫米左右的降雨",
        ["安居镇", "少云镇"],
        Precision.NAMED,
    ),
    ("预计我区有暴雨,局地大暴雨,其中安居镇可达100毫米", [ALL], Precision.NAMED),
    ("预计我区有暴雨,请远离高楼、广告牌,疏通排水口", [ALL], Precision.NAMED),
    ("预计我区大部分镇街有暴雨,其中安居镇可达100毫米", [ALL], Precision.DISTRICT),
]


@pytest.mark.parametrize(("text", "expected", "precision"), PLACES, ids=[row[0] for row in PLACES])
def test_places(
    reading: Reading,
    national: Build,
    tongliang: District,
    text: str,
    expected: list[str] | str,
    precision: Precision,
) -> None:
    warning = only(national("铜梁区气象台发布暴雨红色预警信号:" + text), reading)
    names = every(tongliang) if expected == "every" else ["铜梁区" if name == ALL else name for name in expected]
    assert sorted(said(warning)) == sorted(names)
    assert {claim.precision for claim in warning.claims} == {precision}
    assert ("area_vague" in rules(warning)) == (precision is Precision.DISTRICT)


def test_all_but_the_ones_named(reading: Reading, national: Build, tongliang: District) -> None:
    text = "铜梁区气象台发布暴雨红色预警信号:预计未来3小时,除华兴镇、太平镇外,其余镇街降雨量将达100毫米"
    assert said(only(national(text), reading)) == dict.fromkeys(every(tongliang, "华兴镇", "太平镇"), "red")


LEVELS = [
    ("铜梁区气象台7月27日4时00分升级2时00分发布的“暴雨橙色预警信号”为“暴雨红色预警信号”", {ALL: "red"}),
    ("铜梁区气象台更新“暴雨橙色预警信号”为“暴雨红色预警信号”", {ALL: "red"}),
    ("铜梁区气象台升级发布“暴雨橙色预警信号”", {ALL: "orange"}),
    ("铜梁区气象台继续发布“暴雨黄色预警信号”", {ALL: "yellow"}),
    ("铜梁区气象台将暴雨红色预警信号变更为黄色", {ALL: "yellow"}),
    ("铜梁区气象台解除暴雨橙色预警信号", {ALL: None}),
    ("铜梁区气象台解除7月27日4时发布的暴雨红色预警信号", {ALL: None}),
    ("铜梁区气象台解除2时升级为红色的暴雨预警信号", {ALL: None}),
    ("铜梁区气象台解除暴雨红色预警信号,同时发布暴雨蓝色预警信号", {ALL: "blue"}),
    ("铜梁区气象台解除暴雨红色预警信号变更为暴雨黄色预警信号", {ALL: "yellow"}),
    ("铜梁区气象台发布安居镇、少云镇暴雨橙色预警信号", {"安居镇": "orange", "少云镇": "orange"}),
    ("铜梁区气象台解除安居镇暴雨红色预警信号,其余镇街预警信号继续有效", {"安居镇": None}),
    ("铜梁区气象台解除大路镇暴雨红色预警信号", {}),
    ("铜梁区气象台解除部分镇街暴雨红色预警信号", {}),
]


@pytest.mark.parametrize(("text", "expected"), LEVELS, ids=[row[0] for row in LEVELS])
def test_levels(reading: Reading, national: Build, text: str, expected: dict[str, str | None]) -> None:
    raw = national(text, msgType="Update", severity="Unknown", headline="")
    wanted = {"铜梁区" if name == ALL else name: level for name, level in expected.items()}
    assert said(only(raw, reading)) == wanted


def test_one_message_states_each_township_by_itself(
    reading: Reading, national: Build, tongliang: District
) -> None:
    text = (
        "铜梁区气象台7月27日10时将安居镇、少云镇暴雨红色预警信号降级为黄色,"
        "解除太平镇暴雨红色预警信号,其余镇街暴雨橙色仍生效"
    )
    raw = national(text, msgType="Update", severity="Orange", headline="铜梁区气象台变更暴雨橙色预警")
    rest = every(tongliang, "安居镇", "少云镇", "太平镇")
    wanted = {"安居镇": "yellow", "少云镇": "yellow", "太平镇": None} | dict.fromkeys(rest, "orange")
    assert said(only(raw, reading)) == wanted


def test_what_the_title_states_holds_for_the_townships_that_the_text_leaves_out(
    reading: Reading, national: Build, tongliang: District
) -> None:
    raw = national("铜梁区气象台继续发布暴雨橙色预警信号,其中安居镇升级为红色", severity="Orange", headline="")
    wanted = {"安居镇": "red"} | dict.fromkeys(every(tongliang, "安居镇"), "orange")
    assert said(only(raw, reading)) == wanted


def test_townships_of_another_district_are_not_ours(reading: Reading, national: Build) -> None:
    raw = national(
        "惠东县气象台将平山街道、太平镇暴雨橙色预警信号降级为黄色,其余镇街暴雨黄色仍生效",
        identifier="44132341600000_20260727055430",
        senderCode="44132341600000",
        sender="惠东县气象台",
        areaDesc="惠东县",
        geocode="441323000000",
        severity="Yellow",
        headline="惠东县气象台更新暴雨黄色预警",
    )
    assert said(only(raw, reading)) == {"惠东县": "yellow"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("潼南、铜梁、大足部分地区", {"500000", "500151"}),
        ("铜梁区安居镇、少云镇和潼南部分地区", {"500000", "500151105", "500151114"}),
        ("潼南、大足部分地区", {"500000"}),
    ],
)
def test_the_city_names_our_district_in_its_text(
    reading: Reading, national: Build, text: str, expected: set[str]
) -> None:
    raw = national(
        f"重庆市气象台发布暴雨橙色预警信号:预计未来3小时,{text}降雨量将达50毫米",
        identifier="50000041600000_20260727055430",
        sender="重庆市气象台",
        areaDesc="重庆市",
        geocode="500000000000",
        severity="Orange",
        headline="重庆市气象台发布暴雨橙色预警",
    )
    assert {claim.area.code for claim in only(raw, reading).claims} == expected


PERIODS = [
    ("2026-07-27T05:54", "预计27日5时至8时", "07-27 05:00", "07-27 08:00"),
    ("2024-04-18T20:10", "预计18日20时至19日08时", "04-18 20:00", "04-19 08:00"),
    ("2025-10-04T02:00", "过去1小时,香龙雨量已达70毫米,预计4日02:00-08:00", "10-04 02:00", "10-04 08:00"),
    ("2025-07-15T14:30", "预计7月16日至7月19日", "07-16 00:00", "07-20 00:00"),
    ("2026-12-31T22:00", "预计31日23时至1日10时", "12-31 23:00", "01-01 10:00"),
    ("2026-02-27T05:00", "预计28日20时至2日8时", "02-28 20:00", "03-02 08:00"),
    ("2026-07-27T23:30", "预计0时至3时", "07-28 00:00", "07-28 03:00"),
    ("2026-07-27T05:00", "预计27日5-8时", "07-27 05:00", "07-27 08:00"),
    ("2026-07-27T05:00", "预计27日20:00至次日08:00", "07-27 20:00", "07-28 08:00"),
    ("2026-07-27T05:00", "预计27日8时至24时", "07-27 08:00", "07-28 00:00"),
    ("2026-07-27T05:00", "预计今天夜间到明天白天", "07-27 20:00", "07-28 20:00"),
    ("2026-07-27T05:00", "预计未来6小时", "07-27 05:00", "07-27 11:00"),
    ("2026-07-27T05:00", "预计未来三小时内", "07-27 05:00", "07-27 08:00"),
    ("2026-07-27T05:00", "26日20时至27日04时我区有雨,预计1-2小时内", "07-27 05:00", "07-27 07:00"),
    ("2026-07-27T05:00", "预计持续至28日8时", None, "07-28 08:00"),
]
NO_PERIODS = [
    "过去24小时内",
    "小时雨强40-60毫米",
    "预计27日5时起",
    "9999年12月31日夜间至9999年12月31日后半夜",
    "31日5时至32日8时",
]


@pytest.mark.parametrize(("sent", "text", "begins", "ends"), PERIODS, ids=[row[1] for row in PERIODS])
def test_periods(sent: str, text: str, begins: str | None, ends: str) -> None:
    found = period.find(text, datetime.fromisoformat(sent + "+08:00"))
    assert found
    assert (found.begins.strftime("%m-%d %H:%M") if found.begins else None) == begins
    assert found.ends.strftime("%m-%d %H:%M") == ends


@pytest.mark.parametrize("text", NO_PERIODS)
def test_no_period(text: str) -> None:
    assert period.find(text, datetime(2026, 7, 27, 5, tzinfo=BEIJING)) is None


NAMES = [
    ("安居、少云等镇街", 2),
    ("将安居暴雨橙色预警信号降级", 1),
    ("安居古城景区", 0),
    ("远离高楼和大树", 0),
    ("太平洋高压", 0),
    ("安居镇黑龙咀", 1),
    ("清理排水口、高楼外墙", 0),
]


@pytest.mark.parametrize(("text", "count"), NAMES, ids=[row[0] for row in NAMES])
def test_short_names_are_places_only_among_places(tongliang: District, text: str, count: int) -> None:
    assert len(towns_in(text, tongliang)) == count
