"""Which level an info block states of one subject.

Where its parts contradict each other the higher level is used and the contradiction is noted; 解除 makes none.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from warnengine.ingest.formats.sentence import Sentence
from warnengine.ingest.formats.subjects import Subject
from warnengine.model.level import Level
from warnengine.model.warning import Gravity, Problem


@dataclass(frozen=True, slots=True)
class Graded:
    """What an info block states, contradictions settled."""

    level: Level | None
    """Of every place that `text` gives no level of its own; None: lifted, or `text` says it all."""
    text: Sentence
    known: bool
    """False: no level that we know, and not lifted either."""


@dataclass(frozen=True, slots=True)
class Fields:
    """What stands beside the words of an info block."""

    level: Level | None
    """By colour or severity."""
    cancels: bool
    """msgType Cancel, or nothing but AllClear advised."""
    risk: Level | None
    """风险高 in a text that names no colour."""


def grade(subject: Subject, fields: Fields, problems: list[Problem]) -> Graded:
    """Settle fields, title and text against each other."""
    heading, text = subject.heading, subject.text
    if fields.cancels or heading.lifted or text.lifted:
        return _lifted(subject, fields, problems)
    titles = {level for level in (heading.level, fields.level) if level}
    if text.levels:
        return _by_text(titles, text, problems)
    if len(titles) > 1:
        _contradiction(problems, titles, "title and severity")
    level = max(titles, default=fields.risk)
    return Graded(level, text, known=level is not None or bool(text.towns))


def _lifted(subject: Subject, fields: Fields, problems: list[Problem]) -> Graded:
    """Only what a text that itself lifts puts in place, or says still stands, remains in force."""
    text = subject.text
    stands = text.levels and not (text.lifts and fields.cancels)
    if (subject.heading.level and not (text.lifts and text.levels)) or stands:
        message = "One part of the message lifts the warning, another states a level."
        problems.append(Problem("lift_contradicted", Gravity.WARN, message))
    if not text.lifts:
        text = replace(text, level=None, towns={}, rest=None, unresolved=())
    return Graded(text.level, text, known=True)


def _by_text(titles: set[Level], text: Sentence, problems: list[Problem]) -> Graded:
    """The text decides; a title or field that says more raises its highest level."""
    said = text.levels
    beside = titles - said
    if beside:
        _contradiction(problems, titles | said, "title, severity and text")
    if text.level is None and text.rest is None:
        return Graded(max(beside, default=None), text, known=True)
    top, most = max(titles | said), max(said)
    towns = {code: top if level == most else level for code, level in text.towns.items()}
    level = top if text.level == most else text.level
    rest = replace(text.rest, level=top) if text.rest and text.rest.level == most else text.rest
    return Graded(level, replace(text, level=level, towns=towns, rest=rest), known=True)


def _contradiction(problems: list[Problem], levels: Iterable[Level], where: str) -> None:
    named = ", ".join(level.key for level in sorted(levels, reverse=True))
    problems.append(Problem("level_contradicted", Gravity.WARN, f"{where} give {named}; the highest is used."))
