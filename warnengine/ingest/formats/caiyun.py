"""Caiyun (彩云): the alerts beside its forecasts, with the platform's identifier, place, text and a short code."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from warnengine.ingest.formats import listed
from warnengine.ingest.formats.listed import Entry
from warnengine.ingest.formats.reading import Reading
from warnengine.ingest.formats.rows import Row, Text
from warnengine.model.warning import Warning


class _Alert(Row):
    identifier: Text = Field(alias="alertId")
    issued: Text = Field(alias="pubtimestamp")
    title: Text = ""
    description: Text = ""
    code: Text = ""
    region: Text = Field("", alias="adcode")


def find(node: Any) -> list[Any]:
    """The node itself where it is such an alert."""
    return [node] if isinstance(node, dict) and node.keys() >= {"alertId", "pubtimestamp"} else []


def read(node: Any, reading: Reading) -> Warning:
    """Read one."""
    alert = _Alert.of(node)
    entry = Entry(
        identifier=alert.identifier,
        issued=alert.issued,
        title=alert.title,
        text=alert.description,
        event=alert.code,
        codes=(alert.code,),
        region=alert.region,
    )
    return listed.warning(entry, "caiyun", reading)
