"""One entry of a list of warnings, whatever the list: what it gives in fields, the rest from its title and codes.

A list names places by the identifier of the national platform (its first six digits are the issuer's place) or in
the title alone. An entry without a text is its title: it is for the whole of its issuer's place, and says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from warnengine.ingest.formats import assembly, codes, fields, titles
from warnengine.ingest.formats.claims import stated
from warnengine.ingest.formats.fields import Head, Info
from warnengine.ingest.formats.plain import simplified
from warnengine.ingest.formats.reading import Reading
from warnengine.ingest.formats.titles import Heading
from warnengine.model.clock import BEIJING
from warnengine.model.errors import RefusedWarning
from warnengine.model.level import Level
from warnengine.model.place import Area
from warnengine.model.warning import Gravity, MsgType, Precision, Problem, Status, Warning

_CODED = re.compile(r"([1-8]\d{5})(?:\d{8}_|-)\d{14}")
_REGION = re.compile(r".+?(?:省|市|自治区|自治州|地区|盟)")
_OFFSET = re.compile(r"(?:[Zz]|:\d\d[+-]\d\d:?\d\d)$")
_SEPARATOR = re.compile(r"[\s,，;；、]+")
_EPOCH = re.compile(r"1\d{9}(?:\d{3})?")
_COMPACT = re.compile(r"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)")
_OFFICE = re.compile(r"(?:局|台|部|中心|委|站|厅|office|observatory|bureau|centre|center|administration)$", re.I)


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry in the words of its list; empty: not given."""

    identifier: str
    """That of the national platform where the list has it, else the provider's own."""
    issued: str
    title: str = ""
    text: str = ""
    sender: str = ""
    event: str = ""
    """The hazard in words, or its code where the list has no words."""
    codes: tuple[str, ...] = ()
    """Any that `codes.read` knows."""
    level: Level | None = None
    """As the list's own field for the colour says."""
    place: str = ""
    region: str = ""
    """Administrative code."""
    areas: tuple[Area, ...] = ()
    """Where the list names them itself; codes canonical."""
    onset: str = ""
    expires: str = ""
    msg_type: str = ""
    """CAP's word in any case; empty: as the title's verb says."""
    references: str = ""
    status: str = ""


def warning(entry: Entry, form: str, reading: Reading) -> Warning:
    """Read one entry; raise RefusedWarning where it lacks what identifies it."""
    problems: list[Problem] = []
    heading = titles.read(entry.title or entry.text)
    head = _head(entry, heading, reading, problems)
    info = _info(entry, heading, head, reading, problems)
    said = stated(info, head, reading, problems)
    if not entry.text and not entry.areas:
        message = "列表里只有标题,没有正文:按发布单位所在地的全域理解,具体镇街请看原文。"
        problems.append(Problem("title_only", Gravity.WARN, message))
        vague = tuple(replace(claim, precision=Precision.DISTRICT) for claim in said.claims)
        said = replace(said, claims=vague)
    if not entry.msg_type and said.graded and said.claims and not any(claim.level for claim in said.claims):
        head = replace(head, msg_type=MsgType.CANCEL)
    return assembly.warning(head, form, [info], [said], problems)


def _head(entry: Entry, heading: Heading, reading: Reading, problems: list[Problem]) -> Head:
    if not entry.identifier or not entry.issued:
        missing = "编号" if not entry.identifier else "发布时间"
        raise RefusedWarning("missing_field", f"{_shown(entry)}没有{missing}:请向来源索取原文,或补齐后重发")
    sender = entry.sender or _sender(entry, heading)
    if not sender:
        raise RefusedWarning("missing_field", f"{_shown(entry)}看不出是谁发布的:请核对原文,标题写明发布单位后重发")
    issued = moment(entry.issued, "sent", problems)
    if issued is None:
        raise RefusedWarning("bad_value", f"{_shown(entry)}的发布时间 {entry.issued[:40]!r} 读不懂:请更正后重发")
    return Head(
        identifier=entry.identifier,
        sender=sender,
        issuer=issuer(reading, sender, entry.identifier),
        sent=issued,
        status=fields.word(entry.status, Status, "status")
        if entry.status
        else titles.status_of(entry.title, entry.text),
        msg_type=fields.word(entry.msg_type, MsgType, "msgType") if entry.msg_type else _verb(entry, heading),
        references=_references(entry),
    )


