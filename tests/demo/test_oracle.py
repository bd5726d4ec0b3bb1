"""A miniature night, right and with one fault at a time: three townships, two sectors, twelve people.

Blue for all at 19:00, again by another way at 19:20; red for 安居镇 and 少云镇 at 05:54; 停课 approved at 05:58;
red repeated at 07:40; 少云镇 back to blue at 09:00; all over at 12:30; the red comes once more at 12:50.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from warnengine.demo.oracle import EngineClaims, Verdict, judge

BEIJING = timezone(timedelta(hours=8))
TOWNS = ("安居镇", "少云镇", "双山镇")

DIRECTORY = """unit,post,person,name,mobile,email,deputy,superior
500151105,duty,a1,安一,19900000011,,,a2
500151105,vice,a2,安二,19900000012,a2@example.cn,,
500151114,duty,s1,少一,19900000021,,,s2
500151114,vice,s2,少二,19900000022,,,
500151109,duty,d1,双一,19900000031,,,d2
500151109,duty,d0,双零,19900000030,,,d2
500151109,vice,d2,双二,19900000032,,,
education,duty,e1,教一,19900000041,,,e2
education,vice,e2,教二,19900000042,,,
water,duty,w1,水一,19900000051,,,w2
water,vice,w2,水二,19900000052,,w3,
water,standby,w3,水三,19900000053,,,w2
"""

RULES = {
    "ladder.yaml": """
blue: {called: {sector: [duty], township: [duty]}}
red: {called: {sector: [duty, vice], township: [duty, vice]}}
""",
    "units/all.yaml": """
units:
  - {code: '500151105', name: 安居镇, short: 安居镇, kind: township, aliases: [安居]}
  - {code: '500151114', name: 少云镇, short: 少云镇, kind: township}
  - {code: '500151109', name: 双山镇, short: 双山镇, kind: township}
  - {code: education, name: 区教委, short: 教委, kind: sector}
  - {code: water, name: 区水利局, short: 水利局, kind: sector}
""",
    "measures/township.yaml": """
kind: township
measures:
  - {id: t.blue.1, when: {hazard: rainstorm, level: blue}, order: 值班员收悉}
  - {id: t.red.1, when: {hazard: rainstorm, level: red}, order: 转移危险区人员, compulsory: true,
     advice: 危险区人员收拾转移, replaces: [t.blue.1]}
""",
    "measures/education.yaml": """
sector: education
measures:
  - {id: e.blue.1, when: {hazard: rainstorm, level: blue}, order: 提醒学校}
  - {id: e.red.1, when: {hazard: rainstorm, level: red}, order: 全区学校停课, compulsory: true,
     advice: 做好停课准备}
""",
    "measures/water.yaml": """
sector: water
measures:
  - {id: w.blue.1, when: {hazard: rainstorm, level: blue}, order: 查水库}
  - {id: w.red.1, when: {hazard: rainstorm, level: red}, order: 每30分钟报水情, replaces: [w.blue.1]}
""",
    "plans/500151105-安居镇.yaml": """
township: '500151105'
measures:
  - {id: p.red.1, when: {hazard: rainstorm, level: red}, order: 撤离涪江225米线下住户, compulsory: true,
     advice: 通知225米线下住户收拾转移, replaces: [t.red.1]}
