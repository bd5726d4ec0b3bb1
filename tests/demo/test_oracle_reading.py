"""The oracle's own reading: sentences, answers, addresses, the log, the rule files."""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from warnengine.demo import scenario
from warnengine.demo.oracle_log import Answered, address, read_answer, read_log
from warnengine.demo.oracle_night import read_night, read_sentence
from warnengine.demo.oracle_rules import read_rules

ROOT = Path(__file__).parents[2]
TOWNS = ("安居镇", "少云镇", "双山镇", "华兴镇")
BEIJING = timezone(timedelta(hours=8))


def test_the_night_in_tongliang_is_read_as_the_bureau_meant_it() -> None:
    night = read_night(scenario.night(), scenario.TOWNS)
    levels = [(f"{change.at:%H:%M}", dict(Counter(change.after.values()))) for change in night.changes]
    assert levels == [
        ("19:13", {1: 28}),
        ("22:42", {2: 18, 1: 10}),
        ("02:22", {3: 28}),
        ("05:56", {4: 25, 3: 3}),
        ("07:42", {4: 25, 3: 3}),
        ("10:07", {4: 22, 2: 6}),
        ("12:32", {0: 28}),
    ]
    assert [len(change.repeated) for change in night.changes] == [0, 0, 0, 0, 25, 0, 0]
    assert {town for town, level in night.changes[-2].after.items() if level == 2} == set(scenario.EASED)
    assert [f"{replay:%H:%M}" for replay in night.replays] == ["19:31", "22:58", "02:41", "06:15", "12:51"]


SENTENCES: dict[str, tuple[str, dict[str, int]]] = {
    "no township named: the district": (
        "铜梁区气象台发布“暴雨橙色预警信号”,我区部分镇街将出现100毫米以上的暴雨",
        dict.fromkeys(TOWNS, 3),
    ),
    "the colour after 为 counts": (
        "铜梁区气象台升级2时发布的“暴雨橙色预警信号”为“暴雨红色预警信号”:预计安居镇等部分镇街有暴雨",
        {"安居镇": 4},
    ),
    "a rain gauge's short name is no township": (
        "铜梁区气象台发布“暴雨黄色预警信号”,华兴雨量已达42毫米,预计安居镇、少云镇有暴雨",
        {"安居镇": 2, "少云镇": 2},
    ),
    "all but one": (
        "铜梁区气象台发布“暴雨蓝色预警信号”,预计除双山镇外其余镇街有暴雨",
        {"安居镇": 1, "少云镇": 1, "华兴镇": 1},
    ),
    "some downgraded, the others stay": (
        "将安居镇、双山镇暴雨橙色预警信号降级为黄色,其余镇街暴雨橙色仍生效",
        {"安居镇": 2, "双山镇": 2},
    ),
    "a cancelled red is no red": ("铜梁区气象台解除暴雨红色预警信号", dict.fromkeys(TOWNS, 0)),
    "a cancel for one township": ("铜梁区气象台解除少云镇暴雨红色预警信号", {"少云镇": 0}),
}


@pytest.mark.parametrize(("sentence", "levels"), SENTENCES.values(), ids=SENTENCES.keys())
def test_a_sentence_is_read_township_by_township(sentence: str, levels: dict[str, int]) -> None:
    assert read_sentence(sentence, TOWNS) == levels


def test_a_sentence_without_a_signal_is_an_error_of_the_scenario() -> None:
    with pytest.raises(ValueError, match="names no signal"):
        read_sentence("今夜有雨", TOWNS)


def test_a_scenario_without_news_cannot_be_judged() -> None:
    drill = scenario.Event(datetime(2026, 7, 26, tzinfo=BEIJING), ("kafka",), scenario.EXERCISE.xml(), "演练")
    with pytest.raises(ValueError, match="no rainstorm warning"):
        read_night([drill], scenario.TOWNS)


