"""XML documents: CAP 1.0 to 1.2 and the national platform's (12379), alone or many in one wrapper."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from warnengine.ingest.formats import cap, conformance, national, salvage, wrapper, xml
from warnengine.ingest.formats.conformance.feed import entries
from warnengine.ingest.formats.reading import Reading
from warnengine.ingest.formats.tree import Node
from warnengine.ingest.formats.wrapper import Found
from warnengine.model.errors import RefusedWarning
from warnengine.model.warning import Gravity, Problem, Warning

LINKS_ONLY = "links_only"
"""The reason for refusing a feed that is in order, and whose alerts are elsewhere."""
MAX_INFOS = 500
"""Of one alert; the most that a real one has is 9."""
_BROADCAST = {"EBD", "Signature"}
"""Packets between loudspeaker platforms (应急广播消息封装), and what they are signed with."""


def read(raw: bytes, reading: Reading) -> tuple[Warning, ...]:
    """Every warning in a document, in its order; a feed or list that is empty has none. As `formats.read`."""
    root = Node(xml.parse(raw))
    alerts = wrapper.alerts(root)
    if not alerts:
        return _nothing(root)
    found = salvage.each(alerts, lambda alert: _read_one(alert, reading))
    around = tuple(_around(root, len(alerts)))
    first = replace(found[0], problems=found[0].problems + around)
    return _told_apart((first, *found[1:]))


def _read_one(found: Found | RefusedWarning, reading: Reading) -> Warning:
    if isinstance(found, RefusedWarning):
        raise found
    alert = found.alert
    if len(alert.all("info")) > MAX_INFOS:
        words = f"An alert has more than {MAX_INFOS} info blocks: ask the issuer to split it."
        raise RefusedWarning("too_many_infos", words)
    warning = national.read(alert, reading) if national.recognises(alert) else cap.read(alert, reading)
    if not found.row:
        return warning
    words = "Only the row of an index was sent; the alert that it links to says more and must be fetched."
    return replace(warning, problems=(*warning.problems, Problem("index_row", Gravity.WARN, words)))


def _nothing(root: Node) -> tuple[Warning, ...]:
    """No warning at all: an empty list is an answer, a feed of links or a strange document is not."""
    if root.name in _BROADCAST:
        raise RefusedWarning(
            "not_a_warning", f"<{root.name}> 是应急广播系统的心跳、回执或签名,不是预警:不必发到这里"
        )
    if root.name not in wrapper.WRAPPERS:
        words = f"<{root.name[:40]}> is neither a CAP nor a national (12379) message, nor does it hold one."
        raise RefusedWarning("unknown_format", words)
    count = sum(1 for _ in entries(root))
    if count:
        words = f"The feed's {count} entries carry no alerts themselves; fetch the alerts that they link to."
        raise RefusedWarning(LINKS_ONLY, words)
    return ()


def _around(root: Node, alerts: int) -> Iterator[Problem]:
    """What is odd about the document around the alerts."""
    if root.name not in wrapper.WRAPPERS:
        return
    yield from conformance.check_feed(root)
    links = sum(1 for _ in entries(root)) - alerts
    if links > 0:
        words = f"{links} entries of the feed carry no alert; what they link to is not read."
        yield Problem("links_beside", Gravity.WARN, words)


def _told_apart(found: tuple[Warning, ...]) -> tuple[Warning, ...]:
    """B3: under one identifier one document must not say two things; both are kept and say so."""
    meanings = {(warning.key, warning.meaning()) for warning in found} if len(found) > 1 else set()
    twice = {key for key, times in Counter(key for key, _ in meanings).items() if times > 1}
    return tuple(_repeated(warning) if warning.key in twice else warning for warning in found)


def _repeated(warning: Warning) -> Warning:
    words = f"The identifier {warning.identifier[:60]} stands twice in this document with different content."
    return replace(warning, problems=(*warning.problems, Problem("identifier_repeated", Gravity.WARN, words)))
