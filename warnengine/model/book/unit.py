"""Who receives orders: units and the posts in them."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Literal

from pydantic import Field

from warnengine.model.book.entry import Entry, Phrase


class UnitKind(StrEnum):
    """What a unit is to the district."""

    DISTRICT = "district"
    """The district's leadership (区领导)."""
    DUTY_ROOM = "duty_room"
    """区应急局值班室, which watches, chases and calls."""
    SECTOR = "sector"
    """A bureau or company that acts in the whole district (一行业一措施)."""
    TOWNSHIP = "township"
    """A 镇 or 街道 (一乡镇一方案)."""
    COMMITTEE = "committee"
    """A 管委会: receives orders like a township, is not an administrative division."""
    VILLAGE = "village"
    """A 村 or 社区 of a township, whose weather it has."""
    GRID = "grid"
    """A 网格 of a village."""


BOUND = (UnitKind.SECTOR, UnitKind.TOWNSHIP, UnitKind.COMMITTEE, UnitKind.VILLAGE, UnitKind.GRID)
"""Kinds of unit that receive orders."""
DIGITS = {UnitKind.TOWNSHIP: 9, UnitKind.VILLAGE: 12, UnitKind.GRID: 14}
"""How long the codes of the administrative divisions are: each begins with that of the one above it."""


class Former(Entry):
    """What a unit was called before."""

    name: Phrase
    short: Phrase | None = None
    """In an SMS; None: as `name`."""
    until: date
    """The first day of the later name."""


class Unit(Entry):
    """Who receives orders."""

    code: str = Field(pattern=r"^[a-z][a-z_]*$|^\d{9}(\d{3}(\d{2})?)?$")
    """9 digits for a township, 12 for a village, 14 for a grid, else an English word: housing."""
    name: Phrase
    """区住房城乡建委"""
    short: Phrase
    """The name in an SMS: 住建委."""
    kind: UnitKind
    aliases: tuple[Phrase, ...] = ()
    """For a township: other names found in real texts, such as 安居 and 旧县镇."""
    formerly: tuple[Former, ...] = ()
    """Earlier names, the oldest first: lists that still use one are understood."""
    parent: str | None = None
    """The unit above; units form a tree."""
    towns: tuple[str, ...] = ()
    """For a 管委会: the townships whose weather it shares; empty: the whole district."""
    rivers: tuple[str, ...] = ()
    hills: tuple[str, ...] = ()
    neighbours: tuple[str, ...] = ()
    tile: tuple[int, int] | None = None
    """Column and row of its tile on the board."""
    sample: bool = False
    confirm: Literal["bureau"] | None = None

    def short_on(self, day: date) -> str:
        """The name in an SMS on that day: what was sent under an earlier name keeps it."""
        then = (one for one in sorted(self.formerly, key=lambda one: one.until) if day < one.until)
        former = next(then, None)
        return (former.short or former.name) if former else self.short


class Post(Entry):
    """A post that somebody holds in a unit: 值班员, 分管领导, 书记."""

    key: str = Field(pattern=r"^[a-z][a-z_]*$")
    name: Phrase
    kinds: tuple[UnitKind, ...]
    """The kinds of unit that have it."""
    names: dict[UnitKind, Phrase] = {}
    """What it is called in a kind of unit where that differs: 主任 of a 管委会 for 镇长(主任)."""
    confirm: Literal["bureau"] | None = None

    def name_in(self, kind: UnitKind) -> str:
        """The post's name in that kind of unit."""
        return self.names.get(kind, self.name)
