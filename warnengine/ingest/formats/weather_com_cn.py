"""weather.com.cn: the list, whose rows are arrays, and the page of one warning, both usually as JSONP.

A row has [place, file, longitude, latitude, identifier, identifier, title, {…}], older ones the first four only;
the file's name says the minute, hazard and colour: 101131007-20261006212927-0902.html.
"""

from __future__ import annotations

import re
from typing import Any

from pydantic import Field

from warnengine.ingest.formats import listed, wording
from warnengine.ingest.formats.listed import Entry
from warnengine.ingest.formats.reading import Reading
from warnengine.ingest.formats.rows import Row, Text
from warnengine.model.errors import RefusedWarning
from warnengine.model.warning import Warning

_FILE = re.compile(r"\d{5,12}-(\d{14})-(\d{4})(?:\.html?)?")
_TITLE = 6
_IDENTIFIER = 4


class _Page(Row):
    head: Text = ""
    alert_id: Text = Field("", alias="ALERTID")
    province: Text = Field("", alias="PROVINCE")
    city: Text = Field("", alias="CITY")
    station: Text = Field("", alias="STATIONNAME")
    signal: Text = Field("", alias="SIGNALTYPE")
    colour: Text = Field("", alias="SIGNALLEVEL")
    type_code: Text = Field("", alias="TYPECODE")
    level_code: Text = Field("", alias="LEVELCODE")
    issued: Text = Field(alias="ISSUETIME")
    text: Text = Field("", alias="ISSUECONTENT")
    relieved: Text = Field("", alias="RELIEVETIME")
    msg_type: Text = Field("", alias="msgType")
    identifier: Text = ""
    references: Text = ""


def find_pages(node: Any) -> list[Any]:
    """The node itself where it is the page of one warning."""
    return [node] if isinstance(node, dict) and node.keys() >= {"ISSUETIME", "SIGNALTYPE"} else []


def read_page(node: Any, reading: Reading) -> Warning:
    """Read one."""
    page = _Page.of(node)
    place = page.station or page.city or page.province
    entry = Entry(
        identifier=page.identifier or page.alert_id,
        issued=page.issued,
        title=page.head,
        text=page.text,
        event=page.signal,
        codes=(page.type_code + page.level_code,),
        level=wording.colour_in(page.colour),
        place=place,
        expires=page.relieved,
        msg_type=page.msg_type,
        references=page.references,
    )
    return listed.warning(entry, "weather_com_cn", reading)


def find_rows(node: Any) -> list[Any]:
    """The node itself where it is a row of the list."""
    known = isinstance(node, list) and len(node) >= _IDENTIFIER and isinstance(node[1], str)
    return [node] if known and _FILE.fullmatch(node[1]) else []


def read_row(node: Any, reading: Reading) -> Warning:
    """Read one; a short row is known by the name of its file."""
    texts = [cell if isinstance(cell, str) else "" for cell in [*node[:7], *[""] * 7]]
    found = _FILE.fullmatch(texts[1])
    if not found or not texts[0].strip():
        raise RefusedWarning("missing_field", f"天气网列表里 {texts[1][:60]} 一行没有地名:请来源更正后重发")
    entry = Entry(
        identifier=texts[_IDENTIFIER] or texts[1].removesuffix(".html"),
        issued=found[1],
        title=texts[_TITLE],
        event=found[2],
        codes=(found[2],),
        sender="" if texts[_TITLE] else texts[0].strip(),
        place=texts[0].strip(),
    )
    return listed.warning(entry, "weather_com_cn", reading)
