"""一乡镇一方案: what is particular to one township, and the places in it where people are in danger."""

from __future__ import annotations

from collections.abc import Container, Iterator
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from warnengine.model.book.entry import Day, Entry, Levels, Phrase
from warnengine.model.book.measure import Measure
from warnengine.model.level import Level

Count = Annotated[int, Field(ge=0)]


class PointKind(StrEnum):
    """What a point is, in the words of the ledgers (台账)."""

    LANDSLIDE = "地灾隐患点"
    FLASH_FLOOD = "山洪危险区"
    LOW_GROUND = "低洼易涝点"
    RESERVOIR = "水库"
    POND = "山坪塘"
    RIVERSIDE = "临河住户"
    CUT_SLOPE = "切坡建房"
    OLD_HOUSE = "老旧房"
    SITE = "在建工地"
    SCHOOL = "学校"
    HOSPITAL = "医院"
    CARE_HOME = "养老院"
    SCENIC = "景区"
    GUEST_HOUSE = "民宿"
    MINE = "矿山"
    CHEMICALS = "危化"
    FERRY = "渡口"
    CAUSEWAY = "漫水桥"
    UNDERGROUND = "地下空间"
    FOREST_GATE = "林区卡口"


class Role(StrEnum):
    """For what somebody answers at a point. A reservoir's 三个责任人 are party, technical and monitor."""

    PARTY = "party"
    SECTOR = "sector"
    TECHNICAL = "technical"
    MONITOR = "monitor"
    EVACUATION = "evacuation"

    @property
    def zh(self) -> str:
        """党政责任人"""
        return ROLES[self]


ROLES = {
    Role.PARTY: "党政责任人",
    Role.SECTOR: "行业责任人",
    Role.TECHNICAL: "技术责任人",
    Role.MONITOR: "监测责任人",
    Role.EVACUATION: "转移责任人",
}


class Alarm(StrEnum):
    """How people on the spot are alarmed when nothing else works."""

    GONG = "鸣锣"
    SIREN = "手摇报警器"
    LOUDSPEAKER = "大喇叭"
    WHISTLE = "口哨"
    DOOR = "逐户敲门"


class Charge(Entry):
    """A post that answers for a point; who holds it is in the address list."""

    role: Role
    unit: str
    """The township, one of its villages or grids, or a sector."""
    post: str


class Point(Entry):
    """A place in a township where people are in danger."""

    code: str = Field(pattern=r"^\d{9}-\d{2,4}$")
    """The township's code and a number."""
    name: Phrase
    kind: PointKind
    hazards: tuple[str, ...] = Field(min_length=1)
    """Keys of what endangers it: its people are called when one of these is in force."""
    village: str = Field(default="", pattern=r"^(\d{12})?$")
    """Code of the village or community."""
    lon: float | None = Field(default=None, ge=73, le=136)
    lat: float | None = Field(default=None, ge=3, le=54)
    datum: Literal["WGS84", "GCJ02"] | None = None
    """Of lon and lat: domestic maps are shifted by hundreds of metres."""
    elevation: float | None = Field(default=None, ge=-200, le=9000)
    """Metres."""
    height: Literal["吴淞", "黄海"] | None = None
    """The datum of the elevation: at one place the two differ by about 1.5 m."""
    households: Count | None = None
    people: Count | None = None
    special: Count | None = None
    """Of the people: old, ill, disabled, children (特殊人群), who go first."""
    responsible: tuple[Charge, ...] = ()
    trigger: str = Field(default="", max_length=120)
    """When its people must go, in words: 涪江水位到225米."""
    route: str = Field(default="", max_length=120)
    shelter: str = Field(default="", max_length=120)
    capacity: Count | None = None
    """People that the shelter takes."""
    alarm: tuple[Alarm, ...] = ()
    updated: Day | None = None
    """When somebody last looked whether this is still true."""
    sample: bool = False
    confirm: Literal["bureau"] | None = None


class Called(Entry):
    """A post of the township, or of a village or grid in it, that its plan calls beside those of the ladder."""

    unit: str
    post: str
    hazards: tuple[str, ...] = Field(min_length=1)
    levels: Levels


class Plan(Entry):
    """一乡镇一方案: what is particular to one township."""

    township: str = Field(pattern=r"^\d{9}$")
    name: Phrase
    sensitive: tuple[str, ...] = ()
    """敏感灾种: hazard keys, the gravest first."""
    risks: tuple[Phrase, ...] = ()
    posts: tuple[Called, ...] = ()
    points: tuple[Point, ...] = ()
    measures: tuple[Measure, ...] = ()
    confirm: Literal["bureau"] | None = None

    def calls(self, unit: str, level: Level, roles: Container[Role], hazard: str | None = None) -> Iterator[str]:
        """Posts of a unit that the plan calls: its own, and those that answer in such a role for a point.

        hazard: what is in force; None: whatever it may be.
        """
        for called in self.posts:
            if called.unit == unit and level in (called.levels or Level) and hazard in (None, *called.hazards):
                yield called.post
        for point in self.points:
            if hazard in (None, *point.hazards):
                yield from (one.post for one in point.responsible if one.unit == unit and one.role in roles)
