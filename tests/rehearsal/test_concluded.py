"""Conclusions in a timeline: drawn as live from what is in force at their moment, and explained like any message."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.rehearsal.conftest import ROOT, Set
from warnengine.app.explain import explained
from warnengine.app.minutes import OVER
from warnengine.app.rehearsal import messages, moved
from warnengine.app.simulate import Run, direction, simulated
from warnengine.demo import scenario
from warnengine.match.silence import Why
from warnengine.model.book import RuleBook
from warnengine.model.errors import Unplayable

ANJU, TUQIAO, BAIYANG = "500151105", "500151101", "500151106"
NIGHT = ("07-27-red.xml", "07-27-consultations.json")
RAISED = {
    "at": "2026-07-27T03:10:00+08:00", "verb": "raise", "hazard": "暴雨", "level": "red", "towns": ["安居镇"],
    "until": "2026-07-27T09:00:00+08:00", "presided": "王区长", "why": "上游来水快",
}  # fmt: skip


def file(*minutes: dict[str, Any]) -> tuple[str, bytes]:
    return "minutes.json", json.dumps(minutes, ensure_ascii=False).encode()


def moves(run: Run, unit: str) -> list[tuple[str, str]]:
    """What became of a unit's rainstorm order, message by message."""
    return [
        (one.message.warning.headline[:8], direction(version.change))
        for one in run.played
        for version in one.versions.values()
        if version.change.key == (unit, "rainstorm", "signal")
    ]


async def test_the_night_with_its_consultations(stage: Set) -> None:
    run = await simulated(await stage(), [(name, (ROOT / "docs/timelines" / name).read_bytes()) for name in NIGHT])
    assert run.burden.twice == ()
    anju, tuqiao = moves(run, ANJU), moves(run, TUQIAO)
    assert anju[0] == ("会商研判:安居镇", "new")
    assert anju[1][1] == "upgraded"
    assert anju[-1] == ("会商研判:终止第", "lapsed")
    assert [what for _, what in tuqiao] == ["new", "lowered", "upgraded", "lapsed"]
    assert tuqiao[2][0] == OVER[:8], "the level comes back at the end of the lowering, without a message"


async def test_who_gets_what_because_of_a_conclusion(stage: Set, book: RuleBook) -> None:
    found = await explained(await stage(), messages([("orange.xml", scenario.ORANGE.xml()), file(RAISED)], book))
    ordered = {order.unit: order for order in found.orders}
    assert ordered[ANJU].version.change.level is not None
    assert ordered[ANJU].version.change.level.key == "red"
    assert any("会商研判暴雨升为红色" in who.text for who in ordered[ANJU].recipients)
    reasons = {one.unit: one.reason for one in found.silent}
    assert reasons[BAIYANG].startswith((Why.OUTSIDE, Why.UNCHANGED))


async def test_it_moves_with_the_clock_that_is_asked_for(stage: Set, book: RuleBook) -> None:
    listed = messages([file(RAISED)], book)
    later = moved(listed, listed[-1].at.replace(month=10))
    found = await explained(await stage(), later)
    assert found.orders
    assert {version.made_at.month for version in found.played.versions.values()} == {10}


REFUSED = {
    "an unknown township": (RAISED | {"towns": ["渝北镇"]}, "没有镇街“渝北镇”"),
    "no end": (RAISED | {"until": None}, "没有写止期"),
    "lowering of what does not stand": (RAISED | {"verb": "lower", "level": "blue"}, "没有可降的"),
    "a withdrawal of nothing": ({**RAISED, "verb": "withdraw", "of": 4}, "没有第4号会商结论"),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_what_could_not_be_concluded_then_is_not_played(stage: Set, case: str) -> None:
    minute, words = REFUSED[case]
    with pytest.raises(Unplayable, match=words):
        await simulated(await stage(), [file(minute)])


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"[{]", "不是完整的 JSON"),
        (b'[{"verb": }]', "既不是预警,也不是 JSON"),
        (b'[{"verb": "raise"}]', "第1条 at(时间)没有写,写成 2026-"),
        (b'[{"at": 1, "verb": "raise", "x": 2}]', "第1条 x 没有这一项,请去掉,或者核对拼写"),
    ],
    ids=["no JSON", "no JSON of a conclusion", "no time", "a key that means nothing"],
)
def test_a_file_that_cannot_be_read_says_why(book: RuleBook, raw: bytes, words: str) -> None:
    with pytest.raises(Unplayable, match=re.escape(words)):
        messages([("minutes.json", raw)], book)


def test_a_list_of_warnings_in_json_is_played_too(book: RuleBook) -> None:
    row = {
        "alertid": "50022441600000_20260727031512",
        "issuetime": "2026/07/27 03:15",
        "title": "重庆市铜梁区气象台发布暴雨橙色预警信号",
    }
    (played,) = messages([("list.json", json.dumps([row]).encode())], book)
    assert played.warning.identifier == row["alertid"]
