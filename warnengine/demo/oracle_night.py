"""The oracle's own reading of the night: which township stood at which level when.

A plain reading of the XML and of the Chinese sentences by regular expressions. It knows the rainstorm signals of
one scenario and nothing of the engine, so that a misreading there is not repeated here.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol
from xml.etree import ElementTree

COLOURS = {"蓝": 1, "黄": 2, "橙": 3, "红": 4}
"""Level of a signal by its colour; 0 is no warning."""
NAMES = {level: f"{colour}色" for colour, level in COLOURS.items()} | {0: "无预警"}
RAINSTORM = "11B03"

_SOME = re.compile(r"将(?P<towns>[^,。]+?)暴雨[^。]*?为“?(?:暴雨)?(?P<colour>[蓝黄橙红])色")
_SIGNAL = re.compile(r"暴雨([蓝黄橙红])色预警")
_EXCEPT = re.compile(r"除(?P<towns>[^,。]+?)外")


class Event(Protocol):
    """One arrival of a message, as the scenario tells it."""

    @property
    def at(self) -> datetime:
        """Engine time of the arrival."""

    @property
    def body(self) -> bytes:
        """The message as received."""

    @property
    def title(self) -> str:
        """For people."""


@dataclass(frozen=True, slots=True)
class Word:
    """What one message says: the level of each township that it speaks of."""

    identifier: str
    levels: Mapping[str, int]
    repeats: bool
    """继续发布."""


@dataclass(frozen=True, slots=True)
class Change:
    """One message that was news, and the district before and after it."""

    at: datetime
    until: datetime
    """When the next news came; a day later for the last."""
    title: str
    before: Mapping[str, int]
    """Level by the name of the township; 0 without a warning."""
    after: Mapping[str, int]
    named: frozenset[str]
    """Townships that the message speaks of."""
    repeated: frozenset[str]
    """Of these, the ones told once more of the red that they already had."""


@dataclass(frozen=True, slots=True)
class Night:
    """The changes in order, and the arrivals that said nothing new."""

    changes: tuple[Change, ...]
    replays: tuple[datetime, ...]

    @property
    def span(self) -> tuple[datetime, datetime]:
        """From the first news to a day after the last."""
        return self.changes[0].at, self.changes[-1].until

    def standing(self, moment: datetime) -> Change | None:
        """The news in force at this engine time."""
        return next((change for change in reversed(self.changes) if change.at <= moment), None)


def read_night(events: Sequence[Event], towns: Collection[str]) -> Night:
    """Fold the arrivals, in order of engine time, into the district's levels.

    Args:
        events: Everything that arrived, good or bad, once or several times.
        towns: Full names of all townships of the district.

    Raises:
        ValueError: nothing in the scenario is news.
    """
    levels = dict.fromkeys(towns, 0)
    seen: set[str] = set()
    changes: list[Change] = []
    replays: list[datetime] = []
    for event in sorted(events, key=lambda event: event.at):
        word = read_word(event.body, towns)
        if word is None:
            continue
        if word.identifier in seen:
            replays.append(event.at)
            continue
        seen.add(word.identifier)
        after = levels | dict(word.levels)
        changes.append(_change(event, word, levels, after))
        levels = after
    if not changes:
        raise ValueError("the scenario holds no rainstorm warning to judge")
    return Night(_bounded(changes), tuple(replays))


def read_word(body: bytes, towns: Collection[str]) -> Word | None:
    """What a message orders; None for what orders nothing: damaged, a drill, another hazard."""
    try:
        # The scenario is ours: no foreign XML is read here.
        alert = ElementTree.fromstring(body)  # noqa: S314
    except ElementTree.ParseError:
        return None
    if alert.findtext("status") != "Actual" or alert.findtext("info/eventType") != RAINSTORM:
        return None
    sentence = alert.findtext("info/description") or ""
    headline = alert.findtext("info/headline") or ""
    return Word(
        alert.findtext("identifier") or "", read_sentence(sentence, towns), "继续发布" in headline + sentence
    )


def read_sentence(sentence: str, towns: Collection[str]) -> dict[str, int]:
    """Level by township as one Chinese sentence of a rainstorm signal tells it.

    Where no township is named the whole district is meant; the colour after 为 counts; 解除 is level 0.
    """
    if some := _SOME.search(sentence):
        return dict.fromkeys(_named(some["towns"], towns), COLOURS[some["colour"]])
    if "解除" in sentence:
        return dict.fromkeys(_named(sentence, towns), 0)
    signals = _SIGNAL.findall(sentence.partition("预计")[0])
    if not signals:
        raise ValueError(f"the scenario's message names no signal: {sentence!r}")
    return dict.fromkeys(_named(sentence, towns), COLOURS[signals[-1]])


def _named(phrase: str, towns: Collection[str]) -> list[str]:
    if spared := _EXCEPT.search(phrase):
        return [town for town in towns if town not in spared["towns"]]
    return [town for town in towns if town in phrase] or list(towns)


def _change(event: Event, word: Word, before: Mapping[str, int], after: Mapping[str, int]) -> Change:
    red = COLOURS["红"]
    again = [town for town in word.levels if word.repeats and before[town] == after[town] == red]
    until = event.at + timedelta(days=1)
    return Change(event.at, until, event.title, before, after, frozenset(word.levels), frozenset(again))


def _bounded(changes: Sequence[Change]) -> tuple[Change, ...]:
    ends = [change.at for change in changes[1:]] + [change.until for change in changes[-1:]]
    return tuple(replace(change, until=end) for change, end in zip(changes, ends, strict=True))
