"""The four colours of a Chinese warning."""

from __future__ import annotations

from enum import IntEnum


class Level(IntEnum):
    """Ⅳ 蓝 … Ⅰ 红 (突发事件应对法). A higher number is the graver level."""

    BLUE = 1
    YELLOW = 2
    ORANGE = 3
    RED = 4

    @property
    def key(self) -> str:
        """The word of rule files and of the API: blue, yellow, orange, red."""
        return self.name.lower()

    @property
    def zh(self) -> str:
        """The word of texts: 蓝色, 黄色, 橙色, 红色."""
        return ("蓝色", "黄色", "橙色", "红色")[self - 1]

    @classmethod
    def from_key(cls, key: str) -> Level:
        """Read `blue yellow orange red`; raise KeyError on anything else."""
        return cls[key.upper()]
