"""Fields that every XML format of warnings has, each with the ways in which real feeds write them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from enum import StrEnum
from functools import lru_cache
from html import unescape
from typing import TypeVar

from warnengine.ingest.formats.reading import Reading
from warnengine.ingest.formats.tree import Node
from warnengine.model.clock import BEIJING
from warnengine.model.errors import RefusedWarning
from warnengine.model.level import Level
from warnengine.model.place import Area
from warnengine.model.warning import Gravity, MsgType, Problem, Status

_MOMENT = re.compile(
    r"(\d{4})[-/](\d\d?)[-/](\d\d?)(?:T|\s+)(\d\d?)(?::(\d\d))?(?::(\d\d)(?:[.,]\d+)?)?\s*(Z|[+-]\d\d:?\d\d)?",
    re.I,
)
_SENT = re.compile(
    r",\s*\d{4}[-/]\d\d?[-/]\d\d?(?:(?:T|\s+)\d\d?:[\d:.]*)?\s?(?:Z|[-+]\d\d:?\d\d)?(?=[\s;]|,\s|$)"
)
_BLANK = re.compile(r"\s")
_SEPARATORS = re.compile(r"[\s,;]+")
_ISSUER = re.compile(r"\d{14}(?=_\d|$)")
SEVERITY = {
    "red": Level.RED, "orange": Level.ORANGE, "yellow": Level.YELLOW, "blue": Level.BLUE,
    "extreme": Level.RED, "severe": Level.ORANGE, "moderate": Level.YELLOW, "minor": Level.BLUE,
}  # fmt: skip
"""Colours of the national platform, and the words of issuers without colours."""
_MISSPELT = {"cancle": "cancel"}
_TAG = re.compile(
    r"</?(?:a|b|i|u|p|br|hr|li|ul|ol|em|tr|td|th|h[1-6]|div|span|font|strong|table|tbody|img|html|body|pre|center)"
    r"\b[^<>]{0,300}>",
    re.I,
)
_ENTITY = re.compile(r"&(?:[a-z]{2,8}|#\d{1,6}|#x[0-9a-f]{1,5});", re.I)

NOWHERE = Area("", None)
"""The place of an info block that names none: what it says is shown, and nobody is ordered anything by it."""

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
    listed: str = ""
    """Key of the danger by the lists and words of issuers abroad; empty: they do not say."""
    hours: int | None = None
    """How long this source's messages last that give no end; None: as the danger does."""


def required(alert: Node, *names: str) -> str:
    """The text of the first of these children that has any; raise RefusedWarning(`missing_field`)."""
    found = next((value for name in names if (value := alert.text(name))), None)
    if found is None:
        raise RefusedWarning(
            "missing_field",
            f"The message has no {names[0]}, or an empty one: ask the issuer to send it again with it.",
        )
    return found


def marked_up(text: str) -> bool:
    """Whether a text holds HTML tags or entities."""
    return ("<" in text and bool(_TAG.search(text))) or ("&" in text and bool(_ENTITY.search(text)))


def plain(text: str) -> str:
    """The text without HTML: tags are cut out, entities become what they stand for."""
    if not marked_up(text):
        return text
    return unescape(_TAG.sub(" ", text)).replace("\xa0", " ").strip()


def word(value: str, enum: type[Word], field: str) -> Word:
    """Read an enumerated word in any case; raise RefusedWarning(`bad_value`) on one that the standard lacks."""
    wanted = _MISSPELT.get(value.lower(), value.lower())
    found = next((member for member in enum if member.value.lower() == wanted), None)
    if found is None:
        raise RefusedWarning("bad_value", f"{field} is {value[:40]!r}; the standard knows {', '.join(enum)}.")
    return found


@lru_cache(maxsize=1024)
def time(value: str) -> tuple[datetime | None, bool]:
    """A time as feeds write it, Beijing time where it has no offset, and whether it has one; None: no time."""
    found = _MOMENT.fullmatch(value)
    if not found or not 1990 <= int(found[1]) <= 2100:
        return None, False
    numbers = (int(part or 0) for part in found.group(1, 2, 3, 4, 5, 6))
    try:
        return datetime(*numbers, tzinfo=_offset(found[7])), bool(found[7])  # type: ignore[misc,arg-type]
    except ValueError:
        return None, False


def moment(value: str, field: str, problems: list[Problem], unreadable: Gravity = Gravity.WARN) -> datetime | None:
    """Read a time; without an offset it is Beijing time and noted. None where empty, or unreadable (told)."""
    if not value:
        return None
    found, with_offset = time(value)
    if found is None:
        problems.append(Problem("bad_time", unreadable, f"{field} is {value[:40]!r}, which is not a time."))
    elif not with_offset:
        problems.append(
            Problem("time_without_offset", Gravity.WARN, f"{field} has no offset; read as Beijing time.")
        )
    return found


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
        raise RefusedWarning("bad_value", f"The time of sending, {value[:40]!r}, is not a time that can be read.")
    return time


def references(value: str, sender: str) -> tuple[str, ...]:
    """Identifiers from `sender,identifier,sent` triplets (CAP) or bare ones (national platform), each once.

    A triplet ends with a time; senders that hold blanks and commas stay apart from their identifiers, and where a
    triplet has no sender or no time the rest is still found.
    """
    named = dict.fromkeys(name for name in _referred(value.strip(), sender) if name)
    return tuple(named)


def _referred(value: str, sender: str) -> Iterator[str]:
    at = 0
    for found in _SENT.finditer(value):
        yield _identifier(value[at : found.start()].strip(" ,;\t\r\n"), sender)
        at = found.end()
    rest = value[at:].strip(" ,;\t\r\n")
    pair = rest.count(",") == 1 and not _BLANK.search(rest)
    yield from (_identifier(rest, sender),) if pair else _SEPARATORS.split(rest)


def _identifier(pair: str, sender: str) -> str:
    """The identifier of `sender,identifier`: behind the sender where it is this message's own, else behind the
    last comma, for identifiers hold none by the standard."""
    own = sender + ","
    behind = pair[len(own) :] if pair.startswith(own) else pair.rpartition(",")[2]
    return behind.strip()


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
