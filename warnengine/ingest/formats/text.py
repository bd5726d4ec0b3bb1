"""Warnings as plain Chinese text, as they are pasted from a telephone, a web page or an official letter.

One document may hold several. A warning begins at a line that opens one (issuer, time of issue, verb), or at its
title; blank lines mean nothing, for they also stand inside pasted texts. The time of issue must be whole: without
its year a text of any other summer would read the same. The identifier is a digest of the text without blanks and
forms of characters, so that the same text is the same warning whoever pastes it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from warnengine.ingest.formats import listed, observation, salvage, titles
from warnengine.ingest.formats import plain as spelling
from warnengine.ingest.formats.listed import Entry
from warnengine.ingest.formats.reading import Reading
from warnengine.model.clock import BEIJING
from warnengine.model.errors import RefusedWarning
from warnengine.model.warning import Warning

MAX_CHARACTERS = 200_000
MAX_MESSAGES = 500
_TITLE = 80
_HEADLINE = 160
_BLANK = re.compile(r"[\s\u200b\ufeff]+")
_SAYS = re.compile(r"预警|警报|信号|响应|特报")
_WHEN = (
    r"(?:(?:(?P<year>\d{4})年)?(?P<month>\d{1,2})月)?(?P<day>\d{1,2})[日号](?P<hour>\d{1,2})[时点:](?:(?P<minute>\d{1,2})分?)?"
    r"|(?P<y>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d\d?)T?(?P<h>\d\d):(?P<min>\d{2})(?::\d{2})?"
)
_TIME = re.compile(_WHEN)
_TITLED = re.compile(
    rf"(?!请|各|要|关于)[^,。;:!?]{{2,60}}?[局台部中心委站厅会办省市区县旗州盟](?:关于)?{titles.VERB}(?!的)[^,。;!?]{{0,40}}(?:{_SAYS.pattern})"
    r"(?:[\[(【].{0,40})?(?:的(?:通知|通告|公告|紧急通知|函|报告))?"
)
"""A title on its own line; what the text says of other offices (区气象局已启动应急响应) is none."""
_STAMP = re.compile(rf"[^,。;!至到计前截]{{0,60}}?\(?(?P<when>{_WHEN})\)?(?:发布)?")
_LATER = re.compile(rf"(?<=[,。;:]){titles.OPENING.pattern}")


@dataclass(slots=True)
class _Message:
    title: str = ""
    lines: list[str] = field(default_factory=list)
    opening: str = ""
    """Its plain line with issuer, time and verb; empty: none so far."""

    @property
    def text(self) -> str:
        return "\n".join(self.lines).strip()


def read(text: str, reading: Reading) -> tuple[Warning, ...]:
    """Every warning of a text, in its order. As `formats.read`."""
    if len(text) > MAX_CHARACTERS:
        raise RefusedWarning("too_large", f"文本超过{MAX_CHARACTERS}字:请只发预警本身,多条请分几次发")
    if observation.recognises(re.split(r"[,\t]", text.partition("\n")[0])):
        raise observation.elsewhere()
    if not _SAYS.search(_plain(text)):
        raise RefusedWarning(
            "unknown_format",
            "看不出是预警:不是 XML、JSON,文字里也没有预警、信号、警报等字样;支持的格式见 docs/formats.md",
        )
    messages = list(_messages(text))
    if len(messages) > MAX_MESSAGES:
        raise RefusedWarning("too_many_alerts", f"一份文本超过{MAX_MESSAGES}条预警:请分几次发")
    return salvage.each(messages, lambda message: _warning(message, reading))


def _plain(text: str) -> str:
    """Without blanks, full-width forms made plain: to recognise and to compare, never to show."""
    return _BLANK.sub("", spelling.plain(text))


def _messages(text: str) -> Iterator[_Message]:
    message = _Message()
    for line in text.splitlines():
        plain = _plain(line)
        found = titles.OPENING.match(plain)
        if found and (found["when"] or (found["at"] and not message.opening)):
            if message.opening and len(message.lines) == 1 and plain.startswith(message.opening.rstrip("。")):
                message = _Message(message.lines[0])  # the title, with its time, above the text that repeats it
            elif message.opening:
                yield message
                message = _Message()
            message.opening = plain
        elif len(plain) <= _TITLE and _TITLED.fullmatch(plain):
            if message.title or message.opening:
                yield message
                message = _Message(line, [])
                continue
            message.title = line
            continue
        message.lines.append(line)
    yield message


def _warning(message: _Message, reading: Reading) -> Warning:
    plain = _plain(f"{message.title}\n{message.text}")
    issued = _issued(message, plain)
    title = message.title.strip() or titles.clause(message.text)[:_HEADLINE]
    digest = hashlib.sha256(f"{issued:%Y%m%d%H%M}{plain}".encode()).hexdigest()[:32]
    entry = Entry(
        identifier=f"text-{digest}",
        issued=issued.isoformat(),
        title=title,
        text=message.text,
        sender=_sender(message, plain),
    )
    return listed.warning(entry, "text", reading)


def _sender(message: _Message, plain: str) -> str:
    """The issuer of the opening, of the title, or of an opening behind other words (经会商研判,…)."""
    openings = map(titles.OPENING.match, (message.opening, _plain(message.title), plain))
    found = next(filter(None, openings), None) or _LATER.search(plain)
    return titles.relayed(found["issuer"]) if found else ""


def _issued(message: _Message, plain: str) -> datetime:
    """The time of the opening, its year from elsewhere in the text where need be; else that of a signature."""
    opening = titles.OPENING.match(message.opening) or _LATER.search(plain)
    stamps = [found for line in (message.title, *message.lines) if (found := _STAMP.fullmatch(_plain(line)))]
    said = opening and (opening["when"] or opening["at"])
    said = said or (stamps[-1]["when"] if stamps else None)
    first = _parts(_TIME.fullmatch(said)) if said else None
    if not first:
        raise RefusedWarning(
            "missing_field",
            f"“{(message.title or message.text)[:40]}”没有发布时间:请在首句写全年月日时分,"
            "如 铜梁区气象台2026年7月27日3时15分发布……",
        )
    others = (_parts(found) for found in _TIME.finditer(plain))
    whole = next((time for time in (first, *others) if time and time[0] and _same(first, time)), None)
    if not whole:
        raise RefusedWarning(
            "missing_field", f"发布时间“{said}”没有年份:请写全年月日时分后重发,如 2026年7月27日3时15分"
        )
    year, month, day, hour, minute = *whole[:2], *first[2:]
    try:
        midnight = datetime(year or 0, month or 0, day, tzinfo=BEIJING)
    except ValueError as error:
        raise RefusedWarning("bad_value", f"没有“{said}”这个时间:请更正发布时间后重发") from error
    return midnight + timedelta(hours=hour, minutes=minute)


_Parts = tuple[int | None, int | None, int, int, int]
"""Year, month, day, hour, minute."""


def _parts(time: re.Match[str] | None) -> _Parts | None:
    if time is None:
        return None
    year, month = (
        int(found) if (found := time[a] or time[b]) else None for a, b in (("year", "y"), ("month", "m"))
    )
    day, hour, minute = (int(time[a] or time[b] or 0) for a, b in (("day", "d"), ("hour", "h"), ("minute", "min")))
    return (year, month, day, hour, minute) if hour <= 24 and minute < 60 else None


def _same(first: _Parts, time: _Parts) -> bool:
    """Whether both may be one hour, the first leaving out year or month."""
    return all(a in (None, b) for a, b in zip(first[:4], time[:4], strict=True))
