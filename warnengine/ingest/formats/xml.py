"""The guard: hostile or broken XML is refused before anything is built from it.

The limits come from measurements: a legal message of 881 KB exists, the deepest real one has 8 levels and 3
attributes on one element. One megabyte of the shortest legal CAP parameters is about 50 000 elements, so a message
that is merely long passes and the number of bytes stays the limit that counts. A document type is refused
altogether: with entities left unresolved a text would silently be cut short.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.parsers import expat

from lxml import etree

from warnengine.model.errors import RefusedWarning

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 32
MAX_ELEMENTS = 50_000
MAX_ATTRIBUTES = 64

Element = etree._Element

_CHINESE_ENCODING = re.compile(rb"""^(<\?xml[^>]{0,80}?encoding\s*=\s*["'])(gb2312|gbk|gb18030)(["'])""", re.I)
_STARTS = (b"<", b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")


def parse(raw: bytes) -> Element:
    """The root element of a message of at most MAX_BYTES; comments and processing instructions are left out.

    Raise RefusedWarning with `too_large`, `not_xml`, `malformed`, `doctype`, `too_deep`, `too_many_elements` or
    `too_many_attributes`.
    """
    if len(raw) > MAX_BYTES:
        raise RefusedWarning(
            "too_large", f"{MAX_BYTES} bytes are the most that a warning has, and this one has more."
        )
    body = raw.lstrip(b" \t\r\n")
    if not body.startswith(_STARTS):
        raise RefusedWarning("not_xml", "The message is not XML: it does not begin with <.")
    body = _as_utf8(body)
    _scan(body)
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        return etree.fromstring(body, parser)
    except etree.XMLSyntaxError as error:
        raise RefusedWarning("malformed", f"Not well-formed XML: {error.msg}.") from error


def _as_utf8(body: bytes) -> bytes:
    """Recode GB 2312, GBK and GB 18030, which expat does not know; leave anything else as it is."""
    declared = _CHINESE_ENCODING.match(body)
    if not declared:
        return body
    try:
        text = body.decode("gb18030")
    except UnicodeDecodeError as error:
        raise RefusedWarning("malformed", f"Byte {error.start} is not {declared[2].decode()}.") from error
    return _CHINESE_ENCODING.sub(rb"\1utf-8\3", text.encode())


class _Guard:
    """Refuses what is hostile while expat runs through it."""

    depth = elements = 0

    def start(self, _name: str, attributes: list[str]) -> None:
        self.depth += 1
        self.elements += 1
        if self.depth > MAX_DEPTH:
            raise RefusedWarning("too_deep", f"Elements are nested more than {MAX_DEPTH} deep.")
        if self.elements > MAX_ELEMENTS:
            raise RefusedWarning("too_many_elements", f"More than {MAX_ELEMENTS} elements.")
        if len(attributes) > 2 * MAX_ATTRIBUTES:
            raise RefusedWarning("too_many_attributes", f"More than {MAX_ATTRIBUTES} attributes on one element.")

    def end(self, _name: str) -> None:
        self.depth -= 1

    def doctype(self, *_: object) -> None:
        raise RefusedWarning("doctype", "The message has a DOCTYPE; ask the issuer to send it without.")


def _scan(body: bytes) -> None:
    """Run through the whole body at once (expat before 2.6 is quadratic in pieces) and refuse what is hostile."""
    guard, scanner = _Guard(), expat.ParserCreate()
    scanner.ordered_attributes = True
    scanner.StartElementHandler = guard.start
    scanner.EndElementHandler = guard.end
    scanner.StartDoctypeDeclHandler = guard.doctype
    try:
        scanner.Parse(body, True)
    except expat.ExpatError as error:
        raise RefusedWarning("malformed", f"Not well-formed XML: {error}.") from error
    except (ValueError, LookupError) as error:
        raise RefusedWarning("malformed", f"The encoding cannot be read: {error}.") from error


def local(element: Element) -> str:
    """The name without its namespace."""
    return etree.QName(element).localname


def namespace(element: Element) -> str:
    """The namespace, empty where there is none."""
    return etree.QName(element).namespace or ""


def children(element: Element, name: str) -> Iterator[Element]:
    """Child elements of that name, in any namespace."""
    return (child for child in element if local(child) == name)


def texts(element: Element, name: str) -> tuple[str, ...]:
    """The text of each child of that name, white space cut off at both ends, empty ones left out."""
    found = ("".join(map(str, child.itertext())).strip() for child in children(element, name))
    return tuple(text for text in found if text)


def text(element: Element, name: str) -> str:
    """The text of the first such child that has any, else empty."""
    return next(iter(texts(element, name)), "")
