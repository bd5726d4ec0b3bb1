"""What `parse` prints."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

from warnengine.ingest.formats import Reading, read
from warnengine.ingest.formats.report import describe
from warnengine.model.warning import MsgType

Build = Callable[..., bytes]


def test_one_entry_for_one_level(reading: Reading, national: Build) -> None:
    (warning,) = read(national("铜梁区气象台发布暴雨红色预警信号:预计27日5时至8时我区有暴雨"), reading)
    (entry,) = describe(warning)
    problems = entry.pop("problems")
    assert entry == {
        "identifier": "50022441600000_20260727055430",
        "sender": "铜梁区气象局",
        "sent": "2026-07-27T05:54:00+08:00",
        "status": "Actual",
        "msg_type": "Alert",
        "references": [],
        "hazard": "rainstorm",
        "level": "red",
        "areas": [{"code": "500151", "name": "铜梁区"}],
        "effective": None,
        "onset": "2026-07-27T05:00:00+08:00",
        "expires": "2026-07-27T08:00:00+08:00",
        "headline": "铜梁区气象局发布暴雨红色预警[I级/特别严重]",
    }
    assert json.loads(json.dumps(problems))[0].keys() == {"rule", "severity", "message"}


def test_a_message_that_downgrades_two_and_lifts_one_gives_two_entries(reading: Reading, national: Build) -> None:
    text = "铜梁区气象台将安居镇、少云镇暴雨红色预警信号降级为黄色,解除太平镇暴雨红色预警信号"
    raw = national(text, msgType="Update", severity="Yellow", headline="铜梁区气象台变更暴雨黄色预警")
    entries = describe(read(raw, reading)[0])
    assert [(e["msg_type"], e["level"], len(e["areas"])) for e in entries] == [  # type: ignore[arg-type]
        ("Update", "yellow", 2),
        ("Cancel", None, 1),
    ]


def test_what_stands_in_a_message_that_ends_something_is_no_cancel(reading: Reading, national: Build) -> None:
    (warning,) = read(national("铜梁区气象台发布暴雨红色预警信号:预计27日5时至8时我区有暴雨"), reading)
    (entry,) = describe(replace(warning, msg_type=MsgType.CANCEL))
    assert (entry["msg_type"], entry["level"]) == ("Update", "red")


def test_a_response_is_no_colour(reading: Reading, national: Build) -> None:
    (entry,) = describe(read(national(headline="铜梁区启动防汛Ⅰ级应急响应", severity="Red"), reading)[0])
    assert (entry["msg_type"], entry["level"]) == ("Alert", None)


def test_an_unknown_level_is_null_and_not_a_cancel(reading: Reading, national: Build) -> None:
    raw = national("我区将有暴雨", severity="Unknown", headline="铜梁区暴雨消息")
    (entry,) = describe(read(raw, reading)[0])
    assert (entry["msg_type"], entry["hazard"], entry["level"]) == ("Alert", "rainstorm", None)
    assert entry["areas"] == [{"code": "500151", "name": "铜梁区"}]


def test_a_message_without_an_area_still_has_an_entry(reading: Reading, national: Build) -> None:
    (entry,) = describe(read(national(areaDesc="", geocode=""), reading)[0])
    assert entry["areas"] == []
