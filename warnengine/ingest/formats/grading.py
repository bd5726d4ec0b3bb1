"""Which level and which hazard an info block states.

Where its parts contradict each other the higher level is used and the contradiction is noted; 解除 makes none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from warnengine.ingest.formats import sentence, wording
from warnengine.ingest.formats.fields import Head, Info
from warnengine.ingest.formats.reading import Reading
from warnengine.ingest.formats.sentence import Sentence
from warnengine.model.hazard import Hazard
from warnengine.model.level import Level
from warnengine.model.place import District
from warnengine.model.warning import Gravity, MsgType, Problem

_VERB = re.compile(r"发布|解除|撤销|更新|变更|升级|降级|继续|启动|终止|调整")


@dataclass(frozen=True, slots=True)
class Graded:
    """What an info block states, contradictions settled."""

    level: Level | None
    """Of every place that `text` gives no level of its own; None: lifted, or `text` says it all."""
    text: Sentence
    known: bool
    """False: no level that we know, and not lifted either."""


def grade(info: Info, head: Head, family: str, district: District | None, problems: list[Problem]) -> Graded:
    """Settle fields, title and text against each other."""
    grades = _grades(info, family)
    heading = sentence.read(info.headline, head.sent, None, grades)
    text = sentence.read(info.description or info.headline, head.sent, district, grades)
    if head.msg_type is MsgType.CANCEL or info.all_clear or heading.lifted or text.lifted:
        return _lifted(head, heading, text, problems)
    fields = None if family == "response" else info.graded
    titles = {level for level in (heading.level, fields) if level}
    if text.levels:
        return _by_text(titles, text, problems)
    if len(titles) > 1:
        _contradiction(problems, titles, "title and severity")
    risk = wording.risk_in(info.description[: sentence.READ]) if family == "joint_risk" else None
    level = max(titles, default=risk)
    return Graded(level, text, known=level is not None or bool(text.towns))


def _grades(info: Info, family: str) -> re.Pattern[str]:
    """Ⅳ–Ⅰ are read where they are what the product is graded in, colours everywhere else."""
    coloured = wording.colour_in(info.headline[: sentence.READ] + info.description[: sentence.READ])
    return wording.COLOUR if coloured and family != "response" else wording.ROMAN


def _lifted(head: Head, heading: Sentence, text: Sentence, problems: list[Problem]) -> Graded:
    """Only what a text that itself lifts puts in place, or says still stands, remains in force."""
    stands = text.levels and not (text.lifts and head.msg_type is MsgType.CANCEL)
    if heading.level or stands:
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


def hazard(info: Info, reading: Reading, problems: list[Problem]) -> Hazard | None:
    """By the word of the title, then the event code, then the event's own word, then the text's first statement.

    Codes are mistaken in real feeds, so the title wins and the contradiction is noted.
    """
    table = reading.hazards
    coded = next((h for code in info.codes if (h := table.by_code(code) or table.by_code(code[:5]))), None)
    titled = table.in_text(_after_verb(info.headline))
    event = info.event[: sentence.READ]
    if coded and titled and coded != titled:
        message = f"Code {', '.join(info.codes)} is {coded.name}, the title says {titled.name}."
        problems.append(Problem("code_contradicts_title", Gravity.WARN, message))
    slug = re.sub(r"[^a-z]+", "_", event.lower()).strip("_")
    others = (
        table.get(info.listed),
        titled,
        coded,
        table.get(slug),
        table.in_text(event),
        table.in_text(event.lower()),
    )
    opening = next((part for part in wording.clauses(info.description[: sentence.READ]) if "预警" in part), "")
    return next((h for h in others if h), table.in_text(_after_verb(opening)))


def _after_verb(text: str) -> str:
    """The words behind 发布, 解除 …, so that an issuer such as 森林防灭火指挥部 is not taken for a hazard."""
    found = _VERB.search(text, 0, sentence.READ)
    return text[found.end() if found else 0 : sentence.READ]
