"""XML documents: CAP 1.0 to 1.2 and the national platform's (12379), alone or many in one wrapper."""

from __future__ import annotations

from collections.abc import Iterator

from warnengine.ingest.formats import cap, national, salvage, xml
from warnengine.ingest.formats.reading import Reading
from warnengine.ingest.formats.xml import Element
from warnengine.model.errors import RefusedWarning
from warnengine.model.warning import Warning

_WRAPPERS = {"feed", "rss", "RDF", "alerts", "EDXLDistribution"}
_BROADCAST = {"EBD", "Signature"}
"""Packets between loudspeaker platforms (应急广播消息封装), and what they are signed with."""
_ENTRIES = {"entry", "item", "contentObject"}


def read(raw: bytes, reading: Reading) -> tuple[Warning, ...]:
    """Every warning in a document, in its order; a feed or list that is empty has none. As `formats.read`."""
    root = xml.parse(raw)
    alerts = tuple(_alerts(root))
    if not alerts:
        return _nothing(root)
    return salvage.each(alerts, lambda alert: _read_one(alert, reading))


def _alerts(element: Element) -> Iterator[Element]:
    """The outermost alerts; a national message is one whatever its root is called."""
    names = {xml.local(child) for child in element}
    stands_alone = "identifier" in names and names & {"sendTime", "sent"} and xml.local(element) not in _ENTRIES
    if xml.local(element) == "alert" or stands_alone:
        yield element
        return
    for child in element:
        yield from _alerts(child)


def _nothing(root: Element) -> tuple[Warning, ...]:
    """No warning at all: an empty list is an answer, a feed of links or a strange document is not."""
    name = xml.local(root)
    if name in _BROADCAST:
        raise RefusedWarning("not_a_warning", f"<{name}> 是应急广播系统的心跳、回执或签名,不是预警:不必发到这里")
    if name not in _WRAPPERS:
        raise RefusedWarning("unknown_format", f"<{name[:40]}> is neither a CAP nor a national (12379) message.")
    if any(xml.local(element) in _ENTRIES for element in root.iter()):
        raise RefusedWarning("links_only", "The feed carries no alerts itself; fetch the alerts that it links to.")
    return ()


def _read_one(alert: Element, reading: Reading) -> Warning:
    return national.read(alert, reading) if national.recognises(alert) else cap.read(alert, reading)
