"""SMS as a carrier sees it: numbers, and parts that make a message (3GPP TS 23.040 §9.2.3.24)."""

from __future__ import annotations

from dataclasses import dataclass

import phonenumbers


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a message; a short message is part 1 of 1."""

    reference: int
    number: int
    of: int
    text: str


def part_of(body: bytes, data_coding: int, *, has_header: bool) -> Part:
    """Read the user data: an optional header (UDH) with a concatenation element, then UCS-2 or Latin-1."""
    header = body[1 : 1 + body[0]] if has_header else b""
    text = body[1 + body[0] :] if has_header else body
    encoding = "utf-16-be" if data_coding == 8 else "latin-1"
    reference, of, number = _concatenation(header) or (0, 1, 1)
    return Part(reference, number, of, text.decode(encoding))


def _concatenation(header: bytes) -> tuple[int, int, int] | None:
    """Find element 00 (8-bit reference) or 08 (16-bit): reference, parts, number."""
    while header:
        kind, length, data = header[0], header[1], header[2 : 2 + header[1]]
        if kind == 0x00:
            return data[0], data[1], data[2]
        if kind == 0x08:
            return int.from_bytes(data[:2], "big"), data[2], data[3]
        header = header[2 + length :]
    return None


class Reassembly:
    """Collects parts until a message is whole; parts of different connections never mix."""

    def __init__(self) -> None:
        self._parts: dict[tuple[object, ...], dict[int, tuple[str, str]]] = {}

    def add(self, key: tuple[object, ...], part: Part, provider_id: str) -> tuple[str, list[str]] | None:
        """Whole text and the ids of its parts in order, once the last part is there."""
        place = (*key, part.reference, part.of)
        parts = self._parts.setdefault(place, {})
        parts[part.number] = (part.text, provider_id)
        if len(parts) < part.of:
            return None
        whole = [self._parts[place][number] for number in sorted(parts)]
        del self._parts[place]
        return "".join(text for text, _ in whole), [provider_id for _, provider_id in whole]


def e164(number: str) -> str:
    """Write a number as +86…, whichever way the engine wrote it."""
    international = f"+{number.lstrip('+')}" if number.lstrip("+").startswith("86") else number
    parsed = phonenumbers.parse(international, "CN")
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def national(number: str) -> str:
    """Write +8613… as 13…, as carriers write the sender of a reply."""
    return str(phonenumbers.parse(number, "CN").national_number)
