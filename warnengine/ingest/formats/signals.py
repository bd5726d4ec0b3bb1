"""The signals that one plain clause names: hazards with the grade behind or before them.

One clause may name several hazards, at one grade (暴雨、雷电黄色预警) or each at its own
(暴雨橙色、雷电黄色双预警).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from warnengine.ingest.formats.vocabulary import Token, Vocabulary
from warnengine.model.level import Level

_JOINED = re.compile(r"[、,和及与/+]?|以及")
_BESIDE = re.compile(r"[(\[/【]")


@dataclass(frozen=True, slots=True)
class Signal:
    """Hazards and their grade, as one clause names them."""

    hazards: tuple[str, ...]
    """Keys; empty: it names none."""
    level: Level | None
    """None: it names none."""
    at: int
    """Where its grade or, without one, its noun begins."""
    response: bool = False


def signals(clause: str, words: Vocabulary, *, numerals: bool) -> list[Signal]:
    """The signals of a clause, in its order; numerals: whether Ⅳ–Ⅰ are grades and not only beside colours."""
    reader = _Reader(clause)
    for token in words.tokens(clause):
        if numerals or not token.numeral:
            reader.take(token)
    return [*reader.found, Signal(reader.pending, None, len(clause))] if reader.pending else reader.found


@dataclass(slots=True)
class _Reader:
    """Goes from word to word."""

    clause: str
    found: list[Signal] = field(default_factory=list)
    pending: tuple[str, ...] = ()
    """Hazards that still wait for a grade or a noun."""
    free: int = 0
    """How many of `found` still wait for their noun."""
    last: Token | None = None

    def take(self, token: Token) -> None:
        gap = self.clause[self.last.end : token.start] if self.last else ""
        if token.hazard:
            self._hazard(token.hazard, gap)
        elif token.level:
            self._grade(token.level, token.start, gap)
        else:
            self._noun(token)
        self.last = token

    def _hazard(self, hazard: str, gap: str) -> None:
        """暴雨、雷电 are two; a hazard that stands apart from the one before it takes its place."""
        kind = self.last.kind if self.last else ""
        if kind == "grade" and not gap and self.found and not self.found[-1].hazards:
            self.found[-1] = replace(self.found[-1], hazards=(hazard,))
            return
        together = kind == "hazard" and _JOINED.fullmatch(gap)
        self.pending = tuple(dict.fromkeys((*self.pending, hazard))) if together else (hazard,)

    def _grade(self, level: Level, at: int, gap: str) -> None:
        """Not that of 黄色(Ⅲ级), 预警[Ⅱ级/严重]: the same grade in other words."""
        before = self.found[-1] if self.found else None
        if before and before.level and len(gap) <= 2 and _BESIDE.search(gap):
            return
        if before and before.hazards and not before.level and not self.pending:
            self.found[-1] = replace(before, level=level, at=at)
            self.free = max(self.free, 1)
            return
        self._add(Signal(self.pending, level, at))

    def _noun(self, token: Token) -> None:
        if self.pending:
            self._add(Signal(self.pending, None, token.start))
        if token.text == "响应" and self.free:
            self.found[-self.free :] = [replace(signal, response=True) for signal in self.found[-self.free :]]
        self.free = 0

    def _add(self, signal: Signal) -> None:
        self.found.append(signal)
        self.free, self.pending = self.free + 1, ()
