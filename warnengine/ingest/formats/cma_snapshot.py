"""Warnings in force by administrative code, as relays of CMA's CAP feed give them: hazard, colour, times, a name.

There are no identifiers: place, hazard, colour and times make one, the same at every poll. An entry that leaves
out when it was issued is as old as the list; one with neither issue nor end is said anew by every list.
"""

from __future__ import annotations

import hashlib
import re
from typing import Any

from pydantic import Field

from warnengine.ingest.formats import listed, wording
from warnengine.ingest.formats.listed import Entry
from warnengine.ingest.formats.reading import Reading
from warnengine.ingest.formats.rows import Row, Text
from warnengine.model.warning import Warning

_CODE = re.compile(r"[1-8]\d{5}(?:\d{3}){0,2}")


class _Row(Row):
    code: Text
    source: Text = ""
    updated: Text = ""
    event: Text = Field(alias="type")
    colour: Text = Field("", alias="color")
    issued: Text = ""
    expires: Text = ""
    name: Text = ""


def find(node: Any) -> list[Any]:
    """Every row of the list, with its code and what the list says of itself."""
    by_code = node.get("warnings") if isinstance(node, dict) else None
    if not isinstance(by_code, dict) or not by_code or not all(map(_CODE.fullmatch, by_code)):
        return []
    about = {"source": node.get("source"), "updated": node.get("updated")}
    lists = ((code, rows if isinstance(rows, list) else [rows]) for code, rows in by_code.items())
    return [
        about | (row if isinstance(row, dict) else {}) | {"code": code} for code, rows in lists for row in rows
    ]


def read(node: Any, reading: Reading) -> Warning:
    """Read one row."""
    row = _Row.of(node)
    times = (row.issued, row.expires) if row.issued or row.expires else (row.updated,)
    words = "|".join((row.code, row.event, row.colour, *times))
    entry = Entry(
        identifier=f"{row.code}-{hashlib.sha256(words.encode()).hexdigest()[:24]}",
        issued=row.issued or row.updated,
        title=f"{row.name}{row.event}{row.colour}",
        sender=row.source or row.name,
        event=row.event,
        level=wording.colour_in(row.colour),
        place=row.name,
        region=row.code,
        expires=row.expires,
    )
    return listed.warning(entry, "cma_snapshot", reading)
