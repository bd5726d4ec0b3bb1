"""Administrative places: the district, its townships, their codes and the names people use for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Area:
    """A place as a warning names it."""

    name: str
    code: str | None
    """Administrative code of GB/T 2260 / NBS, 6, 9 or 12 digits, trailing zero groups cut; None: not known."""


@dataclass(frozen=True, slots=True)
class Township:
    """A 镇 or 街道 of the district."""

    code: str
    """9 digits, such as 500151105."""
    name: str
    """安居镇"""
    aliases: tuple[str, ...] = ()
    """Names found in real texts: 安居, 旧县镇 (before it became 旧县街道)."""
    rivers: tuple[str, ...] = ()
    """涪江: rivers that it lies on, for texts that name those only."""


@dataclass(frozen=True, slots=True)
class District:
    """A district or county with its townships; one deployment carries many."""

    code: str
    """6 digits, 500151."""
    name: str
    """铜梁区"""
    aliases: tuple[str, ...]
    """Other names: 铜梁, 铜梁县, 重庆市铜梁区."""
    code_aliases: tuple[str, ...]
    """Other codes that mean this district: 500224, the county's code before 2014, still in its sender id."""
    townships: tuple[Township, ...]

    def __hash__(self) -> int:
        """By its code alone, for what is worked out of it is looked up with every text."""
        return hash(self.code)

    def township(self, code: str) -> Township | None:
        """The township of that 9-digit code."""
        return next((town for town in self.townships if town.code == code), None)

    def canonical(self, code: str) -> str:
        """Replace an alias of the district's code at the front of a 6-, 9- or 12-digit code."""
        for alias in self.code_aliases:
            if code.startswith(alias):
                return self.code + code[len(alias) :]
        return code

    def covered(self, code: str) -> tuple[str, ...]:
        """The 9-digit township codes that an area code reaches: itself, or all of the district."""
        code = trim_code(self.canonical(code))
        if code == self.code:
            return tuple(town.code for town in self.townships)
        return (code[:9],) if self.township(code[:9]) else ()


def trim_code(code: str) -> str:
    """Cut trailing zero groups: 500151105000 → 500151105, 500151000000 → 500151."""
    for length in (6, 9, 12):
        if len(code) > length and not code[length:].strip("0"):
            return code[:length]
    return code


Districts = Mapping[str, District]
"""By 6-digit code."""
