"""Tongliang with its 28 townships, some hazards, and builders of small messages."""

from __future__ import annotations

from collections.abc import Callable
from xml.sax.saxutils import escape

import pytest

from warnengine.ingest.formats import Reading
from warnengine.model.hazard import Hazard, HazardTable
from warnengine.model.level import Level
from warnengine.model.place import District, Township

TOWNS = """
001巴川街道 002东城街道 003南城街道 004蒲吕街道 005旧县街道 101土桥镇 103二坪镇 104水口镇 105安居镇 106白羊镇
107平滩镇 108小林镇 109双山镇 110虎峰镇 111石鱼镇 112福果镇 113庆隆镇 114少云镇 115维新镇 116高楼镇
117大庙镇 118围龙镇 119华兴镇 120永嘉镇 121安溪镇 122西河镇 123侣俸镇 124太平镇
"""
ALIASES = {
    "001": ("城区三街道",),
    "002": ("城区三街道",),
    "003": ("城区三街道",),
    "004": ("蒲吕镇",),
    "005": ("旧县镇",),
}
HOURS = ((Level.BLUE, 12), (Level.YELLOW, 6), (Level.ORANGE, 3), (Level.RED, 3))

Build = Callable[..., bytes]


@pytest.fixture(scope="session")
def tongliang() -> District:
    towns = tuple(Township("500151" + town[:3], town[3:], ALIASES.get(town[:3], ())) for town in TOWNS.split())
    return District("500151", "铜梁区", ("铜梁", "铜梁县", "重庆市铜梁区"), ("500224",), towns)


@pytest.fixture(scope="session")
def reading(tongliang: District) -> Reading:
    hazards = (
        Hazard("rainstorm", "暴雨", ("强降雨",), ("11B03",), HOURS),
        Hazard("gale", "大风", codes=("11B06",)),
        Hazard("thunderstorm_gale", "雷雨大风", codes=("11B20",)),
        Hazard("heat", "高温", codes=("11B09",)),
        Hazard("lightning", "雷电", codes=("11B14",)),
        Hazard("forest_fire", "森林火险", ("森林草原火险",), ("11B25",)),
        Hazard("geological", "地质灾害", ("地质灾害气象风险",), ("11B37",)),
        Hazard("flood", "洪水", ("江河洪水",), ("11A01",)),
    )
    return Reading({tongliang.code: tongliang}, HazardTable(hazards))


@pytest.fixture(scope="session")
def national() -> Build:
    """Builds a 12379 message; every field may be replaced."""

    def build(description: str = "", **fields: str) -> bytes:
        values = {
            "identifier": "50022441600000_20260727055430",
            "sender": "铜梁区气象局",
            "senderCode": "50022441600000",
            "sendTime": "2026-07-27 05:54:00+08:00",
            "status": "Actual",
            "msgType": "Alert",
            "references": "",
            "eventType": "11B03",
            "severity": "Red",
            "onset": "",
            "expires": "",
            "headline": "铜梁区气象局发布暴雨红色预警[I级/特别严重]",
            "areaDesc": "铜梁区,铜梁区",
            "geocode": "500151000000,500151000000",
        } | fields
        at = {name: escape(value) for name, value in values.items()}
        head = ("identifier", "sender", "senderCode", "sendTime", "status", "msgType", "references")
        info = ("eventType", "severity", "onset", "expires", "headline")
        area = ("areaDesc", "geocode")
        return (
            "<?xml version='1.0' encoding='UTF-8'?><alert>"
            + "".join(f"<{name}>{at[name]}</{name}>" for name in head)
            + "<scope>Public</scope><info><language>zh-CN</language><urgency>Unknown</urgency>"
            + "".join(f"<{name}>{at[name]}</{name}>" for name in info)
            + f"<description>{escape(description)}</description><area>"
            + "".join(f"<{name}>{at[name]}</{name}>" for name in area)
            + "<polygon/><circle/></area></info></alert>"
        ).encode()

    return build


@pytest.fixture(scope="session")
def info() -> Callable[..., str]:
    """Builds the info block of a CAP message; `code` makes a CPEAS geocode, `extra` goes in as it is."""

    def build(
        language: str = "zh-CN", code: str = "", area: str = "铜梁区", extra: str = "", **fields: str
    ) -> str:
        values = {"event": "暴雨", "severity": "Severe", "headline": "铜梁区气象台发布暴雨橙色预警"} | fields
        geocode = f"<geocode><valueName>CPEAS Geographic Code</valueName><value>{code}</value></geocode>"
        return (
            f"<info><language>{language}</language>"
            + "".join(f"<{name}>{escape(value)}</{name}>" for name, value in values.items())
            + f"{extra}<area><areaDesc>{area}</areaDesc>{geocode if code else ''}</area></info>"
        )

    return build


@pytest.fixture(scope="session")
def cap() -> Build:
    """Builds a CAP message around info blocks."""

    def build(*infos: str, namespace: str = "urn:oasis:names:tc:emergency:cap:1.2", **fields: str) -> bytes:
        values = {
            "identifier": "50022441600000_20260727055430",
            "sender": "Tongliang_Meteorological_Observatory",
            "sent": "2026-07-27T05:54:30+08:00",
            "status": "Actual",
            "msgType": "Alert",
            "scope": "Public",
        } | fields
        head = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in values.items() if value)
        return f'<alert xmlns="{namespace}">{head}{"".join(infos)}</alert>'.encode()

    return build
