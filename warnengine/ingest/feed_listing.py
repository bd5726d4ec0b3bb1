"""What a feed lists: alerts that it holds itself, and links to others. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urljoin

from warnengine.ingest.formats import xml
from warnengine.ingest.formats.xml import Element
from warnengine.model.errors import RefusedWarning
from warnengine.model.feed import Link

ENTRIES = frozenset({"entry", "item"})
LISTS = frozenset({"feed", "rss", "RDF"})
WRAPPERS = frozenset({"alert", "alerts", "EDXLDistribution"})
MOST = 5000
"""Entries of one list: four times what the whole country has in force."""
LONGEST = 2000
"""Bytes of an address: what a key of the store can hold."""
STAMP = 1000
"""Characters of an entry's identifier and times."""
BASE = "{http://www.w3.org/XML/1998/namespace}base"
CAP = "application/cap+xml"
XML = re.compile(r"\.(xml|cap)($|[?#])", re.I)
NOT_THE_THING = frozenset({"self", "edit", "via", "related", "replies", "next", "prev", "license"})
"""Relations of links that lead to something else than what the entry is about (RFC 4287 §4.2.7.2, IANA)."""


@dataclass(frozen=True, slots=True)
class Listing:
    """What a list says, in its order."""

    holds: bool
    """Alerts stand in it, so the document itself is an arrival."""
    links: tuple[Link, ...]
    lost: int = 0
    """Entries that neither hold an alert nor link to anything, where nobody has said which links count."""


@dataclass(frozen=True, slots=True)
class _Candidate:
    href: str
    type: str
    rel: str


def read_listing(raw: bytes, home: str, follow: str = "") -> Listing:
    """What a feed lists; an empty one lists nothing, and that is an answer.

    home: its address. follow: a regular expression of the links that count; empty: the likeliest of each entry.
    Raise RefusedWarning where it is no feed, or was cut short: nothing may be concluded from it.
    """
    root = xml.parse(raw)
    if xml.local(root) in WRAPPERS:
        return Listing(holds=True, links=())
    if xml.local(root) not in LISTS:
        raise RefusedWarning("no_feed", f"<{xml.local(root)[:40]}> is neither Atom nor RSS")
    entries = [element for element in root.iter() if xml.local(element) in ENTRIES]
    if len(entries) > MOST:
        raise RefusedWarning("too_many_entries", f"{len(entries)} entries; at most {MOST} are taken")
    linking = [entry for entry in entries if not _holds(entry)]
    found = [_link(entry, home, re.compile(follow)) for entry in linking]
    links: dict[str, Link] = {}  # of one address the first entry counts
    for link in filter(None, found):
        links.setdefault(link.url, link)
    lost = 0 if follow else found.count(None)
    return Listing(len(linking) < len(entries), tuple(links.values()), lost)


def _holds(entry: Element) -> bool:
    """Whether an alert stands in the entry itself."""
    return any(xml.local(element) == "alert" for element in entry.iter())


def _link(entry: Element, home: str, follow: re.Pattern[str]) -> Link | None:
    candidates = [one for one in _candidates(entry) if one.href and follow.search(one.href)]
    if not candidates:
        return None
    best = min(candidates, key=_rank)
    url = urljoin(_base(entry, home), best.href)
    names = ("id", "guid", "updated", "pubDate", "date")
    stamp = " ".join(xml.text(entry, name) for name in names)
    return Link(url, stamp[:STAMP]) if len(url.encode()) <= LONGEST else None


def _candidates(entry: Element) -> Iterator[_Candidate]:
    """Links of Atom (href), of RSS (text), enclosures, and a guid that is an address."""
    for element in entry:
        name = xml.local(element)
        if name == "link":
            href = element.get("href") or "".join(map(str, element.itertext()))
            yield _Candidate(href.strip(), element.get("type", ""), element.get("rel", "alternate"))
        elif name in {"enclosure", "content"}:
            href = element.get("url") or element.get("src") or ""
            yield _Candidate(href.strip(), element.get("type", ""), "enclosure")
    guid = xml.text(entry, "guid")
    if guid.startswith(("http://", "https://")):
        yield _Candidate(guid, "", "guid")


def _rank(one: _Candidate) -> int:
    """The likeliest first; equals in the order of the entry."""
    if one.rel in NOT_THE_THING:
        return 4
    if one.type.partition(";")[0].strip().lower() == CAP:
        return 0
    if one.type.endswith("xml") or XML.search(one.href):
        return 1
    return 2 if one.rel != "guid" else 3


def _base(entry: Element, home: str) -> str:
    """xml:base of the entry and all around it, outermost first."""
    bases = [element.get(BASE) for element in (entry, *entry.iterancestors())]
    for base in reversed([base for base in bases if base]):
        home = urljoin(home, base)
    return home