ANSWERS: list[tuple[str, Answered | None]] = [
    ("1", "received"),
    ("１ ", "received"),
    ("收到", "received"),
    ("已收到，马上去", "received"),
    ("2", "acting"),
    ("正在转移", "acting"),
    ("3 转移35人", "done"),
    ("３", "done"),
    ("撤完", "done"),
    ("不是本人", None),
    ("18号楼?", None),
    ("", None),
]


@pytest.mark.parametrize(("text", "said"), ANSWERS)
def test_an_answer_is_read(text: str, said: Answered | None) -> None:
    assert read_answer(text) == said


@pytest.mark.parametrize("spelling", ["19900000133", "+8619900000133", "8619900000133", "+86 199-0000-0133"])
def test_all_spellings_of_a_mobile_are_one(spelling: str) -> None:
    assert address(spelling) == "19900000133"


def test_a_mailbox_and_an_endpoint_keep_their_form() -> None:
    assert address("<TL001@Example.cn>") == "tl001@example.cn"
    assert address("http://127.0.0.1/push/aB") == "http://127.0.0.1/push/aB"


def test_a_line_without_engine_time_has_that_of_the_line_before(tmp_path: Path) -> None:
    earlier, later = "2026-07-27T05:56:00+08:00", "2026-07-27T05:57:00+08:00"
    sms = {"gateway": "smpp", "to": "+8619900000001", "ids": ["1"]}
    mail = {"gateway": "smtp", "to": "x@example.cn"}
    lines = [
        sms | {"engine_at": None, "event": "message", "text": "a"},
        sms | {"engine_at": earlier, "event": "receipt", "fate": "DELIVRD"},
        mail | {"engine_at": None, "event": "message", "text": "b"},
        mail | {"engine_at": later, "event": "receipt", "fate": "bounced"},
    ]
    log = tmp_path / "log.jsonl"
    log.write_text("\n".join(json.dumps({"at": "2026-01-01T00:00:00+00:00"} | line) for line in lines))
    read = read_log(log)
    assert [(copy.moment.minute, copy.delivered, copy.failed) for copy in read.copies] == [
        (56, True, False),
        (56, False, True),
    ]


@pytest.mark.parametrize(("text", "reason"), [("{}\n{", "line 2: not JSON"), ("[]", "line 1: a JSON object")])
def test_a_damaged_log_is_named_by_line(text: str, reason: str, tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    log.write_text(text.replace("{}", '{"at": "2026-07-27T05:56:00+08:00"}'))
    with pytest.raises(ValueError, match=reason):
        read_log(log)


def test_the_rules_of_the_district_are_read() -> None:
    rules = read_rules(ROOT / "rules", ROOT / "warnengine" / "demo" / "directory.csv")
    assert len(rules.towns) == 28
    red = [measure.order for measure in rules.standing(rules.towns["安居镇"], 4)]
    assert "撤离涪江225米线下住户,先老弱" in red
    assert not {"完成危险区人员转移,先老弱", "值班员收悉,传达到村社区"} & set(red)
    assert rules.recipients("forestry", 1) == frozenset()
    levels = dict.fromkeys(rules.towns, 1) | {"安居镇": 4}
    assert [rules.level(code, levels) for code in ("education", rules.towns["安居镇"], rules.towns["少云镇"])] == [
        4,
        4,
        1,
    ]
    village = "500151105001"
    assert rules.level(village, levels) == 4
    assert rules.level("500151114001", levels) == 1
    assert {post for post in ("secretary", "evacuation", "facility_head") for person in rules.people.values()
            if (village, post) in person.posts and person.ident in rules.recipients(village, 3)} == {
        "secretary", "evacuation", "facility_head",
    }  # fmt: skip
    vice = next(p for p in rules.people.values() if (rules.towns["安居镇"], "vice") in p.posts)
    assert vice.ident in rules.recipients(rules.towns["安居镇"], 2)
    assert vice.ident not in rules.recipients(rules.towns["安居镇"], 1)
