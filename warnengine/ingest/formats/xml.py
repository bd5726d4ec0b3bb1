"""The guard: hostile or broken XML is refused before anything is built from it.

The limits come from measurements: a legal message of 881 KB exists, the deepest real one has 8 levels and 3
attributes on one element. One megabyte of the shortest legal CAP parameters is about 50 000 elements, so a message
that is merely long passes and the number of bytes stays the limit that counts. A document type is refused
altogether: with entities left unresolved a text would silently be cut short. Two parsers that disagree about the
encoding would read two messages, so the bytes are brought to UTF-8 first, and both get the same.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from xml.parsers import expat

from lxml import etree

from warnengine.model.errors import RefusedWarning

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 32
MAX_ELEMENTS = 50_000
MAX_ATTRIBUTES = 64
MAX_ATTRIBUTE = 8 * 1024
"""Characters of one attribute, or of its name; the longest real one is an address."""

Element = etree._Element

_ASK = "ask the issuer to send it again"
_DECLARED = re.compile(r"""<\?xml\s[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9_.:-]{1,40})["']""")
_DECLARATION = re.compile(r"<\?xml\s[^>]{0,300}?\?>")
_CODECS = re.compile(
    r"utf-8|ascii|gb2312|gbk|gb18030|big5|big5hkscs|koi8-r|shift_jis|euc_jp|euc_kr|cp125\d|iso8859-\d{1,2}"
)
_WIDER = {"gb2312": "gb18030", "gbk": "gb18030", "big5": "big5hkscs"}
"""Issuers that declare the smaller set use the characters of the larger one."""
_PACKED = (b"\x1f\x8b", b"PK\x03\x04", b"BZh", b"\xfd7zXZ", b"7z\xbc\xaf")


def parse(raw: bytes) -> Element:
    """The root element of a message of at most MAX_BYTES; comments and processing instructions are left out.

    Raise RefusedWarning with `too_large`, `compressed`, `not_xml`, `malformed`, `doctype`, `too_deep`,
    `too_many_elements`, `too_many_attributes` or `attribute_too_long`.
    """
    if len(raw) > MAX_BYTES:
        raise RefusedWarning(
            "too_large", f"The message has {len(raw)} bytes; {MAX_BYTES} are the most that a warning may have."
        )
    body = _as_utf8(raw)
    _scan(body)
    parser = etree.XMLParser(
        encoding="utf-8",
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
        raise _malformed(error.lineno or 0, error.offset or 0, error.msg or "") from error


def _as_utf8(raw: bytes) -> bytes:
    """The document in UTF-8, without its declaration where that says something else."""
    if raw.startswith(_PACKED):
        raise RefusedWarning("compressed", f"The message is a compressed file: unpack it, or {_ASK} as plain XML.")
    body = raw.lstrip(b" \t\r\n")
    codec, body = _codec(body)
    try:
        text = body.decode(codec)
    except UnicodeDecodeError as error:
        words = f"Byte {error.start + 1} is not {codec}, the encoding that the message declares: {_ASK}."
        raise RefusedWarning("malformed", words) from error
    if "\0" in text:
        raise RefusedWarning("malformed", f"The message holds NUL bytes, which no text has: {_ASK}.")
    if codec == "utf-8":
        return body
    return _DECLARATION.sub("", text.lstrip(), count=1).encode()


def _codec(body: bytes) -> tuple[str, bytes]:
    """The encoding by byte order mark, first bytes and declaration, and the body without the mark."""
    if body.startswith((b"\xff\xfe\0\0", b"\0\0\xfe\xff", b"<\0\0\0", b"\0\0\0<")):
        raise RefusedWarning(
            "malformed", f"The message is in UTF-32, which no parser reads alike: {_ASK} in UTF-8."
        )
    for mark, codec in ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"), (b"\xef\xbb\xbf", "utf-8")):
        if body.startswith(mark):
            body = body[len(mark) :]
            return _agreed(codec, body), body.lstrip(b" \t\r\n") if codec == "utf-8" else body
    wide = {b"<\0": "utf-16-le", b"\0<": "utf-16-be"}.get(body[:2])
    if not wide and not body.startswith(b"<"):
        raise RefusedWarning("not_xml", "The message is not XML: it does not begin with <.")
    return _agreed(wide, body), body


def _agreed(known: str | None, body: bytes) -> str:
    """The encoding that counts: what the bytes show must not contradict what the document declares."""
    opening = body[:1200].decode(known or "latin-1", "replace").lstrip()
    declared = _DECLARED.match(opening)
    if not declared:
        return known or "utf-8"
    name = declared[1]
    if known and known.startswith("utf-16"):
        fits = name.lower().replace("_", "-") in {"utf-16", "utf16", known, "ucs-2", "iso-10646-ucs-2"}
        codec = known
    else:
        codec = _named(name)
        fits = bool(_CODECS.fullmatch(codec)) and known in {None, codec}
    if not fits:
        words = (
            f"The message declares the encoding {name}, but is in another or in one not taken: {_ASK} in UTF-8."
        )
        raise RefusedWarning("malformed", words)
    return _WIDER.get(codec, codec)


def _named(name: str) -> str:
    try:
        return codecs.lookup(name).name
    except LookupError:
        return ""


def _malformed(line: int, column: int, words: str) -> RefusedWarning:
    return RefusedWarning(
        "malformed",
        f"Not well-formed XML at line {line}, column {column} ({words[:120]}): {_ASK}, whole and unchanged.",
    )


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
        if attributes:
            self._look_at(attributes)

    @staticmethod
    def _look_at(attributes: list[str]) -> None:
        if len(attributes) > 2 * MAX_ATTRIBUTES:
            raise RefusedWarning("too_many_attributes", f"More than {MAX_ATTRIBUTES} attributes on one element.")
        if max(map(len, attributes)) > MAX_ATTRIBUTE:
            raise RefusedWarning("attribute_too_long", f"An attribute has more than {MAX_ATTRIBUTE} characters.")

    def end(self, _name: str) -> None:
        self.depth -= 1

    def doctype(self, *_: object) -> None:
        raise RefusedWarning("doctype", "The message has a DOCTYPE; ask the issuer to send it without.")


def _scan(body: bytes) -> None:
    """Run through the whole body at once (expat before 2.6 is quadratic in pieces) and refuse what is hostile."""
    guard, scanner = _Guard(), expat.ParserCreate("utf-8")
    scanner.ordered_attributes = True
    scanner.StartElementHandler = guard.start
    scanner.EndElementHandler = guard.end
    scanner.StartDoctypeDeclHandler = guard.doctype
    try:
        scanner.Parse(body, True)
    except expat.ExpatError as error:
        raise _malformed(error.lineno, error.offset + 1, expat.ErrorString(error.code) or "") from error


def local(element: Element) -> str:
    """The name without its namespace."""
    return str(element.tag).rpartition("}")[2]


def children(element: Element, name: str) -> Iterator[Element]:
    """Child elements of that name, in any namespace."""
    return element.iterchildren(f"{{*}}{name}")


def text(element: Element, name: str) -> str:
    """The text of the first such child that has any, else empty."""
    return next((text for child in children(element, name) if (text := content(child))), "")


def content(element: Element) -> str:
    """The text of an element and of all within it, white space cut off at both ends."""
    text = "".join(map(str, element.itertext())) if len(element) else element.text or ""
    return text.strip()