""",
}


@dataclass(frozen=True)
class Arrival:
    at: datetime
    body: bytes
    title: str


def clock(time: str) -> datetime:
    hour, minute, *second = (int(part) for part in time.split(":"))
    return datetime(2026, 7, 26 if hour > 12 else 27, hour, minute, *second, tzinfo=BEIJING)


def signal(ident: str, kind: str, colour: str, text: str) -> bytes:
    return (
        f"<alert><identifier>{ident}</identifier><status>Actual</status><msgType>{kind}</msgType><info>"
        f"<eventType>11B03</eventType><severity>{colour}</severity><headline>{text[:12]}</headline>"
        f"<description>{text}</description></info></alert>"
    ).encode()


BLUE = signal("1", "Alert", "Blue", "铜梁区气象台发布“暴雨蓝色预警信号”,预计我区部分镇街有暴雨。")
RED = signal(
    "2", "Update", "Red", "铜梁区气象台升级“暴雨蓝色预警信号”为“暴雨红色预警信号”:预计安居镇、少云镇有暴雨。"
)
AGAIN = signal("3", "Update", "Red", "铜梁区气象台继续发布“暴雨红色预警信号”:预计安居镇、少云镇仍有暴雨。")
EASE = signal("4", "Update", "Red", "铜梁区气象台将少云镇暴雨预警信号降级为蓝色,其余镇街暴雨预警信号仍生效。")
CANCEL = signal("5", "Cancel", "Red", "铜梁区气象台解除“暴雨红色预警信号”。")
SCENARIO = (
    Arrival(clock("19:00"), BLUE, "蓝色"),
    Arrival(clock("19:20"), BLUE, "蓝色又来"),
    Arrival(clock("19:30"), b"<alert><ident", "残缺"),
    Arrival(clock("5:54"), RED, "红色"),
    Arrival(clock("7:40"), AGAIN, "继续红色"),
    Arrival(clock("9:00"), EASE, "少云镇降级"),
    Arrival(clock("12:30"), CANCEL, "解除红色"),
    Arrival(clock("12:50"), RED, "红色又来"),
)

PHONES = {row.split(",")[2]: row.split(",")[4] for row in DIRECTORY.splitlines()[1:]}
PLACES = {"a": "安居镇", "s": "少云镇", "d": "双山镇", "e": "教委", "w": "水利局"}
BLUES = {"a": "值班员收悉", "s": "值班员收悉", "d": "值班员收悉", "e": "提醒学校", "w": "查水库"}
REDS = {
    "a": "06:25前通知225米线下住户收拾转移",
    "s": "06:25前危险区人员收拾转移",
    "e": "06:25前做好停课准备",
    "w": "06:25前每30分钟报水情",
}


@dataclass
class Night:
    """What the simulators wrote and what the engine says; a fault changes either."""

    lines: list[dict[str, Any]] = field(default_factory=list)
    deliveries: list[dict[str, Any]] = field(default_factory=list)
    approvals: list[dict[str, Any]] = field(default_factory=list)
    orders: list[dict[str, Any]] = field(default_factory=list)

    def send(
        self, time: str, person: str, text: str, kind: str = "order", fate: str = "DELIVRD"
    ) -> dict[str, Any]:
        """A message, its receipt and the delivery that claims it; returns the delivery."""
        self.message(time, person, text, fate)
        return self.claim(time, person, text, kind, "delivered" if fate == "DELIVRD" else "accepted")

    def message(self, time: str, person: str, text: str, fate: str = "DELIVRD") -> None:
        own = {"gateway": "smpp", "to": f"+86{PHONES[person]}", "ids": [f"m{len(self.lines)}"]}
        self.line(time, own | {"event": "message", "text": text, "parts": 1, "fate": "answers"})
        if fate:
            self.line(time, own | {"event": "receipt", "fate": fate})

    def line(self, time: str, fields: dict[str, Any]) -> None:
        moment = clock(time).isoformat()
        self.lines.append({"at": moment, "engine_at": moment, "connection": 1} | fields)

    def claim(self, time: str, person: str, text: str, kind: str, state: str) -> dict[str, Any]:
        delivery = {
            "id": str(len(self.deliveries)), "person": person, "address": f"+86{PHONES[person]}", "channel": "sms",
            "kind": kind, "state": state, "reason": "", "possible_duplicates": 0, "attempts": 1, "text": text,
            "at": clock(time).isoformat(), "change": time,
        }  # fmt: skip
        self.deliveries.append(delivery)
        return delivery

    def reply(self, time: str, person: str, text: str) -> None:
        self.line(time, {"event": "reply", "gateway": "smpp", "to": f"+86{PHONES[person]}", "text": text})

    def forget(self, time: str, person: str) -> None:
        """Nothing was sent and nothing claimed."""
        moment, phone = clock(time).isoformat(), f"+86{PHONES[person]}"
        self.lines = [one for one in self.lines if (one["engine_at"], one["to"]) != (moment, phone)]
        self.deliveries = [one for one in self.deliveries if (one["at"], one["address"]) != (moment, phone)]

    def of(self, time: str, person: str) -> dict[str, Any]:
        moment = clock(time).isoformat()
        return next(one for one in self.deliveries if (one["at"], one["person"]) == (moment, person))

    def judged(self, folder: Path) -> Verdict:
        lines = sorted(self.lines, key=lambda line: line["engine_at"])
        log = folder / "gateways.jsonl"
        log.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")
        (folder / "people.csv").write_text(DIRECTORY, encoding="utf-8")
        for name, text in RULES.items():
            path = folder / "rules" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        claims = EngineClaims(tuple(self.orders), tuple(self.deliveries), tuple(self.approvals))
        return judge(log, SCENARIO, folder / "rules", folder / "people.csv", claims)


def blue(person: str) -> str:
    return f"【铜梁应急】暴雨蓝色 {PLACES[person[0]]}:{BLUES[person[0]]}。收到回1"


def red(person: str) -> str:
    return f"【铜梁应急】暴雨红色 {PLACES[person[0]]}:{REDS[person[0]]}。收到回1,撤完回3加人数。"


def right() -> Night:
    """The night as it should go."""
    night = Night()
    for person in ("a1", "s1", "d1", "e1", "w1"):
        night.send("19:00:05", person, blue(person))
    night.send("19:00:05", "d0", blue("d0"), fate="UNDELIV").update(state="failed", reason="空号")
    for person in ("a1", "a2", "s1", "s2", "e1", "e2", "w1", "w2"):
        night.send("5:54:05", person, red(person), "update" if person.endswith("1") else "order")
    night.reply("5:56", "s2", "1")
    night.reply("5:57", "e1", "２ 正在通知")
    night.approvals.append(
        {"id": "x", "unit": "education", "state": "approved", "decided_at": clock("5:58").isoformat()}
    )
    for person in ("e1", "e2"):
        night.send("5:58:05", person, "【铜梁应急】暴雨红色 教委:06:25前全区学校停课。收到回1", "update")
    night.send("5:59", "w3", "【铜梁应急】暴雨红色 水利局:水二未应答。06:25前每30分钟报水情。", "escalation")
    night.reply("6:20", "a2", "3 转移35人")
    night.orders.append({"id": "o1", "unit": "500151105", "acknowledged": True, "acting": True, "done": True})
    for person in ("s1", "s2", "w1", "w2"):
        night.send("7:40:05", person, red(person).replace("暴雨红色", "暴雨红色仍在持续"), "update")
    for person in ("s1", "s2"):
        night.send("9:00:05", person, "【铜梁应急】暴雨红色降为蓝色 少云镇:转移不再要求。值班员收悉", "lapse")
    for person in ("a1", "a2", "s1", "s2", "d1", "e1", "e2", "w1", "w2", "w3"):
        night.send("12:30:05", person, f"【铜梁应急】暴雨预警解除 {PLACES[person[0]]}:恢复正常,辛苦了。", "lapse")
    return night


def test_a_right_night_has_no_finding(tmp_path: Path) -> None:
    verdict = right().judged(tmp_path)
    assert [finding.sentence for finding in verdict.findings] == []
    assert verdict.clean
    assert verdict.report(7.0, "kafka") == {
        "warnings": 5, "orders": 1, "deliveries": 33, "accepted": 33, "delivered": 32, "acknowledged": 3,
        "escalated": 1, "unreachable": 1, "duplicates": 0, "unexplained": 0, "first_submit_p99_s": 5.0,
        "wall_s": 7.0, "broker": "kafka",
    }  # fmt: skip


def test_the_table_counts_each_person_once_for_each_change(tmp_path: Path) -> None:
    rows = {row.unit: row for row in right().judged(tmp_path).rows}
    counted = {
        unit: (
            row.gravest,
            row.ordered,
            row.sent,
            row.delivered,
            row.acknowledged,
            row.acting,
            row.done,
            row.escalated,
        )
        for unit, row in rows.items()
    }
    assert counted == {
        "安居镇": (4, 3, 3, 3, 1, 1, 1, 0),
        "少云镇": (4, 7, 7, 7, 1, 0, 0, 0),
        "双山镇": (1, 2, 1, 1, 0, 0, 0, 0),
        "区教委": (4, 3, 3, 3, 1, 1, 0, 0),
        "区水利局": (4, 5, 5, 5, 0, 0, 0, 1),
    }
    assert rows["双山镇"].unreachable == ("双零: 空号",)


def test_the_phone_shows_what_its_owner_saw_and_said(tmp_path: Path) -> None:
    phone = right().judged(tmp_path).phone
    assert phone is not None
    assert (phone.owner, phone.unit) == ("安二", "安居镇")
    assert [(f"{b.moment:%H:%M}", b.theirs, b.text[:9]) for b in phone.bubbles] == [
        ("05:54", True, "【铜梁应急】暴雨红"),
        ("06:20", False, "3 转移35人"),
        ("12:30", True, "【铜梁应急】暴雨预"),
    ]


Fault = Callable[[Night], object]


def _silent_delivery(night: Night) -> None:
    night.lines = [
        line for line in night.lines
        if (line["event"], line["to"], line["engine_at"])
        != ("receipt", f"+86{PHONES['d1']}", clock("19:00:05").isoformat())
    ]  # fmt: skip


def _second_copy(night: Night) -> None:
    night.message("5:54:20", "w1", red("w1"))


def _reworded(time: str, person: str, old: str, new: str) -> Fault:
    def fault(night: Night) -> None:
        delivery = night.of(time, person)
        wrong = delivery["text"].replace(old, new)
        assert wrong != delivery["text"]
        for line in night.lines:
            if line.get("text") == delivery["text"] and line["to"] == delivery["address"]:
                line["text"] = wrong
        delivery["text"] = wrong

    return fault


def _late(sent: str, decided: str, person: str, kind: str = "order") -> Fault:
    """An order decided in time that is written much later."""

    def fault(night: Night) -> None:
        text = f"【铜梁应急】暴雨蓝色 {PLACES[person[0]]}:{BLUES[person[0]]}。请尽快回复"
        night.message(sent, person, text)
        night.claim(decided, person, text, kind, "accepted")

    return fault


def _red_of_cancel(night: Night) -> None:
    text = "【铜梁应急】暴雨红色 安居镇:13:00前通知225米线下住户收拾转移。"
    night.send("12:30:02", "a1", text)


def _red_of_replay(night: Night) -> None:
    night.send("12:50:05", "a1", "【铜梁应急】暴雨红色 安居镇:13:20前通知225米线下住户收拾转移。")


FAULTS: dict[str, tuple[Fault, str]] = {
    "nobody told one of the called": (lambda n: n.forget("19:00:05", "s1"), "lost"),
    "one of a sector was not told of the red": (lambda n: n.forget("5:54:05", "w2"), "lost"),
    "one who had not reported was not asked again": (lambda n: n.forget("7:40:05", "s2"), "lost"),
    "called at red, not told that it became blue": (lambda n: n.forget("9:00:05", "s2"), "lost"),
    "no all-clear to a deputy who had been asked": (lambda n: n.forget("12:30:05", "w3"), "lost"),
    "unreachable, and no reason": (lambda n: n.of("19:00:05", "d0").update(reason=""), "lost"),
    "delivered without a receipt": (_silent_delivery, "phantom"),
    "sent, and no gateway knows": (
        lambda n: n.claim("6:30", "w1", "【铜梁应急】暴雨红色 水利局:请尽快回复", "reminder", "accepted"),
        "phantom",
    ),
    "done, and nobody said so": (lambda n: n.orders.append({"unit": "water", "done": True}), "phantom"),
    "a copy more than admitted": (_second_copy, "duplicate"),
    "two orders for one change": (
        lambda n: n.send("5:55", "w1", "【铜梁应急】暴雨红色 水利局:06:30前每30分钟报水情。"),
        "duplicate",
    ),
    "the same warning by another way sends again": (lambda n: n.send("19:20:05", "s1", blue("s1")), "replay"),
    "an old red after the all-clear sends again": (_red_of_replay, "replay"),
    "an order after the phone's all-clear": (_late("12:31", "12:29", "a1"), "after_all_clear"),
    "an order after the last all-clear": (_late("12:35", "12:29", "d2", "reminder"), "after_final_all_clear"),
    "a red order made of 解除红色": (_red_of_cancel, "red_from_cancel"),
    "one measure in more than 70 characters": (
        _reworded("19:00:05", "d1", "收悉", "收悉" + "雨" * 50),
        "too_long",
    ),
    "the level of another township": (_reworded("19:00:05", "d1", "蓝色", "橙色"), "wrong_level"),
    "an all-clear while red stands": (
        lambda n: n.send("6:40", "a1", "【铜梁应急】暴雨预警解除 安居镇:恢复正常", "reminder"),
        "wrong_level",
    ),
    "the name of another township": (_reworded("5:54:05", "s2", "少云镇", "双山镇"), "wrong_town"),
    "a measure that another has replaced": (
        _reworded("5:54:05", "w2", "每30分钟报水情", "每30分钟报水情,查水库"),
        "wrong_measure",
    ),
    "told of a red that spares the township": (
        lambda n: n.send("5:54:05", "d1", "【铜梁应急】双山镇:请留意"),
        "not_affected",
    ),
    "told at a level that does not call": (lambda n: n.send("19:00:05", "e2", blue("e2")), "not_affected"),
    "an all-clear to somebody never told": (
        lambda n: n.send("12:30:05", "d2", "【铜梁应急】暴雨预警解除 双山镇", "lapse"),
        "not_affected",
    ),
    "a compulsory order before its approval": (
        _reworded("5:54:05", "e2", "做好停课准备", "全区学校停课"),
        "before_approval",
    ),
    "asked again after having reported": (
        lambda n: n.send("7:40:05", "a2", red("a2").replace("红色", "红色仍在持续"), "update"),
        "asked_again",
    ),
    "a message that nobody owns up to": (lambda n: n.message("6:00", "w2", "请速回电"), "unexplained"),
}  # fmt: skip


@pytest.mark.parametrize(("fault", "kind"), FAULTS.values(), ids=FAULTS.keys())
def test_a_planted_fault_gives_exactly_its_finding(fault: Fault, kind: str, tmp_path: Path) -> None:
    night = right()
    fault(night)
    findings = night.judged(tmp_path).findings
    assert [finding.kind for finding in findings] == [kind], [finding.sentence for finding in findings]
    assert findings[0].sentence


def _possible_second(night: Night) -> None:
    _second_copy(night)
    night.of("5:54:05", "w1")["possible_duplicates"] = 1


def _second_try(night: Night) -> None:
    """The first gateway's receipt says failed, the next attempt arrives."""
    night.lines = [
        line | {"fate": "UNDELIV"} if line["event"] == "receipt" and line["to"].endswith(PHONES["w1"]) else line
        for line in night.lines
        if line["engine_at"] == clock("5:54:05").isoformat()
    ] + [line for line in night.lines if line["engine_at"] != clock("5:54:05").isoformat()]
    night.message("5:54:50", "w1", red("w1"))
    night.of("5:54:05", "w1")["attempts"] = 2


