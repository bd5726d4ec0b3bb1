"""CAP, or the national platform's message, written as JSON with the element names as keys: read like the XML."""

from __future__ import annotations

import re
from typing import Any

from lxml import etree

from warnengine.ingest.formats import document
from warnengine.ingest.formats.reading import Reading
from warnengine.ingest.formats.xml import Element
from warnengine.model.warning import Warning

_NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2"
_NAME = re.compile(r"(?:\{[^}]*\}|\w+:)?([A-Za-z][A-Za-z0-9]{0,60})")
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def find(node: Any) -> list[Any]:
    """The node itself where it is an alert."""
    known = isinstance(node, dict) and node.keys() >= {"identifier", "msgType"}
    return [node] if known and isinstance(node.get("info"), dict | list) else []


def read(node: Any, reading: Reading) -> Warning:
    """Read one alert."""
    (warning,) = document.read(etree.tostring(_element("alert", node), encoding="utf-8"), reading)
    return warning


def _element(name: str, value: Any) -> Element:
    """An element of that name; what is no name of an element is left out."""
    element = etree.Element(f"{{{_NAMESPACE}}}{name}")
    if not isinstance(value, dict):
        element.text = _NOT_XML.sub("", value) if isinstance(value, str) else None
        return element
    for key, inside in value.items():
        if found := _NAME.fullmatch(key):
            several = inside if isinstance(inside, list) else [inside]
            element.extend(_element(found[1], one) for one in several if one is not None)
    return element
