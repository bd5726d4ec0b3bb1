"""The national platform's warnings (12379) as JSON: one, or a list under whatever name a portal gives it."""

from __future__ import annotations

import re
from typing import Any

from pydantic import AliasChoices, Field

from warnengine.ingest.formats import fields, listed
from warnengine.ingest.formats.fields import SEVERITY
from warnengine.ingest.formats.listed import Entry
from warnengine.ingest.formats.reading import Reading
from warnengine.ingest.formats.rows import Row, Several, Text
from warnengine.model.warning import Warning

_LIST = re.compile(r"[,，;；、|\s]+")
_CODE = re.compile(r"\d{6}(?:\d{3}){0,2}")
_ISSUED = ("effective", "sendTime", "headline")


class _Item(Row):
    identifier: Text
    sender: Text = ""
    sender_code: Text = Field("", alias="senderCode")
    issued: Text = Field("", validation_alias=AliasChoices("sendTime", "effective"))
    event_type: Text = Field("", alias="eventType")
    event: Text = Field("", alias="eventTypeCN")
    severity: Text = ""
    headline: Text = ""
    description: Text = ""
    onset: Text = ""
    expires: Text = ""
    msg_type: Text = Field("", alias="msgType")
    references: Text = Field("", validation_alias=AliasChoices("referencesInfo", "references"))
    status: Text = ""
    area_names: Several = Field("", alias="areaDesc")
    area_codes: Several = Field("", alias="geocode")


def find(node: Any) -> list[Any]:
    """The node itself where it is such a warning."""
    known = isinstance(node, dict) and "identifier" in node and ("severity" in node or "eventType" in node)
    return [node] if known and "info" not in node and any(name in node for name in _ISSUED) else []


def read(node: Any, reading: Reading) -> Warning:
    """Read one."""
    item = _Item.of(node)
    entry = Entry(
        identifier=item.identifier,
        issued=item.issued,
        title=item.headline,
        text=item.description,
        sender=item.sender,
        areas=fields.areas(
            _listed(item.area_names), list(filter(_CODE.fullmatch, _listed(item.area_codes))), reading
        ),
        event=item.event_type or item.event,
        codes=(item.event_type,),
        level=SEVERITY.get(item.severity.lower()),
        onset=item.onset,
        expires=item.expires,
        msg_type=item.msg_type,
        references=item.references,
        status=item.status,
    )
    return listed.warning(entry, "national_json", reading)


def _listed(value: str) -> list[str]:
    return [part for part in _LIST.split(value) if part]