def _in_parts(night: Night) -> None:
    """A long message with a receipt for each part."""
    for line in night.lines:
        if line["event"] == "message" and line["to"].endswith(PHONES["w2"]):
            line["ids"] = [line["ids"][0], line["ids"][0] + "b"]
            night.line("12:59", {"event": "receipt", "gateway": "smpp", "to": line["to"], "ids": [line["ids"][1]],
                                 "fate": "DELIVRD"})  # fmt: skip


def _asked_for_approval(night: Night) -> None:
    night.send("5:55", "d2", "【铜梁应急】请批准区教委停课", "approval")
    night.send("12:30:05", "d2", "【铜梁应急】暴雨预警解除 双山镇:恢复正常", "lapse")


RIGHT: dict[str, Fault] = {
    "a copy recorded as possible": _possible_second,
    "a second try after a failed first": _second_try,
    "a receipt for every part": _in_parts,
    "an answer instead of a receipt": lambda n: (_silent_delivery(n), n.reply("20:00", "d1", "收到")),
    "the old level seconds after the news": _late("5:54:03", "5:53:59", "w1", "reminder"),
    "a reminder": lambda n: n.send("6:00", "w1", red("w1"), "reminder"),
    "a page of a browser unknown to the directory": lambda n: n.line(
        "6:00", {"event": "page", "gateway": "push", "to": "https://push.example/1", "text": "3"}
    ),
    "an all-clear to somebody asked for approval": _asked_for_approval,
    "absent keys": lambda n: n.orders.append({"unit": "nowhere"}),
}


@pytest.mark.parametrize("variant", RIGHT.values(), ids=RIGHT.keys())
def test_what_is_explained_is_no_finding(variant: Fault, tmp_path: Path) -> None:
    night = right()
    variant(night)
    assert [finding.sentence for finding in night.judged(tmp_path).findings] == []


def test_a_second_copy_that_was_recorded_as_possible_is_counted(tmp_path: Path) -> None:
    night = right()
    _possible_second(night)
    assert night.judged(tmp_path).duplicates == 1


def test_an_order_and_its_email_are_one_message_each(tmp_path: Path) -> None:
    night = right()
    text = red("a2")
    night.line(
        "5:54:05", {"event": "message", "gateway": "smtp", "to": "A2@example.cn", "text": f"主题\n{text}\n链接"}
    )
    night.claim("5:54:05", "a2", text, "order", "accepted")["address"] = "a2@example.cn"
    assert night.judged(tmp_path).clean
