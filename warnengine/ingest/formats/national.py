"""The national platform's message (12379, GB/T 35965 family), as exporters really write it.

No namespace or any; times with a space; severity is a colour; areaDesc and geocode are comma-joined lists in
parallel with the first item doubled, or there are many area elements; references are bare identifiers; onset and
expires are often empty.
"""

from __future__ import annotations

import re

from warnengine.ingest.formats import assembly, conformance, fields
from warnengine.ingest.formats.claims import stated
from warnengine.ingest.formats.fields import Head, Info
from warnengine.ingest.formats.reading import Reading
from warnengine.ingest.formats.tree import Node
from warnengine.model.place import Area
from warnengine.model.warning import MsgType, Problem, Status, Warning

_LIST = re.compile(r"[,，;；、|\s]+")
_CODE = re.compile(r"\d{6}(?:\d{3}){0,2}")


def recognises(alert: Node) -> bool:
    """Whether an alert has what only the national message has."""
    return bool(alert.text("sendTime") or alert.text("senderCode")) or any(
        info.text("eventType") and not info.text("event") for info in alert.all("info")
    )


def read(alert: Node, reading: Reading) -> Warning:
    """One message; raise RefusedWarning where it lacks what identifies it or uses a word the standard lacks."""
    problems: list[Problem] = []
    head = _head(alert, reading, problems)
    spoken = max((message for message in _messages(alert)), key=len, default="")
    infos = [_info(info, spoken, reading, problems) for info in alert.all("info")]
    said = [stated(info, head, reading, problems) for info in infos]
    problems += conformance.check(conformance.Message(alert, head, national=True))
    return assembly.warning(head, "national", infos, said, problems)


def _head(alert: Node, reading: Reading, problems: list[Problem]) -> Head:
    identifier = fields.required(alert, "identifier")
    sender = fields.required(alert, "sender", "senderCode")
    return Head(
        identifier=identifier,
        sender=sender,
        issuer=fields.issuer(reading, sender, identifier, alert.text("senderCode")),
        sent=fields.sent(fields.required(alert, "sendTime", "sent"), problems),
        status=fields.word(alert.text("status") or Status.ACTUAL, Status, "status"),
        msg_type=fields.word(fields.required(alert, "msgType"), MsgType, "msgType"),
        references=fields.references(alert.text("references"), sender),
    )


def _messages(alert: Node) -> list[str]:
    """The texts per channel; one stands in where the description is empty."""
    methods = (method for code in alert.all("code") for method in code.all("method"))
    return [message for method in methods for message in method.texts("message")]


def _info(info: Node, spoken: str, reading: Reading, problems: list[Problem]) -> Info:
    code = info.text("eventType")
    return Info(
        event=code or info.text("event"),
        codes=(code,) if code else (),
        headline=fields.plain(info.text("headline")),
        description=fields.plain(info.text("description") or spoken),
        graded=fields.SEVERITY.get(info.text("severity").lower()),
        all_clear=False,
        effective=fields.moment(info.text("effective"), "effective", problems),
        onset=fields.moment(info.text("onset"), "onset", problems),
        expires=fields.moment(info.text("expires"), "expires", problems),
        areas=_areas(info, reading) or (fields.NOWHERE,),
    )


def _areas(info: Node, reading: Reading) -> tuple[Area, ...]:
    """Names and codes of all area elements; a code is also taken where it stands among the names."""
    found: list[Area] = []
    for area in info.all("area"):
        names = [name for name in _LIST.split(area.text("areaDesc")) if name]
        codes = [code for code in _LIST.split(",".join(area.texts("geocode"))) if code]
        codes = [code for code in (*codes, *names) if _CODE.fullmatch(code)]
        found += fields.areas([name for name in names if not _CODE.fullmatch(name)], codes, reading)
    return tuple({area.code or area.name: area for area in reversed(found)}.values())[::-1]
