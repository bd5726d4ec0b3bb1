"""From info blocks to claims: one level per area, hazard and family, with the end that counts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import reduce

from warnengine.ingest.formats import areas, grading, subjects, wording
from warnengine.ingest.formats.fields import Head, Info
from warnengine.ingest.formats.grading import Fields, Graded
from warnengine.ingest.formats.period import Period
from warnengine.ingest.formats.reading import Reading
from warnengine.ingest.formats.region import NOWHERE_IN_PARTICULAR
from warnengine.ingest.formats.subjects import Subject, Words
from warnengine.ingest.formats.vocabulary import IMMINENT
from warnengine.model.level import Level
from warnengine.model.place import District
from warnengine.model.warning import Claim, Gravity, MsgType, Precision, Problem


@dataclass(frozen=True, slots=True)
class Stated:
    """What one info block comes to."""

    claims: tuple[Claim, ...]
    graded: bool
    """Whether the level is known; if not, the claims carry none and must not be acted on."""
    onset: datetime | None
    """As its fields or its sentence say."""
    expires: datetime | None
    """As its fields or its sentence say."""
    unread: tuple[Claim, ...] = ()
    """Of what else it speaks at no level that is known, beside claims that are."""


def stated(info: Info, head: Head, reading: Reading, problems: list[Problem]) -> Stated:
    """Read one info block; what is odd about it is added to `problems`."""
    words = subjects.take(info, reading)
    district = areas.own_district(info, head, reading)
    about = subjects.subjects(info, head, words, district, reading, problems)
    cancels = head.msg_type is MsgType.CANCEL or info.all_clear
    read = [_read(subject, info, words, len(about) > 1, cancels, problems) for subject in about]
    problems += _put_off(words)
    claims: list[Claim] = []
    unread: list[Claim] = []
    for subject, graded in read:
        found = tuple(_claims(subject, graded, words, district, (info, head, reading), problems))
        (claims if graded.known else unread).extend(found)
    main = read[0][0]
    ends = info.expires or (main.text.period.ends if main.text.period else None)
    if not claims:
        return Stated(tuple(unread), not unread, _begins(info, main), ends)
    return Stated(tuple(claims), True, _begins(info, main), ends, tuple(unread))


def _read(
    subject: Subject, info: Info, words: Words, several: bool, cancels: bool, problems: list[Problem]
) -> tuple[Subject, Graded]:
    """Fields speak of the main subject; of a notice about several, only where they say more than all of it."""
    family = subject.family
    level = info.graded if subject.main and family != "response" else None
    if several and level and level <= max(_levels(words), default=level):
        level = None
    risk = wording.risk_in(words.description) if subject.main and family == "joint_risk" else None
    graded = grading.grade(subject, Fields(level, cancels, risk), problems)
    region = graded.text.region
    if region.towns == () and region.doubt and not graded.text.towns and graded.level:
        problems.append(Problem("area_elsewhere", Gravity.WARN, f"Not applied here: {region.doubt}"))
        nobody = replace(graded.text, region=NOWHERE_IN_PARTICULAR)
        return subject, Graded(None, replace(nobody, level=None, rest=None), known=False)
    return subject, graded


def _levels(words: Words) -> list[Level]:
    return [item.named for item in (*words.title.statements, *words.text.statements) if item.named]


def _put_off(words: Words) -> Iterator[Problem]:
    for clause in dict.fromkeys((*words.title.put_off, *words.text.put_off)):
        message = f"It announces the end of a warning, which is not one yet: {clause[:60]}"
        yield Problem("lift_announced", Gravity.WARN, message)


def _begins(info: Info, subject: Subject) -> datetime | None:
    return info.onset or (subject.text.period.begins if subject.text.period else None)


def _claims(
    subject: Subject,
    graded: Graded,
    words: Words,
    district: District | None,
    message: tuple[Info, Head, Reading],
    problems: list[Problem],
) -> Iterator[Claim]:
    info, head, reading = message
    family, hazard, text = subject.family, subject.hazard, graded.text
    told = words.text, subject.topics
    still = text.still and not subject.main
    named = max((level for level in (text.named, subject.heading.named) if level), default=None)
    lifts = (named or (words.colour if subject.main else None)) if graded.known else None
    begins = _begins(info, subject)
    placed = areas.placed(info, graded, told, district, reading, problems)
    levels = dict.fromkeys(level for _, level, _ in placed if level)
    ends = {level: _end(info, text.period, head.sent, subject, level, problems) for level in levels}
    for area, level, precision in placed:
        yield Claim(
            area=area,
            hazard=hazard.key if hazard else None,
            event=info.event if subject.main or not hazard else hazard.name,
            family=family,
            level=level,
            begins=begins if level else None,
            ends=ends[level] if level else None,
            precision=Precision.STILL if still and level else precision,
            lifts=None if level else lifts,
        )


def _end(
    info: Info, period: Period | None, sent: datetime, subject: Subject, level: Level, problems: list[Problem]
) -> datetime | None:
    """The end that counts: the field, else the period of the sentence, else the window from sending.

    A response has none unless it says so: it stands until it is ended. That of a 临灾警报 is in its name.
    """
    if info.expires and info.expires > sent:
        return info.expires
    if info.expires:
        message = f"It expires at {info.expires.isoformat()}, before it was sent; that end is not used."
        _once(problems, Problem("expires_before_sent", Gravity.WARN, message))
    if subject.family == wording.RESPONSE:
        _once(problems, Problem("expires_missing", Gravity.NOTE, "A response stands until it is ended."))
        return None
    if period:
        _once(problems, Problem("expires_from_text", Gravity.NOTE, "The end is that of the period in the text."))
        return period.ends
    hours = info.hours or _window(subject, level)
    _once(
        problems,
        Problem("expires_missing", Gravity.WARN, f"No end is given; {hours} hours from sending are taken."),
    )
    return sent + timedelta(hours=hours)


def _window(subject: Subject, level: Level) -> int:
    if subject.family == "imminent":
        named = next((hours for hours, grade in IMMINENT.items() if grade == level), None)
        if named:
            return named
    return subject.hazard.window(level) if subject.hazard else 24


def _once(problems: list[Problem], problem: Problem) -> None:
    if problem not in problems:
        problems.append(problem)


def merged(claims: Iterable[Claim], problems: list[Problem]) -> tuple[Claim, ...]:
    """One claim for each area, hazard and family; where several differ, the higher level over the whole time."""
    groups: dict[tuple[str, str, str], list[Claim]] = {}
    for claim in claims:
        key = (claim.area.code or claim.area.name, claim.hazard or claim.event, claim.family)
        groups.setdefault(key, []).append(claim)
    if any(len({claim.level for claim in group}) > 1 for group in groups.values()):
        message = "Parts of the message give one area different levels; the highest is used."
        problems.append(Problem("infos_differ", Gravity.WARN, message))
    return tuple(reduce(_higher, group) for group in groups.values())


def _higher(one: Claim, other: Claim) -> Claim:
    if not (one.level and other.level):
        return one if one.level else other
    top = max((one, other), key=lambda claim: claim.level or 0)
    begins = None if one.begins is None or other.begins is None else min(one.begins, other.begins)
    ends = max(end for end in (one.ends, other.ends) if end) if one.ends or other.ends else None
    return replace(top, begins=begins, ends=ends)
