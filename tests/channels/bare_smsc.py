"""An SMPP centre of bare frames."""

from __future__ import annotations

import struct
from typing import Any

import smpp34

from tests.channels.bare_peers import NUMBER, RESPONSE, BareGateway
from tests.channels.smpp_peers import receipt_text, settings
from warnengine.dispatch.channel import Channel, Fate, Inbox
from warnengine.dispatch.channels.smpp import SmppChannel

BIND, SUBMIT, DELIVER, ENQUIRE, UNBIND, CANCEL = 0x09, 0x04, 0x05, 0x15, 0x06, 0x08


def frame(command: int, sequence: int, body: bytes = b"", status: int = 0) -> bytes:
    return struct.pack(">IIII", 16 + len(body), command, status, sequence) + body


def deliver(sequence: int, text: bytes, esm_class: int = 0, data_coding: int = 0) -> bytes:
    return smpp34.DeliverSm(
        NUMBER[1:], "1069", text, esm_class=esm_class, data_coding=data_coding, sequence_number=sequence
    ).encode()


class Smsc(BareGateway):
    header = struct.Struct(">IIII")
    login, submit, deliver, enquire, goodbye = BIND, SUBMIT, DELIVER, ENQUIRE, UNBIND
    receipt_id = "a"

    def channel(self, inbox: Inbox, **changes: Any) -> Channel:
        return SmppChannel(settings(self.port, **changes), inbox)

    def frame(self, command: int, sequence: int, body: bytes = b"") -> bytes:
        return frame(command, sequence, body)

    def usual(self, command: int, sequence: int) -> bytes:
        if command == BIND:
            return frame(BIND | RESPONSE, sequence, b"smsc\0", self.login_status)
        if command == SUBMIT:
            return frame(SUBMIT | RESPONSE, sequence, b"%x\0" % sequence)
        return frame(command | RESPONSE, sequence) if command in {ENQUIRE, UNBIND} else b""

    def receipt(self, sequence: int) -> bytes:
        return deliver(sequence, receipt_text(self.receipt_id, Fate.DELIVERED).encode(), 4)

    def reply(self, sequence: int, text: bytes) -> bytes:
        return deliver(sequence, text)
