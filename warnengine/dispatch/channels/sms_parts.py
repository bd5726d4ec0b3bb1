"""Long Chinese texts in the 140 octets of an SMS, and back (3GPP TS 23.040 §9.2.3.24.1, user data header)."""

from __future__ import annotations

import codecs
from dataclasses import dataclass

from smpplib.gsm import GSM_CHARACTER_TABLE

ONE = 140
"""Octets of a single SMS: 70 UTF-16 units."""
PART = 134
"""Octets of text beside a six-octet header: 67 UTF-16 units."""
MOST = 255

CONCATENATED_8 = 0x00
CONCATENATED_16 = 0x08

_ESCAPE = 0x1B
_GSM = GSM_CHARACTER_TABLE[:0x5F] + "§" + GSM_CHARACTER_TABLE[0x60:]
"""The table of smpplib has a grave accent where GSM 03.38 has the section sign."""


class TooLong(ValueError):
    """The text needs more parts than a header can count."""


def split_ucs2(text: str, reference: int) -> list[bytes]:
    """Cut a text into user data of at most 140 octets, UTF-16 big-endian.

    One piece has no header; several carry the eight-bit header, which every handset knows, with `reference`
    modulo 256. A surrogate pair is never split. Raise TooLong beyond 255 parts.
    """
    octets = text.encode("utf-16-be")
    if len(octets) <= ONE:
        return [octets]
    pieces = []
    start = 0
    while start < len(octets):
        end = min(start + PART, len(octets))
        if end < len(octets) and octets[end - 2] & 0xFC == 0xD8:
            end -= 2
        pieces.append(octets[start:end])
        start = end
    if len(pieces) > MOST:
        raise TooLong(f"the text needs {len(pieces)} SMS parts, at most {MOST} are possible")
    header = bytes((5, CONCATENATED_8, 3, reference & 0xFF, len(pieces)))
    return [header + bytes((number,)) + piece for number, piece in enumerate(pieces, start=1)]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a part stands in a long message."""

    reference: int
    total: int
    number: int
    """From 1."""

    @classmethod
    def checked(cls, reference: int, total: int, number: int) -> Place | None:
        """Make a place; None for a message of one part and for nonsense, which is read as it stands."""
        return cls(reference, total, number) if 1 <= number <= total and total > 1 else None


def read_header(user_data: bytes) -> tuple[Place | None, bytes]:
    """Take the user data header off: the part's place and the text's octets.

    A header that overruns the data is no header: the octets are read as text, for a reply must not be lost.
    """
    if not user_data or user_data[0] >= len(user_data):
        return None, user_data
    length = user_data[0]
    header, text = user_data[1 : length + 1], user_data[length + 1 :]
    place = None
    while len(header) >= 2 and len(header) >= 2 + header[1]:
        kind, value, header = header[0], header[2 : 2 + header[1]], header[2 + header[1] :]
        if kind == CONCATENATED_8 and len(value) == 3:
            place = Place.checked(value[0], value[1], value[2])
        elif kind == CONCATENATED_16 and len(value) == 4:
            place = Place.checked(int.from_bytes(value[:2], "big"), value[2], value[3])
    return place, text


def read_text(octets: bytes, data_coding: int) -> str:
    """Read octets by SMPP data_coding (SMPP 3.4 §5.2.19); what cannot be read becomes U+FFFD, never an error.

    0 is the gateway's default alphabet, taken as unpacked GSM 03.38; 8 is UCS-2, in practice UTF-16; 15 is what
    Chinese gateways carry over from CMPP: GB18030. All else is Latin-1.
    """
    if data_coding == 0:
        return _read_gsm(octets)
    coding = {1: "ascii", 8: "utf-16-be", 15: "gb18030"}.get(data_coding, "latin-1")
    return codecs.decode(octets, coding, "replace")


def _read_gsm(octets: bytes) -> str:
    letters = []
    shift = 0
    for octet in octets:
        if octet == _ESCAPE:
            shift = 0x80
        else:
            letters.append(_GSM[octet + shift] if octet < 0x80 else "\ufffd")
            shift = 0
    return "".join(letters)
