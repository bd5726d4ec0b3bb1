"""Alerts inside other documents: Atom, RSS, EDXL-DE, SOAP, `<alerts>`, escaped text, and rows of an index.

Whatever stands around an alert, the outermost `alert` (or a national message by its fields) is one. An entry may
hold the fields of an alert without the element around them; it is one. A row of an index gives only some of them
(the US and MeteoAlarm say so themselves): it is read, with a problem that says what it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from lxml import etree

from warnengine.ingest.formats import xml
from warnengine.ingest.formats.conformance.feed import ENTRIES
from warnengine.ingest.formats.tree import Node
from warnengine.model.errors import RefusedWarning

WRAPPERS = frozenset({"feed", "rss", "RDF", "alerts", "EDXLDistribution"})
MAX_ALERTS = 10_000
"""Of one document; a megabyte holds some six thousand rows of an index."""
_HEAD = ("identifier", "sender", "sent", "status", "msgType", "scope", "note", "references")
_INFO = (
    *("category", "event", "responseType", "urgency", "severity", "certainty"),
    *("eventCode", "effective", "onset", "expires", "parameter"),
)
_AREA = ("areaDesc", "polygon", "circle", "geocode")


@dataclass(frozen=True, slots=True)
class Found:
    """One alert and how it was found."""

    alert: Node
    row: bool = False
    """Whether it is only the row of an index."""


def alerts(root: Node) -> list[Found | RefusedWarning]:
    """Every alert of a document, in its order, and why an embedded one could not be read."""
    found: list[Found | RefusedWarning] = []
    for one in _within(root, root, escaped=True):
        found.append(one)
        if len(found) > MAX_ALERTS:
            raise RefusedWarning("too_many_alerts", f"The document holds more than {MAX_ALERTS} alerts.")
    return found


def _within(node: Node, root: Node, *, escaped: bool) -> Iterator[Found | RefusedWarning]:
    if node.name == "alert" or _stands_alone(node):
        yield Found(node)
        return
    nothing = True
    for child in node.children:
        for one in _within(child, root, escaped=escaped):
            nothing = False
            yield one
    if nothing and escaped and not node.children and _embedded(node.value):
        yield from _unescaped(node.value, root)
    elif nothing and node.name in ENTRIES:
        yield from _entry(node, root)


def _stands_alone(node: Node) -> bool:
    """A national message is one whatever its root is called."""
    named = "identifier" in node.parts and ("sendTime" in node.parts or "sent" in node.parts)
    return named and node.name not in ENTRIES


def _embedded(text: str) -> bool:
    return text.startswith("<") and "alert" in text[:2000] and text.endswith(">")


def _unescaped(text: str, root: Node) -> Iterator[Found | RefusedWarning]:
    """Alerts written as text: escaped, or in CDATA. The same guard, and no further level."""
    try:
        yield from _within(Node(xml.parse(text.encode())), root, escaped=False)
    except RefusedWarning as refusal:
        yield refusal


def _entry(entry: Node, root: Node) -> Iterator[Found]:
    if entry.text("identifier") and entry.text("sender") and entry.text("sent") and entry.all("info"):
        yield Found(entry)
    elif entry.text("severity") and entry.text("status"):
        yield Found(Node(_alert(entry, root)), row=True)


def _alert(entry: Node, root: Node) -> xml.Element:
    """The alert that a row tells of, as far as it does."""
    space = str(entry.all("severity")[0].element.tag).rpartition("severity")[0]
    alert = etree.Element(f"{space}alert")
    said = {name: entry.text(name) for name in _HEAD} | {
        "identifier": entry.text("identifier") or entry.text("id") or entry.text("guid"),
        "sender": entry.text("sender") or _author(entry) or _author(root) or root.text("id"),
        "sent": entry.text("sent")
        or entry.text("updated")
        or entry.text("published")
        or _rss(entry.text("pubDate")),
        "msgType": entry.text("msgType") or entry.text("message_type"),
        "scope": entry.text("scope") or "Public",
    }
    for name, value in said.items():
        if value:
            etree.SubElement(alert, f"{space}{name}").text = value
    info = etree.SubElement(alert, f"{space}info")
    info.extend(deepcopy(part.element) for name in _INFO for part in entry.all(name))
    if not entry.text("event"):
        etree.SubElement(info, f"{space}event").text = entry.text("title")
    etree.SubElement(info, f"{space}headline").text = entry.text("title")
    etree.SubElement(info, f"{space}description").text = entry.text("summary") or entry.text("description")
    area = etree.SubElement(info, f"{space}area")
    area.extend(deepcopy(part.element) for name in _AREA for part in entry.all(name))
    return alert


def _author(node: Node) -> str:
    return next(
        (name for author in node.all("author") for name in (author.text("name"), author.value) if name), ""
    )


def _rss(value: str) -> str:
    """The time of an RSS item, as CAP writes it."""
    try:
        return parsedate_to_datetime(value).isoformat() if value else ""
    except ValueError:
        return value
