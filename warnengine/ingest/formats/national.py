"""The national platform's message (12379, GB/T 35965 family), as exporters really write it.

No namespace or any; times with a space; severity is a colour; areaDesc and geocode are comma-joined lists in
parallel with the first item doubled, or there are many area elements; references are bare identifiers; onset and
expires are often empty.
"""

from __future__ import annotations

import re

from warnengine.ingest.formats import assembly, fields, xml
from warnengine.ingest.formats.claims import stated
from warnengine.ingest.formats.fields import Head, Info
from warnengine.ingest.formats.reading import Reading
from warnengine.ingest.formats.xml import Element
from warnengine.model.place import Area
from warnengine.model.warning import MsgType, Problem, Status, Warning

_LIST = re.compile(r"[,，;；、|\s]+")
_CODE = re.compile(r"\d{6}(?:\d{3}){0,2}")


def recognises(alert: Element) -> bool:
    """Whether an alert has what only the national message has."""
    return bool(xml.text(alert, "sendTime") or xml.text(alert, "senderCode")) or any(
        xml.text(info, "eventType") and not xml.text(info, "event") for info in xml.children(alert, "info")
    )


def read(alert: Element, reading: Reading) -> Warning:
    """One message; raise RefusedWarning where it lacks what identifies it or uses a word the standard lacks."""
    problems: list[Problem] = []
    head = _head(alert, reading, problems)
    spoken = max((message for message in _messages(alert)), key=len, default="")
    infos = [_info(info, spoken, reading, problems) for info in xml.children(alert, "info")]
    said = [stated(info, head, reading, problems) for info in infos]
    return assembly.warning(head, "national", infos, said, problems)


def _head(alert: Element, reading: Reading, problems: list[Problem]) -> Head:
    identifier = fields.required(alert, "identifier")
    sender = fields.required(alert, "sender", "senderCode")
    return Head(
        identifier=identifier,
        sender=sender,
        issuer=fields.issuer(reading, sender, identifier, xml.text(alert, "senderCode")),
        sent=fields.sent(fields.required(alert, "sendTime", "sent"), problems),
        status=fields.word(xml.text(alert, "status") or Status.ACTUAL, Status, "status"),
        msg_type=fields.word(fields.required(alert, "msgType"), MsgType, "msgType"),
        references=fields.references(xml.text(alert, "references"), identifier, problems),
    )


def _messages(alert: Element) -> list[str]:
    """The texts per channel; one stands in where the description is empty."""
    methods = (method for code in xml.children(alert, "code") for method in xml.children(code, "method"))
    return [message for method in methods for message in xml.texts(method, "message")]


def _info(info: Element, spoken: str, reading: Reading, problems: list[Problem]) -> Info:
    code = xml.text(info, "eventType")
    return Info(
        event=code or xml.text(info, "event"),
        codes=(code,) if code else (),
        headline=xml.text(info, "headline"),
        description=xml.text(info, "description") or spoken,
        graded=fields.SEVERITY.get(xml.text(info, "severity").lower()),
        all_clear=False,
        effective=fields.moment(xml.text(info, "effective"), "effective", problems),
        onset=fields.moment(xml.text(info, "onset"), "onset", problems),
        expires=fields.moment(xml.text(info, "expires"), "expires", problems),
        areas=_areas(info, reading),
    )


def _areas(info: Element, reading: Reading) -> tuple[Area, ...]:
    """Names and codes of all area elements; a code is also taken where it stands among the names."""
    found: list[Area] = []
    for area in xml.children(info, "area"):
        names = [name for name in _LIST.split(xml.text(area, "areaDesc")) if name]
        codes = [code for code in _LIST.split(",".join(xml.texts(area, "geocode"))) if code]
        codes = [code for code in (*codes, *names) if _CODE.fullmatch(code)]
        found += fields.areas([name for name in names if not _CODE.fullmatch(name)], codes, reading)
    return tuple({area.code or area.name: area for area in reversed(found)}.values())[::-1]
