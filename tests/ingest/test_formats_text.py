"""Warnings as plain Chinese text."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from warnengine.ingest.formats import Reading, read
from warnengine.model.errors import RefusedWarning
from warnengine.model.level import Level
from warnengine.model.warning import MsgType, Status

BEIJING = timezone(timedelta(hours=8))
ONE = "铜梁区气象台2026年7月27日3时15分发布“暴雨橙色预警信号”：预计27日4时至8时，安居镇、少云镇累计雨量将达70毫米以上。"
MINUTE = datetime(2026, 7, 27, 3, 15, tzinfo=BEIJING)
AREAS = {"500151105", "500151114"}


def test_issuer_time_and_places_come_from_the_text(reading: Reading) -> None:
    (warning,) = read(ONE.encode(), reading)
    assert (warning.format, warning.sender, warning.issuer) == ("text", "铜梁区气象台", "铜梁区气象台")
    assert (warning.sent, warning.msg_type, warning.status) == (MINUTE, MsgType.ALERT, Status.ACTUAL)
    assert warning.headline == "铜梁区气象台2026年7月27日3时15分发布“暴雨橙色预警信号”"
    assert warning.description == ONE
    assert {(claim.area.code, claim.hazard, claim.level) for claim in warning.claims} == {
        (code, "rainstorm", Level.ORANGE) for code in AREAS
    }


SAME = {
    "UTF-8 with a mark": ONE.encode("utf-8-sig"),
    "GB 18030": ONE.encode("gb18030"),
    "UTF-16 with a mark": ONE.encode("utf-16"),
    "full-width digits": ONE.translate(str.maketrans("0123456789", "０１２３４５６７８９")).encode(),
    "blanks": ONE.replace("2026年", " 2026 年 ").replace("3时", "3 时").encode(),
    "lines broken": ONE.replace("：", "：\r\n\r\n").encode(),
    "blank lines around": f"\n\n  {ONE}\n\n".encode(),
}


@pytest.mark.parametrize("raw", SAME.values(), ids=SAME.keys())
def test_the_same_text_is_the_same_warning_whoever_pastes_it(reading: Reading, raw: bytes) -> None:
    (warning,) = read(raw, reading)
    (plain,) = read(ONE.encode(), reading)
    assert warning.key == plain.key
    assert warning.levels() == plain.levels()


TIMES = [
    ("铜梁区气象台2026年7月27日3时15分发布暴雨橙色预警信号", MINUTE),
    ("铜梁区气象台2026年07月27日03时15分发布暴雨橙色预警信号", MINUTE),
    ("铜梁区气象台2026年7月27日3时发布暴雨橙色预警信号", MINUTE.replace(minute=0)),
    ("铜梁区气象台2026年7月27日03:15发布暴雨橙色预警信号", MINUTE),
    ("铜梁区气象台2026-07-27 03:15发布暴雨橙色预警信号", MINUTE),
    ("铜梁区气象台于2026年7月27日3时15分发布暴雨橙色预警信号", MINUTE),
    ("铜梁区气象台2026年7月26日24时00分发布暴雨橙色预警信号", MINUTE.replace(hour=0, minute=0)),
    ("铜梁区气象台7月27日3时15分发布暴雨橙色预警信号。(2026年7月27日3时15分)", MINUTE),
    ("铜梁区气象台27日3时15分发布暴雨橙色预警信号。\n发布时间：2026-07-27 03:16", MINUTE),
    ("铜梁区气象台发布暴雨橙色预警信号\n预计全区有暴雨。\n铜梁区气象台\n2026年7月27日3时15分", MINUTE),
    ("铜梁区气象台发布暴雨橙色预警信号(2026年7月27日3时15分)\n预计全区有暴雨。", MINUTE),
    ("铜梁区气象台2026年7月27日3时15分通知：全区维持暴雨橙色预警信号", MINUTE),
    ("关于发布暴雨橙色预警信号的通知：铜梁区气象台2026年7月27日3时15分发布暴雨橙色预警信号。", MINUTE),
    ("经会商研判,铜梁区气象台2026年7月27日3时15分发布暴雨橙色预警信号", MINUTE),
]


@pytest.mark.parametrize(("text", "sent"), TIMES, ids=[row[0][:40] for row in TIMES])
def test_times_of_issue(reading: Reading, text: str, sent: datetime) -> None:
    (warning,) = read(text.encode(), reading)
    assert warning.sent == sent
    assert {(claim.area.code, claim.level) for claim in warning.claims} == {("500151", Level.ORANGE)}


ISSUERS = [
    ("铜梁区气象台", "铜梁区气象台"),
    ("重庆市铜梁区气象台", "铜梁区气象台"),
    ("【铜梁区预警信息发布中心】铜梁区气象台", "铜梁区气象台"),
    ("重庆市铜梁区林业局、重庆市铜梁区应急管理局、重庆市铜梁区气象局", "铜梁区气象局"),
    ("铜梁区水利局、铜梁区应急管理局", "铜梁区水利局"),
    ("璧山区气象台", "璧山区气象台"),
]


@pytest.mark.parametrize(("name", "issuer"), ISSUERS, ids=[row[0] for row in ISSUERS])
def test_issuers(reading: Reading, name: str, issuer: str) -> None:
    (warning,) = read(f"{name}2026年7月27日3时15分联合发布暴雨橙色预警信号。".encode(), reading)
    assert warning.issuer == issuer
    assert warning.sender == name.removeprefix("【铜梁区预警信息发布中心】")
    ours = "铜梁" in issuer
    assert [claim.area.code for claim in warning.claims] == (["500151"] if ours else [None])


def test_the_city_is_the_city(reading: Reading) -> None:
    (warning,) = read("重庆市气象台2026年7月27日3时15分发布暴雨橙色预警信号。".encode(), reading)
    assert [claim.area.code for claim in warning.claims] == ["500000"]


SEVERAL = """铜梁区气象台2026年7月27日3时15分发布暴雨橙色预警信号：预计27日4时至8时，安居镇有暴雨。

