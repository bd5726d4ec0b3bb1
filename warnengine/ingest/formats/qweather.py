"""QWeather: `warning/now` (v7) and `weatheralert/current` (v1), in Chinese or English.

Its identifiers are its own. Severities are those of CAP, colours are words; both are lists that grow, so what is
not known says nothing.
"""

from __future__ import annotations

from typing import Any

from pydantic import Field

from warnengine.ingest.formats import codes, listed, wording
from warnengine.ingest.formats.fields import SEVERITY
from warnengine.ingest.formats.listed import Entry
from warnengine.ingest.formats.reading import Reading
from warnengine.ingest.formats.rows import Row, Text
from warnengine.model.level import Level
from warnengine.model.warning import MsgType, Warning

_MESSAGE = {"active": MsgType.ALERT, "alert": MsgType.ALERT, "update": MsgType.UPDATE, "cancel": MsgType.CANCEL}


class _Now(Row):
    id: Text
    sender: Text = ""
    issued: Text = Field(alias="pubTime")
    title: Text = ""
    begins: Text = Field("", alias="startTime")
    ends: Text = Field("", alias="endTime")
    status: Text = ""
    severity: Text = ""
    colour: Text = Field("", alias="severityColor")
    level: Text = ""
    type: Text = ""
    type_name: Text = Field("", alias="typeName")
    text: Text = ""
    related: Text = ""


class _Word(Row):
    code: Text = ""
    name: Text = ""
    supersedes: tuple[Text, ...] | None = Field(None, max_length=500)


class _Current(Row):
    id: Text
    sender: Text = Field("", alias="senderName")
    issued: Text = Field(alias="issuedTime")
    message: _Word = Field(_Word(), alias="messageType")
    event: _Word = Field(_Word(), alias="eventType")
    severity: Text = ""
    colour: _Word = Field(_Word(), alias="color")
    begins: Text = Field("", alias="onsetTime")
    ends: Text = Field("", alias="expireTime")
    headline: Text = ""
    description: Text = ""


def find_now(node: Any) -> list[Any]:
    """The node itself where it is a warning of v7."""
    return [node] if isinstance(node, dict) and node.keys() >= {"id", "pubTime", "title"} else []


def read_now(node: Any, reading: Reading) -> Warning:
    """Read one of v7."""
    now = _Now.of(node)
    entry = Entry(
        identifier=now.id,
        issued=now.issued,
        title=now.title,
        text=now.text,
        sender=now.sender,
        event=now.type_name or now.type,
        codes=_codes(now.type),
        level=_level(now.colour or now.level, now.severity),
        onset=now.begins,
        expires=now.ends,
        msg_type=_MESSAGE.get(now.status.lower(), ""),
        references=now.related,
    )
    return listed.warning(entry, "qweather", reading)


def find_current(node: Any) -> list[Any]:
    """The node itself where it is a warning of v1."""
    return [node] if isinstance(node, dict) and node.keys() >= {"id", "issuedTime", "eventType"} else []


def read_current(node: Any, reading: Reading) -> Warning:
    """Read one of v1."""
    now = _Current.of(node)
    entry = Entry(
        identifier=now.id,
        issued=now.issued,
        title=now.headline,
        text=now.description,
        sender=now.sender,
        event=now.event.name or now.event.code,
        codes=_codes(now.event.code),
        level=_level(now.colour.code, now.severity),
        onset=now.begins,
        expires=now.ends,
        msg_type=_MESSAGE.get(now.message.code.lower(), ""),
        references=" ".join(now.message.supersedes or ()),
    )
    return listed.warning(entry, "qweather", reading)


def _codes(number: str) -> tuple[str, ...]:
    code = codes.of_qweather(number)
    return (code,) if code else ()


def _level(colour: str, severity: str) -> Level | None:
    """A colour that is none of the four (white, black of Hong Kong) is not translated from the severity."""
    return wording.colour_in(colour) or SEVERITY.get((colour or severity).lower())
