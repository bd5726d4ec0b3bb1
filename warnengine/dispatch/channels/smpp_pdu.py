"""The PDUs of SMPP 3.4 that an SMS line needs.

Names, numbers and descriptions are smpplib's. Its PDU classes are not used: they take 48 µs to write a submit_sm
and 58 µs to read a deliver_sm, more than a whole message may cost; they cut a password after eight letters without
a word, raise KeyError for a known TLV in an unexpected PDU, and lose step at an integer TLV of unexpected length.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from smpplib import consts
from smpplib.command_codes import get_command_code

BIND_TRANSCEIVER: int = get_command_code("bind_transceiver")
SUBMIT_SM: int = get_command_code("submit_sm")
DELIVER_SM: int = get_command_code("deliver_sm")
ENQUIRE_LINK: int = get_command_code("enquire_link")
CANCEL_SM: int = get_command_code("cancel_sm")
UNBIND: int = get_command_code("unbind")
GENERIC_NACK: int = get_command_code("generic_nack")
RESPONSE = 0x80000000
"""The bit that makes a command its response."""

HEADER = struct.Struct(">IIII")
LONGEST = 128 * 1024
"""A message_payload ends at 64 KiB; a length beyond this means that we have lost the frame."""

UDH_INDICATOR: int = consts.SMPP_GSMFEAT_UDHI
RECEIPTED_MESSAGE_ID: int = consts.OPTIONAL_PARAMS["receipted_message_id"]
MESSAGE_STATE: int = consts.OPTIONAL_PARAMS["message_state"]
MESSAGE_PAYLOAD: int = consts.OPTIONAL_PARAMS["message_payload"]
SAR_REFERENCE: int = consts.OPTIONAL_PARAMS["sar_msg_ref_num"]
SAR_TOTAL: int = consts.OPTIONAL_PARAMS["sar_total_segments"]
SAR_NUMBER: int = consts.OPTIONAL_PARAMS["sar_segment_seqnum"]


class Malformed(ValueError):
    """The octets are not a PDU."""


def frame(command: int, sequence: int, body: bytes = b"", status: int = 0) -> bytes:
    """Put the header before a body."""
    return HEADER.pack(HEADER.size + len(body), command, status, sequence) + body


def bind_transceiver(system_id: str, password: str, system_type: str) -> bytes:
    """Write the body of bind_transceiver (§4.1.5): interface version 3.4, no address range."""
    return b"%s\0%s\0%s\0%c\0\0\0" % (
        system_id.encode(),
        password.encode(),
        system_type.encode(),
        consts.SMPP_VERSION_34,
    )


def submit_sm(
    *, source: bytes, destination: bytes, user_data: bytes, header: bool, urgent: bool, validity: bytes
) -> bytes:
    """Write the body of submit_sm (§4.4.1): UCS-2, receipt asked for, destination in international form.

    `header` says that the user data begin with a user data header.
    """
    return b"\0\0\0%s\0\x01\x01%s\0%c\0%c\0%s\0\x01\0\x08\0%c%s" % (
        source,
        destination,
        UDH_INDICATOR if header else 0,
        urgent,
        validity,
        len(user_data),
        user_data,
    )


def cancel_sm(*, message_id: bytes, source: bytes, destination: bytes) -> bytes:
    """Write the body of cancel_sm (§4.9.1) for one message, addressed as it was submitted."""
    return b"\0%s\0\0\0%s\0\x01\x01%s\0" % (message_id, source, destination)


def relative_validity(seconds: float) -> bytes:
    """Write a validity period in its relative form (§7.1.1.2), rounded down, at least one second, at most 30 days.

    Relative, because the absolute form asks for a gateway whose clock is right and that honours the quarter hours
    of the zone: one that takes our UTC for Beijing time would hold every order expired for eight hours. It counts
    from the gateway's acceptance, later than our reckoning by the way there, which the send bounds.
    """
    left = min(max(int(seconds), 1), 30 * 86_400)
    minutes, second = divmod(left, 60)
    hours, minute = divmod(minutes, 60)
    day, hour = divmod(hours, 24)
    return b"0000%02d%02d%02d%02d000R" % (day, hour, minute, second)


@dataclass(frozen=True, slots=True)
class DeliverSm:
    """What a gateway hands over: a receipt or a reply (§4.6.1)."""

    source: str
    destination: str
    esm_class: int
    data_coding: int
    user_data: bytes
    """short_message, or message_payload where that is empty."""
    tlvs: dict[int, bytes]
    body: bytes
    """All of it, without the header, whose sequence number changes when the gateway repeats."""

    def number(self, tag: int) -> int | None:
        """Read an integer TLV, whatever its length."""
        value = self.tlvs.get(tag)
        return int.from_bytes(value, "big") if value else None


def read_deliver_sm(body: bytes) -> DeliverSm:
    """Read the body of a deliver_sm; unknown TLVs are kept, a short body raises Malformed."""
    try:
        at = body.index(0) + 3
        end = body.index(0, at)
        source, at = body[at:end].decode("latin-1"), end + 3
        end = body.index(0, at)
        destination, at = body[at:end].decode("latin-1"), end + 4
        esm_class = body[end + 1]
        at = body.index(0, body.index(0, at) + 1) + 1
        data_coding, length = body[at + 2], body[at + 4]
    except (ValueError, IndexError) as error:
        raise Malformed("deliver_sm ends in the middle of a field") from error
    at += 5 + length
    if at > len(body):
        raise Malformed("deliver_sm ends in the middle of its text")
    tlvs = _read_tlvs(body, at)
    user_data = body[at - length : at] or tlvs.get(MESSAGE_PAYLOAD, b"")
    return DeliverSm(source, destination, esm_class, data_coding, user_data, tlvs, body)


def _read_tlvs(body: bytes, at: int) -> dict[int, bytes]:
    tlvs = {}
    while at < len(body):
        if at + 4 > len(body):
            raise Malformed("a TLV ends in its header")
        tag, length = struct.unpack_from(">HH", body, at)
        at += 4 + length
        if at > len(body):
            raise Malformed(f"TLV 0x{tag:04x} ends in its value")
        tlvs[tag] = body[at - length : at]
    return tlvs


def read_message_id(body: bytes) -> str:
    """Read the id of a submit_sm_resp; empty where the gateway sent no body."""
    return body.partition(b"\0")[0].decode("latin-1")


def describe(status: int) -> str:
    """Say a command_status in words: 0x58 Throttling error (…)."""
    return f"0x{status:02x} {consts.DESCRIPTIONS.get(status, '(the gateway’s own code)')}"
