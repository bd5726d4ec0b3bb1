"""The list of the National Meteorological Centre (`rest/findAlarm`): number, minute, title and a picture.

The name of the picture is a code for hazard and colour. The list has neither texts nor all-clears.
"""

from __future__ import annotations

from typing import Any

from warnengine.ingest.formats import listed
from warnengine.ingest.formats.listed import Entry
from warnengine.ingest.formats.reading import Reading
from warnengine.ingest.formats.rows import Row, Text
from warnengine.model.warning import Warning


class _Alarm(Row):
    alertid: Text
    issuetime: Text
    title: Text
    pic: Text = ""


def find(node: Any) -> list[Any]:
    """The node itself where it is such a row."""
    return [node] if isinstance(node, dict) and node.keys() >= {"alertid", "issuetime", "title"} else []


def read(node: Any, reading: Reading) -> Warning:
    """Read one."""
    alarm = _Alarm.of(node)
    entry = Entry(alarm.alertid, alarm.issuetime, alarm.title, codes=(alarm.pic,))
    return listed.warning(entry, "nmc", reading)
