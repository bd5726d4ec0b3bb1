"""What a machine says: nothing that only an eye can read, and nothing that only an SMS can answer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warnengine.acknowledge.replies import Meaning, read_reply
from warnengine.dispatch.channels.speech import KEYS, spoken
from warnengine.dispatch.channels.voice_profiles import PRESSED

SIGN = "【铜梁应急】"
CASES = {
    "a whole order": (
        f"{SIGN}暴雨红色 安居镇:06:25前撤离涪江225米线下住户,先老弱。收到回1,撤完回3加人数。核实023-45678901",
        "这里是铜梁应急。暴雨红色 安居镇:6点25分前撤离涪江225米线下住户,先老弱。核实零二三,四五六七八九零幺",
    ),
    "several lines and a link": (
        f"{SIGN}再次提醒:暴雨升为红色 安居镇:23日17:00前停工。收到回1,办完回3。\n②08:05前关闭景区(报人数)\n"
        "继续:巡查;值守\n取消“停课”。返回前先查险\n核实12345 详见https://yj.example.cn/a/K7MPQ2RTXYZ",
        "这里是铜梁应急。再次提醒:暴雨升为红色 安居镇:23日17点前停工。第2,8点零5分前关闭景区(报人数)。"
        "继续:巡查;值守。取消停课。返回前先查险。核实幺二三四五",
    ),
    "an all-clear": (
        f"{SIGN}解除暴雨红色 安居镇:措施解除。收到回1。核实12345",
        "这里是铜梁应急。解除暴雨红色 安居镇:措施解除。核实幺二三四五",
    ),
    "the other order of words": (f"{SIGN}17:30前撤离,回1收到。", "这里是铜梁应急。17点30分前撤离"),
    "from one time to another": ("08:00-20:00停工", "8点到20点停工"),
    "midnight": ("00:00前,24:00止", "0点前,24点止"),
    "no clock": ("比分3:2,里程1:50000", "比分3:2,里程1:五零零零零"),
    "amounts stay amounts": ("转移10000人,20-50mm,3.5米,17~20m/s", "转移10000人,20到50毫米,3.5米,17到20米每秒"),
    "a mobile": ("电话13800138001", "电话幺三八零零幺三八零零幺"),
    "no signature": ("立即撤离", "立即撤离"),
}


@pytest.mark.parametrize(("short", "said"), CASES.values(), ids=CASES.keys())
def test_the_words(short: str, said: str) -> None:
    assert spoken(short) == f"{said}。{KEYS}"


@given(st.text(max_size=200))
def test_any_text_can_be_said_and_ends_with_the_keys(text: str) -> None:
    said = spoken(text)
    assert said.endswith(KEYS)
    assert "【" not in said
    assert "\n" not in said


def test_what_a_key_says() -> None:
    assert {key: read_reply(words).meaning for key, words in PRESSED.items()} == {
        "1": Meaning.RECEIVED,
        "3": Meaning.UNCLEAR,
    }
