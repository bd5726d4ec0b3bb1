"""The words of a workbook: what people call what the files name by a key."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cached_property

from warnengine.model.book import Evidence, Family, Post, Role, RuleBook, Station, Unit, UnitKind, Watch
from warnengine.model.finding import did_you_mean
from warnengine.model.hazard import Hazard
from warnengine.model.level import Level
from warnengine.model.observation import Kind
from warnengine.rulebook.draft import Draft
from warnengine.rulebook.files import HazardEntry

EVIDENCE = {Evidence.COUNT.value: "人数", Evidence.PHOTO.value: "照片", Evidence.REPORT.value: "报告"}
LEVELS = {level.key: level.zh for level in reversed(Level)}
ROLES = {role.value: role.zh for role in Role}
WATCHES = {
    Watch.RAIN.value: "雨量",
    Watch.STAGE.value: "水位",
    Watch.RISE.value: "涨率",
    Watch.FORECAST_STAGE.value: "预报洪峰",
    Watch.TEMPERATURE.value: "气温",
    Watch.WIND.value: "风速",
}
READINGS = {kind.value: kind.zh for kind in Kind}
YES, NO, ALL = "是", "否", "全部"
BETWEEN = re.compile(r"[、,,;;\n]+")


class Misread(Exception):
    """A cell that cannot be read: what is wrong, and what to write instead."""

    def __init__(self, what: str, fix: str) -> None:
        super().__init__(what)
        self.what = what
        self.fix = fix


@dataclass(frozen=True)
class Words:
    """Keys and what people call them, both ways; no two keys share a word."""

    what: str
    """What these are: 灾种."""
    by_key: Mapping[str, str]

    @classmethod
    def of(cls, what: str, named: Iterable[tuple[str, str]]) -> Words:
        """From (key, name); a name that two have gets its key behind it."""
        pairs = list(named)
        often = Counter(_plain(name) for _, name in pairs)
        return cls(what, {key: f"{name}({key})" if often[_plain(name)] > 1 else name for key, name in pairs})

    @cached_property
    def _keys(self) -> Mapping[str, str]:
        return {_plain(word): key for key, word in self.by_key.items()}

    def say(self, key: str) -> str:
        """The word for a key; a key without one stands for itself."""
        return self.by_key.get(key, key)

    def key(self, word: str) -> str:
        """The key that a word means; Misread with the nearest one."""
        if found := self._keys.get(_plain(word)):
            return found
        raise Misread(f"{self.what}里没有“{word}”", nearest(word, self.by_key.values()))

    def say_all(self, keys: Iterable[str]) -> str:
        """Several, as one cell."""
        return "、".join(self.say(key) for key in keys)

    def keys(self, cell: str) -> list[str]:
        """The keys of a cell with several words."""
        found = [self.key(word) for word in parts(cell)]
        if twice := next((key for key, times in Counter(found).items() if times > 1), None):
            raise Misread(f"“{self.say(twice)}”写了两次", "留一个")
        return found


@dataclass(frozen=True)
class Vocabulary:
    """All words of a book."""

    hazards: Words
    families: Words
    levels: Words
    evidence: Words
    posts: Words
    units: Words
    townships: Words = field(default_factory=lambda: Words("镇街", {}))
    stations: Words = field(default_factory=lambda: Words("测站", {}))

    @classmethod
    def of(cls, draft: Draft) -> Vocabulary:
        """As the files of the book name them."""
        return _vocabulary(
            [one.value for one in draft.hazards],
            draft.district.value.families,
            [one.value for one in draft.posts],
            [one.value for one in draft.units],
            [one.value for one in draft.stations],
        )


def vocabulary(book: RuleBook) -> Vocabulary:
    """The words of a book that has been put together."""
    stations = book.triggers.stations if book.triggers else ()
    return _vocabulary(book.hazards, book.families, [*book.posts.values()], [*book.units.values()], stations)


def _vocabulary(
    hazards: Iterable[Hazard | HazardEntry],
    families: Mapping[str, Family],
    posts: Iterable[Post],
    units: Sequence[Unit],
    stations: Iterable[Station],
) -> Vocabulary:
    townships = (unit for unit in units if unit.kind is UnitKind.TOWNSHIP)
    return Vocabulary(
        hazards=Words.of("灾种", ((one.key, one.name) for one in hazards)),
        families=Words.of("产品", ((key, family.name) for key, family in families.items())),
        levels=Words("等级", LEVELS),
        evidence=Words("反馈", EVIDENCE),
        posts=Words.of("岗位", ((one.key, one.name) for one in posts)),
        units=Words.of("单位", ((one.code, one.name) for one in units)),
        townships=Words.of("镇街", ((one.code, one.name) for one in townships)),
        stations=Words.of("测站", ((one.id, one.name) for one in stations)),
    )


def nearest(word: str, known: Iterable[str]) -> str:
    """The words that may be meant. Chinese words are short: one wrong character of two is half of it."""
    words = sorted(set(known))
    near = get_close_matches(word, words, n=3, cutoff=0.4)
    return f"是不是{''.join(f'“{one}”' for one in near)}?" if near else did_you_mean(word, words)


def parts(cell: str) -> list[str]:
    """The words of a cell, between 、 , ; or new lines."""
    return [word.strip() for word in BETWEEN.split(cell) if word.strip()]


def _plain(word: str) -> str:
    """Without what a keyboard adds: full width letters and brackets, blanks."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", word))