def _references(entry: Entry) -> tuple[str, ...]:
    """Identifiers, each once; a first issue that refers to itself refers to nothing."""
    named = dict.fromkeys(_SEPARATOR.split(entry.references.strip()))
    return tuple(name for name in named if name not in ("", entry.identifier))


def _shown(entry: Entry) -> str:
    return f"“{(entry.title or entry.text or entry.identifier or entry.place)[:40]}”"


def _sender(entry: Entry, heading: Heading) -> str:
    """The office that the title names, else the one that the text opens with, else the title's place."""
    if _OFFICE.search(heading.issuer) or not entry.text:
        return heading.issuer
    return titles.issuer_of(entry.text) or heading.issuer


def _verb(entry: Entry, heading: Heading) -> MsgType:
    """As the title says; its plain 发布 may be 升级…为… in the text."""
    if heading.verb is MsgType.ALERT and titles.changes(entry.text):
        return MsgType.UPDATE
    return heading.verb


def issuer(reading: Reading, sender: str, *coded: str) -> str:
    """The 14-digit code where an identifier has one, else the name, a district of ours by its plain name.

    重庆市铜梁区气象台 and 铜梁区气象台 are one; joint issuers speak through their weather office.
    """
    found = fields.issuer(reading, sender, *coded)
    if found != sender:
        return found
    name = titles.speaker(simplified(sender))
    place = titles.place_of(name)
    district = reading.districts.get(reading.code(place))
    return district.name + name[len(place) :] if district and name.startswith(place) else name


def moment(value: str, field: str, problems: list[Problem]) -> datetime | None:
    """A time of a Chinese list, Beijing time where it names no offset; also 20260727031500, seconds since 1970."""
    value = value.strip()
    if _EPOCH.fullmatch(value):
        return datetime.fromtimestamp(int(value[:10]), BEIJING)
    value = _COMPACT.sub(r"\1-\2-\3 \4:\5:\6", value) if _COMPACT.fullmatch(value) else value
    return fields.moment(value if not value or _OFFSET.search(value) else f"{value}+08:00", field, problems)


def _info(entry: Entry, heading: Heading, head: Head, reading: Reading, problems: list[Problem]) -> Info:
    coded = [codes.read(code) for code in entry.codes]
    return Info(
        event=entry.event,
        codes=tuple(dict.fromkeys(code.event for code in coded if code.event)),
        headline=entry.title,
        description=entry.text,
        graded=_gravest((entry.level, *(code.level for code in coded)), problems),
        all_clear=False,
        effective=head.sent,
        onset=moment(entry.onset, "onset", problems),
        expires=moment(entry.expires, "expires", problems),
        areas=tuple(_areas(entry, heading, head, reading)),
    )


def _gravest(said: Iterable[Level | None], problems: list[Problem]) -> Level | None:
    levels = {level for level in said if level}
    if len(levels) > 1:
        named = "、".join(level.zh for level in sorted(levels, reverse=True))
        problems.append(
            Problem("level_contradicted", Gravity.WARN, f"代码与颜色字段不一致({named}),按最高的一级。")
        )
    return max(levels, default=None)


def _areas(entry: Entry, heading: Heading, head: Head, reading: Reading) -> Iterator[Area]:
    """Those of the list; else the issuer's place, by its name where it is ours, else by code."""
    if entry.areas:
        yield from entry.areas
        return
    place = entry.place or heading.place or titles.place_of(simplified(head.sender))
    found = _CODED.match(entry.identifier)
    code = reading.code(place) or reading.canonical(entry.region or (found[1] if found else ""))
    code = code or _above(place, reading)
    if place or code:
        yield Area(reading.name(code) or place or code, code or None)


def _above(place: str, reading: Reading) -> str:
    """The code of the province or city that a district of ours lies in, as its full name (重庆市铜梁区) says."""
    known: dict[str, str] = {}
    for district in reading.districts.values():
        for name in district.aliases:
            above = _REGION.findall(name.removesuffix(district.name)) if name.endswith(district.name) else []
            for depth, part in enumerate(above[:2], 1):
                code = district.code[: 2 * depth].ljust(6, "0")
                known |= {_bare(part): code, _bare("".join(above[:depth])): code}
    return known.get(_bare(place), "")


def _bare(place: str) -> str:
    return place.rstrip("省市")
