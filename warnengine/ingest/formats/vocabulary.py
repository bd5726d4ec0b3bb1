"""The words of signals: hazards by name and synonym, grades by colour, numeral or hours, and their nouns.

A hazard inside the name of a body (森林防灭火指挥部, 地震局) is no hazard. 防汛, 抗旱 and 江河洪水 mean the hazard
of a response only where a response follows, for the first two are parts of such names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from warnengine.ingest.formats.plain import plain
from warnengine.model.hazard import HazardTable
from warnengine.model.level import Level

_COLOURS = {"红": Level.RED, "橙": Level.ORANGE, "黄": Level.YELLOW, "蓝": Level.BLUE}
_NUMERALS = {
    word: level
    for level, numerals in zip(reversed(Level), ("I一1", "II二2", "III三3", "IV四4"), strict=True)
    for word in (numerals[:-2], numerals[-2], numerals[-1])
}
IMMINENT = {2: Level.RED, 6: Level.ORANGE}
"""Hours of a 临灾警报 and its level: the shorter, the graver."""
_HOURS = {"2": 2, "二": 2, "两": 2, "6": 6, "六": 6}

_COLOUR = (
    r"(?P<colour>[红橙黄蓝])(?:色|(?=预警|警报|灯号)"
    r"|(?<=[为至到]红|[为至到]橙|[为至到]黄|[为至到]蓝)(?![\u4e00-\u9fff]))"
)
_NUMERAL = (
    r"(?<![\d.十~风-])(?:(?P<numeral>IV|I{1,3})|(?<!等级)(?<!等级[为达])(?<![力风][达为])(?P<small>[一二三四1-4]))"
    r"级(?!以上|左右|大风|[风地]|[~\d-])"
)
_IMMINENT_HOURS = r"(?<![\d.~-])(?P<hours>[26二两六])(?:个)?小时(?=[气象临灾极端强短时降水雨暴]{0,8}警报)"
_NOUN = r"(?P<noun>响应|预警|警报|信号|特报|专报|灯号)"
_BODY = (
    r"(?![治防御灭火应急抢险救灾和与及管理监测预报警重大突发自然抗旱汛洪水情草原()]{0,14}?"
    r"(?:指挥部|指挥机构|指挥中心|工作专班|中心(?!城)|委员会|减灾委|办公室|办(?!公)|局(?![地部])|总站|所(?!有)|台(?!风)))"
)
_COLOUR_TAIL = re.compile(r"[红橙黄蓝]色$")
_RESPONSE_TAIL = re.compile(r"(?:(?:I{1,3}|IV|[一二三四])级|应急)(?:应急)?(?:响应)?$")


@dataclass(frozen=True, slots=True)
class Token:
    """One word of a signal."""

    kind: str
    """hazard, grade or noun."""
    start: int
    end: int
    text: str
    hazard: str | None = None
    level: Level | None = None
    numeral: bool = False
    """Ⅱ级 or 二级, which some products are graded in; other texts put it beside the colour."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words of one table of hazards, ready to be found in plain text."""

    pattern: re.Pattern[str]
    hazards: Mapping[str, str]
    """Word → key."""
    responses: Mapping[str, str]
    """Word that means a hazard before 响应 → key: 防汛, 抗旱."""

    def tokens(self, clause: str) -> Iterator[Token]:
        """The words of signals in a clause, in its order."""
        for found in self.pattern.finditer(clause):
            kind, text = found.lastgroup, found.group()
            span = found.start(), found.end()
            if kind == "colour":
                yield Token("grade", *span, text, level=_COLOURS[found["colour"]])
            elif kind in {"numeral", "small"}:
                yield Token("grade", *span, text, level=_NUMERALS[found[kind]], numeral=True)
            elif kind == "hours":
                yield Token("grade", *span, text, level=IMMINENT[_HOURS[found["hours"]]])
            elif kind == "noun":
                yield Token("noun", *span, text)
            else:
                words = self.responses if kind == "response" else self.hazards
                yield Token("hazard", *span, text, hazard=words[text])

    def first(self, clause: str) -> str | None:
        """The key of the first hazard that the clause names."""
        return next((token.hazard for token in self.tokens(clause) if token.hazard), None)


@lru_cache(maxsize=16)
def vocabulary_of(table: HazardTable) -> Vocabulary:
    """The words of a table; longer ones win."""
    hazards: dict[str, str] = {}
    responses: dict[str, str] = {}
    for hazard in table.hazards:
        for name in (hazard.name, *hazard.synonyms):
            word = _COLOUR_TAIL.sub("", plain(name))
            stem = _RESPONSE_TAIL.sub("", word)
            (responses if stem and stem != word else hazards).setdefault(stem or word, hazard.key)
    response = rf"(?P<response>{_any(responses)})(?=[^,、和及]{{0,12}}?响应)"
    named = rf"(?P<hazard>{_any(hazards)}){_BODY}"
    parts = (response, named, _COLOUR, _NUMERAL, _IMMINENT_HOURS, _NOUN)
    return Vocabulary(re.compile("|".join(parts)), hazards, responses)


def _any(words: Mapping[str, str]) -> str:
    return "|".join(map(re.escape, sorted(words, key=len, reverse=True))) or r"(?!)"
