"""Fields that every XML format of warnings has, each with the ways in which real feeds write them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from enum import StrEnum
from typing import TypeVar

from warnengine.ingest.formats.reading import Reading
from warnengine.ingest.formats.xml import Element, text
from warnengine.model.clock import BEIJING
from warnengine.model.errors import RefusedWarning
from warnengine.model.level import Level
from warnengine.model.place import Area
from warnengine.model.warning import Gravity, MsgType, Problem, Status

_MOMENT = re.compile(
    r"(\d{4})[-/](\d\d?)[-/](\d\d?)(?:T|\s+)(\d\d?)(?::(\d\d))?(?::(\d\d)(?:[.,]\d+)?)?\s*(Z|[+-]\d\d:?\d\d)?",
    re.I,
)
_DATE = re.compile(r"\s*\d{4}-\d\d-\d\d")
_ISSUER = re.compile(r"\d{14}(?=_\d|$)")
SEVERITY = {
    "red": Level.RED, "orange": Level.ORANGE, "yellow": Level.YELLOW, "blue": Level.BLUE,
    "extreme": Level.RED, "severe": Level.ORANGE, "moderate": Level.YELLOW, "minor": Level.BLUE,
}  # fmt: skip
"""Colours of the national platform, and the words of issuers without colours."""
_MISSPELT = {"cancle": "cancel"}

Word = TypeVar("Word", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Head:
    """Who says it, when, and as what."""

    identifier: str
    sender: str
    issuer: str
    sent: datetime
    status: Status
    msg_type: MsgType
    references: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Info:
    """One info block, in the words of its issuer."""

    event: str
    """Kept as it came."""
    codes: tuple[str, ...]
    """Event codes, 11B03."""
    headline: str
    description: str
    graded: Level | None
    """What the fields for the level say; None: nothing that we know."""
    all_clear: bool
    effective: datetime | None
    onset: datetime | None
    expires: datetime | None
    areas: tuple[Area, ...]
    """Codes canonical."""


def required(element: Element, *names: str) -> str:
    """The text of the first of these children that has any; raise RefusedWarning(`missing_field`)."""
    found = next((value for name in names if (value := text(element, name))), None)
    if found is None:
        raise RefusedWarning("missing_field", f"The message has no {names[0]}.")
    return found


def word(value: str, enum: type[Word], field: str) -> Word:
    """Read an enumerated word in any case; raise RefusedWarning(`bad_value`) on one that the standard lacks."""
    wanted = _MISSPELT.get(value.lower(), value.lower())
    found = next((member for member in enum if member.value.lower() == wanted), None)
    if found is None:
        raise RefusedWarning("bad_value", f"{field} is {value[:40]!r}; known are {', '.join(enum)}.")
    return found


def moment(value: str, field: str, problems: list[Problem]) -> datetime | None:
    """Read a time; without an offset it is Beijing time and noted. None where empty or unreadable (noted)."""
    if not value:
        return None
    found = _MOMENT.fullmatch(value)
    try:
        if not found or not 1990 <= int(found[1]) <= 2100:
            raise ValueError(value)
        numbers = (int(part or 0) for part in found.group(1, 2, 3, 4, 5, 6))
        time = datetime(*numbers, tzinfo=_offset(found[7]))  # type: ignore[misc,arg-type]
    except ValueError:
        problems.append(Problem("bad_time", Gravity.WARN, f"{field} is {value[:40]!r}, which is not a time."))
        return None
    if not found[7]:
        problems.append(
            Problem("time_without_offset", Gravity.WARN, f"{field} has no offset; read as Beijing time.")
        )
    return time


def _offset(value: str | None) -> tzinfo:
    if not value:
        return BEIJING
    if value in "Zz":
        return UTC
    size = timedelta(hours=int(value[1:3]), minutes=int(value[-2:]))
    return timezone(-size if value[0] == "-" else size)


def sent(value: str, problems: list[Problem]) -> datetime:
    """The time of sending; raise RefusedWarning(`bad_value`) where it cannot be read."""
    time = moment(value, "sent", problems)
    if time is None:
        raise RefusedWarning("bad_value", f"The time of sending, {value[:40]!r}, cannot be read.")
    return time


def references(value: str, identifier: str, problems: list[Problem]) -> tuple[str, ...]:
    """Identifiers from `sender,identifier,sent` triplets (CAP) or bare ones (national platform), each once."""
    parts = value.split(",")
    triplets = len(parts) > 2 and all(_DATE.match(part) for part in parts[2::2])
    found = parts[1::2] if triplets else re.split(r"[\s,;]+", value)
    named = tuple(dict.fromkeys(name.strip() for name in found if name.strip()))
    if identifier in named:
        problems.append(Problem("self_reference", Gravity.WARN, "The message refers to itself."))
    return named


def issuer(reading: Reading, sender: str, *coded: str) -> str:
    """The 14-digit code that an identifier or senderCode begins with, canonical, else the sender."""
    code = next((found[0] for text in coded if (found := _ISSUER.match(text))), None)
    if code is None:
        return sender
    return next((d.canonical(code) for d in reading.districts.values() if d.canonical(code) != code), code)


def areas(names: Sequence[str], codes: Sequence[str], reading: Reading) -> tuple[Area, ...]:
    """Names with their codes: in parallel where there are as many, else the gazetteer's name for each code.

    A name without a code gets that of a district or township that we keep, else it stays without.
    """
    known = tuple(map(reading.canonical, codes))
    if len(names) == len(known):
        pairs = list(zip(names, known, strict=True))
    else:
        pairs = [(reading.name(code) or (names[0] if names else code), code) for code in known]
        said = {name for name, _ in pairs}
        pairs += [(name, reading.code(name, known)) for name in names if name not in said]
    found: dict[str, Area] = {}
    for name, code in pairs:
        found.setdefault(code or name, Area(name, code or None))
    return tuple(found.values())
