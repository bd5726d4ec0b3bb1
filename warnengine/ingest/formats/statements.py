"""What one clause of a Chinese warning states: a level of a hazard, its lifting, or nothing.

A grade is the level only where the clause states it: the one after 为 in 升级…为…, none in 解除…, none in advice
(请…) or in what is over (继…后). One clause may state several hazards, at one level or each at its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from warnengine.ingest.formats.signals import Signal, signals
from warnengine.ingest.formats.vocabulary import Vocabulary
from warnengine.model.level import Level

_LIFTING = r"解除|撤销|撤消|取消|取销|终止|终结|结束|废止|注销"
_NOUN = r"预警|信号|警报|响应"
_UNDENIED = r"(?<!未)(?<!没有)(?<!没)(?<!不)(?<!未能)(?<!未予)(?<!不能)(?<!不得)(?<!不予)"
"""尚未解除, 暂不解除: nothing is lifted."""
_LIFT = re.compile(
    rf"{_UNDENIED}(?:{_LIFTING})(?!前|后|之|时)(?=.*(?:{_NOUN}|特报|[色级]))"
    rf"|(?:{_NOUN})(?:[\[(【][^\])】]*[\])】])?.{{0,12}}?{_UNDENIED}(?:{_LIFTING}|失效|作废|收回)(?!前|后|之|时)"
    r"|不再(?:有效|生效|维持|继续)|(?:失效|作废|收回)(?=.*(?:预警|信号|警报))"
)
_AHEAD = re.compile(rf"(?:将[在于]|预计|拟|准备|计划|打算)[^,]{{0,16}}?(?:{_LIFTING}|失效)")
_CHANGE = re.compile(r"升(?!温)|提[级升高]|降(?![雨水雪温])|更新|变更|调整|下调|上调|改|转")
_TO = re.compile(r"为|至|到|成")
_ANY_LIFTING = re.compile(_LIFTING)
_ANY_NOUN = re.compile(_NOUN)
_ATTRIBUTE = re.compile(r"[色级]的")
_STATES = re.compile(rf"{_NOUN}|特报|专报|灯号|仍|维持|继续|保持|有效|生效|为|确认|发布|启动|升级|变更")
_STILL = re.compile(r"仍|维持|继续|保持|有效|生效|为")
_PAST_ISSUE = re.compile(r"发布的")
_RELAYED = re.compile(r"转发|转载")
"""What another office has issued stands, and this one passes it on."""
_BEFORE = re.compile(r"^(?:此前|之前|先前|早前|前期|曾|[\u4e00-\u9fff]{0,12}曾)")


@dataclass(frozen=True, slots=True)
class Topic:
    """What a level is of."""

    hazard: str | None
    """Key; None: the clause names none, so that of the message."""
    response: bool
    """A response and not a warning."""


@dataclass(frozen=True, slots=True)
class Statement:
    """What a clause states of one topic."""

    topic: Topic
    level: Level | None
    """None: lifted."""
    clause: str
    named: Level | None = None
    """The gravest level of the topic that the clause names, whatever it says of it."""


def puts_off(clause: str) -> bool:
    """Whether the clause lifts something at a time still to come (将于20时解除…): nothing to act on yet."""
    return bool(_AHEAD.search(clause))


def statements(clause: str, words: Vocabulary, *, coloured: bool) -> tuple[Statement, ...]:
    """What the clause states, one for each topic; of a coloured text Ⅳ–Ⅰ count for responses only."""
    lifting = _LIFT.search(clause)
    if not lifting and not _STATES.search(clause):
        return ()
    found = signals(clause, words, numerals=not coloured or "响应" in clause)
    if puts_off(clause) or (not lifting and _BEFORE.search(clause)):
        return ()
    change = _CHANGE.search(clause)
    to = _TO.search(clause, change.end()) if change else None
    after = [signal for signal in found if signal.level and to and signal.at >= to.end()]
    if lifting and not (after and _replaced(clause)):
        return _lifted(found, clause)
    if after:
        return _changed([signal for signal in found if signal.at < after[0].at], after, clause)
    if not any(signal.level for signal in found) or _of_the_past(clause):
        return ()
    return _stated(found, clause)


def _of_the_past(clause: str) -> bool:
    return bool(_PAST_ISSUE.search(clause)) and not (_STILL.search(clause) or _RELAYED.search(clause))


def _lifted(found: Sequence[Signal], clause: str) -> tuple[Statement, ...]:
    about = _named(found) or {Topic(None, "响应" in clause): None}
    return tuple(Statement(topic, None, clause, level) for topic, level in about.items())


def _stated(found: Sequence[Signal], clause: str) -> tuple[Statement, ...]:
    return tuple(Statement(topic, level, clause, level) for topic, level in _named(found).items() if level)


def _changed(before: Sequence[Signal], after: Sequence[Signal], clause: str) -> tuple[Statement, ...]:
    """The last level that each topic is changed to; a hazard in whose place another one is put is lifted."""
    old = before[0] if before else None
    inherited = [
        replace(signal, hazards=old.hazards, response=old.response or signal.response)
        if old and not signal.hazards
        else signal
        for signal in after
    ]
    new = {topic: signal.level for signal in inherited for topic in _topics(signal)}
    stated = tuple(Statement(topic, level, clause, level) for topic, level in new.items())
    gone = {t: level for t, level in _named(before).items() if t.hazard and t not in new}
    named = all(topic.hazard for topic in new)
    return stated + tuple(Statement(topic, None, clause, level) for topic, level in gone.items() if named)


def _named(found: Iterable[Signal]) -> dict[Topic, Level | None]:
    """Each topic with the gravest level beside it."""
    levels: dict[Topic, Level | None] = {}
    for signal in found:
        for topic in _topics(signal):
            levels[topic] = max(levels.get(topic), signal.level, key=lambda level: level or 0)
    return levels


def _topics(signal: Signal) -> tuple[Topic, ...]:
    return tuple(Topic(hazard, signal.response) for hazard in signal.hazards or (None,))


def _replaced(clause: str) -> bool:
    """解除 of one signal and another put in its place, unlike 解除…升级为红色的预警信号."""
    at = 0
    for pattern in (_ANY_LIFTING, _ANY_NOUN, _CHANGE, _TO):
        found = pattern.search(clause, at)
        if not found:
            return False
        at = found.end()
    return not _ATTRIBUTE.search(clause, at)
