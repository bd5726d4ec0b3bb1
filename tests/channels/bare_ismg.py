"""A CMPP 3.0 gateway of bare frames."""

from __future__ import annotations

import struct
from typing import Any

from tests.channels.bare_peers import NUMBER, RESPONSE, BareGateway
from tests.channels.cmpp_peers import settings
from tests.channels.test_cmpp_codec import DELIVERS, join, report
from warnengine.dispatch.channel import Channel, Inbox
from warnengine.dispatch.channels.cmpp import CmppChannel

CONNECT, TERMINATE, SUBMIT, DELIVER, ACTIVE_TEST = 1, 2, 4, 5, 8
MSG_ID = bytes.fromhex("b9700a1e00c80001")


def frame(command: int, sequence: int, body: bytes = b"") -> bytes:
    return struct.pack(">III", 12 + len(body), command, sequence) + body


def deliver(sequence: int, content: bytes, **fields: bytes) -> bytes:
    fields = {"Msg_Id": MSG_ID, "Src_terminal_Id": NUMBER[1:].encode(), "Dest_Id": b"106900120"} | fields
    return frame(DELIVER, sequence, join(DELIVERS["3.0"], Msg_Content=content, **fields))


def receipt(sequence: int) -> bytes:
    return deliver(sequence, report(32), Registered_Delivery=b"\1")


class Ismg(BareGateway):
    header = struct.Struct(">III")
    login, submit, deliver, enquire, goodbye = CONNECT, SUBMIT, DELIVER, ACTIVE_TEST, TERMINATE
    receipt_id = MSG_ID.hex()

    def channel(self, inbox: Inbox, **changes: Any) -> Channel:
        return CmppChannel(settings(self.port, **changes), inbox)

    def frame(self, command: int, sequence: int, body: bytes = b"") -> bytes:
        return frame(command, sequence, body)

    def usual(self, command: int, sequence: int) -> bytes:
        if command == CONNECT:
            status = struct.pack(">I", self.login_status)
            return frame(CONNECT | RESPONSE, sequence, status + bytes(16) + b"\x30")
        if command == SUBMIT:
            return frame(SUBMIT | RESPONSE, sequence, struct.pack(">QI", sequence, 0))
        if command == ACTIVE_TEST:
            return frame(ACTIVE_TEST | RESPONSE, sequence, b"\0")
        return frame(TERMINATE | RESPONSE, sequence) if command == TERMINATE else b""

    def receipt(self, sequence: int) -> bytes:
        return receipt(sequence)

    def reply(self, sequence: int, text: bytes) -> bytes:
        return deliver(sequence, text)

    def results(self) -> list[int]:
        """The Result of every CMPP_DELIVER_RESP."""
        return [octets[-1] for command, _, octets in self.pdus if command == DELIVER | RESPONSE]
