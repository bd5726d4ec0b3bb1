"""From info blocks to claims: one level per area, hazard and family, with the end that counts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import reduce

from warnengine.ingest.formats import areas, grading, sentence, wording
from warnengine.ingest.formats.fields import Head, Info
from warnengine.ingest.formats.period import Period
from warnengine.ingest.formats.reading import Reading
from warnengine.model.hazard import Hazard
from warnengine.model.level import Level
from warnengine.model.warning import Claim, Gravity, Problem


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


def stated(info: Info, head: Head, reading: Reading, problems: list[Problem]) -> Stated:
    """Read one info block; what is odd about it is added to `problems`."""
    family = wording.family_of(info.headline, info.description, head.sender)
    district = areas.own_district(info, head, reading)
    hazard = grading.hazard(info, reading, problems)
    graded = grading.grade(info, head, family, district, problems)
    period = graded.text.period
    begins = info.onset or (period.begins if period else None)
    named = wording.colour_in((info.headline + info.description)[: sentence.READ])
    claims = tuple(
        Claim(
            area=area,
            hazard=hazard.key if hazard else None,
            event=info.event,
            family=family,
            level=level,
            begins=begins if level else None,
            ends=_end(info, period, head.sent, hazard, level, problems) if level else None,
            precision=precision,
            lifts=None if level else named,
        )
        for area, level, precision in areas.placed(info, graded, district, reading, problems)
    )
    return Stated(claims, graded.known, begins, info.expires or (period.ends if period else None))


def _end(
    info: Info,
    period: Period | None,
    sent: datetime,
    hazard: Hazard | None,
    level: Level,
    problems: list[Problem],
) -> datetime:
    """The end that counts: the field, else the period of the sentence, else the window of source or hazard."""
    expires = info.expires
    if expires and expires > sent:
        return expires
    if expires:
        message = f"It expires at {expires.isoformat()}, before it was sent; that end is not used."
        _once(problems, Problem("expires_before_sent", Gravity.WARN, message))
    if period:
        _once(problems, Problem("expires_from_text", Gravity.NOTE, "The end is that of the period in the text."))
        return period.ends
    hours = info.hours or (hazard.window(level) if hazard else 24)
    _once(
        problems,
        Problem("expires_missing", Gravity.WARN, f"No end is given; {hours} hours from sending are taken."),
    )
    return sent + timedelta(hours=hours)


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
