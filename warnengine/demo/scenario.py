"""A night in Tongliang, 26 to 27 July 2026, as the weather bureau's messages tell it.

Wordings follow real warnings: all 28 townships named before “等大部分镇街”; a red whose period begins before its
issue and which names 25 of 28; “升级…为…”, where the colour after 为 counts; one message that downgrades some
townships only; a cancel whose title still says red. The issuer's code and the area codes are the county's old
ones (500224), every message has a new identifier and refers to the first issue.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Literal
from xml.sax.saxutils import escape

BEIJING = timezone(timedelta(hours=8), "Asia/Shanghai")
ISSUER = "50022441600000"
Way = Literal["kafka", "http"]

TOWNS = {
    "蒲吕街道": "004", "巴川街道": "001", "东城街道": "002", "南城街道": "003", "旧县街道": "005",
    "土桥镇": "101", "二坪镇": "103", "水口镇": "104", "安居镇": "105", "白羊镇": "106",
    "平滩镇": "107", "小林镇": "108", "虎峰镇": "110", "石鱼镇": "111", "福果镇": "112",
    "庆隆镇": "113", "少云镇": "114", "大庙镇": "117", "围龙镇": "118", "华兴镇": "119",
    "永嘉镇": "120", "安溪镇": "121", "西河镇": "122", "侣俸镇": "123", "太平镇": "124",
    "高楼镇": "116", "维新镇": "115", "双山镇": "109",
}  # fmt: skip
"""Name → last three digits of the code; the order in which the texts name them."""
SPARED = ("高楼镇", "维新镇", "双山镇")
"""The three that the red does not name."""
STORM = tuple(name for name in TOWNS if name not in SPARED)
RIVERS = (
    "安居镇", "少云镇", "高楼镇", "维新镇", "白羊镇", "平滩镇", "旧县街道", "土桥镇", "侣俸镇", "双山镇",
    "巴川街道", "东城街道", "南城街道", "大庙镇", "永嘉镇", "安溪镇", "西河镇", "华兴镇",
)  # fmt: skip
"""The eighteen that the yellow names."""
EASED = ("巴川街道", "东城街道", "南城街道", *SPARED)
"""The six that are downgraded in the morning."""


@dataclass(frozen=True, slots=True)
class Event:
    """One arrival of a message."""

    at: datetime
    """Engine time at which it reaches the district: some minutes after its issue."""
    via: tuple[Way, ...]
    body: bytes
    title: str
    """For the display."""


@dataclass(frozen=True, slots=True)
class Message:
    """The fields of a 12379 message that differ from one to the next."""

    entered: datetime
    """Entry into the national system; the identifier is made of it."""
    kind: Literal["Alert", "Update", "Cancel"]
    colour: Literal["Blue", "Yellow", "Orange", "Red"]
    headline: str
    text: str
    towns: Sequence[str]
    first: str = ""
    """Identifier of the first issue."""
    status: Literal["Actual", "Exercise"] = "Actual"
    period: tuple[datetime, datetime] | None = None
    """onset and expires; most messages leave both empty."""
    signer: str = field(default="周远航")

    @property
    def identifier(self) -> str:
        """Issuer and time of entry, 29 characters."""
        return f"{ISSUER}_{self.entered:%Y%m%d%H%M%S}"

    def xml(self) -> bytes:
        """The message as the national platform sends it."""
        onset, expires = self.period or ("", "")
        return _XML.format(
            identifier=self.identifier,
            issuer=ISSUER,
            sent=_stamp(self.entered.replace(second=0)),
            status=self.status,
            kind=self.kind,
            references=self.first,
            note="降雨已明显减弱" if self.kind == "Cancel" else "",
            colour=self.colour,
            effective=_stamp(self.entered + timedelta(seconds=70)),
            onset=_stamp(onset) if isinstance(onset, datetime) else "",
            expires=_stamp(expires) if isinstance(expires, datetime) else "",
            signer=self.signer,
            headline=escape(self.headline),
            text=escape(self.text),
            names=",".join(("铜梁区", *self.towns)),
            codes=",".join(("500224000000", *(f"500224{TOWNS[name]}000" for name in self.towns))),
        ).encode()


_XML = """<?xml version="1.0" encoding="UTF-8"?>
<alert>
    <identifier>{identifier}</identifier>
    <sender>铜梁区气象局</sender>
    <senderCode>{issuer}</senderCode>
    <sendTime>{sent}</sendTime>
    <status>{status}</status>
    <msgType>{kind}</msgType>
    <scope>Public</scope>
    <code>
        <method>
            <methodName>SMS</methodName>
            <message>{text}</message>
            <audienceGrp>d90a8856-1183-47b0-8d8d-29b0dbee6216,</audienceGrp>
            <audenceprt>,</audenceprt>
        </method>
        <method>
            <methodName>SPEAKER</methodName>
            <message>{text}</message>
            <audienceGrp/>
            <audenceprt>,</audenceprt>
        </method>
    </code>
    <secClassification>None</secClassification>
    <note>{note}</note>
    <references>{references}</references>
    <info>
        <language>zh-CN</language>
        <eventType>11B03</eventType>
        <urgency>Unknown</urgency>
        <severity>{colour}</severity>
        <certainty>Unknown</certainty>
        <effective>{effective}</effective>
        <onset>{onset}</onset>
        <expires>{expires}</expires>
        <senderName>{signer}</senderName>
        <headline>{headline}</headline>
        <description>{text}</description>
        <instruction/>
        <web/>
        <area>
            <areaDesc>{names}</areaDesc>
            <polygon/>
            <circle/>
            <geocode>{codes}</geocode>
        </area>
    </info>
