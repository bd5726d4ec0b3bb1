"""Hazards as data: what a code or a word in a message means."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from warnengine.model.level import Level


@dataclass(frozen=True, slots=True)
class Hazard:
    """One kind of danger that warnings are issued for."""

    key: str
    """The rule book's English word: rainstorm, gale, heat."""
    name: str
    """暴雨"""
    synonyms: tuple[str, ...] = ()
    """Other names in real texts: 强降雨 for rainstorm."""
    codes: tuple[str, ...] = ()
    """Event codes of GB/T 35561 as used by the national platform: 11B03."""
    hours: tuple[tuple[Level, int], ...] = ()
    """Validity window per level, in hours, used when a message gives no end (暴雨 12/6/3/3)."""

    def window(self, level: Level) -> int:
        """Hours that a warning of this level stays in force when nothing else says so; 24 by default."""
        return dict(self.hours).get(level, 24)


@dataclass(frozen=True, slots=True)
class Source:
    """How issuers of CAP grade that have no colours of ours, and how long their messages last."""

    name: str
    senders: tuple[str, ...]
    """Patterns of `sender` in lower case, `*` for anything."""
    severity: tuple[tuple[str, Level], ...] = (
        ("extreme", Level.RED),
        ("severe", Level.ORANGE),
        ("moderate", Level.YELLOW),
        ("minor", Level.BLUE),
    )
    """What its words of severity mean; one that is missing is no level, and a person judges."""
    colours: tuple[str, ...] = ()
    """Parameters, in lower case, whose colour counts before severity; empty: any that is named like one."""
    hours: int | None = None
    """Validity of a message without an end; None: that of its hazard."""

    def level(self, severity: str) -> Level | None:
        """The level of a word of severity in any case."""
        return dict(self.severity).get(severity.lower())


ANY = Source("", ("*",))
"""Where no source of the book fits."""


class HazardTable:
    """Looks hazards up by key, by event code and by the words of a text, and how their issuers grade."""

    def __init__(self, hazards: Iterable[Hazard], sources: Iterable[Source] = ()) -> None:
        self.hazards = tuple(hazards)
        self.sources = tuple(sources)
        self._by_key = {hazard.key: hazard for hazard in self.hazards}
        self._by_code = {code: hazard for hazard in self.hazards for code in hazard.codes}
        words = {word: hazard for hazard in self.hazards for word in (hazard.name, *hazard.synonyms)}
        self._by_word = words
        longest_first = sorted(words, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, longest_first)) or r"(?!)")

    def get(self, key: str) -> Hazard | None:
        """The hazard of that key."""
        return self._by_key.get(key)

    def source(self, sender: str) -> Source:
        """The first source whose pattern fits a sender."""
        low = sender.lower()
        fits = (one for one in self.sources if any(fnmatchcase(low, pattern) for pattern in one.senders))
        return next(fits, ANY)

    def by_code(self, code: str) -> Hazard | None:
        """The hazard of an event code such as 11B03."""
        return self._by_code.get(code.strip().upper())

    def in_text(self, text: str) -> Hazard | None:
        """The first hazard named in a text; longer names win (雷雨大风 before 大风)."""
        found = self._pattern.search(text)
        return self._by_word[found.group()] if found else None
