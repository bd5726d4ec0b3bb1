"""The PDUs of China Mobile's CMPP 2.0 and 3.0 that an SMS line needs.

Both versions have the same commands. 3.0 has longer numbers, a type behind each number, results of four octets,
and a LinkID in the place of the reserve. Texts in fixed fields are ASCII, filled up with zeros.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass

CONNECT = 0x01
TERMINATE = 0x02
SUBMIT = 0x04
DELIVER = 0x05
ACTIVE_TEST = 0x08
RESPONSE = 0x80000000
"""The bit that makes a command its response."""

HEADER = struct.Struct(">III")
LONGEST = 4096
"""The longest PDU that a gateway sends us, a CMPP_DELIVER, has less than 400 octets."""

UCS2 = 8
GB18030 = 15

_MSG_ID = 8
_DIGEST = 16
_STATE = struct.Struct(">8s7s")
_TIMES = 20
"""Submit_time and Done_time, YYMMDDhhmm."""
_SEQUENCE = 4
"""SMSC_sequence."""
_SHORTEST_REPORT = _STATE.size + _TIMES + 21 + _SEQUENCE


class Malformed(ValueError):
    """The octets are not a PDU."""


@dataclass(frozen=True, slots=True)
class Version:
    """What differs between 2.0 and 3.0."""

    number: int
    """Main version in the upper four bits, sub-version in the lower."""
    submit: struct.Struct
    """From Msg_Id to Msg_Length."""
    deliver: struct.Struct
    """From Msg_Id to Msg_Length."""
    result: int
    """Octets of a result."""
    typed: tuple[int, ...]
    """The type that follows a number: zero, a true number."""
    tail: bytes
    """What follows Msg_Content: Reserve or LinkID."""


VERSIONS = {
    "2.0": Version(
        number=0x20,
        submit=struct.Struct(">8s4B10sB21s3B6s2s6s17s17s21sB21sB"),
        deliver=struct.Struct(">8s21s10s3B21sBB"),
        result=1,
        typed=(),
        tail=bytes(8),
    ),
    "3.0": Version(
        number=0x30,
        submit=struct.Struct(">8s4B10sB32sB3B6s2s6s17s17s21sB32sBB"),
        deliver=struct.Struct(">8s21s10s3B32sxBB"),
        result=4,
        typed=(0,),
        tail=bytes(20),
    ),
}


def frame(command: int, sequence: int, body: bytes = b"") -> bytes:
    """Put the header before a body."""
    return HEADER.pack(HEADER.size + len(body), command, sequence) + body


def connect(company: str, secret: str, version: Version, stamp: str) -> bytes:
    """Write the body of CMPP_CONNECT; `stamp` is MMDDHHMMSS, and a number as well."""
    login = company.encode("ascii")
    known = login + bytes(9) + secret.encode() + stamp.encode("ascii")
    digest = hashlib.md5(known, usedforsecurity=False).digest()  # the standard's: it cannot be a better one
    return struct.pack(">6s16sBI", login, digest, version.number, int(stamp))


@dataclass(frozen=True, slots=True)
class Contract:
    """What is the same in every text of a line."""

    company: bytes
    source: bytes
    service: bytes
    fee_user_type: int
    fee_terminal: bytes
    fee_type: bytes
    fee_code: bytes


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a text, in UCS-2."""

    destination: bytes
    total: int
    number: int
    """From 1. Where there are several, the user data begin with a user data header."""
    user_data: bytes
    urgent: bool
    validity: bytes
    """As SMPP 3.3 writes it."""


def submit(version: Version, contract: Contract, part: Part) -> bytes:
    """Write the body of CMPP_SUBMIT: one number, receipt asked for."""
    fields = version.submit.pack(
        b"",  # Msg_Id: the gateway's to fill in
        part.total,
        part.number,
        1,  # Registered_Delivery
        part.urgent,  # Msg_level
        contract.service,
        contract.fee_user_type,
        contract.fee_terminal,
        *version.typed,
        0,  # TP_pId
        part.total > 1,  # TP_udhi
        UCS2,
        contract.company,
        contract.fee_type,
        contract.fee_code,
        part.validity,
        b"",  # At_Time: now
        contract.source,
        1,  # DestUsr_tl
        part.destination,
        *version.typed,
        len(part.user_data),
    )
    return fields + part.user_data + version.tail


@dataclass(frozen=True, slots=True)
class Deliver:
    """CMPP_DELIVER: a receipt or a reply."""

    msg_id: bytes
    """The gateway's number of this CMPP_DELIVER; eight octets."""
    source: str
    destination: str
    header: bool
    """TP_udhi: the content begins with a user data header."""
    format: int
    """Msg_Fmt: 0 ASCII, 8 UCS-2, 15 GB18030."""
    receipt: bool
    content: bytes
    body: bytes
    """All of it, without the header, whose sequence number changes when the gateway repeats."""


def read_deliver(body: bytes, version: Version) -> Deliver:
    """Read the body of CMPP_DELIVER; a short one raises Malformed. A tail that is missing is not missed."""
    layout = version.deliver
    if len(body) < layout.size:
        raise Malformed(f"CMPP_DELIVER of {len(body)} octets ends in the middle of a field")
    msg_id, destination, _, _, header, coding, source, registered, length = layout.unpack_from(body)
    content = body[layout.size : layout.size + length]
    if len(content) < length:
        raise Malformed(f"CMPP_DELIVER says {length} octets of content and has {len(content)}")
    return Deliver(
        msg_id=msg_id,
        source=_text(source),
        destination=_text(destination),
        header=bool(header & 1),
        format=coding,
        receipt=registered == 1,
        content=content,
        body=body,
    )


@dataclass(frozen=True, slots=True)
class Report:
    """What a receipt says."""

    msg_id: bytes
    """Of the submit that it answers for; eight octets."""
    stat: str
    destination: str


def read_report(content: bytes) -> Report:
    """Read the content of a receipt: 60 octets with numbers of 21, 71 with numbers of 32.

    The length tells which, not the version: gateways of 3.0 send the short form too.
    """
    if len(content) < _SHORTEST_REPORT:
        raise Malformed(f"a receipt of {len(content)} octets")
    msg_id, stat = _STATE.unpack_from(content)
    return Report(msg_id, _text(stat), _text(content[_STATE.size + _TIMES : -_SEQUENCE]))


def deliver_resp(msg_id: bytes, result: int, version: Version) -> bytes:
    """Write the body of CMPP_DELIVER_RESP."""
    return msg_id + result.to_bytes(version.result, "big")


def read_submit_resp(body: bytes) -> tuple[bytes, int]:
    """Read Msg_Id and Result, whose length tells the version; a short body raises Malformed."""
    if len(body) <= _MSG_ID:
        raise Malformed(f"CMPP_SUBMIT_RESP of {len(body)} octets has no result")
    return body[:_MSG_ID], int.from_bytes(body[_MSG_ID : _MSG_ID + 4], "big")


def read_connect_resp(body: bytes) -> int:
    """Read Status, whose length tells the version; a short body raises Malformed.

    AuthenticatorISMG is not judged: gateways differ in what they digest, and no line is dropped for it.
    """
    rest = _DIGEST + 1
    if len(body) <= rest:
        raise Malformed(f"CMPP_CONNECT_RESP of {len(body)} octets has no status")
    return int.from_bytes(body[:-rest], "big")


def _text(octets: bytes) -> str:
    return octets.partition(b"\0")[0].decode("latin-1").strip()