防御指南：
1. 停止户外演练和集会；

铜梁区气象台发布暴雨红色预警信号

铜梁区气象台2026年7月27日5时54分升级3时15分发布的暴雨橙色预警信号为暴雨红色预警信号：预计27日5时至8时。
铜梁区气象台2026年7月27日9时00分解除暴雨红色预警信号。
"""


def test_several_are_told_apart_by_their_openings_not_by_blank_lines(reading: Reading) -> None:
    first, second, third = read(SEVERAL.encode(), reading)
    assert "防御指南" in first.description
    assert first.status is Status.ACTUAL
    assert second.headline == "铜梁区气象台发布暴雨红色预警信号"
    assert [w.msg_type for w in (first, second, third)] == [MsgType.ALERT, MsgType.UPDATE, MsgType.CANCEL]
    assert [{c.level for c in w.claims} for w in (first, second, third)] == [{Level.ORANGE}, {Level.RED}, {None}]


def test_a_title_that_repeats_the_opening_is_no_warning_of_its_own(reading: Reading) -> None:
    title = ONE.partition("：")[0]
    (warning,) = read(f"{title}\n{ONE}".encode(), reading)
    assert {claim.area.code for claim in warning.claims} == AREAS


def test_a_title_of_the_next_one_lifts_nothing_of_the_one_before(reading: Reading) -> None:
    text = f"{ONE}\n\n铜梁区气象台解除雷电黄色预警信号\n铜梁区气象台2026年7月27日4时解除雷电黄色预警信号。"
    first, second = read(text.encode(), reading)
    assert {claim.level for claim in first.claims} == {Level.ORANGE}
    assert {claim.level for claim in second.claims} == {None}


@pytest.mark.parametrize(
    "line",
    [
        "各单位要将预警信息及时传递到责任人",
        "区防汛办已启动防汛Ⅳ级应急响应",
        "请继续关注气象台发布的预警信号",
        "2. 撤离危险区域",
    ],
)
def test_a_line_of_advice_begins_no_other_warning(reading: Reading, line: str) -> None:
    (warning,) = read(f"{ONE}\n{line}".encode(), reading)
    assert line in warning.description
    assert not {problem.rule for problem in warning.problems} & {"beside_refused"}


def test_one_that_cannot_be_read_does_not_hold_back_the_others(reading: Reading) -> None:
    (warning,) = read(f"铜梁区气象台7月26日3时15分发布大风蓝色预警信号\n{ONE}".encode(), reading)
    assert "beside_refused" in {problem.rule for problem in warning.problems}


REFUSED = {
    "no time": ("铜梁区气象台发布暴雨橙色预警信号", "missing_field", "没有发布时间"),
    "no year": ("铜梁区气象台7月27日3时15分发布暴雨橙色预警信号", "missing_field", "没有年份"),
    "no such day": ("铜梁区气象台2026年7月32日3时15分发布暴雨橙色预警信号", "bad_value", "32日"),
    "no issuer": ("发布暴雨橙色预警信号\n2026年7月27日3时15分", "missing_field", "谁发布"),
    "no warning": ("各位同事:今天下午三点开会。", "unknown_format", "看不出是预警"),
    "a list of stations": ("站号,要素,时间,数值\n61,雨量,2026-07-27 05:40,12", "observation", "warnengine observe"),
    "columns in English": ("station,kind,time,value\n61,rain,2026-07-27 05:40,12", "observation", "/v1/observations"),
    "a period is no time of issue": ("铜梁区气象台发布暴雨橙色预警信号\n预计持续至2026年7月27日8时", "missing_field", "没有发布时间"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "reason", "words"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_missing_is_said(reading: Reading, text: str, reason: str, words: str) -> None:
    with pytest.raises(RefusedWarning, match=words) as refusal:
        read(text.encode(), reading)
    assert refusal.value.reason == reason


@pytest.mark.parametrize("mark", ["【演练】", "（演练）", "【桌面演练 不要转发】", "演练：", "这是一次演练，"])
def test_an_exercise(reading: Reading, mark: str) -> None:
    (warning,) = read(f"{mark}{ONE}".encode(), reading)
    assert warning.status is Status.EXERCISE


def test_a_test(reading: Reading) -> None:
    (warning,) = read(f"{ONE}（测试）".encode(), reading)
    assert warning.status is Status.TEST