</alert>
"""


def _stamp(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}+08:00"


def _on(day: int, clock: str) -> datetime:
    hour, minute, *second = (int(part) for part in clock.split(":"))
    return datetime(2026, 7, day, hour, minute, second[0] if second else 0, tzinfo=BEIJING)


BLUE = Message(
    _on(26, "19:11:42"), "Alert", "Blue", "铜梁区气象台发布暴雨蓝色预警[IV级/一般]",
    "铜梁区气象台2026年7月26日19时10分发布“暴雨蓝色预警信号”,预计26日20时至27日08时,我区"
    + "、".join(TOWNS) + "等大部分镇街降雨量将达50毫米以上,请注意防范。",
    tuple(TOWNS), period=(_on(26, "20:00"), _on(27, "08:00")),
)  # fmt: skip
YELLOW = Message(
    _on(26, "22:41:10"), "Update", "Yellow", "铜梁区气象台发布暴雨黄色预警[III级/较重]",
    "铜梁区气象台7月26日22时40分升级19时10分发布的“暴雨蓝色预警信号”为“暴雨黄色预警信号”:预计未来6小时,我区"
    + "、".join(RIVERS) + "等部分镇街降雨量将达50毫米以上,请注意防范。",
    RIVERS, first=BLUE.identifier,
)  # fmt: skip
ORANGE = Message(
    _on(27, "02:21:05"), "Update", "Orange", "铜梁区气象台发布暴雨橙色预警[II级/严重]",
    "铜梁区气象台2026年7月27日02时20分升级26日22时40分发布的“暴雨黄色预警信号”为“暴雨橙色预警信号”,"
    "过去1小时,华兴雨量已达42毫米,预计27日02:00-05:00,"
    + "、".join(TOWNS) + "等28个镇街累计雨量将达50毫米以上,请注意防范。",
    tuple(TOWNS), first=BLUE.identifier,
)  # fmt: skip
RED = Message(
    _on(27, "05:54:48"), "Update", "Red", "铜梁区气象台发布暴雨红色预警[I级/特别重大]",
    "铜梁区气象台7月27日5时54分发布“暴雨红色预警信号”:预计27日5时至8时,铜梁区"
    + "、".join(STORM) + "等部分镇街累计雨量将达100毫米以上,最大小时雨强可达40-60毫米,请注意防范。",
    STORM, first=BLUE.identifier,
)  # fmt: skip
RED_CONTINUES = Message(
    _on(27, "07:41:20"), "Update", "Red", "铜梁区气象台继续发布暴雨红色预警[I级/特别重大]",
    "铜梁区气象台7月27日7时40分继续发布“暴雨红色预警信号”:预计27日8时至10时,铜梁区"
    + "、".join(STORM) + "等部分镇街仍有强降雨,累计雨量将达100毫米以上,请注意防范。",
    STORM, first=BLUE.identifier,
)  # fmt: skip
EASES = Message(
    _on(27, "10:06:02"), "Update", "Red", "铜梁区气象台变更暴雨预警信号",
    "铜梁区气象台7月27日10时05分将" + "、".join(EASED)
    + "暴雨预警信号降级为黄色,其余镇街暴雨红色预警信号仍生效。",
    (), first=BLUE.identifier,
)  # fmt: skip
CANCEL = Message(
    _on(27, "12:31:15"), "Cancel", "Red", "铜梁区气象台解除暴雨红色预警[I级/特别重大]",
    "铜梁区气象台7月27日12时30分解除全区“暴雨红色预警信号”和“暴雨黄色预警信号”,降雨已明显减弱。",
    tuple(TOWNS), first=BLUE.identifier, signer="周远航",
)  # fmt: skip
EXERCISE = Message(
    _on(26, "20:30:00"), "Alert", "Red", "铜梁区气象台发布暴雨红色预警[I级/特别重大](演练)",
    "【演练】铜梁区气象台7月26日20时30分发布“暴雨红色预警信号”:预计26日20时至23时,铜梁区安居镇等部分镇街"
    "累计雨量将达100毫米以上。",
    ("安居镇",), status="Exercise",
)  # fmt: skip
MALFORMED = BLUE.xml()[: len(BLUE.xml()) // 2]

MESSAGES = (BLUE, YELLOW, ORANGE, RED, RED_CONTINUES, EASES, CANCEL)
"""Everything that may order something, in order of issue."""


def night() -> tuple[Event, ...]:
    """All arrivals in order of engine time: by Kafka within minutes, again by HTTP with that feed's lag."""
    both: tuple[Way, ...] = ("kafka", "http")
    return (
        Event(_on(26, "19:13"), ("kafka",), BLUE.xml(), "暴雨蓝色 28个镇街"),
        Event(_on(26, "19:31"), ("http",), BLUE.xml(), "暴雨蓝色 又从另一来源到达,晚21分钟"),
        Event(_on(26, "20:02"), ("kafka",), MALFORMED, "残缺的报文"),
        Event(_on(26, "20:31"), both, EXERCISE.xml(), "演练报文 暴雨红色"),
        Event(_on(26, "22:42:30"), ("kafka",), YELLOW.xml(), "暴雨黄色 18个镇街"),
        Event(_on(26, "22:58"), ("http",), YELLOW.xml(), "暴雨黄色 又从另一来源到达"),
        Event(_on(27, "02:22:30"), ("http",), ORANGE.xml(), "暴雨橙色 28个镇街"),
        Event(_on(27, "02:41"), ("kafka",), ORANGE.xml(), "暴雨橙色 又从另一来源到达"),
        Event(_on(27, "05:56"), ("kafka",), RED.xml(), "暴雨红色 25个镇街"),
        Event(_on(27, "06:15"), ("http",), RED.xml(), "暴雨红色 又从另一来源到达"),
        Event(_on(27, "07:42:30"), ("kafka",), RED_CONTINUES.xml(), "继续发布 暴雨红色"),
        Event(_on(27, "10:07"), ("kafka",), EASES.xml(), "6个镇街降为黄色,其余红色仍生效"),
        Event(_on(27, "12:32:30"), both, CANCEL.xml(), "解除 全区"),
        Event(_on(27, "12:51"), ("http",), RED.xml(), "暴雨红色 迟到的重复报文"),
    )
