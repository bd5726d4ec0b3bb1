"""Warnings of weather.cma.cn: `api/weather/view` (alarm), `api/map/alarm`, and whoever passes these rows on."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from warnengine.ingest.formats import listed, wording
from warnengine.ingest.formats.fields import SEVERITY
from warnengine.ingest.formats.listed import Entry
from warnengine.ingest.formats.reading import Reading
from warnengine.ingest.formats.rows import Row, Text
from warnengine.model.warning import Warning


class _Alarm(Row):
    id: Text
    title: Text = ""
    headline: Text = ""
    description: Text = ""
    effective: Text
    type: Text = ""
    event_type: Text = Field("", alias="eventType")
    signal: Text = Field("", alias="signaltype")
    colour: Text = Field("", alias="signallevel")
    severity: Text = ""


def find(node: Any) -> list[Any]:
    """The node itself where it is such a row."""
    known = isinstance(node, dict) and node.keys() >= {"id", "effective"} and not node.keys().isdisjoint(_TITLES)
    return [node] if known else []


_TITLES = {"title", "headline"}


def read(node: Any, reading: Reading) -> Warning:
    """Read one."""
    alarm = _Alarm.of(node)
    entry = Entry(
        identifier=alarm.id,
        issued=alarm.effective,
        title=alarm.headline or alarm.title,
        text=alarm.description,
        event=alarm.signal or alarm.event_type or alarm.type,
        codes=tuple(code for code in (alarm.event_type, alarm.type) if code),
        level=wording.colour_in(alarm.colour) or SEVERITY.get(alarm.severity.lower()),
    )
    return listed.warning(entry, "cma", reading)
