"""What a loudspeaker says: short sentences, nothing that only paper has, everything twice."""

from __future__ import annotations

import re

import pytest

from warnengine.dispatch.channels.speech import proclaimed

ORDER = "【铜梁应急】暴雨红色 安居镇:06:25前撤离涪江225米线下住户,先老弱。收到回1,撤完回3加人数。"
SAID = "这里是铜梁应急。暴雨红色 安居镇:6点25分前撤离涪江225米线下住户,先老弱。"
CASES = {
    "one thing": (ORDER + "核实023-45600000", SAID),
    "several things": (
        f"{ORDER}\n②06:30前封闭漫水桥(报人数)\n③立即关闭景区\n核实023-45600000 详见https://x/a/abc",
        f"{SAID}6点30分前封闭漫水桥。立即关闭景区。",
    ),
    "how to answer one of them": (f"{ORDER}\n②封闭漫水桥\n只办完一项回“3第2项”", f"{SAID}封闭漫水桥。"),
    "what goes on": (f"{ORDER}\n继续:巡堤;值守地下车库", f"{SAID}继续:巡堤。值守地下车库。"),
    "a range": (f"{ORDER}\n范围:25个镇街红色", SAID),
    "a drill": (f"【演练】{ORDER}\n【演练】", f"演练。{SAID}演练。"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_loudspeaker_says_it_in_sentences_and_twice(case: str) -> None:
    short, once = CASES[case]
    said = proclaimed(short)
    assert said == f"{once}再播一遍。{once}"
    assert not re.search(r"[①-⑳;【】“”]|。。|http|回1|第\d", said)
